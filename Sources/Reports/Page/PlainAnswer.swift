import Diagnostics
import Experiments
import Statistics
import Tasks
import Training

/// What somebody asks next who was told which strategy is the first: how sure that is, and where it changes.
struct PlainAnswer {
    private let results: Results
    private let groups: [[StrategySummary]]
    /// Where the results lie, for commands.
    private let folder: String
    /// Whether the order of what the ranks did was recorded, so that the run can be priced on other clusters.
    private let isRecorded: Bool
    /// What advice on other clusters says; empty where none was made.
    private let advice: AdviceQuote

    init(_ results: Results, folder: String?, isRecorded: Bool, advice: AdviceQuote = .none) {
        self.results = results
        self.folder = folder ?? "FOLDER"
        self.isRecorded = isRecorded
        self.advice = advice
        groups = ClockClass.groups(results.summaries)
    }

    /// A list of up to three, and what advice says; empty where nothing was reached.
    var markdown: String {
        let reached = groups.filter { group in group.contains { $0.timeToTarget.median.isFinite } }
        guard !reached.isEmpty else { return "" }
        return list([
            ("How sure is that?", sureness(reached)),
            ("Where does it change?", changes(reached) + " " + clusters(reached)),
        ]) + elsewhere + list([("What is what?", meanings)])
    }

    private func list(_ answers: [(question: String, answer: String)]) -> String {
        answers.filter { !$0.answer.isEmpty }.map { "- **\($0.question)** \($0.answer.trimmed)\n" }.joined()
    }

    /// Who is first, a sentence for each clock and its machines. Where a strategy had no rival on a simulated cluster, and
    /// advice knows how the others would have done there, it has the word.
    var verdicts: [String] {
        let sentences = Headline.sentences(results).verdicts
        guard sentences.count == groups.count else { return sentences }
        return zip(groups, sentences).map { group, sentence in advised(group)?.headline ?? sentence }
    }

    private func advised(_ group: [StrategySummary]) -> AdviceQuote.First? {
        guard groups.count > 1, group.count == 1, group[0].clock.kind == .simulated else { return nil }
        return advice.firsts.first { $0.cluster == group[0].clock.machines?.name }
    }

    private var elsewhere: String {
        let said = groups.compactMap { advised($0)?.cluster }
        let sentences = advice.sentences(without: said)
        guard !sentences.isEmpty else { return "" }
        let lines = sentences.map { "- \($0)\n" }.joined()
        let compared = advice.strategies.isEmpty ? "" : " of \(Headline.list(advice.strategies))"
        let rest =
            advice.leftOut.isEmpty ? "" : "; \(Headline.list(advice.leftOut)) cannot be simulated from this run"
        return
            "\n**On other machines**, simulated\(compared)\(rest) ([more](\(AdviceText.pageName))):\n\n\(lines)\n"
    }

    // MARK: How sure

    private func sureness(_ groups: [[StrategySummary]]) -> String {
        let seeds = results.plan.seeds.count
        guard seeds > 1 else {
            return
                "One seed only, so that chance cannot be told from difference: `--seeds 5` repeats all with five draws."
        }
        let words = groups.filter { $0.count > 1 }.map { contest($0, seeds, isAlone: groups.count == 1) }
        let priced = groups.filter { advised($0) != nil }.map { $0[0].strategy }
        let alone = groups.filter { $0.count == 1 && advised($0) == nil }.map { $0[0].strategy }
        guard !words.isEmpty || !priced.isEmpty else {
            return """
                Each time is the median of \(seeds) repetitions with other random draws (seeds), but no two strategies ran on the same \
                machines, so that none of them was compared with another.
                """
        }
        var sentences = words.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
        if !priced.isEmpty {
            sentences.append(
                """
                \(Headline.list(priced)) \(priced.count == 1 ? "" : "each ")ran on a cluster of its own; where a sentence sets strategies \
                against each other that did not run on one cluster, what each did was recorded and is simulated there once more.
                """
            )
        }
        if !alone.isEmpty {
            let verb = alone.count == 1 ? "was" : "were"
            sentences.append(
                "\(Headline.list(alone)) had no rival on the same machines and \(verb) compared with none.")
        }
        return sentences.joined(separator: " ")
    }

