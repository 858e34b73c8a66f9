import Cluster

/// What a replay that skips repetitions keeps beside its simulation, whose clock does not see them.
final class ReplayJournal {
    struct Booking {
        let rank: Int
        let part: TimeAccount.Part
        let begin: VirtualTime
        let end: VirtualTime
    }

    struct Computation {
        let rank: Int
        let seconds: Double
    }

    /// False where accounts are not asked for, so that repetitions need not be booked.
    private let keepsAccounts: Bool
    /// Nanoseconds of skipped repetitions: cluster time is the simulation's clock plus these.
    private(set) var skippedNanoseconds: Int64 = 0
    private(set) var bookings: [Booking] = []
    private(set) var computations: [Computation] = []

    init(keepsAccounts: Bool) { self.keepsAccounts = keepsAccounts }

    func clusterTime(_ time: VirtualTime) -> VirtualTime {
        time.later(by: skippedNanoseconds)
    }

    func booked(_ part: TimeAccount.Part, _ rank: Int, from begin: VirtualTime, to end: VirtualTime) {
        guard keepsAccounts else { return }
        bookings.append(Booking(rank: rank, part: part, begin: begin, end: end))
    }

    func computed(_ rank: Int, seconds: Double) {
        guard keepsAccounts else { return }
        computations.append(Computation(rank: rank, seconds: seconds))
    }

    /// A point between two operations of the replay.
    struct Position {
        let bookings: Int
        let computations: Int
    }

    var position: Position { Position(bookings: bookings.count, computations: computations.count) }

    /// Books what was booked since `start` so many `times` more, each `period` later than the last, in the order in which
    /// a simulation would, so that the sums are the same to the last bit.
    ///
    /// - Precondition: at least once.
    func skip(
        _ times: Int, since start: Position, period: Int64, _ book: (_ rank: Int, (inout TimeAccount) -> Void) -> Void
    ) {
        defer { skippedNanoseconds += Int64(times) * period }
        guard keepsAccounts else { return }
        let (lastBooking, lastComputation) = (bookings.count, computations.count)
        for time in 1...times {
            let shift = Int64(time) * period
            for index in start.bookings..<lastBooking {
                let old = bookings[index]
                let new = Booking(
                    rank: old.rank, part: old.part, begin: VirtualTime(nanoseconds: old.begin.nanoseconds + shift),
                    end: VirtualTime(nanoseconds: old.end.nanoseconds + shift))
                book(new.rank) { $0.add(new.part, from: new.begin, to: new.end) }
                bookings.append(new)
            }
            for index in start.computations..<lastComputation {
                let again = computations[index]
                book(again.rank) { $0.computeSeconds += again.seconds }
                computations.append(again)
            }
        }
    }

    func forget() {
        bookings.removeAll()
        computations.removeAll()
    }
}
