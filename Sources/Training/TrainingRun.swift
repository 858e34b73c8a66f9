public import Cluster
public import Datasets
public import Fabrics
public import Kernel
public import Randomness
import Locking

/// One training run as a strategy sees it: the task, the seeds, the budget, and the record that the run leaves.
public final class TrainingRun: Sendable {
    /// The model.
    public let network: any Objective
    /// What is trained on, and what accuracy is measured on.
    public let data: TrainTestSplit
    /// Rate, optimizer, budget and limits, the same for all strategies of a table.
    public let configuration: TrainingConfiguration
    /// `[P]`, where all ranks begin. Not to be changed: copy it.
    public let initialParameters: ParameterVector
    /// How `initialParameters` were drawn, and how strategies draw further models.
    let initialization: Initialization
    /// The metric by which the run's models are judged.
    public let metric: Metric
    /// The source of every random draw, so that a seed means the same on every fabric.
    public let seeds: SeedSequence
    /// Whether samples are taken in random order; if not, in the file's.
    public let shuffles: Bool
    private let workspaces: WorkspacePool
    /// Vectors of the model's size for whoever needs one for a while.
    let vectors: VectorPool
    /// Bytes of memory of each rank's device, by rank; empty where memory is not checked.
    private let memoryBytes: [Int?]
    let rankCount: Int
    let budget: Budget
    let losses: LossRecord
    let evaluator: Evaluator
    /// Losses that ranks brought to an evaluation to which others are still to come, by its round and by rank.
    let broughtLosses = Guarded<[Int: [Int: [LossLog.Entry]]]>([:])
    let record: Guarded<Record>
    let noteBook: NodeNoteBook
    /// The nodes' objectives, by node; nil before they are made.
    let objectives = Guarded<[NodeObjective]?>(nil)
    /// Where checkpoints go; nil where none are made.
    let checkpoints: RunCheckpoints?
    /// Updates at the last checkpoint.
    let lastCheckpoint = Guarded(0)
    let mayStop: Bool
    private let onEvaluation: @Sendable (Evaluation) -> Void

    /// - Parameters:
    ///   - metric: one that models of the network have a value of.
    ///   - mayStop: whether ranks may leave.
    ///   - memoryBytes: of each rank's device; empty where memory is not checked.
    ///   - checkpoints: where checkpoints go, and the one to go on from; nil for none.
    ///   - onEvaluation: called at each evaluation, while the cluster's clock stands still.
    package init(
        network: any Objective, data: TrainTestSplit, configuration: TrainingConfiguration,
        initialParameters: ParameterVector, initialization: Initialization = .he, seeds: SeedSequence, shuffles: Bool,
        ranks: Int,
        workspaces: WorkspacePool, metric: Metric = .accuracy, mayStop: Bool = false, memoryBytes: [Int?] = [],
        checkpoints: RunCheckpoints? = nil, onEvaluation: @escaping @Sendable (Evaluation) -> Void = { _ in }
    ) {
        self.network = network
        self.data = data
        self.configuration = configuration
        self.initialParameters = initialParameters
        self.initialization = initialization
        self.metric = metric
        self.seeds = seeds
        self.shuffles = shuffles
        self.workspaces = workspaces
        vectors = VectorPool(count: network.parameterCount)
        self.mayStop = mayStop
        self.memoryBytes = memoryBytes
        self.checkpoints = checkpoints
        self.onEvaluation = onEvaluation
        rankCount = ranks
        budget = Budget(configuration, trainingSamples: data.training.count)
        losses = LossRecord(ranks: ranks, from: checkpoints?.recordStart)
        evaluator = Evaluator(network, data.test, workspaces, metric)
        record = Guarded(Record(from: checkpoints))
        noteBook = NodeNoteBook(from: checkpoints?.programStart?.nodeNotes ?? [:])
    }

