import Cluster

/// Which ranks of a simulated job leave and when, who has left, who knows it, and who takes part in collectives.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class DropoutState {
    /// Whether any rank leaves.
    let mayHappen: Bool
    /// When each rank leaves; so late that it never comes for those that stay; empty where all stay.
    private let leavesAt: [VirtualTime]
    /// How long the others take to notice that a rank has left, in nanoseconds.
    let detectionSpan: Int64
    /// Times at which ranks leave, the latest first, as far as they are still to come.
    private var pending: [VirtualTime]
    /// The ranks that left before their programs ended, in the order of time.
    private(set) var departures: [Departure] = []
    private var leftAt: [Int: VirtualTime] = [:]
    /// The ranks that have left and of which all others know it.
    private(set) var known: Set<Int> = []
    /// The ranks that are known to have left before the others have agreed on who remains, in the order in which they
    /// became known.
    private(set) var unsettled: [Int] = []
    /// Ranks in the midst of something that they do not live to see the end of.
    var parked: [Int: Simulation.Waiter] = [:]
    /// Ranks that have come to an agreement on who remains, with the step that they are at.
    var regrouping: [Int: (step: Int, waiter: Simulation.Waiter)] = [:]
    /// What came out of the last agreement.
    var agreedStep = 0

    private static let never = VirtualTime(nanoseconds: .max)

    init(_ departures: [Departure], detectionSeconds: Double, ranks: Int) {
        mayHappen = !departures.isEmpty
        var times = Array(repeating: Self.never, count: mayHappen ? ranks : 0)
        for departure in departures {
            let time = VirtualTime(seconds: departure.seconds)
            times[departure.rank] = min(times[departure.rank], time)
        }
        leavesAt = times
        detectionSpan = VirtualTime.span(seconds: detectionSeconds)
        pending = times.filter { $0 < Self.never }.sorted(by: >)
    }

    var leaving: [(rank: Int, time: VirtualTime)] {
        leavesAt.enumerated().filter { $0.element < Self.never }.map { ($0.offset, $0.element) }
    }

    /// When the next rank leaves, from `now` on; nil if none does.
    func nextDeparture(from now: VirtualTime) -> VirtualTime? {
        while let last = pending.last, last < now { pending.removeLast() }
        return pending.last
    }

    /// Whether the rank leaves before something that ends at `time` is over.
    func isCutOff(_ rank: Int, before time: VirtualTime) -> Bool { mayHappen && leavesAt[rank] <= time }

    /// Until when the rank lives to see something that ends at `end`.
    func lived(until end: VirtualTime, _ rank: Int) -> VirtualTime { mayHappen ? min(end, leavesAt[rank]) : end }

    func hasLeft(_ rank: Int) -> Bool { mayHappen && leftAt[rank] != nil }

    func throwIfGone(_ rank: Int) throws {
        if hasLeft(rank) { throw FabricError.left(at: leavesAt[rank]) }
    }

    /// What a rank is told that asks for a message of one that has left: nil as long as it does not know.
    func knownLeaving(of sender: Int) -> FabricError? {
        mayHappen && known.contains(sender) ? error(sender) : nil
    }

    func leave(_ rank: Int, at now: VirtualTime) {
        leftAt[rank] = now
        departures.append(Departure(rank: rank, seconds: now.seconds))
    }

    func learn(_ rank: Int) {
        known.insert(rank)
        unsettled.append(rank)
    }

    func settle() { unsettled = [] }

    var allAreKnown: Bool { known.count == departures.count }

    /// What others are told of a rank that has left.
    func error(_ rank: Int) -> FabricError { .rankLeft(rank: rank, at: leftAt[rank] ?? .zero) }
}
