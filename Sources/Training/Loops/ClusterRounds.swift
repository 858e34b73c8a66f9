import Cluster
import Datasets
public import Fabrics
import Kernel
import Locking

/// Training in rounds of a server, rank 0, which keeps p models, and nodes, the ranks behind it, each with data and an
/// objective of its own:
///
///     until the sample budget is used up:
///         the server sends its models to all nodes
///         on each node:     choose the model with the least loss on its own samples; it is the node's, and is evaluated
///                           update, and what comes of it goes back with the model's number
///         on the server:    the sum of the updates for each model, weighted by `weight`; serverStep
///
/// Nodes have the last models when they have received them, so the server sends them once more than it gets updates. Nodes that
/// leave or lack memory are missing in sums, and a model that nobody has chosen stays as it is. Samples are counted as if all
/// nodes stayed, so that all agree on budget and learning rate without a message. Without nodes, or without the server, the
/// run ends.
public struct ClusterRounds: Sendable {
    private let run: TrainingRun
    private let options: NodeOptions
    /// p: how many models the server keeps.
    private let models: Int
    /// The nodes' objectives, by node.
    private let objectives: [NodeObjective]
    /// Ranks whose memory cannot hold what training takes: they take no part.
    private let absent: Set<Int>
    private let rounds: NodeRounds
    /// Vectors `[P + 1]` for nodes' updates and for their sums.
    private let updates: VectorPool
    private let received = ReceivedModels()

    private static let server = 0

    // MARK: What strategies declare by it

    /// Which model a node has chosen, counted from 0.
    static let choice = "chosen model"

    /// The name of one of the server's models, counted from 0.
    public static func name(ofModel model: Int) -> String { "model of cluster \(model)" }

    /// The state that ``ClusterRounds`` needs: the server's models, each node's model, and which of the server's models
    /// the node has chosen.
    public static func state(models: Int) -> [StateDeclaration] {
        (0..<models).map { .vector(name(ofModel: $0), .server) }
            + [.vector(StateDeclaration.parametersName, .eachWorker), .numbers(choice, 1, startingAt: 0)]
    }

    /// - Parameter strategy: says what a node needs in memory.
    /// - Throws: ``DataError`` where the partition does not fit the data, ``MemoryError`` where no node has the memory.
    public init(_ run: TrainingRun, _ options: NodeOptions, models: Int, of strategy: some Strategy) throws {
        self.run = run
        self.options = options
        self.models = models
        let objectives = try run.nodeObjectives(partition: options.partition, among: options.workers)
        self.objectives = objectives
        let ranks = 1..<options.workers + 1
        let capable = try run.capableRanks(of: ranks) {
            strategy.memoryNeed(ofRank: $0, run.network, samples: objectives[$0 - 1].shard.count)
        }
        absent = Set(ranks).subtracting(capable)
        rounds = NodeRounds(
            shards: capable.map { objectives[$0 - 1].shard.count }, batch: options.localBatch,
            stepsPerRound: options.syncEvery)
        updates = VectorPool(count: run.network.parameterCount + 1)
    }

    /// What every rank does.
    /// - Throws: ``CheckpointError`` where the run goes on from a checkpoint that does not fit.
    public func program(_ rule: some ClusterRule) throws -> RankProgram {
        precondition(rule.models.count == models, "\(rule.models.count) models, not \(models)")
        try run.restoreNodes(rule.state, server: Self.server)
        let gathering = NodeGathering(run, rule.state, absent: absent, server: Self.server)
        return { [self] rank in
            guard !absent.contains(rank.index) else { return }
            do {
                if rank.index == Self.server {
                    try await serve(rank, rule, gathering)
                } else {
                    try await train(rank, rule, gathering)
                }
            } catch {
                try gathering.end(rank.index, rank)
                throw error
            }
            try gathering.end(rank.index, rank)
        }
    }

    /// What all ranks do when nodes have the models of a round: its evaluation and its checkpoint.
    ///
    /// - Returns: false where the program ends.
    private func goesOn(
        from round: Int, showing model: ParameterVector, _ rank: any Rank, _ gathering: NodeGathering
    ) async throws -> Bool {
        let samples = rounds.samples(after: round)
        let isDue = run.isEvaluationDue(from: rounds.samples(after: max(0, round - 1)), to: samples)
        // Before the first round nodes have all the run's model. A checkpoint is made after the evaluation of its round.
        if round > 0, isDue, round != run.start?.position.round {
            let goesOn = try await run.evaluate(model, of: .eachRank, round: round, samples: samples, on: rank)
            guard goesOn, samples < run.sampleBudget else { return false }
        }
        if run.isCheckpointDue(round: round, samples: samples) {
            try await gathering.checkpoint(at: RunPosition(round: round, samples: samples), on: rank)
        }
        return true
    }

