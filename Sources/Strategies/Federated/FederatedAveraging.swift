import Cluster
import Datasets
public import Fabrics
public import Kernel
import Locking
import Randomness
public import Training

/// FederatedAveraging, algorithm 1 of B. McMahan, E. Moore, D. Ramage, S. Hampson and B. Agüera y Arcas 2017,
/// *Communication-Efficient Learning of Deep Networks from Decentralized Data* (AISTATS).
///
/// Rank 0 is the server, ranks 1...K are the clients. Each round t:
///
///     m ← max(C * K, 1);  S_t ← random set of m clients
///     each k in S_t:  w_k ← ClientUpdate(k, w_t): E epochs of SGD in batches of B over the client's own n_k samples
///     w_{t+1} ← Σ_{k in S_t} n_k / n * w_k,  n = Σ_{k in S_t} n_k
///
/// Clients may leave (as the devices of K. Bonawitz et al. 2019, *Towards Federated Learning at Scale*, section 2.2): then
/// S_t in the last line is of those whose update was received; a round in which nobody answers changes nothing; and later
/// rounds are drawn from the clients that the server does not know to have left. Without clients, or without the server,
/// the run ends.
public struct FederatedAveraging: Strategy {
    static let federated = StrategyDescription(
        name: "federated",
        summary: "FederatedAveraging: clients train several epochs on their own data between averages",
        source: "McMahan et al. 2017, algorithm 1", home: .simulated, defaultCluster: "phones-4g", defaultWorkers: nil,
        isFederated: true, make: { FederatedAveraging($0) })

    private let configuration: TrainingConfiguration
    private var options: TrainingConfiguration.Federated { configuration.federated }

    public init(_ configuration: TrainingConfiguration) { self.configuration = configuration }

    public var rankCount: Int { options.clients + 1 }
    public var serverRank: Int? { 0 }
    public var concurrentWorkers: Int { options.cohortSize }
    /// Two of the server; for every client of a round its model and what its steps need, but for no more clients than a
    /// server adds up at once.
    public var vectorCount: Int {
        2 + min(options.cohortSize, Self.parts) * (configuration.optimizer.momentum == 0 ? 2 : 3)
    }
    /// Sums that are made side by side. A constant, since the order of additions must not depend on the machine.
    private static let parts = 32

    /// The server takes the updates in the cohort's order, however they come.
    public var hasFixedSchedule: Bool { true }

    public var batchSizes: [Int] { options.localBatch.map { [$0] } ?? [] }

    public func memoryNeed(ofRank rank: Int, _ network: Network, samples: Int) -> MemoryNeed {
        rank == 0
            ? .averaging(network)
            : .training(network, configuration.optimizer, batch: min(options.localBatch ?? samples, samples))
    }

    public func program(for run: TrainingRun) throws -> RankProgram {
        let shards = try run.partition(options.partition, among: options.clients)
        // Clients that cannot hold what training takes are never selected.
        let capable = Set(
            try run.capableRanks(of: 1..<rankCount) {
                memoryNeed(ofRank: $0, run.network, samples: shards[$0 - 1].count)
            })
        let models = VectorPool(count: run.network.parameterCount)
        return { rank in
            if rank.index == 0 {
                try await serve(rank, run, shards, capable, models)
            } else {
                try await train(rank, run, shards[rank.index - 1], models)
            }
        }
    }

    // MARK: The server

