/// The ranks whose messages a rank receives.
public enum Senders: Hashable, Sendable {
    /// All ranks.
    case any
    /// One rank.
    case rank(Int)
    /// Several ranks.
    case ranks(Set<Int>)

    /// Whether a message of this rank is one of those.
    public func contains(_ rank: Int) -> Bool {
        switch self {
        case .any: true
        case .rank(let sender): sender == rank
        case .ranks(let senders): senders.contains(rank)
        }
    }

    /// The senders as an error names them.
    var description: String {
        switch self {
        case .any: "any rank"
        case .rank(let sender): "rank \(sender)"
        case .ranks(let senders): "ranks " + senders.sorted().map(String.init).joined(separator: ", ")
        }
    }
}

/// What comes of receiving.
public enum Reception: Sendable {
    /// A message has come.
    case message(Message, from: Int)
    /// The deadline came before a message.
    case timedOut
    /// The programs of all senders have ended, and nothing is left to come.
    case ended
}

extension Rank {
    /// The next message from `sender`; nil when its program has ended and nothing is left to come.
    /// - Throws: ``FabricError/rankLeft(rank:at:)`` when the sender has left, that is known, and nothing is left to come.
    public func receive(from sender: Int) async throws -> Message? {
        guard case .message(let message, _) = try await receive(from: .rank(sender), until: nil) else { return nil }
        return message
    }

    /// The first message to arrive from any of `senders`; nil when their programs have ended and nothing is left to come.
    /// - Throws: ``FabricError/rankLeft(rank:at:)`` when nothing can come any more and one of them has left.
    public func receive(from senders: Senders) async throws -> (message: Message, sender: Int)? {
        guard case .message(let message, let sender) = try await receive(from: senders, until: nil) else { return nil }
        return (message, sender)
    }
}
