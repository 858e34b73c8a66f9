import Randomness

/// What a message costs: every node has one port out and one port in, and each carries one message at a time. A port
/// serves messages in the order in which they ask for it.
///
/// A message of S bytes waits for the sender's port, occupies it for overhead + S / uplink, and travels for the
/// latency. It asks for the receiver's port when its last byte could be S / downlink away, so that a slow sender does
/// not occupy a fast receiver for longer than the bytes need, and a message between equal nodes costs
/// overhead + latency + S / bandwidth once, not twice (cut-through).
package struct NetworkModel: Sendable {
    private let nodes: [Node]
    private let jitter: Jitter
    private let hasJitter: Bool
    private let hasLatency: Bool
    private let seeds: SeedSequence
    private var outFree: [VirtualTime]
    private var inFree: [VirtualTime]
    /// Messages sent so far by each rank: the index of the next one's jitter.
    private var sent: [Int]
    /// When the last message of a pair reached the receiver; only kept where jitter could let one overtake another.
    private var lastArrival: [Int: VirtualTime] = [:]

    /// - Parameter sent: messages that each rank sent before, of a job that goes on; nil for none.
    package init(
        nodes: [Node], jitter: Jitter, seeds: SeedSequence, hasLatency: Bool = true, sent: [Int]? = nil
    ) {
        self.nodes = nodes
        self.hasLatency = hasLatency
        self.jitter = jitter
        hasJitter = jitter != .none
        self.seeds = seeds
        outFree = Array(repeating: .zero, count: nodes.count)
        inFree = outFree
        self.sent = sent ?? Array(repeating: 0, count: nodes.count)
    }

    /// A message under way.
    package struct Transit: Sendable {
        /// When the sender's port is free again.
        package let departed: VirtualTime
        /// When the message asks for the receiver's port: the time at which ``NetworkModel/arrive(_:)`` is to be called.
        package let arriving: VirtualTime
        let receiver: Int
        let serviceNanoseconds: Int64

        /// When the message is there if the receiver's port is free.
        package var earliestDelivery: VirtualTime { arriving.advanced(byNanoseconds: serviceNanoseconds) }
    }

    /// A rank hands over a message. Calls must be made in the order of `now`.
    package mutating func depart(from sender: Int, to receiver: Int, bytes: Int, at now: VirtualTime) -> Transit {
        let (source, target) = (nodes[sender].link, nodes[receiver].link)
        let median = hasLatency ? max(source.latencySeconds, target.latencySeconds) : 0
        var latency = VirtualTime.span(seconds: median)
        if hasJitter {
            var stream = seeds.stream(.jitter, sender, sent[sender])
            latency = VirtualTime.span(seconds: jitter.latency(median, &stream))
        }
        sent[sender] += 1

        let start = max(now, outFree[sender]).later(by: VirtualTime.span(seconds: source.overheadSeconds))
        let sending = VirtualTime.span(seconds: Double(bytes) / source.uplinkBytesPerSecond)
        let receiving = VirtualTime.span(seconds: Double(bytes) / target.downlinkBytesPerSecond)
        outFree[sender] = start.later(by: sending)
        var arriving = start.later(by: latency).later(by: max(0, sending - receiving))
        if hasJitter {
            // Messages of a pair stay in order, as MPI and TCP promise.
            let pair = sender * nodes.count + receiver
            arriving = max(arriving, lastArrival[pair] ?? .zero)
            lastArrival[pair] = arriving
        }
        return Transit(
            departed: outFree[sender], arriving: arriving, receiver: receiver, serviceNanoseconds: receiving)
    }

    /// The message asks for the receiver's port at `transit.arriving`; calls must be made in that order.
    /// - Returns: when its last byte is there.
    package mutating func arrive(_ transit: Transit) -> VirtualTime {
        let start = max(transit.arriving, inFree[transit.receiver])
        inFree[transit.receiver] = start.later(by: transit.serviceNanoseconds)
        return inFree[transit.receiver]
    }
}

// MARK: What repeats

extension NetworkModel {
    /// Appends all that decides what the network does from `now` on, relative to `now`: two moments with equal words have
    /// equal futures.
    ///
    /// - Returns: false where the future depends on more, such as random numbers not yet drawn.
    package func appendState(to words: inout [Int64], at now: VirtualTime) -> Bool {
        guard jitter == .none else { return false }
        for free in [outFree, inFree] {
            for time in free { words.append(max(0, time.nanoseconds - now.nanoseconds)) }
        }
        return true
    }
}

extension NetworkModel.Transit {
    package func appendState(to words: inout [Int64], at now: VirtualTime) {
        words.append(arriving.nanoseconds - now.nanoseconds)
        words.append(Int64(receiver))
        words.append(serviceNanoseconds)
    }
}
