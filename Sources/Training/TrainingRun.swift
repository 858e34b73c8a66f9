public import Cluster
public import Datasets
public import Fabrics
public import Kernel
import Locking
public import Randomness

/// One training run as a strategy sees it: the task, the seeds, the budget, and the record that the run leaves.
public final class TrainingRun: Sendable {
    public let network: Network
    public let data: TrainTestSplit
    public let configuration: TrainingConfiguration
    public let initialParameters: ParameterVector
    public let seeds: SeedSequence
    /// Whether samples are taken in random order; if not, in the file's.
    public let shuffles: Bool
    private let workspaces: WorkspacePool
    /// By rank; empty where nobody asks.
    private let memoryBytes: [Int?]
    private let logs: [LossLog]
    package let record: Guarded<Record>
    /// Nil where none are wanted.
    let checkpoints: RunCheckpoints?
    private let tally: Tally
    package let mayStop: Bool
    private let onEvaluation: @Sendable (Evaluation) -> Void

    /// The model's quality at a point of the run.
    public struct Evaluation: Hashable, Codable, Sendable {
        /// Optimizer steps for data-parallel strategies, rounds for federated ones.
        public let round: Int
        /// Samples that all ranks have trained on so far.
        public let samples: Int
        public let clusterSeconds: Double
        public let bytesSent: Int
        /// The mean over the samples trained on since the last evaluation; nil at the start.
        public let trainLoss: Double?
        public let testAccuracy: Double
        public let testLoss: Double

        package init(
            round: Int, samples: Int, clusterSeconds: Double, bytesSent: Int, trainLoss: Double?,
            testAccuracy: Double, testLoss: Double
        ) {
            self.round = round
            self.samples = samples
            self.clusterSeconds = clusterSeconds
            self.bytesSent = bytesSent
            self.trainLoss = trainLoss
            self.testAccuracy = testAccuracy
            self.testLoss = testLoss
        }

        /// The same model at another time.
        package func moved(to other: ReplayReport.Evaluation) -> Self {
            Self(
                round: round, samples: samples, clusterSeconds: other.seconds, bytesSent: other.bytesSent,
                trainLoss: trainLoss, testAccuracy: testAccuracy, testLoss: testLoss)
        }
    }

    /// What a run leaves.
    public struct Record: Sendable {
        public internal(set) var evaluations: [Evaluation] = []
        /// The mean loss of every optimizer step.
        public internal(set) var stepLosses: [Double] = []
        /// Samples after which the model held a NaN or an infinity.
        public fileprivate(set) var divergedAfterSamples: Int?
        /// Whether one of the configuration's limits ended the run.
        public fileprivate(set) var isAtLimit = false
        /// The departure that ended the run, if one did and a rank that remained could say so.
        public fileprivate(set) var stoppedBy: Departure?
        /// Samples of steps that had to be repeated, and of clients whose update the server did not get, since a rank left.
        public fileprivate(set) var lostSamples = 0
        public internal(set) var finalParameters: ParameterVector?
        public fileprivate(set) var partitionSkew: PartitionSkew?
        /// The clients that were left out.
        public fileprivate(set) var memoryShortage: MemoryShortage?
        public fileprivate(set) var ranksLeftOut: [Int] = []
        var mergedSteps = 0
        /// The step of which ranks' logs have the first loss: not 0 where a run goes on from a checkpoint.
        var firstLoggedStep = 0
        var lossSum = 0.0
        var lossSamples = 0
        /// Updates at the last checkpoint.
        var lastCheckpoint = 0

        fileprivate mutating func add(_ sum: Double, _ samples: Int) {
            stepLosses.append(sum / Double(max(samples, 1)))
            lossSum += sum
            lossSamples += samples
        }
    }