    /// Strategies of one clock and the same machines.
    ///
    /// - Parameter isAlone: whether there are no others, so that the machines need no name.
    private func contest(_ group: [StrategySummary], _ seeds: Int, isAlone: Bool) -> String {
        let place = isAlone ? "" : " \(group[0].clock.place)"
        let sorted = group.sorted { $0.timeToTarget.median < $1.timeToTarget.median }
        let first = sorted[0]
        // Who does not get there is no choice, whatever the test makes of a few seeds; the verdict names them.
        let others = sorted.dropFirst().filter(\.timeToTarget.median.isFinite).compactMap {
            PairwiseVerdict(.timeToTarget, first, $0)
        }
        guard !others.isEmpty else {
            return "no other strategy\(place) got to the target with more than half of the seeds"
        }
        let repetitions = "\(seeds) repetitions with other random draws (seeds)"
        let shown = others.filter { $0.comparison.verdict == .firstIsBetter }
        let open = others.filter { $0.comparison.verdict != .firstIsBetter }
        var parts: [String] = []
        if !shown.isEmpty {
            let wins = shown.map(\.comparison.wins)
            let (least, most) = (wins.min() ?? 0, wins.max() ?? 0)
            let name = "`\(first.strategy)`" + (place.isEmpty ? "" : ",\(place),")
            let count = least == most ? "\(least)" : "\(least) to \(most)"
            parts.append(
                "\(name) was before \(Headline.list(shown.map(\.second))) in \(count) of \(repetitions), more than chance explains"
            )
        }
        if !open.isEmpty {
            let names = Headline.list([first.strategy] + open.map(\.second))
            parts.append("\(repetitions) do not tell \(names) apart\(place): take whichever suits you")
        }
        return parts.joined(separator: "; ")
    }

    // MARK: Where it changes

    /// Other targets, of which the recorded curves tell.
    private func changes(_ groups: [[StrategySummary]]) -> String {
        let curve = TargetCurve(results)
        let targets = curve.targets
        guard targets.count > 1 else { return "" }
        let medians = Dictionary(
            curve.points.map { ($0.strategy, $0.points.map(\.time.median)) }, uniquingKeysWith: { first, _ in first })
        let range = "\(text(targets[0])) to \(text(targets[targets.count - 1]))"
        let words = groups.filter { $0.count > 1 }.map { group -> String in
            let place = groups.count > 1 ? " \(group[0].clock.place)" : ""
            let now = group.min { $0.timeToTarget.median < $1.timeToTarget.median } ?? group[0]
            // Only what the seeds show is a change: where two are too close to call, either can have the shorter median.
            let firsts = targets.indices.map { place in
                shownFirst(group, Target(targets[place], of: results.plan.metric)) { medians[$0]?[place] ?? .infinity }
            }
            let others = firsts.indices.filter { firsts[$0] != nil && firsts[$0] != now.strategy }
            guard let name = others.compactMap({ firsts[$0] }).first else {
                return firsts.allSatisfy { $0 == nil }
                    ? "no target from \(range) shows a winner\(place)"
                    : "no target from \(range) shows another strategy\(place) to be before `\(now.strategy)`"
            }
            let chosen = others.filter { firsts[$0] == name }.map { text(targets[$0]) }
            let reached = Headline.plainList(chosen, "or")
            return "for a target of \(reached) `\(name)` is the first\(place), not `\(now.strategy)`"
        }
        let all = (words + [ends(groups, targets, medians)]).filter { !$0.isEmpty }
        guard !all.isEmpty else { return "" }
        let sentence = all.joined(separator: "; ")
        return sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
    }

