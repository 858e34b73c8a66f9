import Cluster
import Kernel
import Randomness

@testable import Fabrics

/// What a collective takes: closed forms and simulation are compared in all three at once.
struct Cost: Equatable {
    /// Time until the last rank is done.
    var nanoseconds: Int64
    var messages: Int
    /// Bytes of all messages, framing included.
    var bytes: Int

    /// - Parameter payloadBytes: bytes of all messages together, without framing.
    init(_ nanoseconds: Int64, messages: Int, payloadBytes: Int) {
        self.nanoseconds = nanoseconds
        self.messages = messages
        bytes = payloadBytes + messages * Message.framingBytes
    }

    var seconds: Double { Double(nanoseconds) / 1e9 }

    init(_ report: FabricReport) {
        nanoseconds = Int64((report.seconds * 1e9).rounded())
        messages = report.ledger.totalMessages
        bytes = report.ledger.totalBytes
    }
}

/// Collectives on equal nodes that are otherwise idle.
enum ClosedForms {
    /// 3 Gbit/s, so that most messages do not take whole nanoseconds.
    static let link = Link(latencySeconds: 20e-6, bytesPerSecond: 375e6, overheadSeconds: 3e-6)
    /// 1 ms away, and bytes cost nothing: only the longest chain of messages counts.
    static let distant = Link(latencySeconds: 1e-3, bytesPerSecond: 1e15)
    /// 2...64, all.
    static let ranks = 2...64

    /// What the messages take in the simulation; no numbers are moved, so that vectors can be long.
    static func cost(
        _ kind: CollectiveKind, _ algorithm: AllReduceAlgorithm = .ring, ranks: Int, elements: Int, link: Link = link
    ) throws -> Cost {
        try cost(kind, elements: elements, on: simulated(ranks, link: link, algorithm))
    }

    static func cost(_ kind: CollectiveKind, elements: Int, on fabric: SimulatedFabric) throws -> Cost {
        Cost(try run(fabric) { rank in try await play(kind, rank, elements: elements) })
    }

    static func play(_ kind: CollectiveKind, _ rank: any Rank, elements: Int) async throws {
        guard let rank = rank as? SimulatedRank else { preconditionFailure("a simulated rank") }
        try await rank.play(kind, elements: elements)
    }
}

/// n = 2^k + f: how many ranks the algorithms for powers of two fold.
struct Folding {
    /// k
    let rounds: Int
    /// f
    let folded: Int
    /// 2^k
    let positions: Int

    init(_ ranks: Int) {
        var rounds = 0
        while 2 << rounds <= ranks { rounds += 1 }
        self.rounds = rounds
        positions = 1 << rounds
        folded = ranks - positions
    }

    /// The ranks that a position stands for.
    func ranks(at position: Int) -> Int { position < folded ? 2 : 1 }
}

/// Times on one switch whose ports carry one message at a time each way, in whole nanoseconds: like the simulation, which
/// rounds the time of a message's bytes to one.
///
/// A message of S bytes occupies its sender's port for o + p(S), and asks for its receiver's port L after it began to be
/// sent. Alone it takes T(S) = o + L + p(S) (Hockney 1994, with LogGP's o).
struct PortTimes {
    let overhead: Int64
    let latency: Int64
    private let bytesPerSecond: Double

    init(_ link: Link) {
        overhead = Int64((link.overheadSeconds * 1e9).rounded())
        latency = Int64((link.latencySeconds * 1e9).rounded())
        bytesPerSecond = link.uplinkBytesPerSecond
    }

    /// p(S)
    func port(_ bytes: Int) -> Int64 {
        Int64((Double(bytes + Message.framingBytes) / bytesPerSecond * 1e9).rounded())
    }

    /// T(S)
    func hockney(_ bytes: Int) -> Int64 { overhead + latency + port(bytes) }

    /// The sum of T over the messages of `rounds` halvings: S/2, S/4 ... S/2^rounds.
    func halvings(_ bytes: Int, rounds: Int) -> Int64 {
        (0..<rounds).reduce(0) { $0 + hockney(bytes >> ($1 + 1)) }
    }

    /// When a port has taken in all messages: what asks last is served last, and behind the message that asks at a port
    /// that is idle there is no pause, so that it is the latest of "ask_i and all that ask then or later".
    static func last(_ asking: [(at: Int64, port: Int64)]) -> Int64 {
        asking.map { first in
            asking.reduce(first.at) { $0 + ($1.at >= first.at ? $1.port : 0) }
        }.max() ?? 0
    }
}
