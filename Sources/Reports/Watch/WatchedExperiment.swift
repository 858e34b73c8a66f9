import Storage
import Diagnostics
import Experiments
import Training

/// What is known of an experiment from its log.
package struct WatchedExperiment: Sendable {
    /// What is going to be run.
    package struct Plan: Sendable {
        package let kind: EventLogHeader.Kind
        package let task: String
        let metric: Metric
        let target: Double
        let strategies: [String]
        /// For each strategy, the kind of its clock, and the clock with its machines.
        let clocks, machines: [String]
        /// How many runs each strategy has.
        let runs: [Int]
        let seedCount: Int
        let finishedRuns: Int
        package let process: ProcessIdentity

        package var runCount: Int { runs.reduce(0, +) }
    }

    package struct Run: Sendable {
        let index: Int
        let strategy: String
        let seed: Int
        let repetition: Int
        let trial: String?
        let epochs: Double?
        let began: Double
        var share = 0.0
        /// Milliseconds since 1970 of the last evaluation.
        var seen: Double
        var points: [PlotPoint] = []
        var value = Double.nan
        var best: Double?
        var clusterSeconds = 0.0
        /// `completed`, `diverged` or `stopped`; nil while it is under way.
        var outcome: String?
        var ended: Double?
    }

    package enum End: Sendable {
        case finished
        case stopped(reason: String)
    }

    private let path: String
    private var begunWith: Plan?
    package private(set) var runs: [Int: Run] = [:]
    package private(set) var end: End?
    /// When the log's first line was written, in milliseconds since 1970.
    package private(set) var began = 0.0
    private(set) var remaining = RemainingTime()

    /// - Parameter path: the log's path, for error messages.
    package init(_ path: String) { self.path = path }

    /// What is going to be run; nil before the first line.
    package var plan: Plan? { begunWith }
    package var finishedRuns: Int { (plan?.finishedRuns ?? 0) + runs.values.count { $0.outcome != nil } }

    /// - Throws: ``ReportError`` for an event that is not as the program writes it.
    package mutating func take(_ event: LoggedEvent) throws(ReportError) {
        if event.key == "experiment_start" { return try start(event) }
        guard let plan else {
            throw ReportError(
                "\(event.place): found '\(VisibleText.line(event.key))'; allowed is a log that begins with 'experiment_start', as this version "
                    + "of bench writes it with --log")
        }
        switch event.key {
        case "run_start": try begin(event)
        case "eval_accuracy":
            let value = plan.metric == .accuracy ? event.numberValue : event.number("eval_value")
            try evaluate(event, plan, value ?? .nan)
        case "run_progress": try evaluate(event, plan, event.numberValue ?? .nan)
        case "run_stop": try finish(event)
        case "experiment_stop":
            end =
                event.text("status") == "success"
                ? .finished : .stopped(reason: event.text("reason") ?? "no reason is given")
        default: break
        }
    }

    private func wrong(_ event: LoggedEvent, _ what: String) -> ReportError {
        ReportError("\(event.place): \(event.key) has no '\(what)' that is one; allowed is what --log writes")
    }

    private mutating func start(_ event: LoggedEvent) throws(ReportError) {
        guard let kind = event.text("kind").flatMap(EventLogHeader.Kind.init) else { throw wrong(event, "kind") }
        guard let metric = event.text("metric").flatMap(Metric.init) else { throw wrong(event, "metric") }
        guard let target = event.number("target") else { throw wrong(event, "target") }
        let (names, counts) = (event.texts("strategies"), event.counts("runs"))
        guard !names.isEmpty else { throw wrong(event, "strategies") }
        guard counts.count == names.count, counts.allSatisfy({ (0...1_000_000).contains($0) }) else {
            throw wrong(event, "runs")
        }
        let (clocks, machines) = (event.texts("clocks"), event.texts("machines"))
        guard clocks.count == names.count, machines.count == names.count else { throw wrong(event, "clocks") }
        guard let host = event.text("host"), let pid = event.count("pid").flatMap({ Int32(exactly: $0) }) else {
            throw wrong(event, "pid")
        }
        // An experiment that is resumed keeps the runs that it had finished.
        runs = runs.filter { $0.value.outcome != nil }
        let finished = max(0, (event.count("finished_runs") ?? 0) - runs.count)
        begunWith = Plan(
            kind: kind, task: event.textValue ?? "", metric: metric, target: target, strategies: names, clocks: clocks,
            machines: machines, runs: counts, seedCount: event.length("seeds"), finishedRuns: finished,
            process: ProcessIdentity(host: host, number: pid, began: event.count("process_began")))
        (end, began) = (nil, event.milliseconds)
        let ahead = Dictionary(zip(names, counts), uniquingKeysWith: { first, _ in first })
        remaining = RemainingTime(runs: event.flag("runs_are_alike") == false ? [:] : ahead)
        for run in runs.values { remaining.begin(run.strategy) }
    }

    private mutating func begin(_ event: LoggedEvent) throws(ReportError) {
        guard let index = event.count("run") else { throw wrong(event, "run") }
        if runs[index] == nil, let name = event.text("strategy") { remaining.begin(name) }
        let before = runs[index]
        runs[index] = try run(event, index)
        // The run is known by its progress already: it began while runs before it were under way, and its line came
        // after them.
        if let before, before.outcome == nil { runs[index]?.seen = before.seen }
    }

    private func run(_ event: LoggedEvent, _ index: Int) throws(ReportError) -> Run {
        guard let strategy = event.text("strategy") else { throw wrong(event, "strategy") }
        return Run(
            index: index, strategy: strategy, seed: event.count("seed") ?? 0,
            repetition: event.count("repetition") ?? 0,
            trial: event.text("trial"), epochs: event.number("epochs"), began: event.milliseconds,
            seen: event.milliseconds)
    }

    private mutating func evaluate(_ event: LoggedEvent, _ plan: Plan, _ value: Double) throws(ReportError) {
        guard let index = event.count("run") else { throw wrong(event, "run") }
        if runs[index] == nil {
            // The line of the run's beginning waits for the runs before it, and comes later.
            let begun = try run(event, index)
            runs[index] = begun
            remaining.begin(begun.strategy)
        }
        guard var run = runs[index] else { return }
        run.seen = max(run.seen, event.milliseconds)
        run.share = event.number("share") ?? run.share
        run.clusterSeconds = event.number("cluster_seconds") ?? run.clusterSeconds
        run.value = value
        if value.isFinite {
            run.best = plan.metric.best(of: [run.best, value].compactMap { $0 })
            run.points.append(PlotPoint(x: run.clusterSeconds, y: value))
        }
        runs[index] = run
    }

    private mutating func finish(_ event: LoggedEvent) throws(ReportError) {
        guard let index = event.count("run") else { throw wrong(event, "run") }
        guard runs[index] != nil, runs[index]?.outcome == nil else { return }
        runs[index]?.outcome = event.text("outcome") ?? "completed"
        runs[index]?.ended = event.milliseconds
        if let seconds = event.number("cluster_seconds") { runs[index]?.clusterSeconds = seconds }
        if let run = runs[index] {
            let seconds = event.number("host_seconds") ?? (event.milliseconds - run.began) / 1000
            remaining.finish(run.strategy, seconds: seconds)
        }
    }

    // MARK: What it comes to

    /// The runs that are under way, by their number.
    package var running: [Run] { runs.values.filter { $0.outcome == nil }.sorted { $0.index < $1.index } }

    /// - Parameter now: milliseconds since 1970.
    package func secondsLeft(_ now: Double) -> Double? { remaining.seconds(running.map { $0.running(now) }) }
}

extension WatchedExperiment.Run {
    func running(_ now: Double) -> RemainingTime.Running {
        RemainingTime.Running(
            strategy, seconds: max(0, now - began) / 1000, share: share, secondsOfShare: max(0, seen - began) / 1000)
    }

    /// The run in words, such as `seed 2` or `trial 3 (learning-rate=0.1) seed 2`.
    var words: String {
        (trial.map { "\($0) " } ?? "") + "seed \(seed)" + (repetition > 0 ? " repetition \(repetition + 1)" : "")
    }

    /// How far the run is, such as `epoch 2 of 10`.
    var progressWords: String {
        guard let epochs, epochs > 0 else { return Format.percent(min(share, 1), decimals: 0) }
        return "epoch \(Format.significant(min(share, 1) * epochs)) of \(Format.significant(epochs))"
    }
}
