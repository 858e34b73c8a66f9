import Cluster
import Diagnostics
import Experiments
import Foundation
import Locking
import Reports
import Studies
import Training

/// A line on standard error that is redrawn: which run of how many, a bar, elapsed time and time left; and a permanent
/// line for every finished run. A terminal that cannot erase a line shows only the permanent lines.
///
/// Among runs that are made side by side, the first one has the bar, and permanent lines are in the experiment's order.
final class ProgressDisplay: Sendable {
    private struct Run {
        let strategy: String
        let label: String
        /// The run's passes over the training set.
        let epochs: Double
        let began = ContinuousClock.now
        var share = 0.0
        /// When that share was reached.
        var seen = ContinuousClock.now

        func running(_ now: ContinuousClock.Instant) -> RemainingTime.Running {
            RemainingTime.Running(
                strategy, seconds: (now - began).inSeconds, share: share, secondsOfShare: (seen - began).inSeconds)
        }
    }

    private struct State {
        /// The runs that are under way, by index.
        var runs: [Int: Run] = [:]
        var count = 1
        var lastDrawn: ContinuousClock.Instant?
        var remaining: RemainingTime
        var lines: InOrder<String>
    }

    private let terminal: Terminal
    private let metric: Metric
    private let began = ContinuousClock.now
    private let state: Guarded<State>

    /// - Parameters:
    ///   - metric: the metric by which finished runs are described.
    ///   - first: the index of the first run that is made.
    ///   - runs: the strategy of each run, where all runs of a strategy take alike; empty where they do not.
    init(
        isOn: Bool, metric: Metric = .accuracy, on terminal: Terminal = .standardError, from first: Int = 0,
        runs: [String] = []
    ) {
        self.metric = metric
        self.terminal = isOn ? terminal : .none
        let counts = Dictionary(runs.dropFirst(first).map { ($0, 1) }, uniquingKeysWith: +)
        state = Guarded(State(remaining: RemainingTime(runs: counts), lines: InOrder(from: first)))
    }

    /// - Parameter trial: the trial of a study; nil for other runs.
    func begin(_ run: Experiment.RunIdentity, _ trial: StudyTrial? = nil) {
        state.withLock { state in
            state.runs[run.index] = Run(
                strategy: run.strategy.name, label: Self.label(run, trial), epochs: run.strategy.configuration.epochs)
            state.remaining.begin(run.strategy.name)
            state.count = run.count
            draw(&state, always: true)
        }
    }

    /// - Parameter share: the part of the run's samples that are done, 0 to 1.
    func update(_ run: Experiment.RunIdentity, share: Double) {
        state.withLock { state in
            state.runs[run.index]?.share = share
            state.runs[run.index]?.seen = .now
            draw(&state, always: false)
        }
    }

    func finish(_ run: Experiment.RunIdentity, _ record: RunRecord, _ trial: StudyTrial? = nil) {
        state.withLock { state in
            if let began = state.runs.removeValue(forKey: run.index)?.began {
                state.remaining.finish(record.strategy, seconds: (.now - began).inSeconds)
            }
            let value = metric.text(record.finalValue(metric)) + (metric == .accuracy ? "" : " \(metric.title)")
            let end =
                switch record.outcome {
                case .completed: value
                case .diverged: "diverged"
                case .stopped: "\(value), stopped"
                }
            let name = record.strategy.padding(toLength: 12, withPad: " ", startingAt: 0)
            // One line for each result; repetitions have the same result and get none.
            let line =
                run.repetition > 0
                ? "" : "\(name) \(Self.label(run, trial))  \(end)  \(Format.seconds(record.hostSeconds))\n"
            tell(state.lines.add(line, of: run.index, isLast: true))
        }
    }

    private func tell(_ lines: [String]) {
        let text = TerminalAbilities.error.layout.shown(lines.joined())
        switch terminal {
        case .overwriting where !text.isEmpty: Console.error(Console.erasing + text)
        case .plain where !text.isEmpty: Console.error(text)
        case .none, .plain, .overwriting: break
        }
    }

    private static func label(_ run: Experiment.RunIdentity, _ trial: StudyTrial?) -> String {
        (trial.map { "trial \($0.index + 1) (\($0.words)) " } ?? "") + "seed \(run.seed)"
    }

    /// Erases the bar, and prints the lines of finished runs even if earlier runs are not finished.
    func end() {
        state.withLock { state in
            if terminal == .overwriting { Console.eraseBar() }
            tell(state.lines.rest())
        }
    }

    private func draw(_ state: inout State, always: Bool) {
        guard terminal == .overwriting, let (index, run) = state.runs.min(by: { $0.key < $1.key }) else { return }
        let now = ContinuousClock.now
        if !always, let last = state.lastDrawn, now - last < .milliseconds(100) { return }
        state.lastDrawn = now
        let others = state.runs.count > 1 ? " and \(state.runs.count - 1) more" : ""
        let epochs = "\(Format.significant(min(run.share, 1) * run.epochs)) of \(Format.significant(run.epochs))"
        var line =
            "[\(index + 1)/\(state.count)] \(run.strategy) \(run.label) epoch \(epochs)\(others) "
            + "\(WatchText.bar(run.share, width: 24)) " + Format.seconds((now - began).inSeconds)
        if let left = state.remaining.seconds(state.runs.values.map { $0.running(now) }) {
            line += ", about \(Format.seconds(left.rounded(.up))) left"
        } else if let left = state.remaining.seconds(of: run.running(now)) {
            line += ", about \(Format.seconds(left.rounded(.up))) left of this run"
        }
        Console.drawBar(line)
    }
}
