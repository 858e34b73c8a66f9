import Cluster
import Fabrics
import Kernel
import Randomness
import Training

/// A node of gossip learning: R. Ormándi, I. Hegedűs and M. Jelasity 2013, *Gossip learning with linear models on fully
/// distributed data* (Concurrency and Computation), algorithms 1 and 2, with the merging by age of I. Hegedűs, G. Danner and
/// M. Jelasity 2019, *Gossip Learning as a Decentralized Alternative to Federated Learning* (DAIS), algorithm 1:
///
///     (w, t) ← (w_0, 0)                                            # t: the model's age, in steps
///     loop:   wait Δ;  p ← a peer;  send (w, t) to p
///     onReceive (w_r, t_r):
///         mu:   w ← update(merge((w, t), (w_r, t_r)))
///         um:   w ← merge(update(w, t), update(w_r, t_r))
///         rw:   w ← update(w_r, t_r)
///     merge:    a ← t_r / (t + t_r);  w ← (1 - a) w + a w_r;  t ← max(t, t_r)      # --merge mean: a = 1/2
///     update:   H steps on the node's own samples;  t ← t + H
///
/// A node computes one thing at a time: models that arrive meanwhile wait, and a timer that goes off meanwhile sends
/// when the computation is over. A node that has not trained since it last sent first updates its own model, so that a
/// timer never sends the same model twice, and a node that no other can reach trains as if alone. In the papers such a
/// node stays unchanged, so that its amount of training depends on chance; here all nodes have a share of the budget.
///
/// With a ``TokenAccount`` a node may save what it would send at its timer, and pass models on when they arrive.
///
/// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
final class PushNode: @unchecked Sendable {
    /// What a node keeps besides its model: t, the number of events drawn for, tokens. Whole numbers, exact up to 2^24.
    static let counters = "gossip counters"
    static let counterCount = 3
    private enum Counter {
        static let (age, events, tokens) = (0, 1, 2)
    }

    private let node: OwnPaceNode
    private let options: Gossip.Options
    private let seeds: SeedSequence
    /// The nodes that this node can send to.
    private let peers: [Int]
    private let account: TokenAccount?
    private let counts: ParameterVector
    /// The node's timer in units of `--period`: its period Δ, and when it first goes off.
    private let pace: Double
    private let phase: Double
    /// This node's Δ in seconds; nil before its first update where Δ is the time of its steps.
    private var period: Double?
    /// When the timer goes off next.
    private var due = VirtualTime.zero
    private var hasTrained = false

    init(_ node: OwnPaceNode, _ options: Gossip.Options, peers: [Int], _ seeds: SeedSequence) {
        (self.node, self.options, self.peers, self.seeds) = (node, options, peers, seeds)
        account = options.tokenCapacity.map { TokenAccount(capacity: $0, spend: options.tokenSpend) }
        counts = node.round[Self.counters]
        var stream = seeds.stream(.timer, node.index)
        switch options.timers {
        // All nodes have the period Δ, and begin at U(0, Δ).
        case .sync: (pace, phase) = (1, stream.uniform())
        // Each node has a period from N(Δ, Δ/10), and begins after one period.
        case .async:
            pace = max(Self.shortestPace, 1 + stream.normal() / 10)
            phase = pace
        }
        if case .seconds(let seconds) = options.period { period = seconds * pace }
    }

    /// In units of Δ; nine standard deviations below it.
    private static let shortestPace = 0.1

    private var rank: any Rank { node.rank }
    private var age: Int {
        get { Int(counts[Counter.age]) }
        set { counts[Counter.age] = Float(newValue) }
    }
    private var tokens: Int {
        get { Int(counts[Counter.tokens]) }
        set { counts[Counter.tokens] = Float(newValue) }
    }

    func run() async throws {
        try await node.begin()
        due = rank.now
        if let period { due = after(period / pace * phase) }
        while !node.isOver {
            if hasTrained, rank.now >= due { try timerGoesOff() }
            switch try await listen() {
            case .message(let message, let sender): try await receive(message, from: sender)
            case .timedOut: if !hasTrained { try await update(node.model) }
            // Nothing more will arrive, and no node is left to send to.
            case .ended: try await update(node.model)
            }
        }
    }

    /// What arrives before the timer goes off; after it went off, only what is already there.
    private func listen() async throws -> Reception {
        do { return try await rank.receive(from: .any, until: due) } catch FabricError.rankLeft { return .ended }
    }

    private func after(_ seconds: Double) -> VirtualTime { rank.now.later(by: VirtualTime.span(seconds: seconds)) }

    // MARK: Sending

