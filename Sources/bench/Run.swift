import Advice
import ArgumentParser
import Cluster
import Datasets
import Experiments
import Foundation
import Locking
import Reports
import Storage
import Strategies
import Tasks
import Training

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a task with one or more strategies and compare them (default).",
        discussion: """
            Every strategy trains the same model from the same initial parameters on the same samples, once for each \
            seed. The comparison goes to standard output, progress to standard error, and into the output folder go \
            results.json (everything), summary.csv (a row per strategy), curves.csv (a row per evaluation), nodes.csv (a row per node, \
            where nodes are judged one by one), targets.csv (a row per target of accuracy and strategy), report.md and report.html (with pictures).
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
            // The options of a study may include another momentum.
            if tuned.tuned == nil { try builder.checkMomentum(plan) }
            try Experiment.check(plan)
            try files.check(plan)
            try files.checkThatNoneMeet(
                plan, cluster, checkpoints, tuned: tuned.tuned, planFile: experiment.plan)
        } catch let error as ValidationError {
            throw error
        } catch let error
            where error is TaskFileError || error is OptionFileError
            || (error is ClusterFileError && cluster.namesFile)
        {
            // A file that is wrong is no wrong command line: run() says so.
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws { try run(tells: true) }

    /// - Parameter tells: whether to print the results; false where another command does that.
    func run(tells: Bool) throws {
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
        (OptionUse.notes(builder, plan) + builder.rateNotes(plan)).forEach(printError)
        plan.architectureNotes.forEach(printError)
        if files.record {
            for plan in plan.strategies where !plan.isBaseline {
                if let leftOut = LeftOut(plan, isRecorded: true) {
                    printError("--record: no schedule of '\(plan.name)' is recorded: \(leftOut.reason)")
                }
            }
        }
        var machine = MachineDescription.current(arguments: CommandLine.arguments)
        machine.mpi = job
        let store = try checkpoints.directory(experiment, machine, files)
        let outputs = try RunOutputs(files, plan, store)
        let (results, written) = try train(experiment, plan, machine, outputs)
        if tells { tell(results) }
        if case .failure(let error) = written, let words = outputs.latest.writeUnfinished(after: error) {
            printError(words)
        }
        try written.get()
        try outputs.log?.check()
        if tells { print("Report, CSV and JSON: \(outputs.directory.url.relativePath)/") }
    }

    /// Runs the experiment and writes its files. Finished runs are kept even if the program is stopped.
    ///
    /// - Returns: the results, and whether they could be written; files come first, since the reader of the text may
    ///   go away.
    private func train(
        _ experiment: Experiment, _ plan: ExperimentPlan, _ machine: MachineDescription, _ outputs: RunOutputs
    ) throws -> (results: Results, written: Result<Void, any Error>) {
        let interruption = try Interruption { outputs.lastWords(nil) }
        MPILaunch.setLastWords { if let words = outputs.lastWords(nil) { printError(words) } }
        defer { interruption.disarm() }
        do {
            var callbacks = outputs.callbacks(plan)
            files.observe(plan, outputs.directory, &callbacks)
            let results = try experiment.run(
                machine: machine, callbacks: callbacks, checkpoints: outputs.store,
                update: { results in
                    // A launcher that has lost a process may kill the others without warning.
                    if machine.mpi != nil {
                        try outputs.latest.save(results, all: true)
                    } else {
                        try outputs.latest.keep(results)
                    }
                })
            let written = outputs.write(results)
            MPILaunch.setLastWords {}
            return (results, written)
        } catch {
            MPILaunch.setLastWords {}
            if let words = outputs.lastWords(error) { printError(words) }
            throw error
        }
    }

    private func tell(_ results: Results) {
        print(ComparisonTable.terminal(results, TerminalAbilities.output.layout))
        if !files.quiet, let style = TerminalAbilities.output.curves {
            let curves = PicturedRuns(results).curves(style)
            // Printed with colours; the names in it are safe to show.
            if !curves.isEmpty { Console.output(curves + "\n") }
        }
        print(MarkdownReport.summary(results))
        if let warning = DataText.warning(results) { print(warning) }
        if let words = NodeSection.words(results) { print(words) }
        if let words = DropoutSection.words(results) { print(words) }
        for strategy in results.plan.strategies {
            for choice in [strategy.allReduceChoice].compactMap({ $0 }) + (strategy.bucketChoices ?? []) {
                print("`\(strategy.name)` all-reduces by \(OptionText.choice(choice)).\n")
            }
            if let note = OptionText.overlapNote(strategy, in: results.plan) {
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

    @OptionGroup var logs: LogOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The folder of data sets. (default: $BENCH_DATA, else ~/.cache/distributed-training-bench)",
            valueName: "folder"))
    var data: String?

    @Flag(help: "No progress on standard error.")
    var quiet = false

    private var optionalFiles: [(String, String?)] {
        [("save", save), ("trace-loss", traceLoss), ("trace", trace), ("log", logs.log)]
    }

    /// Checks of names that do not need the disk.
    func checkNames() throws {
        for (option, value) in [("output", output)] + optionalFiles
        where value?.isEmpty == true {
            throw ValidationError(
                "--\(option) is empty; allowed is the name of a \(option == "output" ? "folder" : "file")")
        }
        try logs.check(quiet: quiet)
    }

    /// The path of the log; `--watch` needs one in the output folder.
    var logFile: String? { logs.file(in: output) }

    func checkTraceFile() throws {
        if let traceLoss { try requireWritableParent(of: traceLoss, option: "--trace-loss") }
        if let log = logs.log { try requireWritableParent(of: log, option: "--log") }
        if let trace { try requireWritableParent(of: trace, option: "--trace") }
    }

    /// Checks that traces and schedules are asked of simulated runs only.
    func check(_ plan: ExperimentPlan) throws {
        let others = plan.strategies.filter { $0.fabric != .simulated }.map(\.name)
        if trace != nil, !others.isEmpty {
            throw ValidationError(
                "--trace: \(others.joined(separator: ", ")) would be measured, not simulated; allowed are simulated "
                    + "strategies: choose them with --strategy (\(Self.names { $0.home == .simulated })), or simulate all with "
                    + "--clock simulated"
            )
        }
        if record, !plan.strategies.contains(where: \.hasFixedSchedule) {
            let reasons = plan.strategies.compactMap { LeftOut($0, isRecorded: true) }
                .map { "\($0.name): \($0.reason)" }
            let allowed = Self.names { (try? $0.make(.plain, [:]))?.hasFixedSchedule == true }
            throw ValidationError(
                """
                --record: no chosen run can be priced elsewhere (\(reasons.joined(separator: "; "))); allowed are \(allowed), \
                simulated (--clock simulated), without --limit-time, --limit-bytes and ranks that leave
                """)
        }
    }

    private static func names(_ isSuch: (StrategyDescription) -> Bool) -> String {
        StrategyRegistry.all.filter(isSuch).map(\.name).joined(separator: ", ")
    }
}
