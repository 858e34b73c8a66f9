import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Training in float32 beside the same training in float64: a small sum that is added to a large parameter in parts loses
/// every part, and none of it is seen in a comparison of one strategy with another.
@Suite struct ExactTrainingTests {
    // MARK: A thousand steps

    /// Softmax regression of eight features, whose loss is convex: two runs from different parameters do not move apart as
    /// long as the rate is at most 2 / L, L being the largest curvature (Nesterov 2004, theorem 2.1.15 and what follows
    /// from it for a step). So the distance from the exact run is at most the sum of what the steps round, each by
    /// itself, and that is what ``Exact`` adds up as it goes. Averaging models does not move them apart either.
    private static let linear = Network(input: FeatureShape(features: 8), [.dense("fc", outputs: 4)])
    private static let (batch, steps, rate) = (16, 1000, 0.1)
    private static let count = 160

    private static func samples() -> Dataset {
        var stream = SeedSequence(2024).stream(.test, 5)
        let labels = (0..<count).map { _ in UInt8(stream.integer(below: 4)) }
        let pixels = labels.flatMap { label in
            (0..<8).map { UInt8((Int(label) * (2 * $0 + 3) % 11 + stream.integer(below: 11)) * 12) }
        }
        return Dataset(
            name: "made", shape: FeatureShape(features: 8), classCount: 4, pixels: pixels, labels: labels, white: 255)
    }

    /// From a bias of 65,536 to the next number it is 2^-7. A sample's part of a step, 0.1 / 16 * (p - y), is below half of
    /// that except for the sample's own class, so that in parts all biases would grow, by some 30.
    @Test(arguments: [Float(0), 65536])
    func aThousandStepsOnOneDeviceAreThoseOfFloat64(bias: Float) throws {
        let epochs = Double(Self.batch * Self.steps) / Double(Self.count)
        let configuration = Self.configuration(epochs: epochs, localEpochs: 1)
        let (run, parameters) = try Self.train(SynchronousSGD(configuration, workers: 1), configuration, bias)
        var exact = Exact(of: run.initialParameters, [8, 4], run.data.training)
        for step in 0..<Self.steps {
            let first = step * Self.batch % Self.count
            exact.step(Array(Int32(first)..<Int32(first + Self.batch)), rate: Self.rate)
        }
        #expect(exact.distance(to: parameters) <= exact.bound, "allowed is \(exact.bound)")
        // The same biases in all classes make no difference, so that both runs learn the same.
        #expect(exact.bound < (bias == 0 ? 0.01 : 15))
    }

    /// Two clients with half of the samples each, ten local steps a round: their steps, and the average of their models.
    @Test(arguments: [Float(0), 65536])
    func aThousandStepsOfFederatedClientsAreThoseOfFloat64(bias: Float) throws {
        let localEpochs = 2
        let rounds = Self.steps / (localEpochs * Self.count / 2 / Self.batch)
        let configuration = Self.configuration(epochs: Double(rounds * localEpochs), localEpochs: localEpochs)
        let (run, parameters) = try Self.train(FederatedAveraging(configuration), configuration, bias)
        var exact = Exact(of: run.initialParameters, [8, 4], run.data.training)
        let shards = try run.partition("iid", among: 2)
        for _ in 0..<rounds {
            let clients = shards.map { shard in
                var client = exact
                for _ in 0..<localEpochs {
                    for first in stride(from: 0, to: shard.count, by: Self.batch) {
                        client.step(Array(shard[first..<first + Self.batch]), rate: Self.rate)
                    }
                }
                return client
            }
            exact.average(clients)
        }
        #expect(exact.distance(to: parameters) <= exact.bound, "allowed is \(exact.bound)")
        #expect(exact.bound < (bias == 0 ? 0.01 : 15))
    }

    private static func configuration(epochs: Double, localEpochs: Int) -> TestConfiguration {
        var configuration = TestRuns.configuration(
            batch: batch, rate: rate, epochs: epochs, clients: 2, fraction: 1, localEpochs: localEpochs,
            localBatch: batch)
        configuration.evaluateEveryEpochs = epochs
        return configuration
    }

