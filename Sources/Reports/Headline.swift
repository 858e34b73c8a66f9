import Diagnostics
import Experiments

/// Which strategy is the first to reach the target, in words: a sentence for each clock and its machines, so that nothing
/// that was measured races against a model, and nothing on one cluster against something on another.
enum Headline {
    static func words(_ results: Results) -> String {
        let (sentences, notes) = sentences(results)
        return (sentences + notes).joined(separator: " ")
    }

    /// A sentence for each clock and its machines, and what a reader should know of them.
    static func sentences(_ results: Results) -> (verdicts: [String], notes: [String]) {
        let summaries = results.summaries
        let target = results.plan.goal.words
        guard summaries.contains(where: \.timeToTarget.median.isFinite) else {
            return (["No strategy reached \(target) with more than half of its seeds."], nearlyThere(summaries))
        }
        let groups = ClockClass.groups(summaries)
        let judged = (comparing(results, groups).map { [$0] } ?? []) + nearlyThere(summaries)
        guard groups.count > 1 else { return ([sentence(groups[0], target, isAlone: true)], judged) }
        let sentences = groups.map { group in
            group[0].clock.sentenceStart + ", " + sentence(group, target, isAlone: false)
        }
        return (
            sentences,
            ["Times on different machines, or of different clocks, do not say which strategy is faster."] + judged
        )
    }

    /// Where few evaluations were made, one at the target does not count as long as an early one is among the three whose mean
    /// has to be there, too.
    private static func nearlyThere(_ summaries: [StrategySummary]) -> [String] {
        summaries.compactMap { summary in
            let count = summary.runs.count
            let ends = summary.runs.count { run in
                guard TimeToTarget(run.evaluations, target: summary.target).sustainedPoint == nil else { return false }
                return run.evaluations.last.map {
                    summary.target.isReached(by: summary.metric.measured(in: $0))
                } ?? false
            }
            let isReached = summary.timeToTarget.median.isFinite
            guard !isReached, ends > 0, 2 * (summary.seedsReached + ends) > count else { return nil }
            return """
                The last evaluation of `\(summary.strategy)` is at the target in \(ends) of \(count) \(count == 1 ? "seed" : "seeds"), \
                which does not count until the mean of the last \(TimeToTarget.window == 3 ? "three" : "\(TimeToTarget.window)") is \
                there, too: train longer (`--epochs`), or evaluate more often (`--evaluate-every`).
                """
        }
    }

    /// - Parameter isAlone: whether the sentence itself has to name the clock.
    private static func sentence(_ group: [StrategySummary], _ target: String, isAlone: Bool) -> String {
        let reached = group.filter(\.timeToTarget.median.isFinite).sorted {
            $0.timeToTarget.median < $1.timeToTarget.median
        }
        let never = group.filter { !$0.timeToTarget.median.isFinite }.map(\.strategy)
        let missed = never.isEmpty ? "" : "\(list(never)) did not reach it with more than half of the seeds"
        guard let first = reached.first else {
            return "\(list(never)) did not reach \(target) with more than half of the seeds."
        }
        let clock = isAlone ? " of \(first.clock.title) cluster time" : ""
        let time = Format.seconds(first.timeToTarget.median) + clock
        let level = reached.filter { summary in
            let (own, least) = (summary.timeToTarget.median, first.timeToTarget.median)
            return own == least || RatioText(own / least).isTie
        }
        let slower = Array(reached.dropFirst(level.count))
        let open = slower.filter { !isShownSlower($0, than: first) }
        var parts: [String] = []
        if level.count > 1 {
            let isEqual = level.allSatisfy { $0.timeToTarget.median == first.timeToTarget.median }
            parts.append(
                "\(list(level.map(\.strategy))) reach \(target) \(isEqual ? "at the same time" : "at nearly the same time"), after \(time)"
            )
            if !open.isEmpty { parts.append("too close to call: \(list(open.map(\.strategy))) with \(medians(open))") }
        } else if group.count == 1 {
            parts.append(
                isAlone
                    ? "`\(first.strategy)` reaches \(target) after \(time)"
                    : "only `\(first.strategy)` was run: it reaches \(target) after \(time)")
        } else if open.isEmpty {
            parts.append("`\(first.strategy)` is the first to reach \(target), after \(time)")
        } else {
            // Whoever reads that one is shorter takes it for the faster one, whatever is said behind it.
            let close = [first] + open
            parts.append(
                "\(list(close.map(\.strategy))) are too close to call: \(medians(close))\(clock) to reach \(target)")
        }
        if let last = slower.last, !open.contains(last) {
            let ratio = RatioText(last.timeToTarget.median / first.timeToTarget.median)
            parts.append("`\(last.strategy)` takes \(ratio.words("long"))")
        }
        return (parts + [missed].filter { !$0.isEmpty }).joined(separator: "; ") + "."
    }