    /// - Parameters:
    ///   - mayStop: whether ranks leave.
    ///   - memoryBytes: of each rank's device; empty where nobody asks.
    ///   - checkpoints: where they go, and the one to go on from; nil for none.
    ///   - onEvaluation: called at each evaluation, while the cluster's clock stands still.
    public init(
        network: Network, data: TrainTestSplit, configuration: TrainingConfiguration,
        initialParameters: ParameterVector, seeds: SeedSequence, shuffles: Bool, ranks: Int,
        workspaces: WorkspacePool, mayStop: Bool = false, memoryBytes: [Int?] = [],
        checkpoints: RunCheckpoints? = nil, onEvaluation: @escaping @Sendable (Evaluation) -> Void = { _ in }
    ) {
        self.network = network
        self.data = data
        self.configuration = configuration
        self.initialParameters = initialParameters
        self.seeds = seeds
        self.shuffles = shuffles
        self.workspaces = workspaces
        self.mayStop = mayStop
        self.memoryBytes = memoryBytes
        self.checkpoints = checkpoints
        record = Guarded(Record(from: checkpoints))
        self.onEvaluation = onEvaluation
        logs = (0..<ranks).map { _ in LossLog() }
        tally = Tally(chunks: (data.test.count + Self.samplesPerChunk - 1) / Self.samplesPerChunk)
    }

    /// What the run has left so far; complete when the fabric has returned.
    public var result: Record { record.withLock { $0 } }

    // MARK: Work

    /// Samples to train on, over all ranks; the last step or round may go beyond it.
    public var sampleBudget: Int { Int((configuration.epochs * Double(data.training.count)).rounded()) }

    /// The rate of the step or round that trains from `before` to `after` samples.
    /// A schedule that grows beyond all 32-bit numbers stays at the largest: the run then diverges, which is a result.
    public func learningRate(from before: Int, to after: Int) -> Float {
        let rate = configuration.schedule.rate(at: Double(before + after) / 2 / Double(data.training.count))
        return Float(min(rate, Double(Float.greatestFiniteMagnitude)))
    }

    public func sampler(batch: Int) -> BatchSampler {
        BatchSampler(sampleCount: data.training.count, batchSize: batch, seeds: seeds, shuffles: shuffles)
    }

    /// The clients' samples; how uneven they are goes into the record.
    /// - Throws: ``DataError`` for an unknown partitioner or too few samples.
    public func partition(_ partition: String, among clients: Int) throws(DataError) -> [[Int32]] {
        let shards = try data.training.partitioned(partition, among: clients, seeds: seeds, shuffles: shuffles)
        let skew = PartitionSkew(of: shards, labels: data.training.labels)
        record.withLock { $0.partitionSkew = skew }
        return shards
    }

    /// What the rank's device has; nil where nobody asks.
    package func memoryBytes(ofRank rank: Int) -> Int? { memoryBytes.isEmpty ? nil : memoryBytes[rank] }

    package func leaveOut(_ ranks: [Int], _ shortage: MemoryShortage) {
        record.withLock { ($0.memoryShortage, $0.ranksLeftOut) = (shortage, ranks) }
    }

    /// The gradient of the samples' losses, divided by `divisor`, and the sum of the losses; zero for no samples.
    public func lossAndGradient(
        _ indices: ArraySlice<Int32>, dividedBy divisor: Int, at parameters: ParameterVector,
        into gradient: ParameterVector, progress: GradientProgress? = nil
    ) -> Double {
        guard !indices.isEmpty else {
            gradient.fill(with: 0)
            progress?(0)
            return 0
        }
        return workspaces.withWorkspace(capacity: indices.count) { workspace in
            data.training.gather(indices, into: workspace.batch)
            return network.lossAndGradient(
                of: workspace, dividedBy: divisor, at: parameters, into: gradient, progress: progress)
        }
    }

    /// One step of plain SGD on the samples, from `parameters` to `result`, which may be the same vector; the sum of the
    /// losses. Copies for no samples.
    public func descend(
        _ indices: ArraySlice<Int32>, dividedBy divisor: Int, from parameters: ParameterVector, rate: Float,
        into result: ParameterVector
    ) -> Double {
        guard !indices.isEmpty else {
            if result !== parameters { result.copy(from: parameters) }
            return 0
        }
        return workspaces.withWorkspace(capacity: indices.count) { workspace in
            data.training.gather(indices, into: workspace.batch)
            return network.descend(workspace, dividedBy: divisor, from: parameters, rate: rate, into: result)
        }
    }

