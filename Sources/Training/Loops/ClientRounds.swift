import Cluster
import Datasets
public import Fabrics
import Kernel
import Locking
import Randomness

/// Training in rounds of a server, rank 0, and clients, ranks 1...K, each with samples of its own, and with an objective of its
/// own where the configuration has such:
///
///     until the sample budget is used up:
///         the server draws a cohort among the clients that it does not know to have left, and sends them its model
///         on each client of the cohort:   clientUpdate, and the result goes back
///         on the server:                  aggregate of what was received, weighted by `weight`; serverStep
///
/// The loop carries what all such strategies need: the budget and the learning rate, which follows the work done so far,
/// losses, evaluations and limits, clients that leave or lack memory, checkpoints and what is made again for its time only.
///
/// The server takes the updates in the cohort's order, however they come. A round in which nobody answers changes nothing.
/// Without clients, or without the server, the run ends.
public struct ClientRounds: Sendable {
    private let run: TrainingRun
    private let options: ClientOptions
    /// The clients' objectives, by client.
    private let nodes: [NodeObjective]
    /// Ranks of clients that can hold what training takes; others are never selected.
    private let capable: Set<Int>

    /// Sums that are made side by side. A constant, since the order of additions must not depend on the machine.
    static let parts = 32

    // MARK: What strategies declare by it

    /// How many rounds were drawn, with those that nobody answered, and how often each client was sent a model: the index of
    /// its next stream of random numbers.
    static let drawnRounds = "drawn rounds"
    static let clientRounds = "client rounds"

    /// The state that ``ClientRounds`` needs, beside the strategy's own.
    public static func state(_ options: ClientOptions) -> [StateDeclaration] {
        [
            .vector(StateDeclaration.parametersName, .server), .counts(drawnRounds, 1),
            .counts(clientRounds, options.clients),
        ]
    }

    /// - Parameter strategy: says what a client needs in memory.
    /// - Throws: ``DataError`` where the partition does not fit the data, ``MemoryError`` where no client has the memory.
    public init(_ run: TrainingRun, _ options: ClientOptions, of strategy: some Strategy) throws {
        self.run = run
        self.options = options
        let nodes = try run.nodeObjectives(partition: options.partition, among: options.clients)
        self.nodes = nodes
        capable = Set(
            try run.capableRanks(of: 1..<options.clients + 1) {
                strategy.memoryNeed(ofRank: $0, run.network, samples: nodes[$0 - 1].shard.count)
            })
    }

    /// What every rank does.
    /// - Throws: ``CheckpointError`` where the run goes on from a checkpoint that does not fit.
    public func program(_ rule: some ClientRule) throws -> RankProgram {
        try run.restoreStart(rule.state)
        let firstRounds = rule.state[counts: Self.clientRounds]
        return { [self] rank in
            if rank.index == 0 {
                try await serve(rank, rule)
            } else {
                try await train(rank, rule, from: firstRounds[rank.index - 1])
            }
        }
    }

    // MARK: The server

    private func serve(_ rank: any Rank, _ rule: some ClientRule) async throws {
        let (state, model) = (rule.state, rule.state.parameters)
        var (round, samples) = (run.start?.position.round ?? 0, run.start?.position.samples ?? 0)
        run.expect(steps: run.sampleBudget / (options.localBatch ?? run.sampleBudget))
        if round == 0 {
            guard try await run.evaluate(model, round: 0, samples: 0, on: rank, .thisRank) else { return }
        }
        let aggregate = ParameterVector(count: model.count)
        while samples < run.sampleBudget {
            let cohort = options.cohort(ofRound: state[counts: Self.drawnRounds][0], run.seeds) {
                capable.contains($0 + 1) && !rank.isKnownToHaveLeft($0 + 1)
            }
            // The fabric finds out who was the last to leave.
            guard !cohort.isEmpty else { return }
            let before = samples
            try await send(model, to: cohort, after: before, rank, state)
            let received = try await receive(cohort, rank)
            let updates = cohort.compactMap { received[$0] }
            guard !updates.isEmpty else { continue }
            samples += updates.reduce(0) { $0 + $1.weight } * options.localEpochs
            try await combine(updates, into: aggregate, rank, rule, isReplayed: run.isReplayed(round))
            for client in cohort where received[client] != nil { run.mergeSteps(ofRank: client + 1) }
            round += 1
            if run.isEvaluationDue(from: before, to: samples) {
                guard try await run.evaluate(model, round: round, samples: samples, on: rank, .thisRank) else { return }
            }
            if run.isCheckpointDue(round: round, samples: samples) {
                try await run.checkpoint(
                    state, at: RunPosition(round: round, samples: samples), isFirst: true, on: rank, .thisRank)
            }
        }
    }

