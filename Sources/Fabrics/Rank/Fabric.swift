import Cluster

/// The code of one rank.
public typealias RankProgram = @Sendable (any Rank) async throws -> Void

/// Runs a program once per rank and carries the ranks' messages.
package protocol Fabric {
    /// Runs the program on all ranks and returns when the last one has ended.
    /// - Throws: the first error that a rank threw, or a ``FabricError``.
    func run(_ program: @escaping RankProgram) throws -> FabricReport

    /// Whether a program that is run again takes the same time, whatever it computes meanwhile. Then a resumed run
    /// starts from the beginning without computing; otherwise it starts at its checkpoint with the fabric's
    /// ``FabricSnapshot``.
    var replaysTime: Bool { get }
}

extension Fabric {
    package var replaysTime: Bool { false }
}

/// What a job took.
package struct FabricReport: Sendable {
    /// Cluster time at the end of the last rank.
    package let seconds: Double
    /// Where each rank's time went.
    package let accounts: [TimeAccount]
    package let ledger: TrafficLedger
    /// Ranks that left before their program had ended, in the order of time.
    package let departures: [Departure]

    init(seconds: Double, accounts: [TimeAccount], ledger: TrafficLedger, departures: [Departure] = []) {
        self.seconds = seconds
        self.accounts = accounts
        self.ledger = ledger
        self.departures = departures
    }
}

/// Where a rank's cluster time went. Time after the program's end is in none of the parts.
public struct TimeAccount: Hashable, Codable, Sendable {
    /// Seconds of computations.
    public var computeSeconds = 0.0
    /// Seconds of exposed communication: from when all ranks that are needed were ready until the messages were there,
    /// as far as the rank computed nothing meanwhile.
    public var communicationSeconds = 0.0
    /// Seconds of communication during which the rank computed, so that the communication lengthened nothing. They are
    /// part of `computeSeconds`, and 0 where communication does not overlap computation.
    public var hiddenCommunicationSeconds = 0.0
    /// Seconds until others sent what the rank was receiving, or came to the collective that it had entered, as far as
    /// the rank computed nothing meanwhile.
    public var waitingSeconds = 0.0

    /// An account without any time.
    public init() {}

    enum Part {
        case communication, hiddenCommunication, waiting
    }

    mutating func add(_ part: Part, from begin: VirtualTime, to end: VirtualTime) {
        let seconds = end.seconds - begin.seconds
        switch part {
        case .communication: communicationSeconds += seconds
        case .hiddenCommunication: hiddenCommunicationSeconds += seconds
        case .waiting: waitingSeconds += seconds
        }
    }
}

/// The `Fabrics` module's limit on threads of ``ThreadFabric``: beyond, a machine is busier switching than computing.
package let maximumThreadRanks = 256
