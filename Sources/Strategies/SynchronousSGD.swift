import Cluster
public import Fabrics
public import Kernel

/// Synchronous data-parallel stochastic gradient descent: every step, each of N workers computes the gradient of its
/// part of the global batch, an all-reduce adds the parts, and every worker makes the same update to its own replica
/// (J. Chen et al. 2016, *Revisiting Distributed Synchronous SGD*; P. Goyal et al. 2017, *Accurate, Large Minibatch
/// SGD*, section 2.3: losses are divided by the size of the *global* batch).
///
/// With ``GradientOverlap`` the gradient goes out in buckets while the backward pass still runs.
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

    public var hasFixedSchedule: Bool { true }
    /// A replica and a velocity for all, a gradient for each thread; of simulated ranks fewer gradients exist at once.
    public var vectorCount: Int {
        1 + (configuration.optimizer.momentum == 0 ? 0 : 1) + min(rankCount, maximumThreadRanks)
    }

    public var batchSizes: [Int] {
        let (size, rest) = configuration.batch.quotientAndRemainder(dividingBy: rankCount)
        return rest == 0 ? [size] : [size, size + 1]
    }

    public func memoryNeed(ofRank rank: Int, _ network: Network, samples: Int) -> MemoryNeed {
        .training(network, configuration.optimizer, batch: (0..<configuration.batch).part(rank, of: rankCount).count)
    }

    public func program(for run: TrainingRun) throws -> RankProgram {
        let sampler = run.sampler(batch: configuration.batch)
        // All ranks make the same updates to the same parameters, so those that share memory share one replica.
        let parameters = run.initialParameters.copied()
        let optimizer = SGD(configuration.optimizer, parameterCount: parameters.count)
        let buckets = configuration.overlap?.buckets(of: run.network)
        return { rank in
            let steps = run.sampleBudget / sampler.batchSize + 1 + run.sampleBudget / sampler.sampleCount
            let step = Step(
                run, parameters, optimizer, run.losses(of: rank.index, steps: steps), isAlone: rank.count == 1)
            if rank.index == 0 { run.expect(steps: steps) }
            var samples = 0
            guard try await run.evaluate(parameters, round: 0, samples: 0, on: rank, .allRanks) else { return }

            var round = 0
            while samples < run.sampleBudget {
                let before = samples
                samples += sampler.count(ofStep: round)
                step.indices = sampler.indices(step: round, part: rank.index, of: rank.count)
                step.globalCount = sampler.count(ofStep: round)
                step.rate = run.learningRate(from: before, to: samples)

                let work = ComputeWork.step(samples: step.indices.count)
                if let descend = step.descend {
                    try await rank.compute(work, descend)
                } else if let buckets {
                    try await rank.allReduce(
                        .sum, count: parameters.count, computing: work, sending: buckets, purpose: .gradient,
                        contribution: step.differentiate, update: step.update)
                } else {
                    try await rank.allReduce(
                        .sum, count: parameters.count, computing: work, purpose: .gradient,
                        contribution: step.differentiate, update: step.update)
                }

                round += 1
                if run.isEvaluationDue(from: before, to: samples) {
                    if rank.index == 0 { run.mergeSharedSteps(upTo: round) }
                    guard try await run.evaluate(parameters, round: round, samples: samples, on: rank, .allRanks)
                    else { return }
                }
            }
        }
    }

    /// What a rank computes in a step. Its closures are made once, so that a step allocates nothing.
    ///
    /// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
    private final class Step: @unchecked Sendable {
        var indices: ArraySlice<Int32> = []
        /// Samples of the global batch.
        var globalCount = 0
        var rate: Float = 0
        /// The whole step, where it is made without a gradient.
        private(set) var descend: (@Sendable () -> Void)?
        private(set) var differentiate: @Sendable (_ gradient: ParameterVector) -> Void = { _ in }
        private(set) var update: @Sendable (ParameterVector, Range<Int>) -> Void = { _, _ in }

        init(
            _ run: TrainingRun, _ parameters: ParameterVector, _ optimizer: SGD, _ losses: LossLog, isAlone: Bool
        ) {
            guard !(isAlone && optimizer.isPlain) else {
                descend = { [unowned self] in
                    let loss = run.descend(
                        indices, dividedBy: globalCount, from: parameters, rate: rate, into: parameters)
                    losses.append(sum: loss, samples: indices.count)
                }
                return
            }
            differentiate = { [unowned self] gradient in
                let loss = run.lossAndGradient(indices, dividedBy: globalCount, at: parameters, into: gradient)
                // Here, since rank 0 may go on and merge the losses before another rank does.
                losses.append(sum: loss, samples: indices.count)
            }
            update = { [unowned self] sum, range in optimizer.step(parameters, sum, rate: rate, in: range) }
        }
    }
}