    private func send(
        _ model: ParameterVector, to cohort: [Int], after samples: Int, _ rank: any Rank, _ state: NamedState
    ) async throws {
        state[counts: Self.drawnRounds][0] += 1
        var clientRounds = state[counts: Self.clientRounds]
        for client in cohort {
            // The model stays as it is until all have answered, so it can travel without being copied. The work done so far,
            // which the learning rate follows, goes along.
            let message = Message(model, weight: samples, purpose: .modelDown, direction: .downlink)
            try await rank.send(message, to: client + 1)
            clientRounds[client] += 1
        }
        state[counts: Self.clientRounds] = clientRounds
    }

    /// The updates of those clients who sent one: those that come early wait for their turn in the cohort.
    private func receive(_ cohort: [Int], _ rank: any Rank) async throws -> [Int: Message] {
        var updates: [Int: Message] = [:]
        for client in cohort {
            do {
                guard let update = try await rank.receive(from: client + 1) else {
                    throw FabricError.deadlock("client \(client) ended before it sent its update")
                }
                run.hear(update, of: client + 1)
                updates[client] = update
            } catch FabricError.rankLeft {
                run.lose(samples: nodes[client].shard.count * options.localEpochs)
            }
        }
        return updates
    }

    /// aggregate ← Σ p_k * w_k, in the order of the cohort, and then the server's step.
    ///
    /// Consecutive clients are added up in parts, side by side where there are cores for it, and the parts in order.
    ///
    /// - Parameter isReplayed: for its time only, so that nobody looks at what clients would have to compute.
    private func combine(
        _ updates: [Message], into aggregate: ParameterVector, _ rank: any Rank, _ rule: some ClientRule,
        isReplayed: Bool
    ) async throws {
        let (total, clients) = (updates.reduce(0) { $0 + $1.weight }, updates.count)
        let parts = min(clients, Self.parts)
        let sums = Guarded<[ParameterVector?]>(Array(repeating: nil, count: parts))
        try await rank.compute(.vector(elements: aggregate.count * clients), parts: parts) { part in
            guard !isReplayed else { return }
            var sum: ParameterVector?
            for update in updates[(0..<clients).part(part, of: parts)] {
                let model = update.vector
                let weight = rule.weight(ofSamples: update.weight, total: total, clients: clients)
                if let sum {
                    sum.add(model, scaledBy: weight)
                    run.vectors.giveBack(model)
                } else {
                    // The client has made the vector for this sum and does not look at it again.
                    model.scale(by: weight)
                    sum = model
                }
            }
            sums.withLock { $0[part] = sum }
        }
        // The time of these additions is part of what was charged above.
        try await rank.compute(rule.serverWork) {
            guard !isReplayed else { return }
            aggregate.fill(with: 0)
            for case let sum? in sums.withLock({ $0 }) {
                aggregate.add(sum)
                run.vectors.giveBack(sum)
            }
            rule.serverStep(aggregate)
        }
    }

    // MARK: A client

    private func train(_ rank: any Rank, _ rule: some ClientRule, from firstRound: Int) async throws {
        let (node, epochs) = (nodes[rank.index - 1], options.localEpochs)
        let shard = node.shard
        let batch = min(options.localBatch ?? shard.count, shard.count)
        let losses = run.losses(of: rank.index, steps: epochs * ((shard.count + batch - 1) / max(batch, 1)))
        let work = ComputeWork.epochs(epochs, samples: shard.count, batch: batch)
            .updating(by: run.configuration.optimizer, parameters: run.network.parameterCount)
        var round = firstRound
        while let message = try await receiveModel(rank) {
            // A client does not know how much the others do; for the schedule a round is as long as its own part of it.
            let own = shard.count * epochs * options.cohortSize
            let client = ClientWork(
                run: run, rank: rank.index, round: round, shard: shard, view: node.view, localEpochs: epochs,
                batch: batch,
                rate: run.learningRate(from: message.weight, to: message.weight + own),
                stream: run.seeds.stream(.localShuffle, rank.index, round), losses: losses)
            let trained = try await rank.compute(
                work, count: run.network.parameterCount,
                deferring: { rule.clientUpdate(client, from: message.vector) })
            try await rank.send(
                Message(
                    trained, weight: shard.count, purpose: .modelUp, direction: .uplink,
                    telling: run.losses(toTellOf: rank.index)), to: 0)
            round += 1
        }
    }

    /// The next model to train; nil when the server has ended or left.
    private func receiveModel(_ rank: any Rank) async throws -> Message? {
        do {
            return try await rank.receive(from: 0)
        } catch FabricError.rankLeft(let server, let time) {
            run.stop(by: server, leavingAt: time)
            return nil
        }
    }
}

extension ClientOptions {
    /// S_t in ascending order: a set of m clients from the stream of (seed, round), or of fewer where not so many are there.
    func cohort(
        ofRound round: Int, _ seeds: SeedSequence, among isThere: (Int) -> Bool = { _ in true }
    ) -> [Int] {
        var stream = seeds.stream(.clientSampling, round)
        let order = stream.shuffled(0..<clients)
        return Array(order.lazy.filter(isThere).prefix(cohortSize)).sorted()
    }
}
