import ArgumentParser
import Cluster
import Datasets
import Experiments
import Foundation
import Locking
import Reports
import Storage

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a task with one or more strategies and compare them (default).",
        discussion: """
            Every strategy trains the same model from the same initial parameters on the same samples, once for each \
            seed. The comparison goes to standard output, progress to standard error, and into the output folder go \
            results.json (everything), summary.csv (a row per strategy), curves.csv (a row per evaluation) and report.md.
            """)

    @OptionGroup(title: "Experiment") var experiment: ExperimentOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup(title: "Machines and network") var cluster: ClusterOptions
    @OptionGroup(title: "Options of strategies") var settings: StrategySettings
    @OptionGroup(title: "Files") var files: FileOptions
    @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions
    @OptionGroup(title: "Tuned options") var tuned: TunedOptions

    var builder: PlanBuilder {
        PlanBuilder(
            experiment: experiment, training: training, cluster: cluster, settings: settings, data: files.data)
    }

    func validate() throws {
        try files.checkNames()
        try checkpoints.check()
        try tuned.check()
        do {
            let plan = try builder.plan()
            // A study may have chosen another one.
            if tuned.tuned == nil { try builder.checkMomentum(plan) }
            try Experiment.check(plan)
            try files.check(plan)
            try files.checkThatNoneMeet(
                plan, cluster, checkpoints, tuned: tuned.tuned, planFile: experiment.plan)
        } catch let error as ValidationError {
            throw error
        } catch let error where error is ClusterFileError && cluster.namesFile {
            // A file that is wrong is no wrong command line: run() says so.
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        var plan = try tuned.applied(to: try builder.plan(), builder)
        try builder.checkMomentum(plan)
        try HostNeed.check(&plan, isJobsGiven: cluster.jobs != nil)
        let experiment = try Experiment(plan, data: DataDirectory(files.data))
        let job =
            plan.strategies.contains { $0.fabric == .mpi }
            ? try MPILaunch.description(
                of: experiment.plan, patience: cluster.patience ?? ClusterOptions.standardPatience) : nil
        if MPILaunch.isFollower { return try experiment.follow() }
        for other in try builder.carriedStrategies().others {
            printError("'\(other.name)' is left out: \(other.reason).")
        }
        OptionUse.notes(builder, plan).forEach(printError)
        var machine = MachineDescription.current(arguments: CommandLine.arguments)
        machine.mpi = job
        let store = try checkpoints.directory(experiment, machine, files)
        let output = try OutputDirectory(files.output, notWith: StudyFile.name)
        if store?.resumed != nil {
            output.removeTemporaries()
            for file in [files.save, files.traceLoss, files.trace].compactMap({ $0 }) {
                removeTemporaries(of: URL(fileURLWithPath: file))
            }
        }
        let modelFiles = try ModelFiles(files.save, plan)
        try files.checkTraceFile()
        let first = store?.resumed?.finishedRuns ?? 0
        let log = try files.log.map { try EventLog($0, appending: store?.resumed != nil, from: first) }

        let progress = ProgressDisplay(isOn: !files.quiet, from: first)
        let latest = LatestResults<Results>.ofRuns(in: output)
        let trace = LossTraceFile(files.traceLoss, plan)
        // What is finished is not lost with what stops the program.
        let lastWords: @Sendable ((any Error)?) -> String? = { error in
            progress.end()
            log?.finish()
            let message = latest.writeUnfinished(after: error)
            let traceFailure = trace.writeUnfinished()
            let hint = store == nil ? nil : CheckpointOptions.hint
            let words = [message, traceFailure, hint].compactMap { $0 }
            return words.isEmpty ? nil : words.joined(separator: " ")
        }
        let interruption = try Interruption { lastWords(nil) }
        MPILaunch.setLastWords { if let words = lastWords(nil) { printError(words) } }
        let results: Results
        do {
            var callbacks = callbacks(plan, progress, log, trace, modelFiles)
            files.observe(plan, output, &callbacks)
            callbacks.resumed = { try trace.takeOver($0, from: store) }
            results = try experiment.run(
                machine: machine, callbacks: callbacks, checkpoints: store,
                update: { results in
                    // A launcher that has lost a process may kill the others without a last word.
                    if job != nil { try latest.save(results, all: true) } else { latest.set(results) }
                })
        } catch {
            MPILaunch.setLastWords {}
            if let words = lastWords(error) { printError(words) }
            interruption.disarm()
            throw error
        }
        // Files first: whoever reads the text may go away.
        let written = Result {
            try latest.finish(results)
            try trace.write()
        }
        MPILaunch.setLastWords {}
        progress.end()
        interruption.disarm()
        tell(results)
        if case .failure(let error) = written, let words = latest.writeUnfinished(after: error) { printError(words) }
        try written.get()
        try log?.check()
        print("Report, CSV and JSON: \(output.url.relativePath)/")
    }

    private func callbacks(
        _ plan: ExperimentPlan, _ progress: ProgressDisplay, _ log: EventLog?, _ trace: LossTraceFile,
        _ modelFiles: ModelFiles?
    ) -> Experiment.Callbacks {
        Experiment.Callbacks(
            began: { run in
                progress.begin(run)
                log?.begin(run, plan)
            },
            evaluated: { run, point, share in
                progress.update(run, share: share)
                log?.evaluate(run, point)
            },
            finished: { run, record, losses, parameters in
                progress.finish(run, record)
                log?.end(run, record, target: plan.target)
                try log?.check()
                guard run.repetition == 0 else { return }
                trace.append(record, losses, of: run.index)
                try modelFiles?.write(parameters, of: record)
            })
    }

    private func tell(_ results: Results) {
        print(ComparisonTable.terminal(results))
        print(MarkdownReport.summary(results))
        if let warning = DataText.warning(results) { print(warning) }
        if let words = DropoutSection.words(results) { print(words) }
        for strategy in results.plan.strategies {
            for choice in [strategy.allReduceChoice].compactMap({ $0 }) + (strategy.bucketChoices ?? []) {
                print("`\(strategy.name)` all-reduces by \(OptionText.choice(choice)).\n")
            }
            if let note = OptionText.overlapNote(strategy, task: results.plan.task) {
                print("`\(strategy.name)` \(note).\n")
            }
        }
        for line in DeviceSection.lines(results) { print(line + "\n") }
    }
}

