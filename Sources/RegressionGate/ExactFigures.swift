import Cluster
import Diagnostics
import Experiments
import Statistics

/// What is the same on every machine: work, traffic, and the time of a virtual clock with a fixed device.
enum ExactFigures {
    static func compare(_ pair: StrategyPair) -> [Figure] {
        [
            figure(pair, "outcome", { severity($0.outcome) }, text: outcomeText),
            figure(pair, "samples trained on", lessIsWorse: true, { $0.samples }) { String($0) },
            figure(pair, "updates of the model", lessIsWorse: true, { $0.rounds }) { String($0) },
            figure(pair, "bytes sent", { $0.traffic.bytesTotal }, hint: bytesHint) { String($0) },
            figure(pair, "messages", { $0.traffic.messagesTotal }, hint: messagesHint) { String($0) },
        ] + dropouts(pair) + (simulatedTime(pair).map { [$0] } ?? [])
    }

    /// A number that is larger for worse outcomes.
    private static func severity(_ outcome: RunRecord.Outcome) -> Int {
        switch outcome {
        case .completed: 0
        case .stopped: 1
        case .diverged: 2
        }
    }

    private static func outcomeText(_ severity: Int) -> String {
        switch severity {
        case 0: RunRecord.Outcome.completed.rawValue
        case 1: RunRecord.Outcome.stopped.rawValue
        default: RunRecord.Outcome.diverged.rawValue
        }
    }

    /// Figures about ranks that left. More of them is worse; a change of rank or time shows in the simulated time.
    private static func dropouts(_ pair: StrategyPair) -> [Figure] {
        guard (pair.baseline + pair.current).contains(where: { $0.departures != nil }) else { return [] }
        return [
            figure(pair, "ranks that left", { $0.departures?.count ?? 0 }) { String($0) },
            figure(pair, "samples lost", { $0.lostSamples ?? 0 }) { String($0) },
        ]
    }

    /// A rise of a cost is a regression, a fall an improvement. For work that the plan fixes, any difference is a
    /// regression.
    ///
    /// - Parameters:
    ///   - value: a count of a run.
    ///   - showsRelative: whether a change between two values is also shown in per cent.
    static func figure(
        _ pair: StrategyPair, _ name: String, lessIsWorse: Bool = false,
        _ value: (RunRecord) -> Int, hint: (RunRecord, RunRecord) -> String? = { _, _ in nil },
        difference: (Int) -> String = signed, showsRelative: (Int, Int) -> Bool = { _, _ in true },
        text: (Int) -> String
    ) -> Figure {
        let runs = zip(pair.baseline, pair.current)
        let different = runs.filter { value($0) != value($1) }
        // An improvement with one seed does not make up for a regression with another.
        let worst = different.max { value($0.1) - value($0.0) < value($1.1) - value($1.0) }
        let shown = worst.flatMap { value($0.1) > value($0.0) || lessIsWorse ? $0 : nil } ?? different.first
        guard let (before, after) = shown else {
            let values = Set(pair.baseline.map(value)).sorted()
            let same = values.count == 1 ? text(values[0]) : "\(text(values[0])) to \(text(values[values.count - 1]))"
            return Figure(
                strategy: pair.strategy.name, name: name, kind: .exact, status: .same, baseline: same, current: same,
                change: "equal", test: "exact", numbers: numbers(pair, value))
        }
        let isWorse = value(after) > value(before) || lessIsWorse
        let seeds = different.count == pair.baseline.count ? "every seed" : "seed \(before.seed)"
        let percent =
            showsRelative(value(before), value(after)) ? relative(Double(value(before)), Double(value(after))) : ""
        let change = difference(value(after) - value(before)) + percent
        let parts = [change, hint(before, after), "in \(seeds)"].compactMap { $0 }
        return Figure(
            strategy: pair.strategy.name, name: name, kind: .exact, status: isWorse ? .regression : .improvement,
            baseline: text(value(before)), current: text(value(after)), change: parts.joined(separator: "; "),
            test: "exact", numbers: numbers(pair, value))
    }

    /// The means over seeds; nil where a value is not a count, such as for a target that was never reached.
    private static func numbers(_ pair: StrategyPair, _ value: (RunRecord) -> Int) -> Figure.Numbers? {
        func mean(_ runs: [RunRecord]) -> Double {
            let values = runs.map { Double(value($0)) }
            return values.contains { $0 > 1e18 } ? .nan : values.reduce(0, +) / Double(values.count)
        }
        return Figure.Numbers(baseline: mean(pair.baseline), current: mean(pair.current), allowedChange: 0)
    }

    /// The figure of simulated time; nil where time is measured.
    private static func simulatedTime(_ pair: StrategyPair) -> Figure? {
        guard pair.strategy.fabric == .simulated else { return nil }
        let name = "simulated time"
        guard pair.hasExactTimes else {
            func median(_ runs: [RunRecord]) -> String { Format.seconds(Median.of(runs.map(\.clusterSeconds))) }
            return Figure(
                strategy: pair.strategy.name, name: name, kind: .exact, status: .notCompared,
                baseline: median(pair.baseline), current: median(pair.current), change: "-",
                test: calibrated)
        }
        // Whole nanoseconds, which is what the virtual clock counts.
        return figure(
            pair, name, { Int(($0.clusterSeconds * 1e9).rounded()) },
            difference: { ($0 > 0 ? "+" : "-") + Format.seconds(abs(Double($0)) / 1e9) },
            text: { Format.seconds(Double($0) / 1e9) })
    }

    static let calibrated = "compute time was calibrated, so it is no exact figure; --compute reference makes it one"

    // MARK: Hints

    private static func bytesHint(_ before: RunRecord, _ after: RunRecord) -> String? {
        let purposes = TrafficPurpose.allCases.compactMap { purpose -> String? in
            let (old, new) = (sent(before, purpose).bytes, sent(after, purpose).bytes)
            return old == new ? nil : "\(purpose.rawValue) \(signed(new - old))"
        }
        let messages = after.traffic.messagesTotal
        let isPerMessage =
            messages == before.traffic.messagesTotal && messages > 0
            && (after.traffic.bytesTotal - before.traffic.bytesTotal) % messages == 0
        let perMessage =
            isPerMessage
            ? "\(signed((after.traffic.bytesTotal - before.traffic.bytesTotal) / messages)) a message" : nil
        let parts = purposes + [perMessage].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private static func messagesHint(_ before: RunRecord, _ after: RunRecord) -> String? {
        guard before.rounds == after.rounds, before.rounds > 0 else { return nil }
        let (old, new) = (
            Double(before.traffic.messagesTotal) / Double(before.rounds),
            Double(after.traffic.messagesTotal) / Double(after.rounds)
        )
        return "\(Format.significant(old)) -> \(Format.significant(new)) an update of the model"
    }

    private static func sent(_ run: RunRecord, _ purpose: TrafficPurpose) -> (bytes: Int, messages: Int) {
        (run.traffic.entries ?? []).filter { $0.purpose == purpose }
            .reduce((0, 0)) { ($0.0 + $1.bytesSent, $0.1 + $1.messagesSent) }
    }

    static func signed(_ difference: Int) -> String { difference > 0 ? "+\(difference)" : "\(difference)" }

    private static func relative(_ before: Double, _ after: Double) -> String {
        guard before != 0 else { return "" }
        let percent = (after / before - 1) * 100
        return " (\(percent > 0 ? "+" : "")\(Format.significant(percent)) %)"
    }
}
