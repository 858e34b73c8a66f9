import Cluster

/// Which ranks of a simulated job leave and when, who has left, who knows it, and who takes part in collectives.
///
/// Not thread-safe: belongs to a ``Simulation``, which has one only where ranks leave.
final class DropoutState {
    /// When each rank leaves; so late that it never comes for those that stay.
    let leavesAt: [VirtualTime]
    /// From when a rank leaves until the others know.
    let detectionSpan: Int64
    /// Times at which ranks leave, the latest first, as far as they are still to come.
    private var pending: [VirtualTime]
    /// Those that have left before their program ended, in the order of time.
    private(set) var departures: [Departure] = []
    private var leftAt: [Int: VirtualTime] = [:]
    /// Of those, the ones that all others know of.
    private(set) var known: Set<Int> = []
    /// Of those, the ones that the ranks who remain have not agreed on yet, the first known first.
    private(set) var unsettled: [Int] = []
    /// Ranks in the midst of something that they do not live to see the end of.
    var parked: [Int: Simulation.Waiter] = [:]
    /// Ranks that have come to an agreement on who remains, with the step that they are at.
    var regrouping: [Int: (step: Int, waiter: Simulation.Waiter)] = [:]
    /// What came out of the last agreement.
    var agreedStep = 0

    private static let never = VirtualTime(nanoseconds: .max)

    /// Nil where nobody leaves.
    init?(_ departures: [Departure], detectionSeconds: Double, ranks: Int) {
        guard !departures.isEmpty else { return nil }
        var times = Array(repeating: Self.never, count: ranks)
        for departure in departures {
            let time = VirtualTime(nanoseconds: VirtualTime.span(seconds: departure.seconds))
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

    func hasLeft(_ rank: Int) -> Bool { leftAt[rank] != nil }

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

/// Ranks that take part in a collective, in ascending order: all, or those that remain.
struct RankGroup {
    let count: Int
    /// Empty where they are 0..<count.
    private let ranks: [Int]
    private let places: [Int: Int]

    init(all count: Int) {
        (self.count, ranks, places) = (count, [], [:])
    }

    /// - Parameter ranks: ascending.
    init(_ ranks: [Int]) {
        count = ranks.count
        self.ranks = ranks
        places = Dictionary(uniqueKeysWithValues: ranks.enumerated().map { ($0.element, $0.offset) })
    }

    var isWhole: Bool { ranks.isEmpty }
    var first: Int { ranks.first ?? 0 }
    var all: [Int] { isWhole ? Array(0..<count) : ranks }

    func rank(at place: Int) -> Int { isWhole ? place : ranks[place] }
    func contains(_ rank: Int) -> Bool { isWhole ? rank < count : places[rank] != nil }

    /// - Precondition: the rank is one of the group.
    func place(of rank: Int) -> Int {
        if isWhole { return rank }
        guard let place = places[rank] else {
            preconditionFailure("rank \(rank) is not among the \(count) ranks that remain")
        }
        return place
    }

    /// Racks or sites as places in the group, without those of which no rank is left.
    func groups(_ groups: [Range<Int>]?) -> [Range<Int>]? {
        guard !isWhole, let groups else { return groups }
        var start = 0
        return groups.compactMap { group in
            let size = ranks.count { group.contains($0) }
            defer { start += size }
            return size == 0 ? nil : start..<start + size
        }
    }
}
