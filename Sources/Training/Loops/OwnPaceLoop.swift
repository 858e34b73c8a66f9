import Cluster
import Datasets
public import Fabrics
import Kernel

/// Training of nodes with data and models of their own that are not in rounds together: each goes on when its own work, its own
/// timer or a message says so, and has no server.
///
/// The loop carries what all such strategies need: the budget and the learning rate, losses, evaluations of every node's model,
/// limits, nodes that lack memory, and checkpoints. A strategy writes what a node does, in the words of its paper, against
/// ``OwnPaceNode``.
///
/// Each node has its share of the sample budget: so many rounds of H steps, as many as all others, which it makes in its own
/// time. Where a node is in the budget, its learning rate, and when it is evaluated follow from its own rounds, and cost no
/// message. So the points of a run's curve are of equal work of every node, each at the node's own time.
public struct OwnPaceLoop: Sendable {
    private let run: TrainingRun
    private let options: NodeOptions
    private let objectives: [NodeObjective]
    /// Ranks whose memory cannot hold what training takes: they take no part.
    public let absent: Set<Int>
    private let rounds: NodeRounds

    /// - Parameter strategy: says what a node needs in memory.
    /// - Throws: ``DataError`` where the partition does not fit the data, ``MemoryError`` where no node has the memory.
    public init(_ run: TrainingRun, _ options: NodeOptions, of strategy: some NodeStrategy) throws {
        self.run = run
        self.options = options
        (objectives, absent, rounds) = try run.nodes(options, of: strategy)
    }

    /// What every rank does.
    ///
    /// - Parameters:
    ///   - state: what nodes keep; a node's model is its ``StateDeclaration/parametersName``.
    ///   - body: what a node does; its program ends with it.
    /// - Throws: ``CheckpointError`` where the run goes on from a checkpoint that does not fit.
    public func program(
        _ state: NamedState, _ body: @escaping @Sendable (OwnPaceNode) async throws -> Void
    ) throws -> RankProgram {
        try run.restoreNodes(state)
        let gathering = NodeGathering(run, state, absent: absent)
        return { [self] rank in
            guard !absent.contains(rank.index) else { return }
            let round = NodeRound(
                run, rank: rank.index, state, objectives[rank.index], batch: options.localBatch,
                stepsPerRound: options.syncEvery)
            let node = OwnPaceNode(rank, round, rounds, gathering)
            do {
                try await body(node)
            } catch {
                try gathering.end(rank.index, rank)
                throw error
            }
            try gathering.end(rank.index, rank)
        }
    }
}

/// A node that goes on at its own pace, as its strategy sees it.
///
///     try await node.begin()
///     while !node.isOver {
///         try await node.train(node.model)
///         try await node.finishRound()
///     }
///
/// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
public final class OwnPaceNode: @unchecked Sendable {
    /// The rank whose program this is.
    public let rank: any Rank
    /// The node's model, its samples and its steps.
    public let round: NodeRound
    private let run: TrainingRun
    private let rounds: NodeRounds
    private let gathering: NodeGathering
    /// The last round at which the node was evaluated; nil before the first evaluation.
    private var evaluatedRound: Int?
    /// Samples that all nodes have trained on when each has made as many rounds as this one; `samplesBefore` is a round
    /// earlier.
    private var samples: Int
    private var samplesBefore: Int
    private var hasUsedItsShare = false
    /// Whether an evaluation has found a NaN or an infinity in the node's model: its program is to end.
    public private(set) var hasDiverged = false

    init(_ rank: any Rank, _ round: NodeRound, _ rounds: NodeRounds, _ gathering: NodeGathering) {
        (self.rank, self.round, self.rounds, self.gathering) = (rank, round, rounds, gathering)
        run = round.run
        let first = run.start?.position.round ?? 0
        round.round = first
        evaluatedRound = run.start?.position.round
        samples = rounds.samples(after: first)
        samplesBefore = rounds.samples(after: max(0, first - 1))
    }

    /// The node's model `[P]`, which is evaluated.
    public var model: ParameterVector { round.model }
    /// The node's rank.
    public var index: Int { rank.index }
    /// Whether the node makes no more rounds: its share of the budget is used up, a limit is reached, or its model has
    /// diverged.
    public var isOver: Bool { hasUsedItsShare || hasDiverged || run.isAtLimit }

    /// Evaluates what the node begins with. To be called before its first round.
    ///
    /// - Parameter meeting: see ``finishRound(beforeMeeting:)``.
    public func begin(beforeMeeting meeting: () async throws -> Void = {}) async throws {
        try await comeToRound(meeting)
    }

    /// H steps on the node's own samples, in place, at the rate of its round.
    ///
    /// - Parameters:
    ///   - work: what is done before them.
    ///   - before: does it.
    public func train(
        _ parameters: ParameterVector, after work: ComputeWork = .none,
        _ before: @escaping @Sendable () -> Void = {}
    ) async throws {
        try await rank.compute(round.work.with(work)) { [round] in
            before()
            round.trainLocally(parameters)
        }
    }

    /// Ends a round of H steps: evaluates the node's model and keeps what it has in a checkpoint, where these are due.
    ///
    /// - Parameter meeting: called before the node stands still until all others have come, which it does for evaluations and
    ///   checkpoints on fabrics that do not simulate it (``HarnessRank/waitsOffTheClock``). After it nobody may need the node.
    public func finishRound(beforeMeeting meeting: () async throws -> Void = {}) async throws {
        round.round += 1
        samplesBefore = samples
        samples = rounds.samples(after: round.round)
        try await comeToRound(meeting)
    }

    private func comeToRound(_ meeting: () async throws -> Void) async throws {
        let isEvaluated =
            (round.round == 0 || run.isEvaluationDue(from: samplesBefore, to: samples))
            && round.round != evaluatedRound
        let isKept = run.isCheckpointDue(round: round.round, samples: samples)
        if isEvaluated || isKept, rank.waitsOffTheClock { try await meeting() }
        if isEvaluated {
            _ = try await run.evaluate(
                model, of: .eachRank, round: round.round, samples: samples, on: rank, endsAlone: true)
            hasDiverged = !model.isFinite
            hasUsedItsShare = samples >= run.sampleBudget
        }
        guard !isOver else { return }
        if isKept {
            try await gathering.checkpoint(at: RunPosition(round: round.round, samples: samples), on: rank)
        }
        round.rate = run.learningRate(from: samples, to: rounds.samples(after: round.round + 1))
    }

    // MARK: Notes

    /// The node has averaged a peer's numbers with this weight.
    public func noteListened(to peer: Int, weight: Double) { run.noteListened(index, to: peer, weight: weight) }

    /// The node has used numbers that were so many steps old.
    public func noteStaleness(_ steps: Double) { run.noteStaleness(index, steps) }
}
