import Cluster
public import Fabrics
public import Kernel
import Locking
public import Training

/// Synchronous data-parallel stochastic gradient descent: every step, each of N workers computes the gradient of its
/// part of the global batch, an all-reduce adds the parts, and every worker makes the same update to its own replica
/// (J. Chen et al. 2016, *Revisiting Distributed Synchronous SGD*; P. Goyal et al. 2017, *Accurate, Large Minibatch
/// SGD*, section 2.3: losses are divided by the size of the *global* batch).
///
/// When a rank leaves, the run stops or, if asked to, goes on with those that remain (``ElasticGroup``).
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
        // Kept until the run is over: of a rank that has left, what it brought to an all-reduce may still be added up.
        let allSteps = Guarded<[Step]>([])
        let buckets = configuration.overlap?.buckets(of: run.network)
        try run.restoreStart(parameters, velocity: optimizer.velocity)
        return { rank in
            let steps = run.sampleBudget / sampler.batchSize + 1 + run.sampleBudget / sampler.sampleCount
            let step = Step(
                run, parameters, optimizer, run.losses(of: rank.index, steps: steps), isAlone: rank.count == 1)
            allSteps.withLock { $0.append(step) }
            if rank.index == 0 { run.expect(steps: steps) }
            var group = ElasticGroup(rank, sampler, from: run.start?.position)
            while true {
                do {
                    guard try await evaluate(parameters, group, run, rank), group.samples < run.sampleBudget else {
                        return
                    }
                    if run.isCheckpointDue(round: group.round, samples: group.samples) {
                        try await run.checkpoint(
                            parameters, velocity: optimizer.velocity, at: group.position, isFirst: group.isFirst,
                            on: rank, .allRanks)
                    }
                    try await make(step, sending: buckets, group, run, rank)
                    group.finishStep()
                } catch FabricError.rankLeft(let other, let time) {
                    guard configuration.continuesAfterDropouts else {
                        return run.stop(by: other, leavingAt: time)
                    }
                    try await group.recover(rank, run)
                }
            }
        }
    }

    /// Evaluates where that is due: before the first step and after some.
    /// - Returns: false if the run is to end.
    private func evaluate(
        _ parameters: ParameterVector, _ group: ElasticGroup, _ run: TrainingRun, _ rank: any Rank
    ) async throws -> Bool {
        let isFirst = group.round == 0
        guard isFirst || run.isEvaluationDue(from: group.samplesBefore, to: group.samples) else { return true }
        try await run.gatherLosses(on: rank)
        if group.isFirst, !isFirst { run.mergeSharedSteps(upTo: group.round) }
        return try await run.evaluate(
            parameters, round: group.round, samples: group.samples, on: rank, .allRanks)
    }

    private func make(
        _ step: Step, sending buckets: [GradientBucket]?, _ group: ElasticGroup, _ run: TrainingRun, _ rank: any Rank
    ) async throws {
        step.prepare(group, rate: run.learningRate(from: group.samples, to: group.samples + group.stepCount))
        let work = ComputeWork.step(samples: step.indices.count)
        if let descend = step.descend {
            try await rank.compute(work, descend)
        } else {
            try await rank.allReduce(
                .sum, count: run.network.parameterCount, computing: work, sending: buckets ?? [], purpose: .gradient,
                contribution: step.differentiate, update: step.update)
        }
    }

    /// What a rank computes in a step. Its closures are made once, so that a step allocates nothing.
    ///
    /// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
    private final class Step: @unchecked Sendable {
        private(set) var indices: ArraySlice<Int32> = []
        /// Samples of the global batch.
        private var globalCount = 0
        private var rate: Float = 0
        /// The step, by its number, and the last of which the numbers were added up.
        private var round = 0
        private var lastAdded = -1
        /// Whether the step's numbers were added up before a rank left, or before a checkpoint that the run goes on from, so
        /// that it is repeated for its time and its messages only: the sum of a global batch is the same, but for rounding,
        /// however many share it.
        private var isRepeated = false
        private let run: TrainingRun
        /// The whole step, where it is made without a gradient.
        private(set) var descend: (@Sendable () -> Void)?
        private(set) var differentiate: AllReduceRequest.Contribution = { _, _ in }
        private(set) var update: AllReduceRequest.Update = { _, _ in }

        init(
            _ run: TrainingRun, _ parameters: ParameterVector, _ optimizer: SGD, _ losses: LossLog, isAlone: Bool
        ) {
            self.run = run
            guard !(isAlone && optimizer.isPlain) else {
                descend = { [unowned self] in
                    guard !isRepeated else { return }
                    let loss = run.descend(
                        indices, dividedBy: globalCount, from: parameters, rate: rate, into: parameters)
                    losses.append(sum: loss, samples: indices.count)
                }
                return
            }
            differentiate = { [unowned self] gradient, progress in
                guard !isRepeated else { return }
                lastAdded = round
                let loss = run.lossAndGradient(
                    indices, dividedBy: globalCount, at: parameters, into: gradient, progress: progress)
                // Here, since rank 0 may go on and merge the losses before another rank does.
                losses.append(sum: loss, samples: indices.count)
            }
            update = { [unowned self] sum, range in
                if !isRepeated { optimizer.step(parameters, sum, rate: rate, in: range) }
            }
        }

        func prepare(_ group: ElasticGroup, rate: Float) {
            indices = group.indices
            globalCount = group.stepCount
            self.rate = rate
            round = group.round
            isRepeated = round == lastAdded || run.isReplayed(round)
        }
    }
}
