import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Experiments
@testable import Strategies
@testable import TestSupport
@testable import Training

/// Mean estimation, of which K. Donahue and J. Kleinberg 2021, *Model-sharing Games: Analyzing Federated Learning under Voluntary
/// Participation* (AAAI), theorem 4.2, gives the error of every node in closed form: node j wants the mean θ_j of its own
/// distribution, which has variance σ² over nodes, from n_j samples with noise of variance μ_e.
@Suite(.timeLimit(.minutes(60)))
struct VoluntaryParticipationTests {
    private static let noise = 10.0
    private static let variance = 1.0
    private static let runs: UInt64 = 500

    /// (θ - x)² / 2, of which a step of rate 1 finds the mean.
    private struct MeanEstimation: Objective {
        let input = FeatureShape(features: 1)
        let layout = ParameterLayout([("mean", [1])])
        let trainingFlopsPerSample = 3.0
        let summary = "the mean of numbers"

        func initialParameters(_ initialization: Initialization, seeds: SeedSequence) -> ParameterVector {
            ParameterVector(count: 1)
        }

        func lossAndGradient(
            of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector,
            into gradient: ParameterVector, progress: GradientProgress?
        ) -> Double {
            let numbers = workspace.batch.inputs[..<workspace.batch.count]
            let distances = numbers.map { Double(parameters[0]) - Double($0) }
            gradient[0] = Float(distances.reduce(0, +) / Double(divisor))
            return distances.reduce(0) { $0 + $1 * $1 / 2 }
        }

        func judge(
            _ workspace: Workspace, at parameters: ParameterVector,
            _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
        ) {
            for sample in 0..<workspace.batch.count {
                let distance = Double(parameters[0]) - Double(workspace.batch.inputs[sample])
                each(sample, distance * distance / 2, abs(distance) < 1)
            }
        }
    }

    /// Numbers as they are.
    private struct Numbers: SampleSource {
        var values: [Float]
        let shape = FeatureShape(features: 1)
        let form = "numbers"
        var count: Int { values.count }