    /// The run, and the parameters at its end.
    private static func train(
        _ strategy: any Strategy, _ configuration: TestConfiguration, _ bias: Float
    ) throws -> (TrainingRun, [Float]) {
        let start = linear.initialParameters(.he, seeds: SeedSequence(1))
        for index in 32..<36 { start[index] = bias }
        let samples = samples()
        return try train(strategy, configuration, linear, TrainTestSplit(training: samples, test: samples), start)
    }

    private static func train(
        _ strategy: any Strategy, _ configuration: TestConfiguration, _ network: any Objective, _ data: TrainTestSplit,
        _ start: ParameterVector
    ) throws -> (TrainingRun, [Float]) {
        try BLAS.useOneThreadPerCaller()
        let run = TrainingRun(
            network: network, data: data, configuration: configuration.shared, initialParameters: start,
            seeds: SeedSequence(1), shuffles: false, ranks: strategy.rankCount, workspaces: WorkspacePool(for: network))
        let fabric = SimulatedFabric(
            nodes: ClusterPresets.phones4G.nodes(
                ranks: strategy.rankCount, server: strategy.serverRank, seeds: SeedSequence(1)),
            jitter: .none, compute: TestRuns.compute, seeds: SeedSequence(1), pool: HostPool(threads: 1))
        _ = try fabric.run(try strategy.program(for: run))
        return (run, run.result.finalParameters?.values ?? [])
    }

    // MARK: Large biases of a perceptron

    /// An epoch of 23 steps with biases of 16384 behind the last layer, by one worker, which has no gradient, and by two,
    /// which add theirs up. Each step rounds a bias to a multiple of 2^-9, by 2^-10 at most; logits are rounded alike,
    /// which changes a probability by half of that at most, and a step by a tenth of the change, say for each of two
    /// neighbours. The exact movements add up to zero; in parts, all ten biases would gain 0.28.
    @Test(arguments: [1, 2]) func largeBiasesMoveAsInFloat64(workers: Int) throws {
        let configuration = TestRuns.configuration(batch: 64, rate: 0.1, epochs: 1, workers: workers)
        let start = TestRuns.network.initialParameters(.he, seeds: SeedSequence(1))
        let biases = start.count - 10..<start.count
        for index in biases { start[index] = 16384 }
        let data = try Digits.split(seeds: SeedSequence(1), shuffles: false)
        let (run, parameters) = try Self.train(
            SynchronousSGD(configuration, workers: workers), configuration, TestRuns.network, data, start)
        var exact = Exact(of: run.initialParameters, [64, 16, 10], data.training)
        for first in stride(from: 0, to: 1437, by: 64) {
            exact.step(Array(Int32(first)..<Int32(min(first + 64, 1437))), rate: 0.1)
        }
        #expect(abs(biases.reduce(0) { $0 + exact.parameters[$1] - 16384 }) < 1e-8)
        let tolerance = 23 * (0x1p-10 + 0.1 * 2 * 0x1p-10)
        for index in biases {
            #expect(abs(Double(parameters[index]) - exact.parameters[index]) <= tolerance, "bias \(index)")
        }
    }
}

/// Plain SGD on a perceptron in float64 and naive loops, and how far float32 may be from it.
private struct Exact {
    private(set) var parameters: [Double]
    /// What the steps so far can have rounded, as a Euclidean norm; of use for one layer only, whose loss is convex.
    private(set) var bound = 0.0
    private let sizes: [Int]
    private let pixels: [Double]
    private let labels: [Int]
    private static let roundoff = 0x1p-24

    /// - Parameter sizes: numbers in the input and in every layer's output; ReLUs lie between the layers.
    init(of start: ParameterVector, _ sizes: [Int], _ data: Dataset) {
        parameters = start.values.map(Double.init)
        self.sizes = sizes
        // As the float32 samples are.
        let batch = Batch(capacity: data.count, featureCount: sizes[0])
        data.gather(0..<Int32(data.count), into: batch)
        pixels = batch.inputs.map(Double.init)
        labels = batch.labels.map(Int.init)
    }

