import ArgumentParser
import Experiments
import Foundation
import Storage
import Studies

/// The log of commands that train many experiments, and its display.
struct LogOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write every evaluation while it runs, with MLPerf's keys (JSON Lines).", valueName: "file"))
    var log: String?

    @Flag(
        help:
            "Show how far each strategy is, in place of the bar; 'bench watch' does so from elsewhere, with the log in the output folder."
    )
    var watch = false

    func check(quiet: Bool) throws {
        if log?.isEmpty == true { throw ValidationError("--log is empty; allowed is the name of a file") }
        if watch, quiet { throw ValidationError("--watch shows what --quiet hides; leave one of them out") }
    }

    /// - Parameter output: the output folder.
    func file(in output: String) -> String? { log ?? (watch ? "\(output)/\(EventLog.name)" : nil) }

    /// - Throws: ``ReportError`` saying why the log cannot be written.
    func eventLog(in output: String, _ header: EventLogHeader, appending: Bool = false) throws -> EventLog? {
        try EventLog.begun(file(in: output), header, isWatched: watch, appending: appending)
    }
}

extension EventLog {
    /// A log with its first line; nil without a file.
    ///
    /// - Parameter isWatched: whether this process also shows the contents.
    fileprivate static func begun(
        _ file: String?, _ header: EventLogHeader, isWatched: Bool, appending: Bool
    ) throws -> EventLog? {
        guard let file else { return nil }
        let live = isWatched ? LiveWatch(file) : nil
        let log = try EventLog(file, appending: appending, from: header.finishedRuns) { live?.take($0) }
        log.start(header)
        return log
    }

    /// Logs what happens in a study.
    ///
    /// - Parameter word: what the study consists of, such as `trial`.
    func follow(_ callbacks: inout Study.Callbacks, _ plan: ExperimentPlan, _ word: String) {
        let (began, finished) = (callbacks.began, callbacks.finished)
        callbacks.began = { [self] run, trial in
            began(run, trial)
            begin(run, plan, trial: "\(word) \(trial.index + 1)" + (trial.choices.isEmpty ? "" : " (\(trial.words))"))
        }
        callbacks.measured = { [self] run, point, share in evaluate(run, point, share: share, by: plan.metric) }
        callbacks.finished = { [self] run, trial, record in
            finished(run, trial, record)
            end(run, record, target: plan.goal)
        }
    }
}