        func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
            samples.forEachRow { inputs[$0] = values[$1] }
        }
        func selecting(_ indices: [Int]) -> Self { Self(values: indices.map { values[$0] }) }
        func appending(_ other: any SampleSource) -> Self {
            Self(values: values + ((other as? Self)?.values ?? []))
        }
        func scaled(by training: any SampleSource) -> Self { self }
        func withBytes(_ body: ([UInt8]) -> Void) { body(values.flatMap { withUnsafeBytes(of: $0, Array.init) }) }
    }

    /// Every node's squared error, alone and together.
    private func errors(_ sizes: [Int], seed: UInt64) throws -> (alone: [Double], together: [Double]) {
        var stream = SeedSequence(seed).stream(.test)
        let means = sizes.map { _ in Self.variance.squareRoot() * stream.normal() }
        var (values, users): ([Float], [UInt16]) = ([], [])
        // A third of every user's samples is to test on.
        for (node, size) in sizes.enumerated() {
            for _ in 0..<size * 3 / 2 {
                values.append(Float(means[node] + Self.noise.squareRoot() * stream.normal()))
                users.append(UInt16(node))
            }
        }
        func set(_ range: Range<Int>) -> Dataset {
            Dataset(
                name: "numbers", classCount: 1, source: Numbers(values: Array(values[range])),
                labels: Array(repeating: 0, count: range.count), users: Array(users[range]))
        }
        let split = try Objectives.parse("speakers").prepared(
            TrainTestSplit(training: set(0..<values.count - 1), test: set(values.count - 1..<values.count)),
            seeds: SeedSequence(seed), shuffles: true)
        #expect(split.training.count == sizes.reduce(0, +))
        var configuration = TestRuns.configuration(
            rate: 1, epochs: 1, clients: sizes.count, fraction: 1, localEpochs: 1, localBatch: nil)
        configuration.objectives = "speakers"
        let nodes = NodeOptions(workers: sizes.count, localBatch: nil)
        func play(_ strategy: any Strategy) throws -> TrainingRun.Record {
            let (objective, seeds) = (MeanEstimation(), SeedSequence(seed))
            let run = TrainingRun(
                network: objective, data: split, configuration: configuration.shared,
                initialParameters: objective.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: true,
                ranks: strategy.rankCount, workspaces: WorkspacePool(for: objective))
            let fabric = SimulatedFabric(
                nodes: PeerRuns.nodes(strategy.rankCount), compute: TestRuns.compute, seeds: seeds,
                pool: HostPool(threads: 1))
            _ = try fabric.run(try strategy.program(for: run))
            return run.result
        }
        let alone = try play(Alone(configuration: configuration.shared, nodeOptions: nodes)).nodes
        let together = try #require(try play(FederatedAveraging(configuration)).finalParameters)[0]
        func error(_ estimate: Float?, _ node: Int) -> Double {
            let distance = Double(estimate ?? .nan) - means[node]
            return distance * distance
        }
        return (
            sizes.indices.map { error(alone[$0].finalParameters?[0], $0) }, sizes.indices.map { error(together, $0) }
        )
    }

    private func errors(_ sizes: [Int]) throws -> (alone: [[Double]], together: [[Double]]) {
        let all = try (1...Self.runs).map { try errors(sizes, seed: $0) }
        return (
            sizes.indices.map { node in all.map { $0.alone[node] } },
            sizes.indices.map { node in all.map { $0.together[node] } }
        )
    }

    private func expectMean(_ values: [Double], _ expected: Double, _ what: Comment) {
        let mean = values.reduce(0, +) / Double(values.count)
        // The square of a normal number has a standard deviation of √2 times its mean.
        #expect(abs(mean - expected) < 4 * expected * (2 / Double(values.count)).squareRoot(), what)
    }

    /// μ_e / n_j alone, and μ_e / N + σ² (Σ_{i≠j} n_i² + (N - n_j)²) / N² together.
    private func expected(_ sizes: [Int], _ node: Int) -> (alone: Double, together: Double) {
        let (all, own) = (Double(sizes.reduce(0, +)), Double(sizes[node]))
        let others = sizes.enumerated().reduce(0.0) { $0 + ($1.offset == node ? 0 : Double($1.element * $1.element)) }
        return (Self.noise / own, Self.noise / all + Self.variance * (others + (all - own) * (all - own)) / (all * all))
    }

    /// The two with few samples gain, and the one with many loses: 1.4286, 1.1429 and .5714 against 2, 1 and .5.
    @Test func errorsAreThoseOfTheClosedForm() throws {
        // Sizes of which half again is a whole number.
        let sizes = [6, 10, 20]
        let found = try errors(sizes)
        for node in sizes.indices {
            let expected = expected(sizes, node)
            expectMean(found.alone[node], expected.alone, "alone, node \(node)")
            expectMean(found.together[node], expected.together, "together, node \(node)")
        }
        let published = expected([5, 10, 20], 2)
        #expect(abs(published.together - 0.5714) < 1e-4 && abs(published.alone - 0.5) < 1e-12)
    }

    /// What a table of the program says of every node whose runs ended with these errors: each is judged by the loss that its model
    /// has on its own distribution, which is half of its squared error and of the noise.
    private func verdicts(_ found: (alone: [[Double]], together: [[Double]]), _ sizes: [Int]) throws -> [NodeVerdict] {
        func run(_ strategy: String, _ seed: Int, _ errors: [[Double]]) -> RunRecord {
            let nodes = sizes.indices.map { node in
                let losses = [10, (errors[node][seed] + Self.noise) / 2]
                return NodeResult(
                    rank: node, trainedSamples: sizes[node], evaluations: curve([0, 0], losses: losses),
                    own: losses.map { OwnScore(accuracy: 0, loss: $0) })
            }
            return record(strategy, seed: UInt64(seed + 1), nodes: nodes)
        }
        let runs = (0..<Int(Self.runs)).flatMap { seed in
            [run("alone", seed, found.alone), run("federated", seed, found.together)]
        }
        let results = communityResults(runs, testSamples: 1).judged(by: .loss, target: 1)
        let comparison = try #require(NodeComparison.all(results).first { $0.terms == .equalSamples })
        #expect(comparison.seeds == Int(Self.runs) && comparison.verdicts.count == sizes.count)
        return comparison.verdicts
    }

    /// Nodes of one size join while they have fewer than μ_e / σ² = 10 samples. There the two errors are as likely to be the
    /// smaller one, since both are normal with one variance.
    @Test(arguments: [
        (2, NodeVerdict.Outcome.gains), (4, .gains), (10, .noDifferenceShown), (30, .loses), (60, .loses),
    ])
    func theVerdictFlipsAtTheRatioOfVariances(_ size: Int, _ outcome: NodeVerdict.Outcome) throws {
        let sizes = [size, size, size]
        let found = try errors(sizes)
        for verdict in try verdicts(found, sizes) {
            #expect(verdict.outcome == outcome, "\(verdict)")
            // The gain is that of the closed form, half of the difference of the errors.
            let expected = expected(sizes, verdict.node)
            let differences = (0..<Int(Self.runs)).map {
                (found.alone[verdict.node][$0] - found.together[verdict.node][$0]) / 2
            }
            let count = Double(differences.count)
            let mean = differences.reduce(0, +) / count
            let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
            #expect(
                abs(verdict.gain - (expected.alone - expected.together) / 2) < 4 * (variance / count).squareRoot())
        }
    }

    /// In one table the node with few samples gains, and those with many lose, as the closed form says.
    @Test func aTableHasBothVerdicts() throws {
        let sizes = [2, 30, 30]
        let verdicts = try verdicts(try errors(sizes), sizes)
        let gains = sizes.indices.map { expected(sizes, $0).alone - expected(sizes, $0).together }
        #expect(gains[0] > 0 && gains[1] < 0 && gains[2] < 0)
        #expect(verdicts.map(\.outcome) == [.gains, .loses, .loses], "\(verdicts)")
    }
}
