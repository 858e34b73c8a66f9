import Foundation
import Testing

@testable import Kernel

/// Layers of sequences beside what PyTorch computes with 64 bits from the same numbers (Benchmarks/golden/sequences.py).
@Suite struct SequenceGoldenTests {
    @Test func everyLayerComputesWhatPyTorchDoes() throws {
        let cases = try SequenceGolden.read("sequence-layers", as: SequenceGolden.Layers.self).layers
        #expect(Set(cases.map(\.layer)).count == 7)
        for (number, golden) in cases.enumerated() {
            let context = "case \(number), \(golden.layer) of \(golden.input)"
            let probe = LayerProbe(layer: golden.description.layer(golden.shape), batch: golden.batch)
            let names = probe.layer.parameters.map { String($0.name.dropFirst("layer.".count)) }
            #expect(Set(names) == Set(golden.parameters.keys), "\(context)")
            let parameters = names.flatMap { golden.parameters[$0] ?? [] }.map { Float($0) }
            let (inputs, slopes) = (golden.inputs.map { Float($0) }, golden.outputGradient.map { Float($0) })
            expectClose(
                probe.forward(parameters, inputs), golden.outputs, tolerance: 2e-6, context + ": outputs")
            let backward = probe.backward(parameters, inputs, slopes)
            expectClose(
                backward.parameters, names.flatMap { golden.gradients[$0] ?? [] }, tolerance: 4e-6,
                context + ": gradients")
            if let expected = golden.inputGradient {
                expectClose(backward.input, expected, tolerance: 4e-6, context + ": input's gradient")
            }
        }
    }

    /// A small transformer and a small LSTM: the same loss and gradient, and the same losses and weights after ten steps, whether
    /// a step is taken at once or after its gradient.
    @Test(arguments: [false, true])
    func wholeModelsTrainAsInPyTorch(atOnce: Bool) throws {
        for golden in try SequenceGolden.read("sequence-models", as: SequenceGolden.Models.self).models {
            let network = golden.network
            #expect(Set(network.layout.slots.map(\.name)) == Set(golden.parameters.keys), "\(golden.model)")
            let workspace = network.workspace(capacity: golden.batch)
            workspace.batch.resize(to: golden.batch)
            for (index, token) in golden.tokens.enumerated() { workspace.batch.inputs[index] = Float(token) }
            for (index, label) in golden.labels.enumerated() { workspace.batch.labels[index] = label }
            let parameters = ParameterVector(golden.vector(golden.parameters, network).map { Float($0) })
            let gradient = ParameterVector(count: network.parameterCount)
            for (step, expected) in golden.losses.enumerated() {
                let loss: Double
                if atOnce {
                    loss = network.descend(
                        workspace, dividedBy: golden.batch, from: parameters, rate: golden.rate, into: parameters)
                } else {
                    loss = network.lossAndGradient(
                        of: workspace, dividedBy: golden.batch, at: parameters, into: gradient)
                    if step == 0 {
                        expectClose(
                            gradient.values, golden.vector(golden.gradients, network), tolerance: 4e-6,
                            "\(golden.model): gradient")
                    }
                    parameters.add(gradient, scaledBy: -golden.rate)
                }
                #expect(abs(loss / Double(golden.batch) - expected) < 4e-6, "\(golden.model), step \(step): \(loss)")
            }
            expectClose(
                parameters.values, golden.vector(golden.trained, network), tolerance: 8e-6,
                "\(golden.model): trained weights")
        }
    }
}

/// Files of golden values.
enum SequenceGolden {
    struct Layers: Decodable { let layers: [LayerCase] }
    struct Models: Decodable { let models: [ModelCase] }

    struct LayerCase: Decodable {
        let layer: String
        let batch: Int
        let input: [Int]
        let options: [String: Double]
        let parameters: [String: [Double]]
        let inputs: [Double]
        let outputs: [Double]
        let outputGradient: [Double]
        let inputGradient: [Double]?
        let gradients: [String: [Double]]

        var shape: FeatureShape {
            input.count == 1
                ? FeatureShape(features: input[0]) : FeatureShape(positions: input[0], dimension: input[1])
        }

        var description: Network.Description {
            func option(_ name: String) -> Int { Int(options[name] ?? 0) }
            switch layer {
            case "embedding":
                return .embedding("layer", vocabulary: option("vocabulary"), dimension: option("dimension"))
            case "positions": return .positions("layer")
            case "layerNorm": return .layerNorm("layer", epsilon: Float(options["epsilon"] ?? 0))
            case "positionwise": return .positionwise("layer", outputs: option("outputs"))
            case "causalSelfAttention": return .causalSelfAttention("layer", heads: option("heads"))
            case "lstm": return .lstm("layer", hidden: option("hidden"))
            default: return .lastPosition
            }
        }
    }

    struct ModelCase: Decodable {
        let model: String
        let batch: Int
        let vocabulary: Int
        let positions: Int
        let options: [String: Int]
        let rate: Float
        let parameters: [String: [Double]]
        let tokens: [Int]
        let labels: [UInt8]
        let gradients: [String: [Double]]
        let losses: [Double]
        let trained: [String: [Double]]

        var network: Network {
            let dimension = options["dimension"] ?? 0
            let token = Network.Description.embedding("token", vocabulary: vocabulary, dimension: dimension)
            let head = Network.Description.dense("head", outputs: vocabulary)
            let body: [Network.Description]
            if let hidden = options["hidden"] {
                body = [.lstm("lstm", hidden: hidden), .lastPosition]
            } else {
                let blocks = (1...(options["blocks"] ?? 0)).flatMap { block -> [Network.Description] in
                    [
                        .residual([
                            .layerNorm("ln\(block)a"),
                            .causalSelfAttention("attn\(block)", heads: options["heads"] ?? 0),
                        ]),
                        .residual([
                            .layerNorm("ln\(block)b"), .positionwise("up\(block)", outputs: 4 * dimension), .gelu,
                            .positionwise("down\(block)", outputs: dimension),
                        ]),
                    ]
                }
                body = [.positions("position")] + blocks + [.layerNorm("ln"), .lastPosition]
            }
            return Network(input: FeatureShape(features: positions), [token] + body + [head])
        }

        /// The tensors' numbers in the order of the network's vector.
        func vector(_ tensors: [String: [Double]], _ network: Network) -> [Double] {
            network.layout.slots.flatMap { tensors[$0.name] ?? [] }
        }
    }

    static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Golden/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}
