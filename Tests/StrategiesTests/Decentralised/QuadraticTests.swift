import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Quadratic losses, of which it follows from a system of linear equations where nodes come to rest: node i has the mean of
/// (θ·φ - y)² / 2 over its samples, with H_i the mean of φ φᵀ and b_i that of y φ.
@Suite(.timeLimit(.minutes(60)))
struct QuadraticTests {
    private static let nodes = 4
    private static let width = 2

    /// (θ·φ - y)² / 2 of samples (φ, y).
    private struct LeastSquares: Objective {
        let input = FeatureShape(features: width + 1)
        let layout = ParameterLayout([("slope", [width])])
        let trainingFlopsPerSample = 12.0
        let summary = "a plane through points"

        func initialParameters(_ initialization: Initialization, seeds: SeedSequence) -> ParameterVector {
            ParameterVector(count: width)
        }

        private func distance(_ workspace: Workspace, _ sample: Int, _ parameters: ParameterVector) -> Double {
            let (inputs, start) = (workspace.batch.inputs, sample * (width + 1))
            return (0..<width).reduce(-Double(inputs[start + width])) {
                $0 + Double(parameters[$1]) * Double(inputs[start + $1])
            }
        }

        func lossAndGradient(
            of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector,
            into gradient: ParameterVector, progress: GradientProgress?
        ) -> Double {
            var (loss, sums) = (0.0, Array(repeating: 0.0, count: width))
            for sample in 0..<workspace.batch.count {
                let distance = distance(workspace, sample, parameters)
                loss += distance * distance / 2
                for index in 0..<width {
                    sums[index] += distance * Double(workspace.batch.inputs[sample * (width + 1) + index])
                }
            }
            for index in 0..<width { gradient[index] = Float(sums[index] / Double(divisor)) }
            return loss
        }

        func judge(
            _ workspace: Workspace, at parameters: ParameterVector,
            _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
        ) {
            for sample in 0..<workspace.batch.count {
                let distance = distance(workspace, sample, parameters)
                each(sample, distance * distance / 2, false)
            }
        }
    }

    private struct Points: SampleSource {
        var values: [[Float]]
        let shape = FeatureShape(features: width + 1)
        let form = "points"
        var count: Int { values.count }

