import CAllocationCounter
import Randomness
import Testing

@testable import Kernel

/// What networks of sequences have beside right numbers.
@Suite struct SequenceNetworkTests {
    private static let recurrent = Network(
        input: FeatureShape(features: 7),
        [
            .embedding("token", vocabulary: 9, dimension: 6), .lstm("lstm", hidden: 10), .lastPosition,
            .dense("fc", outputs: 9),
        ])
    private static let transformer = Network(
        input: FeatureShape(features: 7),
        [
            .embedding("token", vocabulary: 9, dimension: 8), .positions("position"),
            .residual([.layerNorm("ln1"), .causalSelfAttention("attn", heads: 2)]),
            .residual([.layerNorm("ln2"), .positionwise("up", outputs: 32), .gelu, .positionwise("down", outputs: 8)]),
            .layerNorm("ln3"), .lastPosition, .dense("fc", outputs: 9),
        ])

    @Test(arguments: [1, 10]) func workspaceBytesAreWhatAWorkspaceAllocates(samples: Int) {
        for network in [Self.recurrent, Self.transformer] {
            #expect(
                network.workspaceBytes(samples: samples)
                    == NetworkWorkspace(for: network, capacity: samples).allocatedBytes)
        }
    }

    @Test(.enabled(if: allocation_counter_is_available(), "counted on Linux, without a sanitizer"))
    func aStepAllocatesNothing() {
        for network in [Self.recurrent, Self.transformer] {
            let workspace = network.workspace(capacity: 5)
            workspace.batch.resize(to: 5)
            for index in 0..<35 { workspace.batch.inputs[index] = Float(index % 9) }
            for index in 0..<5 { workspace.batch.labels[index] = UInt8(index) }
            let parameters = network.initialParameters(.pytorch, seeds: SeedSequence(1))
            let gradient = ParameterVector(count: network.parameterCount)
            func allocations(_ steps: Int) -> Int {
                let before = allocation_counter_value()
                for _ in 0..<steps {
                    _ = network.lossAndGradient(of: workspace, dividedBy: 5, at: parameters, into: gradient)
                    _ = network.descend(workspace, dividedBy: 5, from: parameters, rate: 1e-3, into: parameters)
                }
                return allocation_counter_value() - before
            }
            _ = allocations(1)
            #expect(allocations(20) == 0, "\(network.summary)")
        }
    }

    @Test func operationsAreThoseOfTheProducts() {
        // Seven positions of 4 x 10 gates by 6 inputs and 10 states, 20 operations for each number of the state, and the head.
        let lstm = 7.0 * (2 * 40 * 16 + 20 * 10)
        let head = 2.0 * 10 * 9
        #expect(Self.recurrent.layers.map(\.flopsPerSample) == [0, lstm, 0, head])
        // The embedding's gradient is there when all is done; the LSTM's before, which costs nothing.
        let atHead = (lstm + head + 2 * head) / (3 * (lstm + head))
        #expect(Self.recurrent.gradientReadiness == [1, 1, 1, 1, 1, atHead, atHead])
        // 8 -> 24 and 8 -> 8 at each position, and 28 pairs of positions that see each other, twice.
        #expect(Self.transformer.layers[3].flopsPerSample == 7 * 2 * 8 * 32 + 4 * 28 * 8)
    }

    @Test func layerNormBeginsWithWeightsOfOneAndTheOthersByTheirFanIn() {
        let parameters = Self.transformer.initialParameters(.pytorch, seeds: SeedSequence(3)).values
        func values(_ name: String) -> [Float] {
            Self.transformer.layout.slots.filter { $0.name == name }.flatMap { parameters[$0.range] }
        }
        #expect(values("ln1.weight") == [Float](repeating: 1, count: 8))
        #expect(values("ln1.bias") == [Float](repeating: 0, count: 8))
        for (name, bound) in [("token.weight", Float(1)), ("attn.in_proj_weight", 1 / Float(8).squareRoot())] {
            let largest = values(name).map(abs).max() ?? 0
            #expect(largest <= bound && largest > 0.8 * bound, "\(name): \(largest)")
        }
        let recurrent = Self.recurrent.initialParameters(.pytorch, seeds: SeedSequence(3)).values
        for slot in Self.recurrent.layout.slots where slot.name.hasPrefix("lstm") {
            let largest = recurrent[slot.range].map(abs).max() ?? 0
            #expect(largest <= 1 / Float(10).squareRoot() && largest > 0.25, "\(slot.name): \(largest)")
        }
    }

    @Test func noPositionSeesThoseBehindIt() throws {
        var stream = RandomStream(test: 5)
        let shape = FeatureShape(positions: 6, dimension: 8)
        let layers: [any Layer] = [
            try CausalSelfAttention(name: "attn", input: shape, heads: 2),
            try LSTM(name: "lstm", input: shape, hidden: 5),
        ]
        for layer in layers {
            let probe = LayerProbe(layer: layer, batch: 1)
            let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
            var changed = input
            for index in 4 * 8..<48 { changed[index] += 1 }
            let (before, after) = (probe.forward(parameters, input), probe.forward(parameters, changed))
            let seen = 4 * layer.output.width
            #expect(before[..<seen] == after[..<seen] && before[seen...] != after[seen...], "\(layer.name)")
        }
    }

    @Test func aDenseLayerReadsASequencePositionByPosition() {
        // As nn.Flatten and nn.Linear do with [B, T, D]: 1 to 6 by powers of ten.
        let network = Network(
            input: FeatureShape(positions: 3, dimension: 2), [.flatten, .dense("fc", outputs: 2)])
        let workspace = NetworkWorkspace(for: network, capacity: 1)
        workspace.batch.resize(to: 1)
        for index in 0..<6 { workspace.batch.inputs[index] = Float(index + 1) }
        let parameters = ParameterVector([100_000, 10_000, 1000, 100, 10, 1, 0, 0, 0, 0, 0, 0, 0, 0.5])
        let logits = network.forward(workspace, 1, parameters)
        #expect(logits[0] == 123_456 && logits[1] == 0.5)
    }

    @Test(
        arguments: [
            (
                .causalSelfAttention("a", heads: 3), FeatureShape(positions: 2, dimension: 8),
                "3 heads cannot share 8 dimensions"
            ),
            (
                .lstm("a", hidden: 0), FeatureShape(positions: 2, dimension: 8),
                "hidden numbers must be 1 or more, found 0"
            ),
            (.positionwise("a", outputs: 2), FeatureShape(channels: 3, height: 4, width: 5), "3x4x5 is no sequence"),
            (.layerNorm("a", epsilon: 0), FeatureShape(features: 4), "epsilon must be above 0"),
            (.embedding("a", vocabulary: 1 << 25, dimension: 1), FeatureShape(features: 4), "a vocabulary of 33554432"),
            (.positions("a"), FeatureShape(channels: 2, height: 4, width: 5), "2x4x5 is no sequence"),
        ] as [(Network.Description, FeatureShape, String)])
    func whatDoesNotFitIsRefused(layer: Network.Description, input: FeatureShape, message: String) throws {
        let error = try #require(throws: NetworkError.self) {
            _ = try Network(checking: input, [layer, .dense("fc", outputs: 2)])
        }
        #expect(error.description.contains(message) && error.description.contains("layer 1"), "\(error)")
    }
}