    /// One step, and what it adds to the bound: u |p| for the parameters, which are rounded once, and for the gradient
    /// rate * mean |(x, 1)| times
    ///
    /// - half the error of the logits, since the derivative of softmax has a norm of 1/2 at most. A logit is a sum of n
    ///   products, of Euclidean norms |w| |x| together, and its bias; it is rounded, and its distance to the largest is.
    /// - 20 u for the exponentials, their sum, the quotient and the scale (u for each operation, 2 u for exp),
    /// - (B + 2) u |p - y| for the sum over the batch.
    mutating func step(_ samples: [Int32], rate: Double) {
        let (u, inputs, outputs) = (Self.roundoff, sizes[0], sizes[sizes.count - 1])
        let weights = parameters.count - outputs
        let norms = (0..<outputs).map { row in
            sizes.count > 2 ? 0 : norm(parameters[row * inputs..<(row + 1) * inputs])
        }
        var gradient = [Double](repeating: 0, count: parameters.count)
        var error = 0.0
        for sample in samples.map(Int.init) {
            let image = pixels[sample * inputs..<(sample + 1) * inputs]
            let slope = backward(Array(image), labels[sample], adding: 1 / Double(samples.count), to: &gradient)
            let length = (norm(image) * norm(image) + 1).squareRoot()
            let logits = norm(
                (0..<outputs).map { u * (Double(inputs + 3) * norms[$0] * length + 3 * abs(parameters[weights + $0])) }[
                    ...])
            error += length * (0.5 * logits + 20 * u + Double(samples.count + 2) * u * slope)
        }
        for index in parameters.indices { parameters[index] -= rate * gradient[index] }
        bound += u * norm(parameters[...]) + rate * error / Double(samples.count)
    }

    /// The mean of equally many samples' models: each is scaled, and they are added up, which rounds m + 1 times.
    mutating func average(_ others: [Exact]) {
        for index in parameters.indices {
            parameters[index] = others.reduce(0) { $0 + $1.parameters[index] } / Double(others.count)
        }
        bound = others.reduce(0) { $0 + $1.bound } / Double(others.count)
        bound += Double(others.count + 1) * Self.roundoff * norm(parameters[...])
    }

    func distance(to values: [Float]) -> Double {
        norm(zip(parameters, values).map { $0 - Double($1) }[...])
    }

    private func norm(_ values: ArraySlice<Double>) -> Double {
        values.withUnsafeBufferPointer { values in
            var sum = 0.0
            for value in values { sum += value * value }
            return sum.squareRoot()
        }
    }

    /// Adds one sample's gradient, scaled; returns |p - y|.
    private func backward(_ image: [Double], _ label: Int, adding scale: Double, to gradient: inout [Double]) -> Double
    {
        var activations = [image]
        var offsets: [Int] = []
        var offset = 0
        for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
            offsets.append(offset)
            activations.append(
                layer(activations[activations.count - 1], outputs, offset, hasReLU: offsets.count < sizes.count - 1))
            offset += (inputs + 1) * outputs
        }
        var slopes = softmax(activations[activations.count - 1])
        slopes[label] -= 1
        let length = norm(slopes[...])
        for index in offsets.indices.reversed() {
            slopes = backward(slopes, activations[index], offsets[index], scale, &gradient)
            // Behind a ReLU.
            for place in slopes.indices where activations[index][place] == 0 { slopes[place] = 0 }
        }
        return length
    }

    private func softmax(_ logits: [Double]) -> [Double] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }

    private func layer(_ input: [Double], _ outputs: Int, _ offset: Int, hasReLU: Bool) -> [Double] {
        parameters.withUnsafeBufferPointer { parameters in
            input.withUnsafeBufferPointer { input in
                (0..<outputs).map { row in
                    var sum = parameters[offset + outputs * input.count + row]
                    let weights = offset + row * input.count
                    for index in 0..<input.count { sum += parameters[weights + index] * input[index] }
                    return hasReLU ? max(sum, 0) : sum
                }
            }
        }
    }

    /// Adds the layer's part of the gradient; returns the slopes by its input.
    private func backward(
        _ slopes: [Double], _ input: [Double], _ offset: Int, _ scale: Double, _ gradient: inout [Double]
    ) -> [Double] {
        var result = [Double](repeating: 0, count: input.count)
        gradient.withUnsafeMutableBufferPointer { gradient in
            parameters.withUnsafeBufferPointer { parameters in
                result.withUnsafeMutableBufferPointer { result in
                    for (row, slope) in slopes.enumerated() {
                        gradient[offset + slopes.count * input.count + row] += scale * slope
                        let weights = offset + row * input.count
                        for index in 0..<input.count {
                            gradient[weights + index] += scale * slope * input[index]
                            result[index] += slope * parameters[weights + index]
                        }
                    }
                }
            }
        }
        return result
    }
}