        func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?) {
            samples.forEachRow { row, sample in
                for (index, number) in values[sample].enumerated() { inputs[row * (width + 1) + index] = number }
            }
        }
        func selecting(_ indices: [Int]) -> Self { Self(values: indices.map { values[$0] }) }
        func appending(_ other: any SampleSource) -> Self {
            Self(values: values + ((other as? Self)?.values ?? []))
        }
        func scaled(by training: any SampleSource) -> Self { self }
        func withBytes(_ body: ([UInt8]) -> Void) {
            body(values.flatMap { $0.flatMap { withUnsafeBytes(of: $0, Array.init) } })
        }
    }

    private static let points: [[Float]] = {
        var stream = SeedSequence(5).stream(.test)
        return (0..<12 * nodes).map { _ in
            let inputs = (0..<width).map { _ in stream.normal() }
            return (inputs + [inputs[0] - 2 * inputs[1] + 2 * stream.normal()]).map { Float($0) }
        }
    }()

    /// Where every node ends, and its H and b.
    private struct Outcome {
        var models: [[Double]] = []
        var curvatures: [[[Double]]] = []
        var slopes: [[Double]] = []
    }

    private func outcome(
        _ correction: Correction, _ order: DecentralizedSGD.Order = .adaptThenCombine, rate: Double, rounds: Int
    ) throws -> Outcome {
        func set(_ points: [[Float]]) -> Dataset {
            Dataset(
                name: "points", classCount: 1, source: Points(values: points),
                labels: Array(repeating: 0, count: points.count))
        }
        let split = TrainTestSplit(training: set(Self.points), test: set([Self.points[0]]))
        // A step of all samples of all nodes is an epoch.
        var shared = TestRuns.configuration(rate: rate, epochs: Double(rounds)).shared
        shared.evaluateEveryEpochs = Double(2 * rounds)
        let strategy = DecentralizedSGD(
            shared, workers: Self.nodes, order: order, correction: correction, batch: nil)
        let (objective, seeds) = (LeastSquares(), SeedSequence(1))
        let run = TrainingRun(
            network: objective, data: split, configuration: shared,
            initialParameters: objective.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: true,
            ranks: Self.nodes, workspaces: WorkspacePool(for: objective))
        let fabric = SimulatedFabric(
            nodes: PeerRuns.nodes(Self.nodes), compute: TestRuns.compute, seeds: seeds, pool: HostPool(threads: 1))
        _ = try fabric.run(try strategy.program(for: run))
        var outcome = Outcome()
        for (node, objective) in try run.nodeObjectives(partition: "iid", among: Self.nodes).enumerated() {
            outcome.models.append(
                try #require(run.result.nodes[node].finalParameters).values.map { Double($0) })
            let own = objective.shard.map { Self.points[Int($0)].map { Double($0) } }
            func mean(_ value: ([Double]) -> Double) -> Double { own.reduce(0) { $0 + value($1) } / Double(own.count) }
            outcome.curvatures.append(
                (0..<Self.width).map { row in (0..<Self.width).map { column in mean { $0[row] * $0[column] } } })
            outcome.slopes.append((0..<Self.width).map { row in mean { $0[row] * $0[Self.width] } })
        }
        return outcome
    }

    /// x of A x = b, by elimination.
    private func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var (rows, size) = (zip(matrix, right).map { $0 + [$1] }, right.count)
        for column in 0..<size {
            let pivot = (column..<size).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
            rows.swapAt(column, pivot)
            for row in 0..<size where row != column {
                let factor = rows[row][column] / rows[column][column]
                for index in column...size { rows[row][index] -= factor * rows[column][index] }
            }
        }
        return (0..<size).map { rows[$0][size] / rows[$0][$0] }
    }

    /// argmin Σ f_i: Σ H_i θ = Σ b_i.
    private func best(_ outcome: Outcome) -> [Double] {
        let all = 0..<Self.width
        return solve(
            all.map { row in all.map { column in outcome.curvatures.reduce(0) { $0 + $1[row][column] } } },
            all.map { row in outcome.slopes.reduce(0) { $0 + $1[row] } })
    }

    /// x = W (x - γ (H x - b)), or x = W x - γ (H x - b) in Lian's order, of all nodes together.
    private func rest(_ outcome: Outcome, _ order: DecentralizedSGD.Order, rate: Double) -> [[Double]] {
        let (count, width) = (Self.nodes, Self.width)
        let ring = OverlayGraph(nodes: count, edges: (0..<count).map { ($0, ($0 + 1) % count) })
        let weights = MixingMatrix(.metropolis, on: ring).dense
        func weight(_ row: Int, _ column: Int) -> Double { weights[row * count + column] }
        let places = (0..<count * width).map { $0.quotientAndRemainder(dividingBy: width) }
        // By which of the other nodes' gradients a node moves: Σ_j M_ij g_j.
        func moved(_ row: Int, _ column: Int) -> Double {
            order == .adaptThenCombine ? weight(row, column) : row == column ? 1 : 0
        }
        let matrix = places.map { row in
            places.map { column in
                let own = row == column ? 1.0 : 0
                let mixed = row.remainder == column.remainder ? weight(row.quotient, column.quotient) : 0
                return own - mixed
                    + rate * moved(row.quotient, column.quotient)
                    * outcome.curvatures[column.quotient][row.remainder][column.remainder]
            }
        }
        let right = places.map { row in
            (0..<count).reduce(0) { $0 + rate * moved(row.quotient, $1) * outcome.slopes[$1][row.remainder] }
        }
        let solution = solve(matrix, right)
        return (0..<count).map { Array(solution[$0 * width..<($0 + 1) * width]) }
    }

    @Test(arguments: DecentralizedSGD.Order.allCases) func withoutACorrectionNodesRestWhereTheEquationsSay(
        _ order: DecentralizedSGD.Order
    ) throws {
        let outcome = try outcome(.none, order, rate: 0.2, rounds: 600)
        let best = best(outcome)
        for (model, rest) in zip(outcome.models, rest(outcome, order, rate: 0.2)) {
            // What 32 bits leave of it.
            #expect(PeerRuns.distance(model, rest) < 1e-5, "\(model), \(rest)")
            #expect(PeerRuns.distance(model, best) > 1e-2)
        }
    }

    @Test(arguments: [Correction.exactDiffusion, .gradientTracking])
    func correctionsReachTheSolutionOfAllNodes(_ correction: Correction) throws {
        let isSlow = correction == .gradientTracking
        let outcome = try outcome(correction, rate: isSlow ? 0.05 : 0.2, rounds: isSlow ? 2400 : 600)
        let best = best(outcome)
        for model in outcome.models { #expect(PeerRuns.distance(model, best) < 1e-4, "\(model), \(best)") }
    }
}
