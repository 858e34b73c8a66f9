import ArgumentParser
import Cluster
import Datasets
import Experiments
import Foundation
import Locking
import Reports
import Storage
import Studies
import Tasks

struct StudyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Search for the best options of strategies, with the same number of trials for each.",
        discussion: """
            A trial is one choice of options, trained with every seed; all else comes from the options of 'bench run'. The \
            result is what the whole search cost in time, bytes, money and energy, the best options of every strategy, and \
            the expected best after k trials: what a smaller search would have found.

            Trials are chosen on a validation split of the training set. In a random search, strategies that share a range \
            get the same values. A grid must have as many points for every strategy; an option of one strategy is written \
            with its name. Into the output folder go study.json (everything; written after every trial), trials.csv (a row per \
            trial), expected-best.csv, report.md and report.html.

            EXAMPLES:
              bench study --strategy all --vary learning-rate=0.1,0.2,0.4,0.8
              bench study --strategy all --search random --trials 16 --vary learning-rate=0.02..2 --halving 2
              bench run --strategy all --tuned Results/latest-study
              bench study --strategy sync,federated --vary sync.learning-rate=0.1,0.2,0.4,0.8 \
            --vary federated.learning-rate=0.1,0.4 --vary federated.local-epochs=1,5
            """)

    @OptionGroup(title: "Search") var study: StudyOptions
    @OptionGroup(title: "Experiment") var experiment: ExperimentOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup(title: "Machines and network") var cluster: ClusterOptions
    @OptionGroup(title: "Options of strategies") var settings: StrategySettings
    @OptionGroup(title: "Files") var files: StudyFileOptions
    @OptionGroup(title: "Files") var logs: LogOptions

    func plan() throws -> StudyPlan {
        if try cluster.fabricChoice() == .mpi {
            throw ValidationError(
                "--fabric mpi is for 'bench run'; a study's trials run on threads or simulated clusters")
        }
        return try study.plan(builder)
    }

    var builder: PlanBuilder {
        PlanBuilder(
            experiment: experiment, training: training, cluster: cluster, settings: settings, data: files.data,
            firstSeed: StudyOptions.firstSeed)
    }

    func validate() throws {
        if files.output.isEmpty { throw ValidationError("--output is empty; allowed is the name of a folder") }
        try logs.check(quiet: files.quiet)
        do {
            let plan = try plan()
            for trial in plan.trials {
                var experiment = plan.experiment
                experiment.strategies = [try plan.strategy(trial)]
                try Experiment.check(experiment)
            }
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
        named.reads(plan, cluster, planFile: experiment.plan, data: files.data)
        named.writes("--output", OutputDirectory.studyNames, in: files.output)
        named.writes("--log", logs.file(in: files.output))
        try named.check()
    }

    func run() throws {
        var plan = try plan()
        try HostNeed.check(&plan.experiment, isJobsGiven: cluster.jobs != nil)
        let study = try Study(plan, data: DataDirectory(files.data))
        let trials = try plan.trials.map { try plan.strategy($0) }
        OptionUse.notes(builder, plan.experiment, trials: trials).forEach(printError)
        let output = try OutputDirectory(files.output, for: .study)
        // A search that goes on with the best has runs of several lengths.
        let runs = plan.rungs.reduce(0) { $0 + $1.trials } * plan.experiment.seeds.count
        let names =
            plan.rungs.count > 1 ? [] : plan.experiment.strategies.flatMap { Array(repeating: $0.name, count: runs) }
        let log = try logs.eventLog(
            in: output.url.relativePath,
            EventLogHeader(
                .study, plan.experiment, runsOfStrategies: plan.experiment.strategies.map { _ in runs },
                areAlike: plan.rungs.count == 1))
        let progress = ProgressDisplay(isOn: !files.quiet && !logs.watch, metric: plan.shownMetric, runs: names)
        let latest = LatestResults<StudyResults>.ofStudy(in: output)
        // Finished runs are kept even if the program is stopped.
        let lastWords: @Sendable ((any Error)?) -> String? = { error in
            progress.end()
            log?.stop(because: error.map { "\($0)" } ?? "a signal")
            return latest.writeUnfinished(after: error)
        }
        let interruption = try Interruption { lastWords(nil) }
        var callbacks = Study.Callbacks(
            began: { run, trial in progress.begin(run, trial) },
            evaluated: { run, share in progress.update(run, share: share) },
            finished: { run, trial, record in progress.finish(run, record, trial) })
        log?.follow(&callbacks, plan.experiment, "trial")
        let results: StudyResults
        do {
            results = try study.run(
                machine: MachineDescription.current(arguments: CommandLine.arguments), callbacks: callbacks,
                update: latest.set, save: { try latest.save($0, all: false) })
        } catch {
            if let words = lastWords(error) { printError(words) }
            interruption.disarm()
            throw error
        }
        // Files come first: the reader of the text may go away.
        let written = Result { try latest.finish(results) }
        if case .failure(let error) = written { log?.stop(because: "\(error)") } else { log?.stop(because: nil) }
        progress.end()
        interruption.disarm()
        print(StudyTable.terminal(results, TerminalAbilities.output.layout), terminator: "")
        if let warning = DataText.warning(results.withoutRuns) { print(warning) }
        if case .failure(let error) = written, let words = latest.writeUnfinished(after: error) { printError(words) }
        try written.get()
        try log?.check()
        print("To use it:")
        for command in StudyReport.commands(results, folder: output.url.relativePath) { print("  \(command)") }
        print("\nReport, CSV and JSON: \(output.url.relativePath)/")
    }
}

struct StudyFileOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Where the study goes.", valueName: "folder"))
    var output = "Results/latest-study"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The folder of data sets. (default: $BENCH_DATA, else ~/.cache/distributed-training-bench)",
            valueName: "folder"))
    var data: String?

    @Flag(help: "No progress on standard error.")
    var quiet = false
}
