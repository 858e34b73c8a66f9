import Experiments
import Foundation
import Locking
import Reports
import Storage

/// Where a run of the program writes everything that it leaves, and what it shows while it runs.
struct RunOutputs: Sendable {
    let store: CheckpointDirectory?
    let directory: OutputDirectory
    let latest: LatestResults<Results>
    let log: EventLog?
    private let progress: ProgressDisplay
    private let trace: LossTraceFile
    private let models: ModelFiles?

    /// - Parameter store: the checkpoints; if there are earlier ones, the files of their runs are continued.
    init(_ files: FileOptions, _ plan: ExperimentPlan, _ store: CheckpointDirectory?) throws {
        self.store = store
        directory = try OutputDirectory(files.output, for: .results)
        if store?.resumed != nil {
            directory.removeTemporaries()
            for file in [files.save, files.traceLoss, files.trace].compactMap({ $0 }) {
                removeTemporaries(of: URL(fileURLWithPath: file))
            }
        }
        models = try ModelFiles(files.save, plan)
        try files.checkTraceFile()
        let first = store?.resumed?.finishedRuns ?? 0
        log = try files.logs.eventLog(
            in: files.output,
            EventLogHeader(.run, plan, finishedRuns: first), appending: store?.resumed != nil)
        progress = ProgressDisplay(
            isOn: !files.quiet && !files.logs.watch, metric: plan.metric, from: first,
            runs: plan.runs.map(\.strategy.name))
        latest = LatestResults<Results>.ofRuns(in: directory)
        trace = LossTraceFile(files.traceLoss, plan)
    }

    /// Writes the finished runs, for a program that ends early.
    ///
    /// - Parameter error: an error that is reported anyway.
    /// - Returns: a message for standard error about what was written.
    func lastWords(_ error: (any Error)?) -> String? {
        progress.end()
        log?.stop(because: error.map { "\($0)" } ?? "a signal")
        let message = latest.writeUnfinished(after: error)
        let traceFailure = trace.writeUnfinished()
        let hint = store == nil ? nil : CheckpointOptions.hint
        let words = [message, traceFailure, hint].compactMap { $0 }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    /// Writes all files of a finished experiment.
    func write(_ results: Results) -> Result<Void, any Error> {
        defer { progress.end() }
        let written = Result {
            try latest.finish(results)
            try trace.write()
        }
        if case .failure(let error) = written { log?.stop(because: "\(error)") } else { log?.stop(because: nil) }
        return written
    }

    func callbacks(_ plan: ExperimentPlan) -> Experiment.Callbacks {
        var callbacks = Experiment.Callbacks(
            began: { run in
                progress.begin(run)
                log?.begin(run, plan)
            },
            evaluated: { run, point, share in
                progress.update(run, share: share)
                log?.evaluate(run, point, share: share, by: plan.metric)
            },
            finished: { run, record, losses, parameters in
                progress.finish(run, record)
                log?.end(run, record, target: plan.goal)
                try log?.check()
                guard run.repetition == 0 else { return }
                trace.append(record, losses, of: run.index)
                try models?.write(parameters, of: record)
            })
        callbacks.resumed = { try trace.takeOver($0, from: store) }
        return callbacks
    }
}

/// The files for trained models.
private struct ModelFiles: Sendable {
    let file: URL
    let isOnly: Bool

    init?(_ file: String?, _ plan: ExperimentPlan) throws {
        guard let file else { return nil }
        try requireWritableParent(of: file, option: "--save")
        self.file = URL(fileURLWithPath: file)
        isOnly = plan.isOneRun
    }

    func write(_ parameters: FinalParameters?, of record: RunRecord) throws {
        guard let parameters else { return }
        try writeAtomically(
            try parameters.encoded(), to: runFile(file, record.strategy, seed: record.seed, isOnly: isOnly))
    }
}

/// The file of `--trace-loss`, if there is one.
private final class LossTraceFile: Sendable {
    private struct State {
        var csv = LossTraceCSV()
        var runs = InOrder<(strategy: String, record: RunRecord, losses: [Double])>()

        mutating func append(_ runs: [(strategy: String, record: RunRecord, losses: [Double])]) {
            for (strategy, record, losses) in runs {
                csv.append(strategy: strategy, label: record.strategy, seed: record.seed, losses: losses)
            }
        }
    }

    private let file: String?
    /// The registered names of strategies by the names of rows.
    private let strategies: [String: String]
    private let state = Guarded(State())

    init(_ file: String?, _ plan: ExperimentPlan) {
        self.file = file
        strategies = Dictionary(plan.strategies.map { ($0.name, $0.strategy) }, uniquingKeysWith: { name, _ in name })
    }

    func append(_ record: RunRecord, _ losses: [Double], of run: Int) {
        guard file != nil else { return }
        let strategy = strategies[record.strategy] ?? record.strategy
        state.withLock { state in
            state.append(state.runs.add((strategy, record, losses), of: run, isLast: true))
        }
    }

    /// Adds the losses of runs that an earlier process finished.
    func takeOver(_ results: Results, from store: CheckpointDirectory?) throws {
        guard file != nil, let store else { return }
        for (run, (record, losses)) in zip(results.runs, try store.finishedLosses()).enumerated() {
            append(record, losses, of: run)
        }
    }

    /// Writes the losses of all finished runs.
    func write() throws(ReportError) {
        let (text, isEmpty) = state.withLock { state in
            state.append(state.runs.rest())
            return (state.csv.text, state.csv.isEmpty)
        }
        if let file, !isEmpty { try writeAtomically(Data(text.utf8), to: URL(fileURLWithPath: file)) }
    }

    /// Writes the losses, and returns a message where that fails.
    func writeUnfinished() -> String? {
        do throws(ReportError) { try write() } catch { return "\(error)." }
        return nil
    }
}