    /// The random stream of an event, which decides whether the node sends, and to whom.
    private func drawForEvent() -> RandomStream {
        let event = Int(counts[Counter.events])
        counts[Counter.events] += 1
        return seeds.stream(.peerChoice, node.index, event)
    }

    private func timerGoesOff() throws {
        var stream = drawForEvent()
        if let account, stream.uniform() >= account.proactive(tokens) {
            tokens += 1
        } else {
            try send(&stream)
        }
        hasTrained = false
        let next = due.later(by: VirtualTime.span(seconds: period ?? 0))
        due = max(next, rank.now)
    }

    /// p ← a peer;  send (w, t) to p. The age travels in the frame of the message.
    private func send(_ stream: inout RandomStream) throws {
        let reachable = peers.filter { !rank.isKnownToHaveLeft($0) }
        guard !reachable.isEmpty else { return }
        let place =
            switch options.partner {
            case .random: stream.integer(below: reachable.count)
            case .cyclic: (Int(counts[Counter.events]) - 1) % reachable.count
            }
        try rank.post(Message(node.model, weight: age, purpose: .model), to: reachable[place])
    }

    // MARK: Receiving

    private func receive(_ message: Message, from sender: Int) async throws {
        let (received, receivedAge) = (message.vector, message.weight)
        node.noteStaleness(Double(max(0, age - receivedAge)))
        switch options.modelCreation {
        case .mergeUpdate:
            let merging = merging(received, receivedAge, from: sender)
            try await update(node.model, after: Self.mergingWork(received), merging)
        case .randomWalk:
            node.noteListened(to: sender, weight: 1)
            age = receivedAge
            let model = node.model
            try await update(model, after: .vector(elements: received.count)) { model.copy(from: received) }
        case .updateMerge:
            try await update(node.model)
            guard !node.isOver else { return }
            // The steps of both models use the state of the node's one optimizer.
            try await node.train(received)
            let merging = merging(received, receivedAge + options.nodes.syncEvery, from: sender)
            try await rank.compute(Self.mergingWork(received), merging)
            try await node.finishRound()
        }
        guard !node.isOver, let account, !peers.isEmpty else { return }
        var stream = drawForEvent()
        let copies = account.reactive(tokens, drawn: stream.uniform())
        tokens -= copies
        for _ in 0..<copies { try send(&stream) }
    }

    private static func mergingWork(_ received: ParameterVector) -> ComputeWork {
        .vector(elements: 2 * received.count)
    }

    /// merge: a ← t_r / (t + t_r);  w ← (1 - a) w + a w_r;  t ← max(t, t_r)
    private func merging(
        _ received: ParameterVector, _ receivedAge: Int, from sender: Int
    ) -> @Sendable () -> Void {
        let total = age + receivedAge
        let share = options.merge == .mean || total == 0 ? 0.5 : Double(receivedAge) / Double(total)
        node.noteListened(to: sender, weight: share)
        age = max(age, receivedAge)
        let model = node.model
        return {
            model.scale(by: Float(1 - share))
            model.add(received, scaledBy: Float(share))
        }
    }

    /// update: H steps on the node's own samples;  t ← t + H
    private func update(
        _ parameters: ParameterVector, after work: ComputeWork = .none,
        _ before: @escaping @Sendable () -> Void = {}
    ) async throws {
        let begin = rank.now
        try await node.train(parameters, after: work, before)
        age += options.nodes.syncEvery
        hasTrained = true
        if options.period == .auto {
            let taken = VirtualTime(nanoseconds: rank.now.nanoseconds - begin.nanoseconds).seconds
            if period == nil { due = after(taken * phase) }
            period = taken * pace
        }
        try await node.finishRound()
    }
}

/// The randomized token account of G. Danner and M. Jelasity 2018, *Token Account Algorithms: The Best of the Proactive
/// and Reactive Worlds* (ICDCS), section III: a node that does not send at its timer saves a token instead, and spends
/// tokens on passing on the models that it receives.
struct TokenAccount: Hashable, Sendable {
    /// C, the most tokens.
    let capacity: Int
    /// A, how many tokens there are for each copy that is passed on.
    let spend: Int

    /// The probability of sending at the timer, by the number of tokens: 0 below A - 1, 1 at C, and linear between.
    func proactive(_ tokens: Int) -> Double {
        min(1, max(0, Double(tokens - spend + 1) / Double(capacity - spend + 1)))
    }

    /// How often a received model is passed on: tokens / A, rounded up with the probability of its fractional part.
    ///
    /// - Parameter drawn: a uniform random number, from 0 to below 1.
    func reactive(_ tokens: Int, drawn: Double) -> Int {
        Int((Double(tokens) / Double(spend) + drawn).rounded(.down))
    }
}