    private func serve(
        _ rank: any Rank, _ run: TrainingRun, _ shards: [[Int32]], _ capable: Set<Int>, _ models: VectorPool
    ) async throws {
        let model = run.initialParameters.copied()
        let average = ParameterVector(count: model.count)
        try run.restoreStart(model)
        var samples = run.start?.position.samples ?? 0
        var round = run.start?.position.round ?? 0
        run.expect(steps: run.sampleBudget / (options.localBatch ?? run.sampleBudget))
        if round == 0 {
            guard try await run.evaluate(model, round: 0, samples: 0, on: rank, .thisRank) else { return }
        }

        // Rounds that were drawn; `round` counts those that changed the model.
        var server =
            run.start?.position.server
            ?? RunPosition.Server(drawnRounds: 0, clientRounds: Array(repeating: 0, count: options.clients))
        while samples < run.sampleBudget {
            let cohort = self.cohort(ofRound: server.drawnRounds, run.seeds) {
                capable.contains($0 + 1) && !rank.isKnownToHaveLeft($0 + 1)
            }
            // Whoever was the last to leave is found by the fabric.
            guard !cohort.isEmpty else { return }
            server.drawnRounds += 1
            let before = samples
            for client in cohort {
                // The model stays as it is until all have answered, so it can travel without being copied. What goes
                // along is the work done so far, which the learning rate follows.
                let message = Message(model, weight: before, purpose: .modelDown, direction: .downlink)
                try await rank.send(message, to: client + 1)
                server.clientRounds[client] += 1
            }
            let received = try await receive(cohort, rank, run)
            for client in cohort where received[client] == nil {
                run.lose(samples: shards[client].count * options.localEpochs)
            }
            let updates = cohort.compactMap { received[$0] }
            guard !updates.isEmpty else { continue }
            samples += updates.reduce(0) { $0 + $1.weight } * options.localEpochs
            let isReplayed = run.isReplayed(round)
            try await aggregate(updates, into: average, rank, models, isReplayed: isReplayed)
            for client in cohort where received[client] != nil { run.mergeSteps(ofRank: client + 1) }
            if !isReplayed { model.copy(from: average) }
            round += 1
            if run.isEvaluationDue(from: before, to: samples) {
                guard try await run.evaluate(model, round: round, samples: samples, on: rank, .thisRank) else { return }
            }
            if run.isCheckpointDue(round: round, samples: samples) {
                let position = RunPosition(round: round, samples: samples, server: server)
                try await run.checkpoint(model, at: position, isFirst: true, on: rank, .thisRank)
            }
        }
    }

    /// S_t in ascending order: a set of m clients from the stream of (seed, round), or of fewer where not so many are there.
    func cohort(
        ofRound round: Int, _ seeds: SeedSequence, among isThere: (Int) -> Bool = { _ in true }
    ) -> [Int] {
        var stream = seeds.stream(.clientSampling, round)
        let order = stream.shuffled(0..<options.clients)
        return Array(order.lazy.filter(isThere).prefix(options.cohortSize)).sorted()
    }

    /// The updates of those clients who sent one, in the order of the cohort: those that come early wait for their turn.
    private func receive(_ cohort: [Int], _ rank: any Rank, _ run: TrainingRun) async throws -> [Int: Message] {
        var updates: [Int: Message] = [:]
        for client in cohort {
            do {
                guard let update = try await rank.receive(from: client + 1) else {
                    throw FabricError.deadlock("client \(client) ended before it sent its update")
                }
                run.hear(update, of: client + 1)
                updates[client] = update
            } catch FabricError.rankLeft {
                continue
            }
        }
        return updates
    }

    /// average ← Σ n_k / n * w_k, in the order of the cohort.
    ///
    /// Consecutive clients are added up in parts, side by side where there are cores for it, and the parts in order.
    ///
    /// - Parameter isReplayed: for its time only, so that nobody looks at what clients would have to compute.
    private func aggregate(
        _ received: [Message], into average: ParameterVector, _ rank: any Rank, _ models: VectorPool,
        isReplayed: Bool
    ) async throws {
        let total = Float(received.reduce(0) { $0 + $1.weight })
        let parts = min(received.count, Self.parts)
        let sums = Guarded<[ParameterVector?]>(Array(repeating: nil, count: parts))
        try await rank.compute(.vector(elements: average.count * received.count), parts: parts) { part in
            guard !isReplayed else { return }
            let updates = received[(0..<received.count).part(part, of: parts)]
            var sum: ParameterVector?
            for update in updates {
                let (model, share) = (update.vector, Float(update.weight) / total)
                if let sum {
                    sum.add(model, scaledBy: share)
                    models.giveBack(model)
                } else {
                    // The client has made it for this and does not look at it again.
                    model.scale(by: share)
                    sum = model
                }
            }
            sums.withLock { $0[part] = sum }
        }
        // Its time is part of what was charged above.
        try await rank.compute(.none) {
            guard !isReplayed else { return }
            average.fill(with: 0)
            for case let sum? in sums.withLock({ $0 }) {
                average.add(sum)
                models.giveBack(sum)
            }
        }
    }

