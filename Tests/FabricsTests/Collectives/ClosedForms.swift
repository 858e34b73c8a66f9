import Cluster
import Kernel
import Randomness

@testable import Fabrics

/// Times of messages and collectives on equal nodes of one switch that are otherwise idle.
///
/// T(S) = o + L + (S + framing) / b is Hockney's time of one message. The simulation rounds the time of a message's
/// bytes to a nanosecond, and overhead and latency here are whole ones: an error of half a nanosecond for every message
/// on the longest path. Half a nanosecond more is left to the sums of floating-point numbers.
enum ClosedForms {
    /// 3 Gbit/s, so that most messages do not take whole nanoseconds.
    static let link = Link(latencySeconds: 20e-6, bytesPerSecond: 375e6, overheadSeconds: 3e-6)
    /// 1 ms away, and bytes cost nothing: only the longest chain of messages counts.
    static let distant = Link(latencySeconds: 1e-3, bytesPerSecond: 1e15)
    /// 2...64, all.
    static let ranks = 2...64

    /// The message's time in a port.
    static func port(_ bytes: Int) -> Double {
        Double(bytes + Message.framingBytes) / link.uplinkBytesPerSecond
    }

    /// One message, T(S).
    static func hockney(_ bytes: Int) -> Double { link.overheadSeconds + link.latencySeconds + port(bytes) }

    /// The sum of T over the messages of `rounds` halvings: S/2, S/4 ... S/2^rounds.
    static func halvings(_ bytes: Int, rounds: Int) -> Double {
        (0..<rounds).reduce(0) { $0 + hockney(bytes >> ($1 + 1)) }
    }

    /// What the messages take in the simulation; no numbers are moved, so that vectors can be long.
    static func seconds(
        _ kind: CollectiveKind, _ algorithm: AllReduceAlgorithm = .ring, ranks: Int, elements: Int, link: Link = link,
        inRoundsFrom messages: Int = 4096
    ) throws -> Double {
        var fabric = simulated(ranks, link: link, algorithm)
        fabric.fewestMessagesPlayedInRounds = messages
        return try run(fabric) { rank in try await play(kind, rank, elements: elements) }.seconds
    }

    static func play(_ kind: CollectiveKind, _ rank: any Rank, elements: Int) async throws {
        guard let rank = rank as? SimulatedRank else { preconditionFailure("a simulated rank") }
        try await rank.play(kind, elements: elements)
    }
}
