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

    /// A strategy, until the target is reached.
    package struct Entry: Hashable, Sendable {
        package let name: String
        /// Over the seeds; nil where it is not known. Infinite where the target is not reached.
        package let figures: [Figure: SpreadSummary]
        /// Who makes it superfluous: takes no more of anything, as far as it is known of both, and is shown to take less of
        /// something.
        package internal(set) var dominatedBy: [Int]
    }

    package let entries: [Entry]

    /// Those that none of the others makes superfluous, and that reach the target.
    package var front: [Int] {
        entries.indices.filter { index in
            entries[index].dominatedBy.isEmpty && entries[index].figures[.time]?.median.isFinite == true
        }
    }

    /// - Parameter summaries: of strategies on the same machines, with the same seeds.
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

    /// 1 where the first values are shown to be less. Who sends nothing sends less than others, whatever the logarithm of 0 is.
    private static func difference(_ first: [SteppedValue], _ second: [SteppedValue]) -> Int {
        if first.allSatisfy({ $0.value == 0 }) || second.allSatisfy({ $0.value == 0 }) {
            let (own, other) = (Median.of(first.map(\.value)), Median.of(second.map(\.value)))
            return own < other ? 1 : own > other ? -1 : 0
        }
        return Standing.verdict(first.map(\.aboveZero), second.map(\.aboveZero))
    }
}

extension SteppedValue {
    /// For a logarithm: a step may begin where nothing was sent or paid yet.
    fileprivate var aboveZero: SteppedValue {
        let least = Double.leastNormalMagnitude
        return SteppedValue(max(value, least), after: max(before, least))
    }
}