struct FileOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Where the results go.", valueName: "folder"))
    var output = "Results/latest"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Save the trained parameters (safetensors); of several runs each to FILE-STRATEGY-seedN.", valueName: "file"
        ))
    var save: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Write the loss of every optimizer step (CSV).", valueName: "file"))
    var traceLoss: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write what every rank of a simulated run does, for ui.perfetto.dev (Chrome trace, under 50 MB); of several runs each to FILE-STRATEGY-seedN.",
            valueName: "file.json"))
    var trace: String?

    @Flag(
        help: "Record the schedules of simulated runs in the output folder, for 'bench reprice'.")
    var record = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write every evaluation while it runs, with MLPerf's keys (JSON Lines).", valueName: "file"))
    var log: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The folder of data sets. (default: $BENCH_DATA, else ~/.cache/distributed-training-bench)",
            valueName: "folder"))
    var data: String?

    @Flag(help: "No progress on standard error.")
    var quiet = false

    private var optionalFiles: [(String, String?)] {
        [("save", save), ("trace-loss", traceLoss), ("trace", trace), ("log", log)]
    }

    /// What can be said of the names without looking at the disk.
    func checkNames() throws {
        for (option, value) in [("output", output)] + optionalFiles
        where value?.isEmpty == true {
            throw ValidationError(
                "--\(option) is empty; allowed is the name of a \(option == "output" ? "folder" : "file")")
        }
    }

    func checkTraceFile() throws {
        if let traceLoss { try requireWritableParent(of: traceLoss, option: "--trace-loss") }
        if let log { try requireWritableParent(of: log, option: "--log") }
        if let trace { try requireWritableParent(of: trace, option: "--trace") }
    }

    /// Traces and schedules are made of simulated runs.
    func check(_ plan: ExperimentPlan) throws {
        let others = plan.strategies.filter { $0.fabric != .simulated }.map(\.name)
        if trace != nil, !others.isEmpty {
            throw ValidationError(
                "--trace: \(others.joined(separator: ", ")) would be measured, not simulated; allowed are simulated "
                    + "strategies: choose them with --strategy (sync, federated), or simulate all with --clock simulated"
            )
        }
        if record, !plan.strategies.contains(where: \.hasFixedSchedule) {
            throw ValidationError(
                "--record: no chosen run is simulated and independent of time; allowed are --strategy sync, federated, or all "
                    + "with --clock simulated, without --limit-time, --limit-bytes and ranks that leave")
        }
    }
}

/// Where trained models go.
private struct ModelFiles {
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

/// The file of `--trace-loss`, or nothing.
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
    /// By the name of the row.
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

    /// The losses of runs that an earlier process finished.
    func takeOver(_ results: Results, from store: CheckpointDirectory?) throws {
        guard file != nil, let store else { return }
        for (run, (record, losses)) in zip(results.runs, try store.finishedLosses()).enumerated() {
            append(record, losses, of: run)
        }
    }

    /// Writes the losses of all runs that came to their end.
    func write() throws(ReportError) {
        let (text, isEmpty) = state.withLock { state in
            state.append(state.runs.rest())
            return (state.csv.text, state.csv.isEmpty)
        }
        if let file, !isEmpty { try writeAtomically(Data(text.utf8), to: URL(fileURLWithPath: file)) }
    }

    /// Says so where it could not be written.
    func writeUnfinished() -> String? {
        do throws(ReportError) { try write() } catch { return "\(error)." }
        return nil
    }
}
