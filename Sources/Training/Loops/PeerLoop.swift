import Cluster
import Datasets
public import Fabrics
import Kernel

/// Training of nodes with data and models of their own, which exchange with neighbours in rounds and have no server:
///
///     until the sample budget is used up, on every node i:
///         adapt: H local steps, and what they make of it
///         send to the schedule's receivers of the round, and receive from those who send to i
///         combine what was heard
///
/// The loop carries what all such strategies need: the budget and the learning rate, losses, evaluations of every node's model,
/// limits, nodes that leave or lack memory, checkpoints and what is made again for its time only.
///
/// A node waits for the message of the same round of each neighbour, and adds up what it heard in the order of nodes, however
/// the messages come. A neighbour that has left, or has ended since its model diverged, is not sent to any more once that is
/// known; its weight becomes a node's own, so that symmetric weights keep the mean of those who remain.
public struct PeerLoop: Sendable {
    private let run: TrainingRun
    private let options: NodeOptions
    private let objectives: [NodeObjective]
    /// Ranks whose memory cannot hold what training takes: they take no part.
    private let absent: Set<Int>
    private let rounds: NodeRounds

    /// The state of such a strategy, beside its own: each node's model, and what its optimizer keeps.
    public static func state(_ configuration: TrainingConfiguration) -> [StateDeclaration] {
        [.vector(StateDeclaration.parametersName, .eachWorker)]
            + StateDeclaration.state(of: configuration.optimizer, .eachWorker)
    }

    /// - Parameter strategy: says what a node needs in memory, and which of its samples it trains on.
    /// - Throws: ``DataError`` where the partition does not fit the data, ``MemoryError`` where no node has the memory.
    public init(_ run: TrainingRun, _ options: NodeOptions, of strategy: some PeerStrategy) throws {
        self.run = run
        self.options = options
        (objectives, absent, rounds) = try run.nodes(options, of: strategy)
    }

    /// What every rank does.
    /// - Throws: ``CheckpointError`` where the run goes on from a checkpoint that does not fit.
    public func program(_ rule: some PeerRule) throws -> RankProgram {
        try run.restoreNodes(rule.state)
        let firstRound = run.start?.position.round ?? 0
        let gathering = NodeGathering(run, rule.state, absent: absent)
        return { [self] rank in
            guard !absent.contains(rank.index) else { return }
            let node = NodeRound(
                run, rank: rank.index, rule.state, outgoingCount: rule.outgoingCount, objectives[rank.index],
                batch: options.localBatch, stepsPerRound: options.syncEvery)
            node.round = firstRound
            let peer = Peer(rank, node, rule, absent: absent)
            do {
                try await train(peer, gathering)
            } catch {
                try gathering.end(rank.index, rank)
                throw error
            }
            try gathering.end(rank.index, rank)
        }
    }

    private func train(_ peer: Peer, _ gathering: NodeGathering) async throws {
        let (rank, node) = (peer.rank, peer.node)
        // A checkpoint is made after the evaluation of its round.
        let evaluatedRound = run.start?.position.round
        var before = rounds.samples(after: max(0, node.round - 1))
        while true {
            let samples = rounds.samples(after: node.round)
            let isDue = node.round == 0 || run.isEvaluationDue(from: before, to: samples)
            if isDue, node.round != evaluatedRound {
                let goesOn = try await run.evaluate(
                    node.model, of: .eachRank, round: node.round, samples: samples, on: rank)
                guard goesOn, samples < run.sampleBudget else { return }
            }
            if run.isCheckpointDue(round: node.round, samples: samples) {
                try await gathering.checkpoint(at: RunPosition(round: node.round, samples: samples), on: rank)
            }
            node.rate = run.learningRate(from: samples, to: rounds.samples(after: node.round + 1))
            try await peer.makeRound(isReplayed: run.isReplayed(node.round))
            before = samples
            node.round += 1
        }
    }
}

/// A node's part of an exchange. Its closures are made once, so that a round allocates no more than its messages.
///
/// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
private final class Peer: @unchecked Sendable {
    let rank: any Rank
    let node: NodeRound
    private let schedule: any PeerSchedule
    private let rule: any PeerRule
    /// Ranks that are known to have left, or to have ended before this one.
    private var gone: Set<Int>
    private var adapt: @Sendable () -> Void = {}
    private var combine: @Sendable () -> Void = {}

    init(_ rank: any Rank, _ node: NodeRound, _ rule: some PeerRule, absent: Set<Int>) {
        (self.rank, self.node, self.rule, gone) = (rank, node, rule, absent)
        schedule = rule.schedule
        adapt = { [unowned node] in rule.adapt(node) }
        combine = { [unowned node] in rule.combine(node) }
    }

    private static let nothing: @Sendable () -> Void = {}

    /// - Parameter isReplayed: for its time and its messages only.
    func makeRound(isReplayed: Bool) async throws {
        let announcements = rule.announcements(ofRound: node.round)
        try announcements.map { try announce($0) }
        var sent: Sent?
        if rule.sendsFirst {
            sent = try post(schedule.exchange(of: node.rank, round: node.round).receivers, isReplayed: isReplayed)
        }
        try await rank.compute(node.work.with(rule.adaptingWork(node)), isReplayed ? Self.nothing : adapt)
        for work in rule.furtherAdaptingWork(node) { try await rank.compute(work, Self.nothing) }
        if let announcements { try await hear(announcements) }
        let exchange = schedule.exchange(of: node.rank, round: node.round)
        if !rule.sendsFirst { sent = try post(exchange.receivers, isReplayed: isReplayed) }
        guard let sent, !exchange.row.isEmpty else { return forget() }
        try await hear(exchange.row, sent)
        for work in rule.furtherCombiningWork(node) { try await rank.compute(work, Self.nothing) }
        let work = rule.combiningWork(terms: node.weights.count).with(rule.choosingWork(node))
        try await rank.compute(work, isReplayed ? Self.nothing : combine)
        for (peer, weight) in node.listened { node.run.noteListened(node.rank, to: peer, weight: weight) }
        forget()
    }

