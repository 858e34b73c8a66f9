import Diagnostics
import Experiments
import Statistics

/// What somebody asks next who was told which strategy is the first: how sure that is, and where it changes.
struct PlainAnswer {
    private let results: Results
    private let groups: [[StrategySummary]]
    /// Where the results lie, for commands.
    private let folder: String
    /// Whether the order of what the ranks did was recorded, so that the run can be priced on other clusters.
    private let isRecorded: Bool

    init(_ results: Results, folder: String?, isRecorded: Bool) {
        self.results = results
        self.folder = folder ?? "FOLDER"
        self.isRecorded = isRecorded
        groups = ClockClass.groups(results.summaries)
    }

    /// A list of up to three; empty where nothing was reached.
    var markdown: String {
        let reached = groups.filter { group in group.contains { $0.timeToTarget.median.isFinite } }
        guard !reached.isEmpty else { return "" }
        return [
            ("How sure is that?", sureness(reached)),
            ("Where does it change?", changes(reached) + " " + clusters(reached)),
        ]
        .map { "- **\($0)** \($1.trimmed)\n" }.joined()
    }

    // MARK: How sure

    private func sureness(_ groups: [[StrategySummary]]) -> String {
        let seeds = results.plan.seeds.count
        guard seeds > 1 else {
            return
                "One seed only, so that chance cannot be told from difference: `--seeds 5` repeats all with five draws."
        }
        let contests = groups.filter { $0.count > 1 }
        guard !contests.isEmpty else {
            return """
                Each time is the median of \(seeds) repetitions with other random draws (seeds), but no two strategies ran on the same \
                machines, so that none of them was compared with another.
                """
        }
        let words = contests.map { group -> String in
            let place = groups.count > 1 ? " \(group[0].clock.place)" : ""
            let sorted = group.sorted { $0.timeToTarget.median < $1.timeToTarget.median }
            let first = sorted[0]
            // Who does not get there is no choice, whatever the test makes of a few seeds; the verdict names them.
            let others = sorted.dropFirst().filter(\.timeToTarget.median.isFinite).compactMap {
                PairwiseVerdict(.timeToTarget, first, $0)
            }
            let (shown, open) = (
                others.filter { $0.comparison.verdict == .firstIsBetter },
                others.filter { $0.comparison.verdict != .firstIsBetter }
            )
            var parts: [String] = []
            if others.isEmpty {
                parts.append("no other strategy\(place) got to the target with more than half of the seeds")
            }
            if !shown.isEmpty {
                let wins = shown.map(\.comparison.wins)
                let (least, most) = (wins.min() ?? 0, wins.max() ?? 0)
                parts.append(
                    "\(place.isEmpty ? "`\(first.strategy)`" : "`\(first.strategy)`,\(place),") was before \(Headline.list(shown.map(\.second))) in \(least == most ? "\(least)" : "\(least) to \(most)") of \(seeds) repetitions with other random draws (seeds), more than chance explains"
                )
            }
            if !open.isEmpty {
                let names = Headline.list([first.strategy] + open.map(\.second))
                parts.append(
                    "\(seeds) repetitions with other random draws (seeds) do not tell \(names) apart\(place): take whichever suits you"
                )
            }
            return parts.joined(separator: "; ")
        }
        let alone = groups.filter { $0.count == 1 }.map { $0[0].strategy }
        let rest =
            alone.isEmpty
            ? ""
            : " \(Headline.list(alone)) had no rival on the same machines and \(alone.count == 1 ? "was" : "were") compared with none."
        let text = words.joined(separator: ". ")
        return text.prefix(1).uppercased() + text.dropFirst() + "." + rest
    }

    // MARK: Where it changes

    /// Other targets, of which the recorded curves tell.
    private func changes(_ groups: [[StrategySummary]]) -> String {
        let curve = TargetCurve(results)
        let contests = groups.filter { $0.count > 1 }
        guard curve.targets.count > 1, !contests.isEmpty else { return "" }
        let byName = Dictionary(curve.points.map { ($0.strategy, $0.points) }, uniquingKeysWith: { first, _ in first })
        let own = curve.targets.firstIndex(of: results.plan.target) ?? 0
        let words = contests.compactMap { group -> String? in
            let firsts = curve.targets.indices.map { place -> String? in
                let times = group.compactMap { row in byName[row.strategy].map { (row.strategy, $0[place].time.median) }
                }
                return times.filter(\.1.isFinite).min { $0.1 < $1.1 }?.0
            }
            let place = groups.count > 1 ? " \(group[0].clock.place)" : ""
            guard let now = firsts[own] else { return nil }
            let others = curve.targets.indices.filter { firsts[$0] != nil && firsts[$0] != now }
            let range = "\(text(curve.targets[0])) to \(text(curve.targets[curve.targets.count - 1]))"
            guard let name = others.compactMap({ firsts[$0] }).first else {
                return "`\(now)` has the shortest median time\(place) at every target from \(range)"
            }
            let targets = others.filter { firsts[$0] == name }.map { text(curve.targets[$0]) }
            return "for a target of \(Self.list(targets)) `\(name)` has the shortest median time\(place), not `\(now)`"
        }
        guard !words.isEmpty else { return "" }
        let sentence = words.joined(separator: "; ")
        return sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
    }

    private func text(_ target: Double) -> String {
        results.plan.metric.isShare ? "\(Format.significant(target * 100)) %" : results.plan.metric.targetText(target)
    }

    private static func list(_ texts: [String], _ word: String = "or") -> String {
        guard let last = texts.last, texts.count > 1 else { return texts.first ?? "" }
        return texts.dropLast().joined(separator: ", ") + " \(word) \(last)"
    }

    /// Other machines, of which only another pricing tells.
    private func clusters(_ groups: [[StrategySummary]]) -> String {
        let simulated = groups.filter { $0[0].clock.kind == .simulated }
        guard let cluster = simulated.first?.first?.clock.machines?.name else {
            return "These times are of this machine; on others the order may be another."
        }
        let places = Set(simulated.compactMap { $0[0].clock.machines?.name }).sorted()
        let command = ShellText.command(["bench", "advise", folder, "--cluster", cluster])
        let first = isRecorded ? "" : ", after a run with `--record`,"
        return """
            Simulated times hold for \(Self.list(places.map { MarkdownText.plain($0) }, "and")) alone; at which latency and \
            bandwidth another strategy becomes the first\(first) is told by \(MarkdownText.code(command)).
            """
    }
}

extension ClockClass {
    /// Behind a statement: `on this machine`, `on ethernet-1g`.
    fileprivate var place: String { kind == .simulated ? "on \(machines?.name ?? "a cluster")" : "on this machine" }
}

extension String {
    fileprivate var trimmed: String {
        let front = drop { $0 == " " }
        return String(front.prefix(front.count - front.reversed().prefix { $0 == " " }.count))
    }
}