    // MARK: A client

    private func train(_ rank: any Rank, _ run: TrainingRun, _ shard: [Int32], _ models: VectorPool) async throws {
        let batch = min(options.localBatch ?? shard.count, shard.count)
        let steps = options.localEpochs * ((shard.count + batch - 1) / max(batch, 1))
        let losses = run.losses(of: rank.index, steps: steps)
        let work = ComputeWork.epochs(options.localEpochs, samples: shard.count, batch: batch)
        var round = run.start?.position.server?.clientRounds[rank.index - 1] ?? 0
        while let message = try await receiveModel(rank, run) {
            let stream = run.seeds.stream(.localShuffle, rank.index, round)
            // A client does not know how much the others do; for the schedule a round is as long as its own part of it.
            let own = shard.count * options.localEpochs * options.cohortSize
            let rate = run.learningRate(from: message.weight, to: message.weight + own)
            let count = run.network.parameterCount
            let trained = try await rank.compute(
                work, count: count,
                deferring: {
                    clientUpdate(
                        from: message.vector, run, shard, batch: batch, rate: rate, stream, models, losses)
                })
            try await rank.send(
                Message(
                    trained, weight: shard.count, purpose: .modelUp, direction: .uplink,
                    telling: run.losses(toTellOf: rank.index)), to: 0)
            round += 1
        }
    }

    /// The next model to train; nil when the server has ended or left.
    private func receiveModel(_ rank: any Rank, _ run: TrainingRun) async throws -> Message? {
        do {
            return try await rank.receive(from: 0)
        } catch FabricError.rankLeft(let server, let time) {
            run.stop(by: server, leavingAt: time)
            return nil
        }
    }

    /// ClientUpdate(k, w). The optimizer starts anew each round: a client keeps no state between rounds.
    private func clientUpdate(
        from start: ParameterVector, _ run: TrainingRun, _ shard: [Int32], batch: Int, rate: Float,
        _ stream: RandomStream, _ models: VectorPool, _ losses: LossLog
    ) -> ParameterVector {
        let model = models.take()
        let optimizer = SGD(configuration.optimizer, parameterCount: model.count)
        let gradient = optimizer.isPlain ? nil : models.take()
        defer { if let gradient { models.giveBack(gradient) } }
        if gradient != nil { model.copy(from: start) }
        var (stream, order, isFirst) = (stream, shard, true)
        for _ in 0..<options.localEpochs {
            if run.shuffles { stream.shuffle(&order) }
            for first in stride(from: 0, to: order.count, by: batch) {
                let indices = order[first..<min(first + batch, order.count)]
                let loss: Double
                if let gradient {
                    loss = run.lossAndGradient(indices, dividedBy: indices.count, at: model, into: gradient)
                    optimizer.step(model, gradient, rate: rate)
                } else {
                    // The first step takes the model over from the server's, which saves the copy.
                    loss = run.descend(
                        indices, dividedBy: indices.count, from: isFirst ? start : model, rate: rate, into: model)
                }
                isFirst = false
                losses.append(sum: loss, samples: indices.count)
            }
        }
        if isFirst { model.copy(from: start) }
        return model
    }
}