    /// What the run has left so far; complete when the fabric has returned.
    package var result: Record {
        var result = record.withLock { $0 }
        let losses = losses.current
        result.stepLosses = losses.stepLosses
        completeNodes(of: &result, losses.trainedSamples)
        let notes = noteBook.current
        for index in result.nodes.indices {
            if let notes = notes[result.nodes[index].rank] { result.nodes[index].notes = notes }
        }
        return result
    }

    /// The network, for what only classifiers have, such as logits.
    /// - Precondition: the objective is a network; a strategy that needs one says so where it is not.
    public var classifier: Network {
        guard let network = network as? Network else { preconditionFailure("no classifier: \(network.summary)") }
        return network
    }

    // MARK: Work

    /// Samples to train on, over all ranks; the last step or round may go beyond it.
    public var sampleBudget: Int { budget.samples }

    /// The rate of the step or round that trains from `before` to `after` samples.
    public func learningRate(from before: Int, to after: Int) -> Float { budget.learningRate(from: before, to: after) }

    /// Whether an evaluation falls into the work from `before` to `after` samples; always at the end.
    public func isEvaluationDue(from before: Int, to after: Int) -> Bool {
        budget.isEvaluationDue(from: before, to: after)
    }

    /// Draws the run's batches of so many samples, the same for all who ask.
    public func sampler(batch: Int) -> BatchSampler {
        BatchSampler(sampleCount: data.training.count, batchSize: batch, seeds: seeds, shuffles: shuffles)
    }

    /// The clients' samples; how uneven they are goes into the record.
    /// - Throws: ``DataError`` for an unknown partitioner or too few samples.
    public func partition(_ partition: String, among clients: Int) throws(DataError) -> [[Int32]] {
        let shards = try data.training.partitioned(partition, among: clients, seeds: seeds, shuffles: shuffles)
        let skew = PartitionSkew(of: shards, labels: data.training.labels, classes: data.training.classCount)
        record.withLock { $0.partitionSkew = skew }
        return shards
    }

    /// Bytes of memory of the rank's device; nil where memory is not checked.
    func memoryBytes(ofRank rank: Int) -> Int? { memoryBytes.isEmpty ? nil : memoryBytes[rank] }

    func leaveOut(_ ranks: [Int], _ shortage: MemoryShortage) {
        record.withLock { ($0.memoryShortage, $0.ranksLeftOut) = (shortage, ranks) }
    }

    /// Calls `body` with a workspace that holds these training samples.
    func withBatch<Result>(
        _ indices: ArraySlice<Int32>, seenAs view: SampleView?, _ body: (Workspace) -> Result
    ) -> Result {
        workspaces.withWorkspace(capacity: indices.count) { workspace in
            data.training.gather(indices, into: workspace.batch, seenAs: view)
            return body(workspace)
        }
    }

    /// The gradient of the samples' losses, divided by `divisor`, and the sum of the losses; zero for no samples.
    ///
    /// - Parameter view: how the samples are seen; nil for as they are.
    public func lossAndGradient(
        _ indices: ArraySlice<Int32>, dividedBy divisor: Int, at parameters: ParameterVector,
        into gradient: ParameterVector, progress: GradientProgress? = nil, seenAs view: SampleView? = nil
    ) -> Double {
        guard !indices.isEmpty else {
            gradient.fill(with: 0)
            progress?(0)
            return 0
        }
        return withBatch(indices, seenAs: view) { workspace in
            network.lossAndGradient(
                of: workspace, dividedBy: divisor, at: parameters, into: gradient, progress: progress)
        }
    }

    /// One step of plain SGD on the samples, from `parameters` to `result`, which may be the same vector; the sum of the
    /// losses. Copies for no samples.
    ///
    /// - Parameter view: how the samples are seen; nil for as they are.
    public func descend(
        _ indices: ArraySlice<Int32>, dividedBy divisor: Int, from parameters: ParameterVector, rate: Float,
        into result: ParameterVector, seenAs view: SampleView? = nil
    ) -> Double {
        guard !indices.isEmpty else {
            if result !== parameters { result.copy(from: parameters) }
            return 0
        }
        return withBatch(indices, seenAs: view) { workspace in
            network.descend(workspace, dividedBy: divisor, from: parameters, rate: rate, into: result)
        }
    }

