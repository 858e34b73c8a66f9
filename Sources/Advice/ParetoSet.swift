package import Experiments
package import Statistics

/// What strategies take to the target in time, bytes, money and energy, and which of them another one makes superfluous.
package struct ParetoSet: Hashable, Sendable {
    package enum Figure: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
        case time
        case bytes
        case money
        case energy
    }

    /// What a strategy takes until the target is reached.
    package struct Entry: Hashable, Sendable {
        package let name: String
        /// Each figure over the seeds. A figure that is not known is missing; it is infinite where the target is not
        /// reached.
        package let figures: [Figure: SpreadSummary]
        /// The strategies that make this one superfluous: they take no more of any figure that is known of both, and
        /// are shown to take less of one.
        package internal(set) var dominatedBy: [Int]
    }

    package let entries: [Entry]

    /// The strategies that reach the target and that no other makes superfluous.
    package var front: [Int] {
        entries.indices.filter { index in
            entries[index].dominatedBy.isEmpty && entries[index].figures[.time]?.median.isFinite == true
        }
    }

    /// - Parameter summaries: strategies on the same machines, with the same seeds.
    package init(_ summaries: [StrategySummary]) {
        let values = summaries.map(Self.values)
        var entries = zip(summaries, values).map { summary, values in
            Entry(
                name: summary.strategy,
                figures: values.compactMapValues { values in
                    values.isEmpty ? nil : SpreadSummary(values, scale: .logarithmic)
                },
                dominatedBy: [])
        }
        for index in entries.indices {
            entries[index].dominatedBy = entries.indices.filter { other in
                other != index && Self.dominates(values[other], values[index])
            }
        }
        self.entries = entries
    }

    typealias Values = [Figure: [SteppedValue]]

    private static func values(_ summary: StrategySummary) -> Values {
        var values: Values = [.time: summary.timesToTarget, .bytes: summary.bytesToTarget]
        values[.money] = summary.costsPerSeed(\.money)
        values[.energy] = summary.costsPerSeed(\.wattHours)
        return values
    }

    /// Whether the first takes no more of anything and is shown to take less of something.
    static func dominates(_ first: Values, _ second: Values) -> Bool {
        guard let own = first[.time], Median.of(own.map(\.value)).isFinite else { return false }
        var isLess = false
        for figure in Figure.allCases {
            guard let first = first[figure], let second = second[figure] else { continue }
            if Median.of(first.map(\.value)) > Median.of(second.map(\.value)) { return false }
            switch difference(first, second) {
            case 1: isLess = true
            case -1: return false
            default: break
            }
        }
        return isLess
    }

    /// 1 where the first values are shown to be less. A strategy that sends nothing sends less than others, although 0
    /// has no logarithm.
    private static func difference(_ first: [SteppedValue], _ second: [SteppedValue]) -> Int {
        if first.allSatisfy({ $0.value == 0 }) || second.allSatisfy({ $0.value == 0 }) {
            let (own, other) = (Median.of(first.map(\.value)), Median.of(second.map(\.value)))
            return own < other ? 1 : own > other ? -1 : 0
        }
        return Standing.verdict(first.map(\.aboveZero), second.map(\.aboveZero))
    }
}

extension SteppedValue {
    /// The value with its step above 0, so that it has a logarithm: a step may begin where nothing was sent or paid
    /// yet.
    fileprivate var aboveZero: SteppedValue {
        let least = Double.leastNormalMagnitude
        return SteppedValue(max(value, least), after: max(before, least))
    }
}
