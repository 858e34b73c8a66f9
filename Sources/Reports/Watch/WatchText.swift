import Diagnostics
import Storage
import Experiments
import Training

/// An experiment that is watched, in words: a line for each event, for a pipe or a terminal that only prints, and a screen that is
/// drawn again and again.
package struct WatchText {
    let experiment: WatchedExperiment
    let plan: WatchedExperiment.Plan

    /// Nil where the log has not come to the experiment's first line.
    package init?(_ experiment: WatchedExperiment) {
        guard let plan = experiment.plan else { return nil }
        (self.experiment, self.plan) = (experiment, plan)
    }

    private func clock(_ strategy: String) -> String {
        plan.strategies.firstIndex(of: strategy).map { plan.clocks[$0] } ?? ""
    }

    private func value(_ value: Double) -> String { value.isFinite ? plan.metric.text(value) : "none" }

    var goal: Target { Target(plan.target, of: plan.metric) }

    // MARK: Lines

    /// What an event says, after the experiment has taken it; nil where there is nothing to say.
    package func line(_ event: LoggedEvent) -> String? {
        switch event.key {
        case "experiment_start": return title
        case "experiment_stop": return ending.map { "\($0)." }
        default: break
        }
        guard let run = event.count("run").flatMap({ experiment.runs[$0] }) else { return nil }
        let lead = "[\(run.index + 1)/\(plan.runCount)] \(run.strategy) \(run.words)"
        switch event.key {
        case "run_start": return "\(lead) begins"
        case "eval_accuracy", "run_progress":
            return
                "\(lead)  \(run.progressWords)  \(plan.metric.title) \(value(run.value)), best \(value(run.best ?? .nan))  "
                + "\(Format.seconds(run.clusterSeconds)) \(clock(run.strategy))"
        case "run_stop":
            return
                "\(lead) \(run.outcome ?? "")  \(plan.metric.title) \(value(run.value)), best \(value(run.best ?? .nan))  "
                + "\(Format.seconds(run.clusterSeconds)) \(clock(run.strategy))"
        default: return nil
        }
    }

    /// What is run.
    var title: String {
        func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
        let parts = [
            plan.strategies.count == 1 ? "1 strategy" : "\(plan.strategies.count) strategies",
            counted(plan.seedCount, "seed"), counted(plan.runCount, "run"),
        ]
        let kind = plan.kind == .run ? "" : ", \(plan.kind.rawValue)"
        return "\(plan.task)\(kind): \(parts.joined(separator: ", ")); target \(goal.words)"
    }

    /// How the experiment ended; nil where it has not.
    package var ending: String? {
        let count = "\(experiment.finishedRuns) of \(plan.runCount) runs are finished"
        switch experiment.end {
        case nil: return nil
        case .finished: return "The experiment has ended: \(count)"
        case .stopped(let reason): return "The experiment was stopped: \(VisibleText.line(reason)); \(count)"
        }
    }

    // MARK: Screen

    /// Lines of a screen that are not longer than it is wide, and not more than it has; they may have colours.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - rows: of the screen; nil for any number.
    package func screen(_ layout: TextLayout, _ style: CurveStyle, now: Double, rows: Int? = nil) -> [String] {
        var lines = layout.paragraph(title).split(separator: "\n").map(String.init)
        lines.append(layout.shown(status(now)))
        lines.append("")
        lines += table(now).terminal(layout).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let room = rows.map { max(3, $0 - 1) } ?? .max
        for curve in curves(style) where lines.count + curve.count + 1 <= room { lines += curve + [""] }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count > room else { return lines }
        return lines.prefix(room - 1) + ["... \(lines.count - room + 1) lines more than the window has"]
    }

    private func status(_ now: Double) -> String {
        if let ending { return "\(ending)." }
        var text = "\(experiment.finishedRuns) of \(plan.runCount) runs are finished, "
        text += "\(Format.seconds(max(0, (now - experiment.began) / 1000).rounded())) so far"
        if let left = experiment.secondsLeft(now) { text += ", about \(Format.seconds(left.rounded(.up))) left" }
        return text
    }

    private func table(_ now: Double) -> TextTable {
        var table = TextTable(
            [
                ("", .left), ("strategy", .left), ("runs", .right), ("", .left), ("at", .left),
                (plan.metric.title, .right), ("best", .right), ("time", .right), ("clock", .left), ("left", .right),
            ], keys: [0, 1])
        for (index, name) in plan.strategies.enumerated() {
            let runs = experiment.runs.values.filter { $0.strategy == name }.sorted { $0.index < $1.index }
            let finished = runs.count { $0.outcome != nil }
            let running = runs.filter { $0.outcome == nil }
            // The last run that has anything to show.
            let shown = running.last { !$0.points.isEmpty } ?? runs.last { !$0.points.isEmpty }
            let done = Double(finished) + running.reduce(0) { $0 + min(max($1.share, 0), 1) }
            let left = running.first.flatMap { experiment.remaining.seconds(of: $0.running(now)) }
            table.append([
                String(CurveText.Series.letter(index)), name, "\(finished)/\(plan.runs[index])",
                Self.bar(plan.runs[index] > 0 ? done / Double(plan.runs[index]) : 1), state(running, finished, index),
                shown.map { value($0.value) } ?? "-", shown?.best.map(value) ?? "-",
                shown.map { Format.seconds($0.clusterSeconds) } ?? "-", plan.clocks[index],
                experiment.end == nil ? left.map { Format.seconds($0.rounded(.up)) } ?? "-" : "-",
            ])
        }
        return table
    }

    private func state(_ running: [WatchedExperiment.Run], _ finished: Int, _ strategy: Int) -> String {
        if let run = running.first {
            let others = running.count > 1 ? " and \(running.count - 1) more" : ""
            return experiment.end == nil ? "\(run.words), \(run.progressWords)\(others)" : "stopped at \(run.words)"
        }
        return finished >= plan.runs[strategy] ? "done" : "-"
    }

    /// A bar like the one that the program shows under its own runs.
    package static func bar(_ share: Double, width: Int = 12) -> String {
        let filled = Int(min(max(share, 0), 1) * Double(width))
        return String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    }

    // MARK: Curves

    /// The curves of the latest run of each strategy: the lines of a plot for each kind of clock.
    private func curves(_ style: CurveStyle) -> [[String]] {
        var kinds: [String] = []
        for clock in plan.clocks where !kinds.contains(clock) { kinds.append(clock) }
        return kinds.compactMap { kind in
            let chosen = plan.strategies.indices.filter { plan.clocks[$0] == kind }.prefix(Ink.seriesCount)
            let places = Set(chosen.map { plan.machines[$0] })
            let series = chosen.compactMap { index -> CurveText.Series? in
                let name = plan.strategies[index]
                let run = experiment.runs.values.filter { $0.strategy == name && $0.points.count > 1 }
                    .max { $0.index < $1.index }
                let place = plan.machines[index].split(separator: " ").last ?? ""
                return run.map {
                    CurveText.Series(places.count > 1 ? "\(name) (\(place))" : name, index: index, $0.points)
                }
            }
            let points = series.map(\.points)
            guard let x = PicturedRuns.axis(.seconds, points),
                let y = PicturedRuns.qualityAxis(points, plan.metric, target: plan.target)
            else { return nil }
            let place = places.count == 1 ? places.first ?? kind : kind
            return CurveText(
                title:
                    "\(plan.metric.title) against cluster time\(x.kind == .logarithmic ? " (log)" : ""), \(place), latest run of each",
                series: series, x: x, y: y, target: plan.target
            ).lines(style)
        }
    }
}
