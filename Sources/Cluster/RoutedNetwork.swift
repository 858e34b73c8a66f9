import Randomness

/// What a message costs where it passes more than two ports, shares links, or can be lost. Where it does not, it costs
/// what ``NetworkModel`` says, to the nanosecond.
///
/// A message occupies its sender for the overhead (LogGP's o; Alexandrov, Ionescu, Schauser and Scheiman 1995), is
/// carried along its route, and occupies its receiver for the receive overhead. In between:
///
/// - `ports`: each link of the route carries one message at a time, in the order in which they ask for it, and passes it
///   on while it still comes in (cut-through): a link is asked for when the last byte could leave it no sooner than it
///   gets there, so a lone message takes the sum of the latencies and the time of the narrowest link. The sender goes on
///   when the message has left the first link.
/// - `max-min`: a message is a flow, which starts after the overhead and the route's latency, and ends when its bytes
///   have gone at the rates of ``MaxMinSharing``. The sender goes on after the overhead.
///
/// A lost transmission occupies the sender and the first link (`ports`), or the whole route (`max-min`), as any other;
/// when it has left and the time-out has passed, the message is sent again. Messages of a pair are handed over in the
/// order in which they were sent, as MPI and TCP promise.
///
/// Belongs to one simulation, which calls it in the order of time.
package final class RoutedNetwork {
    /// What becomes of a message.
    package enum Progress: Equatable {
        /// ``advance(_:at:)`` is to be called then.
        case waits(until: VirtualTime)
        /// The message has been sent once more; otherwise as `waits`.
        case sentAgain(until: VirtualTime)
        /// The message is carried by a flow, at whose end ``endFlow()`` returns it.
        case flows
        /// The sender has left before the message could be carried: ``takeCut()`` tells which messages will not come,
        /// this one and those of the pair that were waiting for it.
        case cut
        /// The message has arrived. ``takeDelivered()`` tells which messages that makes ready: none where an earlier
        /// one of the pair is missing.
        case arrived
    }

    private enum Phase: Int64 { case asking, starting, flowing, there, receiving, lost }

    private struct Message {
        var sender = 0
        var receiver = 0
        var bytes = 0
        var route = NetworkMap.Route(links: [], latencySeconds: 0)
        /// The index, in the route, of the link that the message has asked for.
        var hop = 0
        /// The latency of the two nodes' ports, in seconds, which is the larger of their links', and the factor that
        /// multiplies the latencies of all links between them.
        var latency = (access: 0.0, factor: 1.0)
        /// Transmissions that will be lost.
        var losses = 0
        /// The place in `pairs` of the sender and receiver, and the message's number among their messages.
        var pair = 0
        var number = 0
        var phase = Phase.asking
    }

    /// The messages of a pair that are not in order yet.
    private struct Pair {
        var sent = 0
        var delivered = 0
        var early: [Int: Int] = [:]
        /// The number of the first message that will not come because the sender has left.
        var cut = Int.max
    }

    private let nodes: [Node]
    private let jitter: Jitter
    private let sharing: Interconnect.Sharing
    private let loss: Interconnect.Loss?
    private let hasPorts: Bool
    private let hasLatency: Bool
    private let seeds: SeedSequence
    private var map: NetworkMap
    private var flows: MaxMinSharing
    private var messages: [Message] = []
    private var free: [Int] = []
    /// When each link carries nothing any more; for `ports`.
    private var linkFree: [VirtualTime]
    private var senderFree: [VirtualTime]
    private var receiverFree: [VirtualTime]
    /// Messages sent so far by each rank: the index of the next one's randomness.
    private var sent: [Int]
    private var pairs: [Pair] = []
    /// The places in `pairs`, by sender * ranks + receiver.
    private var pairNumbers: [Int: Int] = [:]
    private let canOvertake: Bool
    private var delivered: [Int] = []
    /// Ranks that have left; empty while all are there.
    private var gone: Set<Int> = []
    private var cut: [Int] = []

    /// Whether ``NetworkModel`` is not enough.
    package static func isNeeded(_ interconnect: Interconnect, _ nodes: [Node]) -> Bool {
        interconnect != .plain || nodes.contains { $0.link.receiveOverheadSeconds ?? 0 > 0 }
    }

    /// - Parameters:
    ///   - nodes: one per rank; the last is a worker, whose link is that of rings, tori and graphs.
    ///   - hasLatency: whether it counts; routes are chosen by it all the same.
    package init(
        nodes: [Node], jitter: Jitter, interconnect: Interconnect, seeds: SeedSequence, hasLatency: Bool = true
    ) {
        self.nodes = nodes
        self.jitter = jitter
        self.seeds = seeds
        sharing = interconnect.sharing
        loss = interconnect.loss
        hasPorts = interconnect.topology.hasPorts
        self.hasLatency = hasLatency
        map = NetworkMap(interconnect.topology, nodes: nodes, worker: nodes[nodes.count - 1].link)
        flows = MaxMinSharing(capacities: map.bytesPerSecond)
        linkFree = Array(repeating: .zero, count: map.bytesPerSecond.count)
        senderFree = Array(repeating: .zero, count: nodes.count)
        receiverFree = senderFree
        sent = Array(repeating: 0, count: nodes.count)
        canOvertake = sharing == .maxMin || loss != nil || jitter != .none
    }

    /// A rank hands over a message of so many bytes.
    ///
    /// - Returns: its number; when the sender may go on; when ``advance(_:at:)`` is to be called.
    package func depart(
        from sender: Int, to receiver: Int, bytes: Int, at now: VirtualTime
    ) -> (message: Int, departed: VirtualTime, next: VirtualTime) {
        var message = Message(sender: sender, receiver: receiver, bytes: bytes)
        message.route = map.route(from: sender, to: receiver)
        message.latency = access(sender, receiver)
        if jitter != .none {
            var stream = seeds.stream(.jitter, sender, sent[sender])
            message.latency = jitter.latency(access: message.latency.access, &stream)
        }
        if let loss {
            var stream = seeds.stream(.loss, sender, sent[sender])
            while stream.uniform() <= loss.probability { message.losses += 1 }
        }
        sent[sender] += 1
        if canOvertake {
            message.pair = pairNumber(sender, receiver)
            message.number = pairs[message.pair].sent
            pairs[message.pair].sent += 1
        }
        let id = free.popLast() ?? messages.count
        if id == messages.count { messages.append(message) } else { messages[id] = message }
        let (departed, next) = transmit(id, at: now)
        return (id, departed, next)
    }

    /// The latency of the two nodes' ports, in seconds, which is the larger of their links', and the factor that
    /// multiplies the latencies of all links between them.
    private func access(_ sender: Int, _ receiver: Int) -> (access: Double, factor: Double) {
        guard hasLatency else { return (0, 0) }
        return (hasPorts ? max(nodes[sender].link.latencySeconds, nodes[receiver].link.latencySeconds) : 0, 1)
    }

    /// - Returns: when the sender may go on, and when something happens to the message next.
    private func transmit(_ id: Int, at now: VirtualTime) -> (departed: VirtualTime, next: VirtualTime) {
        let message = messages[id]
        let overhead = VirtualTime.span(seconds: nodes[message.sender].link.overheadSeconds)
        switch sharing {
        case .maxMin:
            let start = max(now, senderFree[message.sender]).later(by: overhead)
            senderFree[message.sender] = start
            messages[id].phase = .starting
            let latency = message.latency.access + message.latency.factor * message.route.latencySeconds
            return (start, start.later(by: VirtualTime.span(seconds: latency)))
        case .ports:
            let first = Int(message.route.links[0])
            let start = max(now, linkFree[first], senderFree[message.sender]).later(by: overhead)
            senderFree[message.sender] = start
            let departed = start.later(by: service(message, 0))
            linkFree[first] = departed
            if message.losses > 0, let loss {
                messages[id].phase = .lost
                return (departed, departed.later(by: VirtualTime.span(seconds: loss.timeoutSeconds)))
            }
            return (departed, ask(id, after: 0, started: start))
        }
    }

    /// What is next for the message: at the time that was given for it, or when its flow has ended.
    package func advance(_ id: Int, at now: VirtualTime) -> Progress {
        switch messages[id].phase {
        case .asking:
            let hop = messages[id].hop
            let link = Int(messages[id].route.links[hop])
            let start = max(now, linkFree[link])
            linkFree[link] = start.later(by: service(messages[id], hop))
            return .waits(until: ask(id, after: hop, started: start))
        case .starting:
            if gone.contains(messages[id].sender) { return cutOff(id) }
            messages[id].phase = .flowing
            flows.start(owner: id, bytes: messages[id].bytes, links: messages[id].route.links, at: now)
            return .flows
        case .flowing:
            if messages[id].losses > 0, let loss {
                messages[id].phase = .lost
                return .waits(until: now.later(by: VirtualTime.span(seconds: loss.timeoutSeconds)))
            }
            return receive(id, at: now)
        case .there: return receive(id, at: now)
        case .receiving: return arrive(id)
        case .lost:
            if gone.contains(messages[id].sender) { return cutOff(id) }
            messages[id].losses -= 1
            return .sentAgain(until: transmit(id, at: now).next)
        }
    }

    /// The time that a message occupies a link of its route.
    private func service(_ message: Message, _ hop: Int) -> Int64 {
        VirtualTime.span(seconds: Double(message.bytes) / map.bytesPerSecond[Int(message.route.links[hop])])
    }

    /// When a message that a link of its route began to carry at `started` asks for the next one, or is there.
    private func ask(_ id: Int, after hop: Int, started: VirtualTime) -> VirtualTime {
        let message = messages[id]
        let link = Int(message.route.links[hop])
        let seconds = (hop == 0 ? message.latency.access : 0) + message.latency.factor * map.latencySeconds[link]
        let head = started.later(by: VirtualTime.span(seconds: seconds))
        guard hop + 1 < message.route.links.count else {
            messages[id].phase = .there
            return head.later(by: service(message, hop))
        }
        messages[id].phase = .asking
        messages[id].hop = hop + 1
        return head.later(by: max(0, service(message, hop) - service(message, hop + 1)))
    }

    private func receive(_ id: Int, at now: VirtualTime) -> Progress {
        let receiver = messages[id].receiver
        guard let overhead = nodes[receiver].link.receiveOverheadSeconds, overhead > 0 else { return arrive(id) }
        receiverFree[receiver] = max(now, receiverFree[receiver]).later(by: VirtualTime.span(seconds: overhead))
        messages[id].phase = .receiving
        return .waits(until: receiverFree[receiver])
    }

    // MARK: Flows

    /// When the next flow ends, if that is before `other`, at which something else happens.
    package func nextFlowEnd(before other: VirtualTime?, at now: VirtualTime) -> VirtualTime? {
        flows.nextEnd(before: other, at: now)
    }

    /// Ends the flow that ``nextFlowEnd(before:at:)`` has announced; returns its message, which is to be advanced.
    package func endFlow() -> Int { flows.popEnded() }

    // MARK: Order

    private func pairNumber(_ sender: Int, _ receiver: Int) -> Int {
        let key = sender * nodes.count + receiver
        if let number = pairNumbers[key] { return number }
        pairNumbers[key] = pairs.count
        pairs.append(Pair())
        return pairs.count - 1
    }

    private func arrive(_ id: Int) -> Progress {
        guard canOvertake else {
            delivered.append(id)
            return .arrived
        }
        let (pair, number) = (messages[id].pair, messages[id].number)
        guard number < pairs[pair].cut else { return cutOff(id) }
        guard number == pairs[pair].delivered else {
            pairs[pair].early[number] = id
            return .arrived
        }
        delivered.append(id)
        pairs[pair].delivered += 1
        while !pairs[pair].early.isEmpty {
            let next = pairs[pair].delivered
            guard let ready = pairs[pair].early.removeValue(forKey: next) else { break }
            delivered.append(ready)
            pairs[pair].delivered += 1
        }
        return .arrived
    }

    // MARK: Ranks that leave

    /// A rank leaves: its flows end at once, and nothing of it is sent again; what has left its link goes on.
    ///
    /// - Returns: whether messages were cut off, which ``takeCut()`` returns.
    package func leave(_ rank: Int) -> Bool {
        gone.insert(rank)
        for id in flows.cut(where: { messages[$0].sender == rank }) { _ = cutOff(id) }
        return !cut.isEmpty
    }

    private func cutOff(_ id: Int) -> Progress {
        cut.append(id)
        let pair = messages[id].pair
        pairs[pair].cut = min(pairs[pair].cut, messages[id].number)
        // Later messages of the pair that have arrived are lost, too: a receiver is given messages in order.
        let late = pairs[pair].early.filter { $0.key > pairs[pair].cut }.sorted { $0.key < $1.key }
        for (number, other) in late {
            pairs[pair].early[number] = nil
            cut.append(other)
        }
        return .cut
    }

    /// The messages that will not come; their numbers are free again.
    package func takeCut() -> [Int] {
        defer { cut.removeAll(keepingCapacity: true) }
        free += cut
        return cut
    }

    /// The messages that are ready for their receiver; their numbers are free again.
    package func takeDelivered() -> [Int] {
        defer { delivered.removeAll(keepingCapacity: true) }
        free += delivered
        return delivered
    }

    // MARK: What repeats

    /// Appends all that decides what the network does from `now` on, relative to `now`: two moments with equal words have
    /// equal futures. What waits for a time that the network has given is the caller's to append, in its order.
    ///
    /// - Parameter message: appends what is known of a message (``append(_:to:)``), and more.
    /// - Returns: false where the future depends on more, such as random numbers not yet drawn.
    package func appendState(
        to words: inout [Int64], at now: VirtualTime, message: (Int, inout [Int64]) -> Void
    ) -> Bool {
        guard jitter == .none, loss == nil else { return false }
        for free in [linkFree, senderFree, receiverFree] {
            for time in free { words.append(max(0, time.nanoseconds - now.nanoseconds)) }
        }
        for pair in pairs where !pair.early.isEmpty {
            for number in pair.early.keys.sorted() { pair.early[number].map { message($0, &words) } }
        }
        flows.appendState(to: &words, at: now, owner: message)
        return true
    }

    /// Appends what decides how a message goes on, except for the times.
    package func append(_ id: Int, to words: inout [Int64]) {
        let message = messages[id]
        words.append(Int64(message.sender))
        words.append(Int64(message.receiver))
        words.append(Int64(message.bytes))
        words.append(Int64(message.hop))
        words.append(message.phase.rawValue)
        // The message's number, counted from the next one of the pair that is to be delivered.
        if canOvertake { words.append(Int64(message.number - pairs[message.pair].delivered)) }
    }
}
