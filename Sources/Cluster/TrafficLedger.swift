import Locking

/// What a message is for.
public enum TrafficPurpose: String, CaseIterable, Codable, Sendable {
    /// Gradients.
    case gradient
    /// A server's model on its way to clients.
    case modelDown
    /// Clients' models, or their updates, on their way to a server.
    case modelUp
    /// Models between equals.
    case model
    /// Messages that carry no numbers of a model, such as barriers and announcements.
    case control
    /// Lost messages of any purpose that are sent once more.
    case retransmission
    /// What models of other architectures learn from: predictions, or a small model beside a node's own.
    case knowledge

    /// The case's place among all: the number by which it is stored, and no search, since every message asks.
    var position: Int { Int(unsafeBitCast(self, to: UInt8.self)) }
}

/// Where a message goes: towards a server, from it, or between equals.
public enum TrafficDirection: String, CaseIterable, Codable, Sendable {
    /// Up to a server.
    case uplink
    /// Down from a server.
    case downlink
    /// Between equals.
    case peer

    var position: Int { Int(unsafeBitCast(self, to: UInt8.self)) }
}

/// Bytes and messages per rank, purpose and direction. Fabrics write to it where they send, and nobody else does.
public final class TrafficLedger: Sendable {
    /// What one rank sent and received for one purpose, in one direction.
    public struct Entry: Hashable, Codable, Sendable {
        /// The rank whose traffic this is.
        public let rank: Int
        /// What the messages were for.
        public let purpose: TrafficPurpose
        /// The direction of the messages: up to a server, down from one, or between equals.
        public let direction: TrafficDirection
        /// Bytes sent, framing included.
        public var bytesSent: Int
        /// Messages sent.
        public var messagesSent: Int
        /// Bytes received, framing included.
        public var bytesReceived: Int
        /// Messages received.
        public var messagesReceived: Int

        package init(
            rank: Int, purpose: TrafficPurpose, direction: TrafficDirection, bytesSent: Int, messagesSent: Int,
            bytesReceived: Int, messagesReceived: Int
        ) {
            (self.rank, self.purpose, self.direction) = (rank, purpose, direction)
            (self.bytesSent, self.messagesSent) = (bytesSent, messagesSent)
            (self.bytesReceived, self.messagesReceived) = (bytesReceived, messagesReceived)
        }
    }

    private struct Count {
        var (bytesSent, messagesSent, bytesReceived, messagesReceived) = (0, 0, 0, 0)
    }

    private struct State {
        var counts: [Count]
        var totalBytes = 0
        var totalMessages = 0
    }

    private static let directions = TrafficDirection.allCases.count
    /// Pairs of a purpose and a direction, each of which has a count of its own for every rank.
    static let kinds = TrafficPurpose.allCases.count * directions
    private let state: Guarded<State>

    /// - Parameters:
    ///   - ranks: 0 to count totals only.
    ///   - entries: what was sent before, of a job that goes on.
    package init(ranks: Int, entries: [Entry] = []) {
        var start = State(counts: Array(repeating: Count(), count: ranks * Self.kinds))
        for entry in entries {
            precondition(entry.rank >= 0 && entry.rank < ranks, "traffic of rank \(entry.rank) of \(ranks)")
            start.totalBytes += entry.bytesSent
            start.totalMessages += entry.messagesSent
            start.counts[entry.rank * Self.kinds + Self.index(entry.purpose, entry.direction)] = Count(
                bytesSent: entry.bytesSent, messagesSent: entry.messagesSent, bytesReceived: entry.bytesReceived,
                messagesReceived: entry.messagesReceived)
        }
        state = Guarded(start)
    }

    /// Charges `messages` messages of together `bytes` bytes to both ends.
    package func charge(
        from sender: Int, to receiver: Int, bytes: Int, messages: Int = 1,
        _ purpose: TrafficPurpose, _ direction: TrafficDirection
    ) {
        let kind = Self.index(purpose, direction)
        state.withLock { state in
            state.totalBytes += bytes
            state.totalMessages += messages
            if state.counts.isEmpty { return }
            state.counts[sender * Self.kinds + kind].bytesSent += bytes
            state.counts[sender * Self.kinds + kind].messagesSent += messages
            state.counts[receiver * Self.kinds + kind].bytesReceived += bytes
            state.counts[receiver * Self.kinds + kind].messagesReceived += messages
        }
    }

    /// Adds to the totals what is known without its messages.
    package func chargeTotals(bytes: Int, messages: Int) {
        state.withLock { state in
            state.totalBytes += bytes
            state.totalMessages += messages
        }
    }

    /// Charges the sender of a message that was lost, and is sent again, for the lost transmission.
    package func chargeRetransmission(from sender: Int, bytes: Int, _ direction: TrafficDirection) {
        let kind = Self.index(.retransmission, direction)
        state.withLock { state in
            state.totalBytes += bytes
            state.totalMessages += 1
            if state.counts.isEmpty { return }
            state.counts[sender * Self.kinds + kind].bytesSent += bytes
            state.counts[sender * Self.kinds + kind].messagesSent += 1
        }
    }

    /// Messages and bytes of one rank, each way.
    package typealias Amount = (messages: Int, bytes: Int)

    /// Charges one end of many messages; the other ends are charged by calls of their own.
    package func charge(
        _ rank: Int, sent: Amount, received: Amount, _ purpose: TrafficPurpose, _ direction: TrafficDirection
    ) {
        let index = rank * Self.kinds + Self.index(purpose, direction)
        state.withLock { state in
            state.totalBytes += sent.bytes
            state.totalMessages += sent.messages
            if state.counts.isEmpty { return }
            state.counts[index].bytesSent += sent.bytes
            state.counts[index].messagesSent += sent.messages
            state.counts[index].bytesReceived += received.bytes
            state.counts[index].messagesReceived += received.messages
        }
    }

    package var totalBytes: Int { state.withLock { $0.totalBytes } }
    package var totalMessages: Int { state.withLock { $0.totalMessages } }

    /// All entries that are not zero, by rank.
    package var entries: [Entry] {
        state.withLock { state in
            var entries: [Entry] = []
            for (index, count) in state.counts.enumerated() where count.messagesSent + count.messagesReceived > 0 {
                let (rank, kind) = index.quotientAndRemainder(dividingBy: Self.kinds)
                let (purpose, direction) = kind.quotientAndRemainder(dividingBy: Self.directions)
                entries.append(
                    Entry(
                        rank: rank, purpose: TrafficPurpose.allCases[purpose],
                        direction: TrafficDirection.allCases[direction], bytesSent: count.bytesSent,
                        messagesSent: count.messagesSent, bytesReceived: count.bytesReceived,
                        messagesReceived: count.messagesReceived))
            }
            return entries
        }
    }

    static func index(_ purpose: TrafficPurpose, _ direction: TrafficDirection) -> Int {
        purpose.position * directions + direction.position
    }
}