    private func begin(_ rank: any Rank) async throws -> Bool {
        guard run.start == nil else { return true }
        return try await run.evaluate(run.initialParameters, of: .eachRank, round: 0, samples: 0, on: rank)
    }

    /// Whether nodes have chosen among a round's models before the checkpoint was made that the run goes on from, so that it is
    /// done again for its time only.
    private func isChoiceReplayed(_ round: Int) -> Bool { run.isReplayed(max(0, round - 1)) }

    // MARK: The server

    private func serve(_ rank: any Rank, _ rule: some ClusterRule, _ gathering: NodeGathering) async throws {
        guard try await begin(rank) else { return }
        var (round, gone) = (run.start?.position.round ?? 0, absent)
        let sent = ParameterVector(count: models * run.network.parameterCount)
        let aggregate = ParameterVector(count: run.network.parameterCount + 1)
        while true {
            let nodes = (1..<rank.count).filter { !gone.contains($0) && !rank.isKnownToHaveLeft($0) }
            // The fabric finds out who was the last to leave.
            guard !nodes.isEmpty else { return }
            // At a checkpoint nodes have its models.
            if round != run.start?.position.round { try await send(rule.models, in: sent, to: nodes, rank) }
            // The server has no model of its own: it shows the first finite model, so that the run goes on while any
            // model is finite.
            let shown = rule.models.first(where: \.isFinite) ?? rule.models[0]
            guard try await goesOn(from: round, showing: shown, rank, gathering) else { return }
            let received = try await receive(nodes, round, rank, &gone)
            let rate = run.learningRate(from: rounds.samples(after: round), to: rounds.samples(after: round + 1))
            try await combine(
                received, into: aggregate, rank, rule, rate: rate, isReplayed: run.isReplayed(round))
            round += 1
        }
    }

    private func send(
        _ models: [ParameterVector], in sent: ParameterVector, to nodes: [Int], _ rank: any Rank
    ) async throws {
        for (place, model) in models.enumerated() { sent.replace(from: place * model.count, by: model) }
        let message = Message(sent, purpose: .modelDown, direction: .downlink)
        for node in nodes { try await rank.send(message, to: node) }
    }

    private struct Update {
        let message: Message
        let samples: Int
    }

    /// The updates of those nodes that sent one, in the order of nodes.
    private func receive(_ nodes: [Int], _ round: Int, _ rank: any Rank, _ gone: inout Set<Int>) async throws
        -> [Update]
    {
        var updates: [Update] = []
        for node in nodes {
            let samples = objectives[node - 1].shard.count
            do {
                if let message = try await rank.receive(from: node) {
                    updates.append(Update(message: message, samples: samples))
                    continue
                }
            } catch FabricError.rankLeft {
                let batch = min(options.localBatch ?? samples, samples)
                let steps = [round, round + 1].map {
                    NodeBatches.samples(before: $0 * options.syncEvery, of: samples, batch: batch)
                }
                run.lose(samples: steps[1] - steps[0])
            }
            gone.insert(node)
        }
        return updates
    }

