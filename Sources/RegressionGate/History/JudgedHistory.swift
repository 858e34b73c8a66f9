import Experiments
import Reports

/// Results of one plan in the order of time, each compared with the baseline of its time, as the gate would have done.
///
/// The first result is the first baseline. An accepted move, which the results of a baseline record, replaces it: from
/// the time of the acceptance on, results are compared with the results of the accepted commit. If these are not among
/// the results, the next ones after the acceptance take their place.
package struct JudgedHistory: Sendable {
    package struct Entry: Sendable {
        package let path: String
        package let results: Results
        /// The comparison with the baseline of the time; nil for a result that is a baseline itself, and where no
        /// comparison was possible.
        package let comparison: Comparison?
        /// Why there is no comparison.
        package let note: String?
        /// The place of the result that this one was compared with; nil for none.
        package let reference: Int?

        package var commit: String { results.machine.commit }
        package var date: String { results.machine.date }
    }

    /// An accepted move of the baseline.
    package struct Move: Sendable {
        package let acceptance: Results.Acceptance
        /// The place of the results that were accepted; nil where they are not in this history.
        package let place: Int?
        /// The place of the first result that has a later date than the acceptance.
        package let next: Int
    }

    /// The results, oldest first.
    package let entries: [Entry]
    /// The accepted moves, oldest first.
    package let moves: [Move]

    /// Groups results that can be compared with each other, in the order of their first dates.
    package static func lines(
        _ entries: [HistoryTable.Entry], settings: Comparison.Settings = Comparison.Settings()
    ) -> [JudgedHistory] {
        var groups: [[HistoryTable.Entry]] = []
        for entry in distinct(HistoryTable.sorted(entries)) {
            let place = groups.firstIndex { group in
                (try? NotComparable.check(group[0].results.finished, entry.results.finished)) != nil
            }
            if let place { groups[place].append(entry) } else { groups.append([entry]) }
        }
        return groups.map { JudgedHistory($0, settings) }
    }

    /// One result of each run. A run's results may be in the folder that they were accepted from and in the baseline,
    /// which knows its moves; the latter are kept.
    private static func distinct(_ sorted: [HistoryTable.Entry]) -> [HistoryTable.Entry] {
        var kept: [HistoryTable.Entry] = []
        for entry in sorted {
            let same = kept.lastIndex {
                $0.results.machine.date == entry.results.machine.date && $0.results.machine == entry.results.machine
                    && $0.results.plan == entry.results.plan
            }
            guard let same else {
                kept.append(entry)
                continue
            }
            if entry.results.history.count > kept[same].results.history.count { kept[same] = entry }
        }
        return kept
    }

    private init(_ sorted: [HistoryTable.Entry], _ settings: Comparison.Settings) {
        moves = Self.moves(sorted)
        var entries: [Entry] = []
        // The places of the results that replace the baseline, by the place of the first result that is compared with
        // them.
        var changes: [Int: Int] = [:]
        for move in moves { changes[move.next] = move.place ?? move.next }
        var reference = 0
        for (place, entry) in sorted.enumerated() {
            reference = changes[place] ?? reference
            guard reference != place else {
                entries.append(
                    Entry(path: entry.path, results: entry.results, comparison: nil, note: nil, reference: nil))
                continue
            }
            do throws(NotComparable) {
                let comparison = try Comparison(
                    baseline: sorted[reference].results, current: entry.results, settings: settings)
                entries.append(
                    Entry(
                        path: entry.path, results: entry.results, comparison: comparison, note: nil,
                        reference: reference))
            } catch {
                entries.append(
                    Entry(
                        path: entry.path, results: entry.results, comparison: nil, note: error.description,
                        reference: reference))
            }
        }
        self.entries = entries
    }

    /// All moves that the results record, each once.
    private static func moves(_ sorted: [HistoryTable.Entry]) -> [Move] {
        var found: [Results.Acceptance] = []
        for acceptance in sorted.flatMap(\.results.history) where !found.contains(acceptance) {
            found.append(acceptance)
        }
        return found.sorted { ($0.date, $0.commit) < ($1.date, $1.commit) }.map { acceptance in
            let place = sorted.lastIndex {
                $0.results.machine.commit == acceptance.commit && $0.results.machine.date <= acceptance.date
            }
            let next = sorted.firstIndex { $0.results.machine.date > acceptance.date } ?? sorted.count
            return Move(acceptance: acceptance, place: place, next: next)
        }
    }

    // MARK: Figures

    /// The course of one figure of a strategy through all results.
    package struct Series: Sendable {
        package let strategy: String
        package let name: String
        package let kind: Figure.Kind
        /// The figure of each result; nil where a result has no such figure, or was compared with nothing.
        package let figures: [Figure?]

        package var title: String { "\(strategy): \(name)" }
        func places(_ status: Figure.Status) -> [Int] { figures.indices.filter { figures[$0]?.status == status } }
        /// Whether it was ever called worse or better.
        /// Whether no result has said anything of it that could be compared.
        package var isNeverCompared: Bool { figures.allSatisfy { $0.map { $0.status == .notCompared } ?? true } }
        package var hasMoved: Bool { figures.contains { $0?.status == .regression || $0?.status == .improvement } }
    }

    /// All figures that the gate looked at, in its order.
    package var series: [Series] {
        var order: [String] = []
        var byKey: [String: (strategy: String, name: String, kind: Figure.Kind, figures: [Figure?])] = [:]
        for (place, entry) in entries.enumerated() {
            for figure in entry.comparison?.figures ?? [] {
                let key = "\(figure.strategy)\u{0}\(figure.name)"
                if byKey[key] == nil {
                    order.append(key)
                    byKey[key] = (
                        figure.strategy, figure.name, figure.kind, Array(repeating: nil, count: entries.count)
                    )
                }
                byKey[key]?.figures[place] = figure
            }
        }
        return order.compactMap { byKey[$0] }.map {
            Series(strategy: $0.strategy, name: $0.name, kind: $0.kind, figures: $0.figures)
        }
    }

    /// Whether a result was accepted as the baseline.
    package func isAccepted(_ place: Int) -> Bool { moves.contains { $0.place == place } }

    /// The plan in words, such as `digits, 4 strategies, 5 seeds`.
    package var plan: String { Comparison.words(entries[0].results) }
}

extension Results {
    /// The results as if complete: results of a stopped experiment belong to the same history.
    fileprivate var finished: Results {
        var copy = self
        copy.isComplete = true
        return copy
    }
}