    // MARK: Record

    /// The log for the losses of a rank's steps.
    ///
    /// - Parameter steps: how many there will be until they are merged, so that no step allocates memory.
    public func losses(of rank: Int, steps: Int) -> LossLog {
        logs[rank].reserve(steps)
        return logs[rank]
    }

    /// Makes room in the record for the losses of `steps` more steps.
    public func expect(steps: Int) {
        record.withLock { $0.stepLosses.reserveCapacity($0.stepLosses.count + min(steps, LossLog.mostReserved)) }
    }

    /// For programs whose ranks share every step: adds up the ranks' parts of the steps before `step`.
    public func mergeSharedSteps(upTo step: Int) {
        record.withLock { record in
            for index in record.mergedSteps..<max(step, record.mergedSteps) {
                var (sum, samples) = (0.0, 0)
                // A rank that has left has none of later steps.
                let entry = index - record.firstLoggedStep
                for log in logs {
                    guard let step = log.entry(entry) else { continue }
                    sum += step.sum
                    samples += step.samples
                }
                record.add(sum, samples)
            }
            record.mergedSteps = max(step, record.mergedSteps)
        }
    }

    /// Takes over the losses of ranks in other processes, where there are such: to be called by all ranks together.
    public func gatherLosses(on rank: any Rank) async throws {
        guard !rank.sharesMemory else { return }
        let own = rank.index == 0 ? [] : logs[rank.index].tell()
        let all = try await rank.exchange(own)
        guard rank.index == 0 else { return }
        for (other, numbers) in all.enumerated() { logs[other].append(told: numbers) }
    }

    /// The losses of a rank that go with its next message into another process.
    package func losses(toTellOf rank: Int) -> @Sendable () -> [Double] {
        let log = logs[rank]
        return { log.tellAndForget() }
    }

    /// Takes over losses that came with a rank's message.
    package func hear(_ message: Message, of rank: Int) { logs[rank].append(told: message.told) }

    /// For programs whose ranks step on their own: takes over the rank's steps.
    public func mergeSteps(ofRank rank: Int) {
        record.withLock { record in
            for entry in logs[rank].entries { record.add(entry.sum, entry.samples) }
        }
        logs[rank].removeAll()
    }

    /// Whether an evaluation falls into the work from `before` to `after` samples; always at the end.
    public func isEvaluationDue(from before: Int, to after: Int) -> Bool {
        // Shorter intervals than a sample are alike: there is an evaluation after each update.
        let interval = max(1, configuration.evaluateEveryEpochs * Double(data.training.count))
        // A tenth of a sample forgives what the products lose to rounding.
        func intervals(_ samples: Int) -> Double { ((Double(samples) + 0.1) / interval).rounded(.down) }
        return after >= sampleBudget || intervals(after) > intervals(before)
    }

    private static let samplesPerChunk = 500

