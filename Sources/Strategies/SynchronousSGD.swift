import Cluster
public import Fabrics
import Kernel

/// Synchronous data-parallel stochastic gradient descent: every step, each of N workers computes the gradient of its
/// part of the global batch, an all-reduce adds the parts, and every worker makes the same update to its own replica
/// (J. Chen et al. 2016, *Revisiting Distributed Synchronous SGD*; P. Goyal et al. 2017, *Accurate, Large Minibatch
/// SGD*, section 2.3: losses are divided by the size of the *global* batch).
///
/// With one worker it is plain SGD; on threads it is data parallelism on one machine; on a simulated fabric it is a
/// cluster.
public struct SynchronousSGD: Strategy {
    /// The strategy that always has one worker.
    public static let singleName = "single"

    static let single = StrategyDescription(
        name: singleName, summary: "one device: plain minibatch SGD", source: "Robbins and Monro 1951",
        home: .threads, defaultCluster: "workstation", defaultWorkers: 1, isFederated: false,
        make: { SynchronousSGD($0, workers: 1) })

    static let threads = StrategyDescription(
        name: "threads", summary: "data-parallel SGD on the cores of this machine, shared memory",
        source: "Goyal et al. 2017", home: .threads, defaultCluster: "workstation", defaultWorkers: nil,
        isFederated: false, make: { SynchronousSGD($0, workers: $0.workers) })

    static let sync = StrategyDescription(
        name: "sync", summary: "data-parallel SGD on a simulated cluster, one all-reduce a step",
        source: "Chen et al. 2016; Goyal et al. 2017", home: .simulated, defaultCluster: "ethernet-1g",
        defaultWorkers: 8, isFederated: false, make: { SynchronousSGD($0, workers: $0.workers) })

    private let configuration: TrainingConfiguration
    public let rankCount: Int

    public init(_ configuration: TrainingConfiguration, workers: Int) {
        precondition(workers > 0, "\(workers) workers")
        self.configuration = configuration
        rankCount = workers
    }

    public var vectorCount: Int { rankCount * (configuration.optimizer.momentum == 0 ? 2 : 3) }

    public var batchSizes: [Int] {
        let (size, rest) = configuration.batch.quotientAndRemainder(dividingBy: rankCount)
        return rest == 0 ? [size] : [size, size + 1]
    }

    public func program(for run: TrainingRun) throws -> RankProgram {
        let sampler = run.sampler(batch: configuration.batch)
        return { rank in
            let parameters = run.initialParameters.copied()
            let gradient = ParameterVector(count: parameters.count)
            let optimizer = SGD(configuration.optimizer, parameterCount: parameters.count)
            let losses = run.losses(of: rank.index)
            var samples = 0
            guard try await run.evaluate(parameters, round: 0, samples: 0, on: rank, .allRanks) else { return }

            var step = 0
            while samples < run.sampleBudget {
                let batch = sampler.indices(step: step, part: rank.index, of: rank.count)
                let globalCount = sampler.count(ofStep: step)
                let loss = try await rank.compute(.step(samples: batch.count)) {
                    run.lossAndGradient(batch, dividedBy: globalCount, at: parameters, into: gradient)
                }
                losses.append(sum: loss, samples: batch.count)
                try await rank.allReduce(gradient, .sum, purpose: .gradient)

                let before = samples
                samples += globalCount
                step += 1
                let rate = run.learningRate(from: before, to: samples)
                // Its time is part of the step's.
                try await rank.compute(.none) { optimizer.step(parameters, gradient, rate: rate) }
                if run.isEvaluationDue(from: before, to: samples) {
                    if rank.index == 0 { run.mergeSharedSteps(upTo: step) }
                    guard try await run.evaluate(parameters, round: step, samples: samples, on: rank, .allRanks) else {
                        return
                    }
                }
            }
        }
    }
}
