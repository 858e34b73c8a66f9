import Cluster
import Diagnostics
import Experiments
import Foundation
import Locking
import Studies

/// A line on standard error that is written over: which run of how many, a bar, time so far and time left; and a line
/// that stays for every run that is finished. A terminal that cannot erase a line gets those alone.
final class ProgressDisplay: Sendable {
    private struct State {
        var (strategy, label, index, count) = ("", "", 0, 1)
        var share = 0.0
        var runBegan = ContinuousClock.now
        var lastDrawn: ContinuousClock.Instant?
        /// Seconds of finished runs, by strategy.
        var finished: [String: [Double]] = [:]
    }

    private let terminal: Terminal
    private let began = ContinuousClock.now
    private let state = Guarded(State())

    init(isOn: Bool, on terminal: Terminal = .standardError) { self.terminal = isOn ? terminal : .none }

    /// - Parameter trial: of a study.
    func begin(_ run: Experiment.RunIdentity, _ trial: StudyTrial? = nil) {
        state.withLock { state in
            (state.strategy, state.index, state.count) = (run.strategy.name, run.index, run.count)
            state.label = Self.label(run, trial)
            state.share = 0
            state.runBegan = .now
            draw(&state, always: true)
        }
    }

    /// - Parameter share: of the run's samples.
    func update(share: Double) {
        state.withLock { state in
            state.share = share
            draw(&state, always: false)
        }
    }

    func finish(_ run: Experiment.RunIdentity, _ record: RunRecord, _ trial: StudyTrial? = nil) {
        state.withLock { state in
            state.finished[record.strategy, default: []].append((.now - state.runBegan).inSeconds)
            let percent = Format.percent(record.finalAccuracy, decimals: 2)
            let accuracy =
                switch record.outcome {
                case .completed: percent
                case .diverged: "diverged"
                case .stopped: "\(percent), stopped"
                }
            let name = record.strategy.padding(toLength: 12, withPad: " ", startingAt: 0)
            // A line for each result; repetitions have the same ones.
            guard run.repetition == 0 else { return }
            let line = "\(name) \(Self.label(run, trial))  \(accuracy)  \(Format.seconds(record.hostSeconds))\n"
            switch terminal {
            case .none: break
            case .plain: Console.error(line)
            case .overwriting: Console.error(Self.erasing + line)
            }
        }
    }

    private static func label(_ run: Experiment.RunIdentity, _ trial: StudyTrial?) -> String {
        (trial.map { "trial \($0.index + 1) (\($0.words)) " } ?? "") + "seed \(run.seed)"
    }

    func end() { if terminal == .overwriting { Console.error(Self.erasing) } }

    /// Back to the line's beginning, without what stands in it.
    private static let erasing = "\r\u{1B}[K"

    private func draw(_ state: inout State, always: Bool) {
        guard terminal == .overwriting else { return }
        let now = ContinuousClock.now
        if !always, let last = state.lastDrawn, now - last < .milliseconds(100) { return }
        state.lastDrawn = now
        let width = 24
        let filled = Int(state.share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let elapsed = (now - began).inSeconds
        var line =
            "[\(state.index + 1)/\(state.count)] \(state.strategy) \(state.label) \(bar) \(Format.seconds(elapsed))"
        if let left = secondsLeft(state, now) { line += ", about \(Format.seconds(left.rounded(.up))) left" }
        // In the last column some terminals go on to the next line.
        Console.error(Self.erasing + line.prefix(max(1, Terminal.columns - 1)))
    }

    /// From the time per sample of this run, and the mean of the finished runs for those to come.
    private func secondsLeft(_ state: State, _ now: ContinuousClock.Instant) -> Double? {
        let inRun = (now - state.runBegan).inSeconds
        let times = state.finished.values.joined()
        let own = state.finished[state.strategy]?.last ?? (state.share > 0.05 ? inRun / state.share : nil)
        guard let own else { return nil }
        let mean = times.isEmpty ? own : times.reduce(0, +) / Double(times.count)
        return max(0, own - inRun) + mean * Double(state.count - state.index - 1)
    }
}