    /// Measures accuracy and loss on the whole test set, charged to nothing.
    ///
    /// What is noted is the moment at which the calling rank, of all ranks that call it rank 0, has the model: others may
    /// still be receiving theirs, so the last point of a curve can be short of the job's end and of its last bytes.
    /// - Returns: false if the model has diverged or a limit is reached, in which case the program ends.
    public func evaluate(
        _ parameters: ParameterVector, round: Int, samples: Int, on rank: any Rank, _ pause: Pause
    ) async throws -> Bool {
        let test = data.test
        // A limit is found to be reached by one rank, and has to end the programs of all at the same evaluation.
        // And where ranks may leave while others go on, none may end while another has still to get the last model.
        let isJoint = configuration.limits != nil || configuration.continuesAfterDropouts && samples >= sampleBudget
        let pause = pause == .allRanks && isJoint ? .allRanksTogether : pause
        // After a dropout, a rank that was first may have been here before.
        let isNoted = record.withLock { ($0.evaluations.last?.round ?? -1) >= round }
        let replayed = replayedEvaluation(round)
        if isNoted || replayed != nil {
            try await rank.offTheClock(pause, chunks: 0) { _ in
            } finish: { [self] in
                if !isNoted, let replayed { record.withLock { $0.evaluations.append(replayed) } }
            }
            return replayed != nil ? true : try await goesOn(parameters, pause, rank)
        }
        try await rank.offTheClock(pause, chunks: tally.chunkCount) { [self] chunk in
            let range = Int32(chunk * Self.samplesPerChunk)..<Int32(min(test.count, (chunk + 1) * Self.samplesPerChunk))
            let result = workspaces.withWorkspace(capacity: range.count) { workspace in
                test.gather(range, into: workspace.batch)
                return network.lossAndCorrect(of: workspace, at: parameters)
            }
            tally.set(chunk, result)
        } finish: { [self] in
            let (loss, correct) = tally.total
            note(
                parameters, round: round, samples: samples, rank, loss: loss / Double(test.count),
                accuracy: Double(correct) / Double(test.count))
        }
        return try await goesOn(parameters, pause, rank)
    }

    /// Whether training goes on: what the rank that keeps the record finds, all find.
    private func goesOn(_ parameters: ParameterVector, _ pause: Pause, _ rank: any Rank) async throws -> Bool {
        let goesOn = parameters.isFinite && !record.withLock { $0.isAtLimit }
        guard !rank.sharesMemory, pause != .thisRank else { return goesOn }
        return try await rank.exchange([goesOn ? 1 : 0])[0] == [1]
    }

    // MARK: Dropouts

    /// The run ends since a rank has left; of several it counts which was first.
    public func stop(by rank: Int, leavingAt time: VirtualTime) {
        record.withLock { record in
            if let first = record.stoppedBy, first.seconds <= time.seconds { return }
            record.stoppedBy = Departure(rank: rank, seconds: time.seconds)
        }
    }

    /// Work of so many samples is of no use, since a rank has left.
    public func lose(samples: Int) { record.withLock { $0.lostSamples += samples } }

    private func note(
        _ parameters: ParameterVector, round: Int, samples: Int, _ rank: any Rank, loss: Double, accuracy: Double
    ) {
        let evaluation = record.withLock { record in
            let evaluation = Evaluation(
                round: round, samples: samples, clusterSeconds: rank.now.seconds, bytesSent: rank.totalBytesSent,
                trainLoss: record.lossSamples == 0 ? nil : record.lossSum / Double(record.lossSamples),
                testAccuracy: accuracy, testLoss: loss)
            (record.lossSum, record.lossSamples) = (0, 0)
            record.evaluations.append(evaluation)
            record.isAtLimit = configuration.limits?.areReached(at: evaluation) ?? false
            if !parameters.isFinite { record.divergedAfterSamples = samples }
            record.finalParameters = parameters
            // A run that can end between two evaluations leaves the model of the last, whose accuracy is known.
            if mayStop { record.finalParameters = parameters.copied() }
            return evaluation
        }
        onEvaluation(evaluation)
    }
}

/// The results of an evaluation's chunks. They are added in the order of chunks, so that the sum does not depend on
/// which thread was first. One serves all evaluations of a run: each writes all chunks.
private final class Tally: Sendable {
    let chunkCount: Int
    private let chunks: Guarded<[(loss: Double, correct: Int)]>

    init(chunks: Int) {
        chunkCount = chunks
        self.chunks = Guarded(Array(repeating: (0, 0), count: chunks))
    }

    func set(_ chunk: Int, _ result: (loss: Double, correct: Int)) {
        chunks.withLock { $0[chunk] = result }
    }

    var total: (loss: Double, correct: Int) {
        chunks.withLock { $0.reduce((0, 0)) { ($0.0 + $1.loss, $0.1 + $1.correct) } }
    }
}