    /// For each model the sum of the updates of those who chose it, in the order of nodes, and the server's step.
    ///
    /// Consecutive nodes are added up in parts, side by side where there are cores for it, and the parts in order, as
    /// ``ClientRounds`` does it.
    ///
    /// - Parameter isReplayed: for its time only, so that nobody looks at what nodes would have to compute.
    private func combine(
        _ received: [Update], into aggregate: ParameterVector, _ rank: any Rank, _ rule: some ClusterRule, rate: Float,
        isReplayed: Bool
    ) async throws {
        let all = received.reduce(0) { $0 + $1.samples }
        let chosen = (0..<models).map { model in isReplayed ? [] : received.filter { $0.message.weight == model } }
        var parts: [(model: Int, updates: ArraySlice<Update>, total: Int)] = []
        for (model, updates) in chosen.enumerated() {
            let (count, total) = (min(updates.count, ClientRounds.parts), updates.reduce(0) { $0 + $1.samples })
            for part in 0..<count { parts.append((model, updates[(0..<updates.count).part(part, of: count)], total)) }
        }
        let sums = Guarded<[ParameterVector?]>(Array(repeating: nil, count: parts.count))
        // As long whoever chose which model: nothing that costs time depends on numbers.
        let work = ComputeWork.vector(elements: run.network.parameterCount * received.count)
        try await rank.compute(work, parts: max(1, parts.count)) { [parts, self] place in
            guard place < parts.count else { return }
            var sum: ParameterVector?
            for update in parts[place].updates {
                let vector = update.message.vector
                let weight = rule.weight(ofSamples: update.samples, ofModel: parts[place].total, ofAll: all)
                if let sum {
                    sum.add(vector, scaledBy: weight)
                    self.updates.giveBack(vector)
                } else {
                    // The node has made the vector for this sum and does not look at it again.
                    vector.scale(by: weight)
                    sum = vector
                }
            }
            sums.withLock { $0[place] = sum }
        }
        try await rank.compute(rule.serverWork) { [parts, self] in
            let sums = sums.withLock { $0 }
            for model in 0..<models where !chosen[model].isEmpty {
                aggregate.fill(with: 0)
                for case (let part, let sum?) in zip(parts, sums) where part.model == model {
                    aggregate.add(sum)
                    self.updates.giveBack(sum)
                }
                let sum = run.vectors.take()
                sum.becomeSum(of: [aggregate], times: [1])
                rule.serverStep(model, sum, rate: rate)
                run.vectors.giveBack(sum)
            }
        }
    }

    // MARK: A node

    private func train(_ rank: any Rank, _ rule: some ClusterRule, _ gathering: NodeGathering) async throws {
        guard try await begin(rank) else { return }
        let node = NodeRound(
            run, rank: rank.index, rule.state, outgoingCount: nil, objectives[rank.index - 1],
            batch: options.localBatch, stepsPerRound: options.syncEvery)
        let choice = rule.state.vector(Self.choice, ofRank: rank.index)
        let choosing = ComputeWork.vector(elements: node.model.count)
            .with(.forward(samples: node.shard.count, passes: models))
        var round = run.start?.position.round ?? 0
        while true {
            if round != run.start?.position.round {
                guard let sent = try await receiveModels(rank)?.vector else { return }
                let isReplayed = isChoiceReplayed(round)
                try await rank.compute(choosing) { [models, received, round] in
                    guard !isReplayed else { return }
                    let best = node.best(ofJoined: sent, models: models)
                    node.model.share(received.model(best, ofRound: round, count: node.model.count, in: sent))
                    choice[0] = Float(best)
                }
            }
            guard try await goesOn(from: round, showing: node.model, rank, gathering) else { return }
            // The server has added up the update of the round before, so nobody asks for that any more.
            node.round = round
            node.rate = run.learningRate(from: rounds.samples(after: round), to: rounds.samples(after: round + 1))
            let model = node.model.snapshot()
            let number = choice[0]
            let isReplayed = run.isReplayed(round)
            let update = try await rank.compute(node.work, count: model.count + 1) { [self] in
                let update = updates.take()
                guard !isReplayed else { return update }
                node.withScratch { vector in
                    vector.copy(from: model)
                    rule.update(node, vector)
                    update.replace(from: 0, by: vector)
                }
                update[model.count] = number
                return update
            }
            // The model's number is the last of the vector, where it is charged. It is beside the vector, too, since the server
            // sorts updates by it before it looks at any.
            try await rank.send(
                Message(update, weight: Int(number), purpose: .modelUp, direction: .uplink), to: Self.server)
            round += 1
        }
    }

    /// The models of the next round; nil when the server has ended or left.
    private func receiveModels(_ rank: any Rank) async throws -> Message? {
        do {
            return try await rank.receive(from: Self.server)
        } catch FabricError.rankLeft(let server, let time) {
            run.stop(by: server, leavingAt: time)
            return nil
        }
    }
}

/// The models that nodes have received last and chosen, each as a vector: nodes of a process that have chosen the same one share
/// its numbers, so that there are no more of them than models.
private final class ReceivedModels: Sendable {
    private struct State {
        var round = -1
        var models: [Int: ParameterVector] = [:]
    }

    private let state = Guarded(State())

    /// - Parameters:
    ///   - count: P
    ///   - sent: all models of the round, one behind the other.
    func model(_ model: Int, ofRound round: Int, count: Int, in sent: ParameterVector) -> ParameterVector {
        state.withLock { state in
            if round > state.round { state = State(round: round) }
            if round == state.round, let known = state.models[model] { return known }
            let vector = ParameterVector(count: count)
            vector.becomeSum(of: [sent], times: [1], from: model * count)
            if round == state.round { state.models[model] = vector }
            return vector
        }
    }
}
