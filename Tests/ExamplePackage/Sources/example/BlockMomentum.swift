import DistributedTraining

extension StrategyDescription {
    static let blockMomentum = StrategyDescription(
        name: "block-momentum", summary: "local SGD that applies the average of the models with momentum",
        source: "Chen and Huo 2016", family: .localSteps, defaultCluster: "ethernet-1g", defaultWorkers: 8,
        make: { BlockMomentum(configuration: $0, options: $1) })
}

/// Blockwise model-update filtering with classical block momentum (K. Chen and Q. Huo 2016, *Scalable Training of Deep Learning
/// Machines by Incremental Block Training with Intra-block Parallel Optimization and Blockwise Model-Update Filtering*): local
/// SGD whose workers do not take over the average of their models, but go towards it with momentum. Every H-th step
///
///     v ← β * v + (1 / N * Σ_j w_j - x);  x ← x + v;  all w_i ← x
struct BlockMomentum: StepStrategy {
    struct Options: StrategyOptions {
        var steps = BatchOptions()
        var workers = 8
        var syncEvery = 8
        var momentum = 0.5

        static let specs =
            BatchOptions.specs.map { OptionSpec($0, in: \Self.steps) } + [
                OptionSpec(
                    "workers", \Self.workers, symbol: "N", unit: "workers", .count(1...Allowed.largestCount),
                    source: "Chen and Huo 2016", "Workers that share a batch."),
                OptionSpec(
                    "sync-every", \Self.syncEvery, symbol: "H", unit: "steps", .count(1...Allowed.largestCount),
                    source: "Chen and Huo 2016", "Steps of a worker from one average of the models to the next."),
                OptionSpec(
                    "block-momentum", \Self.momentum, symbol: "β", .number(Allowed.Bounds(0..<1), .oneMinus),
                    source: "an example: the paper's grows with the number of workers",
                    "How much of its last move the model keeps."),
            ]
    }

    let configuration: TrainingConfiguration
    let options: Options

    var stepOptions: StepOptions { StepOptions(batch: options.steps.batch, workers: options.workers) }
    var stepsPerUpdate: Int { options.syncEvery }

    /// The name of the state's second vector. The optimizer's own state has other names: `--momentum` has a "velocity".
    private static let move = "block's move"
    var state: [StateDeclaration] {
        [.parameters, .vector(Self.move)] + StateDeclaration.state(of: configuration.optimizer, .eachWorker)
    }

    func rule(for run: TrainingRun, _ state: NamedState) -> any StepRule {
        Rule(
            run: run, state: state, model: state.parameters, move: state.vector(Self.move),
            momentum: Float(options.momentum))
    }

    private struct Rule: StepRule {
        let run: TrainingRun
        let state: NamedState
        let model: ParameterVector
        let move: ParameterVector
        let momentum: Float
        var reduction: Reduction { .mean }
        var purpose: TrafficPurpose { .model }

        func localStep(_ part: BatchPart, _ own: ParameterVector, _ progress: GradientProgress?) -> Double {
            if part.isFirst { own.copy(from: model) }
            return run.step(
                own, on: part.indices, dividedBy: part.globalCount, times: part.ranks,
                by: state.optimizer(run.configuration.optimizer, ofRank: part.rank), rate: part.rate)
        }

        /// Ranks that share memory each do a range of it.
        func combine(_ mean: ParameterVector, in range: Range<Int>, rate: Float) {
            move.scale(by: momentum, in: range)
            move.add(mean, minus: model, in: range)
            model.add(move, in: range)
        }
    }
}
