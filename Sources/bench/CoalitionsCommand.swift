import ArgumentParser
import Cluster
import Datasets
import Diagnostics
import Experiments
import Foundation
import Locking
import Reports
import Statistics
import Storage
import Studies
import Tasks
import Training

struct CoalitionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coalitions",
        abstract: "Train every coalition of up to 10 nodes: who gains in which, which last, what data are worth.",
        discussion: """
            Of n nodes there are 2^n - 1 coalitions. Each is trained on its members' data with every seed; all else comes from \
            the options of 'bench run', and --strategy names one strategy whose nodes have data of their own. The report says \
            which coalitions no member loses in, which structures of coalitions last (the core, and individual stability), and \
            what each node's data are worth to all (Shapley's value).

            Into the output folder go coalitions.json (everything; written after every coalition), coalitions.csv (a row for each \
            member of each coalition), report.md and report.html.

            EXAMPLES:
              bench coalitions --workers 6 --objectives rotations:2
              bench coalitions --workers 8 --objectives labels:3 --seeds 5 --margin 0.5%
              bench coalitions --workers 8 --objectives labels:3 --seeds 5 --resume
              bench coalitions --strategy federated --clients 5 --objectives rotations:2
            """)

    @OptionGroup(title: "Coalitions") var options: CoalitionOptions
    @OptionGroup(title: "Coalitions") var logs: LogOptions
    @OptionGroup(title: "Experiment") var experiment: ExperimentOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup(title: "Machines and network") var cluster: ClusterOptions
    @OptionGroup(title: "Options of strategies") var settings: StrategySettings

    /// The strategy that is used where none is named.
    static let defaultStrategy = "dpsgd"
    private static let defaultNodes = 8

    var builder: PlanBuilder {
        var chosen = experiment
        // `all` is the default of 'bench run', and a coalition has one strategy.
        if chosen.strategy == "all" { chosen.strategy = Self.defaultStrategy }
        return PlanBuilder(
            experiment: chosen, training: training, cluster: cluster, settings: settings, data: options.data)
    }

    func plan() throws -> CoalitionPlan {
        if try cluster.fabricChoice() == .mpi {
            throw ValidationError(
                "--fabric mpi is for 'bench run'; coalitions are trained on threads or simulated clusters")
        }
        let given = Set(try settings.settings().map(\.name))
        var plan = try builder.plan()
        for index in plan.strategies.indices {
            try Self.setDefaults(of: &plan.strategies[index], besides: given)
        }
        return try CoalitionPlan(plan)
    }

    /// By default, everybody talks to everybody, and all take part in every round.
    private static func setDefaults(of plan: inout StrategyPlan, besides given: Set<String>) throws {
        let defaults = [
            ("workers", "\(defaultNodes)"), ("clients", "\(defaultNodes)"), ("overlay", "full"), ("fraction", "1"),
        ]
        for (name, value) in defaults where plan.options[name] != nil && !given.contains(name) {
            try plan.set(name, to: value)
        }
    }

    func validate() throws {
        if options.output.isEmpty { throw ValidationError("--output is empty; allowed is the name of a folder") }
        try logs.check(quiet: options.quiet)
        do {
            let plan = try plan()
            try Experiment.check(plan.experiment)
            _ = try options.margin(of: plan.experiment.metric)
            try checkThatNoneMeet(plan.experiment)
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

    private func checkThatNoneMeet(_ plan: ExperimentPlan) throws {
        var named = NamedFiles()
        named.reads(plan, cluster, planFile: experiment.plan, data: options.data)
        named.writes("--output", OutputDirectory.coalitionNames, in: options.output)
        named.writes("--log", logs.file(in: options.output))
        try named.check()
    }

    func run() throws {
        var plan = try plan()
        try HostNeed.check(&plan.experiment, isJobsGiven: cluster.jobs != nil)
        let study = try CoalitionStudy(plan, data: DataDirectory(options.data))
        (OptionUse.notes(builder, plan.experiment) + builder.rateNotes(plan.experiment)).forEach(printError)
        let output = try OutputDirectory(options.output, for: .coalitions)
        if options.resume { output.removeTemporaries() }
        let before = options.resume ? try CoalitionFile.resumed(output.url.relativePath, plan) : nil
        if options.resume, before == nil { printError("'\(options.output)' holds no coalitions; they are begun.") }
        let margin = try options.margin(of: plan.experiment.metric)
        let first = (before?.coalitions.count ?? 0) * plan.experiment.seeds.count
        let runs = plan.coalitions.count * plan.experiment.seeds.count
        let log = try logs.eventLog(
            in: output.url.relativePath,
            EventLogHeader(
                .coalitions, plan.experiment, runsOfStrategies: [runs], areAlike: false, finishedRuns: first),
            appending: before != nil)
        // Coalitions of few nodes take less time than those of many, so the time left cannot be estimated by runs.
        let progress = ProgressDisplay(
            isOn: !options.quiet && !logs.watch, metric: plan.experiment.metric, from: first)
        var callbacks = Study.Callbacks(
            began: { run, _ in progress.begin(run) }, evaluated: { run, share in progress.update(run, share: share) },
            finished: { run, _, record in progress.finish(run, record) })
        log?.follow(&callbacks, plan.experiment, "coalition")
        let interruption = try Interruption {
            progress.end()
            log?.stop(because: "a signal")
            return "What was trained is in \(output.url.relativePath)/; go on with --resume."
        }
        let results: CoalitionResults
        do {
            results = try study.run(
                machine: MachineDescription.current(arguments: CommandLine.arguments), from: before,
                callbacks: callbacks,
                save: { try output.writeCoalitions($0) })
        } catch {
            progress.end()
            log?.stop(because: "\(error)")
            interruption.disarm()
            throw error
        }
        // Files come first: the reader of the text may go away.
        try output.writeDerived(results, margin: margin)
        log?.stop(because: nil)
        progress.end()
        interruption.disarm()
        print(CoalitionReport.terminal(results, margin: margin, TerminalAbilities.output.layout))
        if let warning = DataText.warning(results.withoutRuns) { print(warning) }
        try log?.check()
        print("Report, CSV and JSON: \(output.url.relativePath)/")
    }
}

struct CoalitionOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Differences up to this move nobody, in the metric: 0.5% or 0.005 of an accuracy, 0.1 of a perplexity. (default: 0)
            """, valueName: "difference"))
    var margin: String?

    /// - Throws: `ValidationError` naming what was found and what is allowed.
    func margin(of metric: Metric) throws -> Double {
        guard let margin else { return 0 }
        do throws(Quantity.Failure) {
            return try metric.margin(parsing: margin)
        } catch {
            throw ValidationError("--margin: \(error)")
        }
    }

    @Flag(help: "Go on with the coalitions in the output folder, which have to be of the same options.")
    var resume = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Where the coalitions go.", valueName: "folder"))
    var output = "Results/latest-coalitions"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The folder of data sets. (default: $BENCH_DATA, else ~/.cache/distributed-training-bench)",
            valueName: "folder"))
    var data: String?

    @Flag(help: "No progress on standard error.")
    var quiet = false
}