    /// The medians of strategies in the given order, such as `medians of 2 s and 3 s`.
    private static func medians(_ summaries: [StrategySummary]) -> String {
        let times = summaries.map { Format.seconds($0.timeToTarget.median) }
        return times.count > 1 ? "medians of \(plainList(times, "and"))" : "a median of \(times.first ?? "-")"
    }

    /// Seed by seed; with one seed whether the two lie more than a step between evaluations apart.
    private static func isShownSlower(_ other: StrategySummary, than first: StrategySummary) -> Bool {
        if first.runs.count == 1, other.runs.count == 1 {
            return first.timesToTarget[0].isBelow(other.timesToTarget[0])
        }
        return PairwiseVerdict(.timeToTarget, first, other)?.comparison.verdict == .firstIsBetter
    }

    /// Which of two intervals decides, where a reader could look at the other.
    private static func comparing(_ results: Results, _ groups: [[StrategySummary]]) -> String? {
        guard results.plan.seeds.count > 1, groups.contains(where: { $0.count > 1 }) else { return nil }
        return
            "Strategies are compared seed by seed; a bracket behind a median shows only how it spreads over the seeds."
    }

    static func list(_ names: [String], _ word: String = "and") -> String {
        plainList(names.map { "`\($0)`" }, word)
    }

    /// Texts behind each other, with a word before the last one.
    static func plainList(_ texts: [String], _ word: String) -> String {
        guard let last = texts.last, texts.count > 1 else { return texts.first ?? "" }
        return texts.dropLast().joined(separator: ", ") + " \(word) \(last)"
    }
}

/// Who sends least, in words.
enum SendingSentence {
    /// A sentence; nil unless two strategies or more send over a network.
    static func words(_ summaries: [StrategySummary]) -> String? {
        let senders = summaries.filter { $0.count(\.traffic.bytesTotal) > 0 && $0.plan.roles.home == .simulated }
            .sorted { $0.count(\.traffic.bytesTotal) < $1.count(\.traffic.bytesTotal) }
        guard let least = senders.first, let most = senders.last, senders.count > 1 else { return nil }
        let (fewest, largest) = (least.count(\.traffic.bytesTotal), most.count(\.traffic.bytesTotal))
        let samples = senders.map { $0.count(\.samples) }
        let (leastSamples, mostSamples) = (samples.min() ?? 0, samples.max() ?? 0)
        // A last round can go beyond the budget, and a run that diverged or was stopped ends early.
        let isAbout = Double(mostSamples) <= 1.02 * Double(leastSamples)
        let work =
            leastSamples == mostSamples
            ? " in all, for the same number of samples"
            : isAbout
                ? " in all, for about the same number of samples" : " in all, though not for the same number of samples"
        guard fewest < largest else {
            return
                "Over a network, \(Headline.list(senders.map(\.strategy))) send the same, \(Format.bytes(Double(fewest)))\(work)."
        }
        let ratio = RatioText(Double(largest) / Double(fewest))
        return """
            Over a network, `\(least.strategy)` sends least, \(Format.bytes(Double(fewest)))\(work); `\(most.strategy)` sends \
            \(ratio.words("much")).
            """
    }
}

extension ClockClass {
    /// Strategies of one clock and the same machines, in the order of the table.
    static func groups(_ summaries: [StrategySummary]) -> [[StrategySummary]] {
        var groups: [[StrategySummary]] = []
        for summary in summaries {
            let index = groups.firstIndex { $0[0].clock.relation(to: summary.clock) == .sameMachines }
            if let index { groups[index].append(summary) } else { groups.append([summary]) }
        }
        return groups
    }

    /// The words with a capital letter.
    var sentenceStart: String { words.prefix(1).uppercased() + words.dropFirst() }
}