    /// One step of an optimizer, in place, on the samples; the sum of the losses.
    ///
    /// - Parameters:
    ///   - factor: by which the gradient of the losses' sum over `divisor` is multiplied.
    ///   - optimizer: with the state of whoever makes the step.
    ///   - view: how the samples are seen; nil for as they are.
    public func step(
        _ parameters: ParameterVector, on indices: ArraySlice<Int32>, dividedBy divisor: Int, times factor: Int = 1,
        by optimizer: Optimizer, rate: Float, seenAs view: SampleView? = nil
    ) -> Double {
        guard !optimizer.isPlain else {
            return descend(
                indices, dividedBy: divisor, from: parameters, rate: rate * Float(factor), into: parameters,
                seenAs: view)
        }
        let gradient = vectors.take()
        defer { vectors.giveBack(gradient) }
        let loss = lossAndGradient(indices, dividedBy: divisor, at: parameters, into: gradient, seenAs: view)
        if factor != 1 { gradient.scale(by: Float(factor)) }
        optimizer.step(parameters, gradient, rate: rate)
        return loss
    }

    /// The gradient of a loss that draws a model to another's logits, divided by `divisor`, and the sum of the losses:
    /// share * distance + (1 - share) * cross-entropy with the label.
    ///
    /// - Parameters:
    ///   - targets: `[rows, classes]`, the other's logits.
    ///   - rows: which row belongs to each sample.
    ///   - share: 1 where labels are not to be looked at.
    ///   - view: how the samples are seen; nil for as they are.
    public func lossAndGradient(
        _ indices: ArraySlice<Int32>, towards targets: ParameterVector, rows: ArraySlice<Int32>,
        by loss: DistillationLoss, share: Float = 1, dividedBy divisor: Int, at parameters: ParameterVector,
        into gradient: ParameterVector, seenAs view: SampleView? = nil
    ) -> Double {
        withBatch(indices, seenAs: view) { workspace in
            classifier.lossAndGradient(
                of: workspace, towards: targets, rows: rows, by: loss, share: share, dividedBy: divisor, at: parameters,
                into: gradient)
        }
    }

    // MARK: Record

    /// The log for the losses of a rank's steps.
    ///
    /// - Parameter steps: how many there will be until they are merged, so that no step allocates memory.
    public func losses(of rank: Int, steps: Int) -> LossLog { losses.log(of: rank, steps: steps) }

    /// Makes room in the record for the losses of `steps` more steps.
    public func expect(steps: Int) { losses.expect(steps: steps) }

    /// For programs whose ranks share every step: adds up the ranks' parts of the steps before `step`.
    public func mergeSharedSteps(upTo step: Int) { losses.mergeShared(upTo: step) }

    /// Takes over the losses of ranks in other processes, where there are such: to be called by all ranks together.
    public func gatherLosses(on rank: any Rank) async throws { try await losses.gather(on: rank) }

    /// The losses of a rank that ride on its next message to another process.
    func losses(toTellOf rank: Int) -> @Sendable () -> [Double] { losses.telling(ofRank: rank) }

    /// Takes over losses that came with a rank's message.
    func hear(_ message: Message, of rank: Int) { losses.receive(message, of: rank) }

    /// For programs whose ranks step on their own: takes over the rank's steps.
    public func mergeSteps(ofRank rank: Int) { losses.mergeOwn(ofRank: rank) }

    /// Ends the run because a rank has left; the earliest of several departures counts.
    public func stop(by rank: Int, leavingAt time: VirtualTime) {
        record.withLock { $0.stop(by: Departure(rank: rank, seconds: time.seconds)) }
    }