    // MARK: Announcements

    /// Tells all who listen what this node has chosen. From the next node on, so that not all of them send to node 0 first.
    private func announce(_ announcements: PeerAnnouncements) throws {
        guard announcements.speakers.contains(node.rank) else { return }
        let message = Message(rule.announcement(of: node), purpose: .control)
        let listeners = announcements.listeners
        for other in listeners.filter({ $0 > node.rank }) + listeners.filter({ $0 < node.rank }) where !isGone(other) {
            try rank.post(message, to: other)
        }
    }

    /// Hears what others have chosen, which messages of the round depend on.
    private func hear(_ announcements: PeerAnnouncements) async throws {
        guard announcements.listeners.contains(node.rank) else { return }
        for other in announcements.speakers where other != node.rank {
            guard let heard = try await receive(from: other)?.encoded else { continue }
            rule.hear(heard, of: other, at: node)
        }
    }

    // MARK: Models

    private func isGone(_ peer: Int) -> Bool { gone.contains(peer) || rank.isKnownToHaveLeft(peer) }

    private struct Sent {
        let message: Message
        /// The weights of those whom it was not sent to, since they have left.
        var kept = 0.0
    }

    /// Sends to all receivers that are not known to have left.
    private func post(_ receivers: [MixingMatrix.Entry], isReplayed: Bool) throws -> Sent {
        let message: Message
        if let coding = rule.coding {
            let elements = node.model.count
            let placeholder = {
                EncodedVector(
                    coding: coding.name, elements: elements,
                    bytes: Array(repeating: 0, count: coding.encodedBytes(elements: elements)))
            }
            guard let encoded = isReplayed ? placeholder() : node.encoded else {
                preconditionFailure("nothing was encoded")
            }
            message = Message(encoded, purpose: .model)
        } else {
            message = Message(node.outgoing, purpose: rule.purpose(of: node.rank))
        }
        var sent = Sent(message: message)
        for receiver in receivers {
            if isGone(receiver.node) {
                sent.kept += receiver.weight
            } else {
                try rank.post(message, to: receiver.node)
            }
        }
        return sent
    }

    /// Receives what others have sent in this round, and puts it down with its weights.
    private func hear(_ row: [MixingMatrix.Entry], _ own: Sent) async throws {
        var (ownWeight, missing) = (0.0, 0.0)
        for entry in row {
            if entry.node == node.rank {
                node.ownPlace = node.weights.count
                ownWeight = entry.weight
                note(own.message, entry)
            } else if let message = try await receive(from: entry.node) {
                note(message, entry)
                if rule.weighing == .asScheduled {
                    node.run.noteListened(node.rank, to: entry.node, weight: entry.weight)
                }
            } else {
                missing += entry.weight
            }
        }
        node.weights[node.ownPlace] = Float(ownWeight + (rule.sharesAreGiven ? own.kept : missing))
        if rule.weighing == .evenly { weighEvenly() }
    }

    private func weighEvenly() {
        for (place, sender) in node.senders.enumerated() {
            node.weights[place] = 1 / Float(node.senders.count)
            guard sender != node.rank else { continue }
            node.run.noteListened(node.rank, to: sender, weight: 1 / Double(node.senders.count))
        }
    }

    private func note(_ message: Message, _ entry: MixingMatrix.Entry) {
        node.weights.append(Float(entry.weight))
        node.senders.append(entry.node)
        if let encoded = message.encoded {
            node.heardEncoded.append(encoded)
        } else {
            node.heard.append(message.vector)
        }
    }

    /// Nil where the sender will send nothing any more.
    private func receive(from sender: Int) async throws -> Message? {
        guard !gone.contains(sender) else { return nil }
        do {
            if let message = try await rank.receive(from: sender) { return message }
        } catch FabricError.rankLeft {}
        gone.insert(sender)
        return nil
    }

    private func forget() {
        node.heard.removeAll(keepingCapacity: true)
        node.heardEncoded.removeAll(keepingCapacity: true)
        node.weights.removeAll(keepingCapacity: true)
        node.senders.removeAll(keepingCapacity: true)
        node.listened.removeAll(keepingCapacity: true)
        node.encoded = nil
    }
}

extension ComputeWork {
    /// Work, and other work after it.
    ///
    /// - Precondition: the other has no steps, and only one of them has forward passes.
    func with(_ other: Self) -> Self {
        precondition(other.fullSteps + other.shortSteps == 0, "training as work beside training")
        precondition(forwardPasses == 0 || other.forwardPasses == 0, "forward passes of two kinds")
        var work = self
        if other.forwardPasses > 0 {
            (work.forwardPasses, work.samplesPerForwardPass) = (other.forwardPasses, other.samplesPerForwardPass)
        }
        work.vectorElements += other.vectorElements
        work.equivalentSamples += other.equivalentSamples
        return work
    }
}
