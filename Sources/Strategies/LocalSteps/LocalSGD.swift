import Cluster
import Fabrics
import Kernel
import Training

/// Local SGD, algorithm 1 of S. Stich 2019, *Local SGD Converges Fast and Communicates Little*. Momentum buffers stay
/// with their workers and are not averaged, as in T. Lin et al. 2020, *Don't Use Large Mini-Batches, Use Local SGD*; so
/// do Adam's moments. B_i is worker i's part of batch B.
///
///     each worker i, at every step:             w_i ← w_i - η * N / |B| * Σ_{x in B_i} ∇ℓ(x; w_i)
///     all workers together, every H-th step:    w_i ← 1 / N * Σ_j w_j
package struct LocalSGD: StepStrategy {
    static let local = StrategyDescription(
        name: "local-sgd", summary: "data-parallel SGD with several local steps between averages of the models",
        source: "Stich 2019, algorithm 1; Lin et al. 2020", family: .localSteps, defaultCluster: "ethernet-1g",
        defaultWorkers: 8, make: { LocalSGD(configuration: $0, options: $1) })

    package struct Options: StrategyOptions {
        package var steps = BatchOptions()
        package var (workers, syncEvery) = (8, 8)
        package init() {}
        package static let specs =
            BatchOptions.specs.map { OptionSpec($0, in: \Self.steps) } + [
                OptionSpec(
                    "workers", \Self.workers, symbol: "N", unit: "workers", .count(1...Allowed.largestCount),
                    source: "Stich 2019, algorithm 1", "Workers that share a batch."),
                OptionSpec(
                    "sync-every", \Self.syncEvery, symbol: "H", unit: "steps", .count(1...Allowed.largestCount),
                    source: "Stich 2019, algorithm 1", "Steps of a worker from one average of the models to the next."),
            ]
    }

    package let configuration: TrainingConfiguration
    package let options: Options
    package var stepOptions: StepOptions { StepOptions(batch: options.steps.batch, workers: options.workers) }
    package var stepsPerUpdate: Int { options.syncEvery }
    package var state: [StateDeclaration] {
        [.parameters] + StateDeclaration.state(of: configuration.optimizer, .eachWorker)
    }

    package func rule(for run: TrainingRun, _ state: NamedState) -> any StepRule {
        Rule(run: run, state: state, average: state.parameters)
    }

    private struct Rule: StepRule {
        let run: TrainingRun
        let state: NamedState
        let average: ParameterVector
        var reduction: Reduction { .mean }
        var purpose: TrafficPurpose { .model }
        /// w_i ← w_i - η * N / |B| * Σ_{x in B_i} ∇ℓ(x; w_i), from the last average on
        func localStep(_ part: BatchPart, _ model: ParameterVector, _ progress: GradientProgress?) -> Double {
            if part.isFirst { model.copy(from: average) }
            return run.step(
                model, on: part.indices, dividedBy: part.globalCount, times: part.ranks,
                by: state.optimizer(run.configuration.optimizer, ofRank: part.rank), rate: part.rate)
        }
        /// w_i ← 1 / N * Σ_j w_j
        func combine(_ mean: ParameterVector, in range: Range<Int>, rate: Float) { average.copy(from: mean, in: range) }
    }
}
