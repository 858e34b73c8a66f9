import DistributedTraining

extension StrategyDescription {
    static let parameterMixing = StrategyDescription(
        name: "parameter-mixing", summary: "each worker trains on its own shard; models are averaged after some epochs",
        source: "McDonald et al. 2010", family: .localSteps, defaultCluster: "ethernet-1g",
        defaultWorkers: 8, make: { ParameterMixing(configuration: $0, options: $1) })
}

/// Iterative parameter mixing (R. McDonald, K. Hall and G. Mann 2010, *Distributed Training Strategies for the Structured
/// Perceptron*, figure 3): each of N workers trains on a shard of the data; after every epoch, or every so many, all go on
/// from the mean of their models.
struct ParameterMixing: Strategy {
    struct Options: StrategyOptions {
        var workers = 8
        var batch = 32
        var mixEvery = 1

        static let specs = [
            OptionSpec(
                "workers", \Self.workers, symbol: "N", unit: "workers", .count(1...Allowed.largestCount),
                source: "McDonald et al. 2010, figure 3", "Workers, each with a shard of the data."),
            OptionSpec(
                "batch", \Self.batch, symbol: "B", unit: "samples", .count(1...Allowed.largestCount),
                source: "an example: the paper takes one sample at a time", "Samples of a worker's step."),
            OptionSpec(
                "mix-every", \Self.mixEvery, unit: "epochs", .count(1...Allowed.largestCount),
                source: "McDonald et al. 2010, figure 3: 1", "Epochs of a worker between two averages."),
        ]
    }

    let configuration: TrainingConfiguration
    let options: Options

    var rankCount: Int { options.workers }
    var batchSizes: [Int] { [options.batch] }
    var usesAllReduce: Bool { true }
    var hasFixedSchedule: Bool { true }
    var state: [StateDeclaration] { [] }
    func longestRound(trainingSamples: Int) -> Int { trainingSamples * options.mixEvery }

    func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed {
        .training(network, batch: options.batch, keeping: configuration.optimizer.stateVectorCount)
    }

    func program(for run: TrainingRun) throws -> RankProgram {
        let shards = try run.partition("iid", among: rankCount)
        let batch = options.batch
        let stepsPerEpoch = shards.map { ($0.count + batch - 1) / batch }.max() ?? 0
        return { rank in
            let model = run.initialParameters.copied()
            let gradient = ParameterVector(count: model.count)
            let optimizer = Optimizer(configuration.optimizer, parameterCount: model.count)
            let losses = run.losses(of: rank.index, steps: stepsPerEpoch)
            var (epoch, samples) = (0, 0)
            guard try await run.evaluate(model, of: .shared, round: 0, samples: 0, on: rank) else { return }
            while samples < run.sampleBudget {
                let before = samples
                for _ in 0..<options.mixEvery {
                    let rate = run.learningRate(from: samples, to: samples + run.data.training.count)
                    var order = shards[rank.index]
                    if run.shuffles {
                        var stream = run.seeds.stream(.localShuffle, rank.index, epoch)
                        stream.shuffle(&order)
                    }
                    for first in stride(from: 0, to: order.count, by: batch) {
                        let indices = order[first..<min(first + batch, order.count)]
                        try await rank.compute(.step(samples: indices.count)) {
                            let loss = run.lossAndGradient(
                                indices, dividedBy: indices.count, at: model, into: gradient)
                            optimizer.step(model, gradient, rate: rate)
                            losses.append(sum: loss, samples: indices.count)
                        }
                    }
                    (epoch, samples) = (epoch + 1, samples + run.data.training.count)
                }
                try await rank.allReduce(model, .mean, purpose: .model)
                if run.isEvaluationDue(from: before, to: samples) {
                    try await run.gatherLosses(on: rank)
                    if rank.index == 0 { run.mergeSharedSteps(upTo: epoch * stepsPerEpoch) }
                    let goesOn = try await run.evaluate(model, of: .shared, round: epoch, samples: samples, on: rank)
                    guard goesOn else { return }
                }
            }
        }
    }
}
