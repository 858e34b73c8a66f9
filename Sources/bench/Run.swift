import ArgumentParser
import Cluster
import Datasets
import Experiments
import Foundation
import Reports
import Locking

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
    @OptionGroup(title: "Federated learning") var federated: FederatedOptions
    @OptionGroup(title: "Files") var files: FileOptions
    @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions
    @OptionGroup(title: "Tuned options") var tuned: TunedOptions

    private var builder: PlanBuilder {
        PlanBuilder(experiment: experiment, training: training, cluster: cluster, federated: federated)
    }

    func validate() throws {
        try files.checkNames()
        try checkpoints.check()
        try tuned.check()
        do {
            let plan = try builder.plan()
            try Experiment.check(plan)
            try files.check(plan)
        } catch let error as ValidationError {
            throw error
        } catch let error where error is ClusterFileError && cluster.namesFile {
            // A file that is wrong is no wrong command line: run() says so.
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        let plan = try tuned.applied(to: try builder.plan(), training, federated, cluster)
        let experiment = try Experiment(plan, data: DataDirectory(files.data))
        let job =
            plan.strategies.contains { $0.fabric == .mpi }
            ? try MPILaunch.description(of: experiment.plan, patience: cluster.patience) : nil
        if MPILaunch.isFollower { return try experiment.follow() }
        for other in try builder.carriedStrategies().others {
            printError("'\(other.name)' is left out: \(other.reason).")
        }
        var machine = MachineDescription.current(arguments: CommandLine.arguments)
        machine.mpi = job
        let store = try checkpoints.directory(experiment.plan, machine, files)
        let output = try OutputDirectory(files.output, notWith: StudyFile.name)
        if store?.resumed != nil {
            output.removeTemporaries()
            for file in [files.save, files.traceLoss, files.trace].compactMap({ $0 }) {
                removeTemporaries(of: URL(fileURLWithPath: file))
            }
        }
        let modelFiles = try ModelFiles(files.save, plan)
        try files.checkTraceFile()
        let log = try files.log.map { try EventLog($0, appending: store?.resumed != nil) }

        let progress = ProgressDisplay(isOn: !files.quiet && isatty(STDERR_FILENO) == 1)
        let latest = LatestResults()
        let trace = Guarded(LossTraceCSV())
        let traceFile = files.traceLoss
        let writeTrace: @Sendable () throws -> Void = {
            let (text, isEmpty) = trace.withLock { ($0.text, $0.isEmpty) }
            if let traceFile, !isEmpty { try writeAtomically(Data(text.utf8), to: URL(fileURLWithPath: traceFile)) }
        }
        let interruption = Interruption {
            progress.end()
            try? writeTrace()
            let message = latest.writeUnfinished(to: output)
            return store == nil ? message : [message, CheckpointOptions.hint].compactMap { $0 }.joined(separator: " ")
        }
        MPILaunch.setLastWords {
            progress.end()
            try? writeTrace()
            if let message = latest.writeUnfinished(to: output) { printError(message) }
            if store != nil { printError(CheckpointOptions.hint) }
        }
        let results: Results
        do {
            var callbacks = Experiment.Callbacks(
                began: { run in
                    progress.begin(run)
                    log?.begin(run, plan)
                },
                evaluated: { run, point, share in
                    progress.update(share: share)
                    log?.evaluate(run, point)
                },
                finished: { run, record, losses, parameters in
                    progress.finish(run, record)
                    log?.end(run, record, target: plan.target)
                    guard run.repetition == 0 else { return }
                    if traceFile != nil {
                        trace.withLock { $0.append(strategy: record.strategy, seed: record.seed, losses: losses) }
                    }
                    try modelFiles?.write(parameters, of: record)
                })
            files.observe(plan, output, &callbacks)
            callbacks.resumed = { results in
                guard traceFile != nil, let store else { return }
                for (run, losses) in zip(results.runs, try store.finishedLosses()) {
                    trace.withLock { $0.append(strategy: run.strategy, seed: run.seed, losses: losses) }
                }
            }
            results = try experiment.run(
                machine: machine, callbacks: callbacks, checkpoints: store,
                update: { results in
                    latest.set(results)
                    // A launcher that has lost a process may kill the others without a last word.
                    if job != nil, !results.runs.isEmpty { try? output.write(results) }
                })
        } catch {
            // What is finished is not lost with what failed.
            MPILaunch.setLastWords {}
            progress.end()
            interruption.disarm()
            try? writeTrace()
            if let message = latest.writeUnfinished(to: output) { printError(message) }
            if store != nil { printError(CheckpointOptions.hint) }
            throw error
        }
        progress.end()
        interruption.disarm()
        print(ComparisonTable.terminal(results))
        print(MarkdownReport.summary(results))
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
        try output.write(results)
        try writeTrace()
        try log?.check()
        print("Report, CSV and JSON: \(output.url.relativePath)/")
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
        let names = optionalFiles.filter { $0.1 != nil }
        for (index, name) in names.enumerated() {
            if let other = names[..<index].first(where: { $0.1 == name.1 }) {
                throw ValidationError("--\(other.0) and --\(name.0) both name '\(name.1 ?? "")'")
            }
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

/// Fails before anything is computed if a file could not be written after it.
func requireWritableParent(of file: String, option: String) throws {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
        FileManager.default.isWritableFile(atPath: folder)
    else { throw ReportError("\(option) '\(file)': the folder '\(folder)' does not exist or cannot be written") }
    guard !FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) || !isFolder.boolValue else {
        throw ReportError("\(option) '\(file)' is a folder; name a file")
    }
}

func printError(_ message: String) {
    FileHandle.standardError.write(Data((message + "\n").utf8))
}

/// The file of one run: of several, strategy and seed are part of its name.
func runFile(_ file: URL, _ strategy: String, seed: UInt64, isOnly: Bool) -> URL {
    if isOnly { return file }
    let stem = file.deletingPathExtension().lastPathComponent
    let suffix = file.pathExtension.isEmpty ? "" : "." + file.pathExtension
    return file.deletingLastPathComponent().appendingPathComponent("\(stem)-\(strategy)-seed\(seed)\(suffix)")
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

/// The results so far, for the case that no more will come.
private final class LatestResults: Sendable {
    private let results = Guarded<Results?>(nil)

    func set(_ new: Results) { results.withLock { $0 = new } }

    /// Writes the finished runs and says so; says what is the case if there are none.
    func writeUnfinished(to output: OutputDirectory) -> String? {
        guard let results = results.withLock({ $0 }), !results.runs.isEmpty else {
            output.removeIfUnused()
            return "No run was finished; nothing was written."
        }
        do {
            try output.write(results)
            let count = results.runs.count
            return "\(count) finished run\(count == 1 ? " is" : "s are") in \(output.url.relativePath)/."
        } catch {
            return "\(error)"
        }
    }
}