    /// The strategy that is shown to reach a target before all others of its group that get there; nil where none is.
    private func shownFirst(_ group: [StrategySummary], _ target: Target, median: (String) -> Double) -> String? {
        let reached = group.map { ($0, median($0.strategy)) }.filter { $0.1.isFinite }.sorted { $0.1 < $1.1 }
        guard let first = reached.first, reached.count > 1 else { return nil }
        let isShown = reached.dropFirst().allSatisfy {
            PairwiseVerdict(.timeToTarget, first.0, $0.0, target: target)?.comparison.verdict == .firstIsBetter
        }
        return isShown ? first.0.strategy : nil
    }

    /// Who gets to the target and not to harder ones that others reach.
    private func ends(_ groups: [[StrategySummary]], _ targets: [Double], _ medians: [String: [Double]]) -> String {
        let own = targets.firstIndex(of: results.plan.target) ?? 0
        let named = groups.flatMap(\.self).filter(\.timeToTarget.median.isFinite)
        let ends = named.compactMap { summary -> String? in
            let hardest = medians[summary.strategy]?.lastIndex(where: \.isFinite)
            guard let hardest, hardest >= own, hardest < targets.count - 1 else { return nil }
            let others = named.map(\.strategy).filter { medians[$0]?[hardest + 1].isFinite ?? false }
            let who = others.isEmpty ? "" : ", but \(Headline.list(others)) \(others.count == 1 ? "does" : "do")"
            return "`\(summary.strategy)` does not reach \(text(targets[hardest + 1]))\(who)"
        }
        // Where all end at the same place there is nothing to choose by.
        return ends.count < named.count && ends.count <= 3 ? ends.joined(separator: "; ") : ""
    }

    private func text(_ target: Double) -> String {
        results.plan.metric.isShare ? "\(Format.significant(target * 100)) %" : results.plan.metric.targetText(target)
    }

    /// Other machines, of which only another pricing tells.
    private func clusters(_ groups: [[StrategySummary]]) -> String {
        let simulated = groups.filter { $0[0].clock.kind == .simulated }
        guard let cluster = simulated.first?.first?.clock.machines?.name else {
            return "These times are of this machine; on others the order may be another."
        }
        let places = Set(simulated.compactMap { $0[0].clock.machines?.name }).sorted()
        let command = ShellText.command(["bench", "advise", folder, "--cluster", cluster])
        let condition = isRecorded ? "" : " It needs a run with `--record`."
        let hold = "Simulated times hold for \(Headline.plainList(places.map { MarkdownText.plain($0) }, "and")) alone"
        guard advice.isEmpty else { return "\(hold); what becomes of them elsewhere stands below." }
        return """
            \(hold). At which latency and bandwidth another strategy becomes the first, \(MarkdownText.code(command)) \
            tells.\(condition)
            """
    }

    // MARK: What is what

    /// The task, the strategies and the clusters in words, where there are few enough of them to be read.
    private var meanings: String {
        let plans = results.plan.strategies.filter { !$0.isBaseline }
        guard plans.count <= 6 else { return "" }
        var words: [String] = []
        if let task = try? TrainingTask.named(results.plan.task) {
            words.append("`\(results.plan.task)`: \(task.summary)")
        }
        for plan in plans {
            guard let summary = plan.description?.summary else { continue }
            words.append("`\(plan.name)`: \(MarkdownText.plain(summary))")
        }
        var clusters: [String: String] = [:]
        for cluster in plans.compactMap(\.cluster) where !cluster.summary.isEmpty {
            clusters[cluster.name] = cluster.summary
        }
        for (name, summary) in clusters.sorted(by: { $0.key < $1.key }) {
            words.append("\(MarkdownText.plain(name)): \(MarkdownText.plain(summary))")
        }
        return words.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }.joined(separator: ". ")
            + (words.isEmpty ? "" : ".")
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