    /// Records that the work of so many samples was lost, since a rank has left.
    public func lose(samples: Int) { record.withLock { $0.lostSamples += samples } }

    // MARK: Evaluation

    /// Measures accuracy and loss of the run's one model on the whole test set, charged to nothing. Where nodes have
    /// objectives of their own, the model is judged by each of them, and the curve is their mean.
    ///
    /// What is noted is the moment at which the calling rank, of all ranks that call it rank 0, has the model: others may
    /// still be receiving theirs, so the last point of a curve can be short of the job's end and of its last bytes.
    ///
    /// - Parameter pause: `.thisRank` of a server whose clients wait; else the ranks that call it hold the same model.
    /// - Returns: false if the model has diverged or a limit is reached, in which case the program ends.
    package func evaluate(
        _ parameters: ParameterVector, round: Int, samples: Int, on rank: any Rank, _ pause: Pause
    ) async throws -> Bool {
        // One rank finds that a limit is reached, and the programs of all have to end at the same evaluation. And where
        // ranks may leave while others go on, none may end while another has still to get the last model.
        let isJoint = configuration.limits != nil || configuration.continuesAfterDropouts && samples >= sampleBudget
        let pause = pause == .allRanks && isJoint ? .allRanksTogether : pause
        // After a dropout another rank is the first, and its predecessor may have noted this evaluation already.
        let isNoted = record.withLock { ($0.evaluations.last?.round ?? -1) >= round }
        let replayed = replayedEvaluation(round)
        if isNoted || replayed != nil {
            try await rank.offTheClock(pause, chunks: 0) { _ in
            } finish: { [self] in
                if !isNoted, let replayed { noteReplayed(replayed) }
            }
            return replayed != nil ? true : try await goesOn(parameters, pause, rank)
        }
        let isJudged = evaluator.hasObjectives
        let chunks = isJudged ? evaluator.judgedChunkCount : evaluator.chunkCount
        try await rank.offTheClock(pause, chunks: chunks) { [self] chunk in
            if isJudged { evaluator.judge(chunk, at: parameters) } else { evaluator.compute(chunk, at: parameters) }
        } finish: { [self] in
            note(parameters, round: round, samples: samples, rank)
        }
        return try await goesOn(parameters, pause, rank)
    }

    /// Whether training goes on. The rank that keeps the record decides, and all others learn it.
    private func goesOn(_ parameters: ParameterVector, _ pause: Pause, _ rank: any Rank) async throws -> Bool {
        let goesOn = parameters.isFinite && !record.withLock { $0.isAtLimit }
        guard !rank.sharesMemory, pause != .thisRank else { return goesOn }
        return try await rank.exchange([goesOn ? 1 : 0])[0] == [1]
    }

    /// Notes what the evaluator found out about the run's one model.
    func note(_ parameters: ParameterVector, round: Int, samples: Int, _ rank: any Rank) {
        let objectives = evaluator.hasObjectives ? objectives.withLock { $0 } : nil
        let judged = objectives.map { JudgedModel(evaluator, $0) }
        let score = judged?.mean ?? evaluator.result()
        let evaluation = Evaluation(
            round: round, samples: samples, clusterSeconds: rank.now.seconds, bytesSent: rank.totalBytesSent,
            trainLoss: losses.takeMean(), testAccuracy: score.accuracy, testLoss: score.loss, testAUC: score.auc)
        if let judged { note(judged, at: evaluation) }
        record.withLock { record in
            if !parameters.isFinite { record.divergedAfterSamples = samples }
            // A run that can end between two evaluations leaves the model of the last, whose accuracy is known.
            record.finalParameters = mayStop ? parameters.copied() : parameters
        }
        note(evaluation)
    }

    func note(_ evaluation: Evaluation) {
        record.withLock { record in
            record.evaluations.append(evaluation)
            record.isAtLimit = configuration.limits?.areReached(at: evaluation) ?? false
        }
        if !wasTold(evaluation.round) { onEvaluation(evaluation) }
    }
}
