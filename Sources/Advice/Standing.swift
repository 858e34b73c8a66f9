package import Statistics

/// Who is first at one point, how far ahead, and whether that is shown, by times that were simulated on one cluster.
package struct Standing: Hashable, Sendable {
    /// The strategies that reach the target with more than half of the seeds, by their median times.
    package let order: [Int]
    /// The median time of every strategy, in seconds; infinite where it does not reach the target.
    package let medians: [Double]
    /// The first against its rival, and without one against the next, seed by seed; nil where there is no other.
    package let comparison: PairedComparison?
    /// The seeds in which the first is ahead of all others by more than the steps between evaluations.
    package let seedsAhead: Int
    package let seeds: Int
    /// Whether the first is ahead of all others that reach the target by more than chance and the steps between evaluations
    /// explain; where no other does, ahead of the next.
    package let isShown: Bool
    /// Of those against whom that is not shown the one with the least median; nil where it is shown against all.
    package let rival: Int?

    /// - Parameter times: for each strategy, its times to the target in the order of seeds, in seconds.
    package init(_ times: [[SteppedValue]]) {
        let medians = times.map { Median.of($0.map(\.value)) }
        self.medians = medians
        order = times.indices.filter { medians[$0].isFinite }.sorted { (medians[$0], $0) < (medians[$1], $1) }
        seeds = times.first?.count ?? 0
        guard let first = order.first else {
            (comparison, seedsAhead, isShown, rival) = (nil, 0, false, nil)
            return
        }
        let others = times.indices.filter { $0 != first }
        seedsAhead = (0..<seeds).count { seed in others.allSatisfy { times[first][seed].isBelow(times[$0][seed]) } }
        let next = others.min { (medians[$0], $0) < (medians[$1], $1) }
        let reaching = Array(order.dropFirst())
        rival = (reaching.isEmpty ? next.map { [$0] } ?? [] : reaching).first { !Self.isBelow(times[first], times[$0]) }
        isShown = rival == nil
        comparison = (rival ?? next).map { Self.compare(times[first], times[$0]) }
    }

    package var first: Int? { order.first }

    /// The second strategy of those that reach the target; nil where fewer than two do.
    package var next: Int? { order.dropFirst().first }

    /// The one to compare the first with: its rival, and without one the next. Nil where no other reaches the target.
    package var opponent: Int? { rival.flatMap { order.contains($0) ? $0 : nil } ?? next }

    /// By how much the median of another is above that of the first; nil where there is none to compare with.
    package func factor(of other: Int?) -> Double? {
        guard let first, let other, medians[first] > 0 else { return nil }
        return medians[other] / medians[first]
    }

    package static func compare(_ first: [SteppedValue], _ second: [SteppedValue]) -> PairedComparison {
        PairedComparison(first, second, scale: .logarithmic, smallerIsBetter: true)
    }

    /// Whether the first times are shown to be less: by the paired comparison, and with one seed by the steps in which times
    /// are known.
    package static func isBelow(_ first: [SteppedValue], _ second: [SteppedValue]) -> Bool {
        if first.count == 1 { return first[0].isBelow(second[0]) }
        return compare(first, second).verdict == .firstIsBetter
    }

    /// 1 where the first times are shown to be less, -1 where the second are, 0 where no difference is.
    package static func verdict(_ first: [SteppedValue], _ second: [SteppedValue]) -> Int {
        isBelow(first, second) ? 1 : isBelow(second, first) ? -1 : 0
    }
}
