import ArgumentParser
import Cluster
import Datasets
import Experiments
import Foundation
import Locking
import Reports

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
            trial), expected-best.csv and report.md.

            EXAMPLES:
              bench study --strategy all --vary learning-rate=0.1,0.2,0.4,0.8
              bench study --strategy all --search random --trials 16 --vary learning-rate=0.02..2 --halving 2
              bench study --strategy sync,federated --vary sync.learning-rate=0.1,0.2,0.4,0.8 \
            --vary federated.learning-rate=0.1,0.4 --vary federated.local-epochs=1,5
              bench run --strategy all --tuned Results/latest-study
            """)

    @OptionGroup(title: "Search") var study: StudyOptions
    @OptionGroup(title: "Experiment") var experiment: ExperimentOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup(title: "Machines and network") var cluster: ClusterOptions
    @OptionGroup(title: "Federated learning") var federated: FederatedOptions
    @OptionGroup(title: "Files") var files: StudyFileOptions

    func plan() throws -> StudyPlan {
        if try cluster.fabricChoice() == .mpi {
            throw ValidationError(
                "--fabric mpi is for 'bench run'; a study's trials run on threads or simulated clusters")
        }
        return try study.plan(builder)
    }

    var builder: PlanBuilder {
        PlanBuilder(
            experiment: experiment, training: training, cluster: cluster, federated: federated, data: files.data,
            firstSeed: StudyOptions.firstSeed)
    }

    func validate() throws {
        if files.output.isEmpty { throw ValidationError("--output is empty; allowed is the name of a folder") }
        do {
            let plan = try plan()
            for trial in plan.trials {
                var experiment = plan.experiment
                experiment.strategies = [try plan.strategy(trial)]
                try Experiment.check(experiment)
            }
        } catch let error as ValidationError {
            throw error
        } catch let error where error is ClusterFileError && cluster.namesFile {
            // A file that is wrong is no wrong command line: run() says so.
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        let plan = try plan()
        let study = try Study(plan, data: DataDirectory(files.data))
        OptionUse.notes(builder, plan.experiment).forEach(printError)
        let output = try OutputDirectory(files.output, notWith: ResultsFile.name)
        let progress = ProgressDisplay(isOn: !files.quiet && isatty(STDERR_FILENO) == 1)
        let latest = LatestStudy()
        let interruption = Interruption {
            progress.end()
            return latest.writeUnfinished(to: output)
        }
        let results: StudyResults
        do {
            results = try study.run(
                machine: MachineDescription.current(arguments: CommandLine.arguments),
                callbacks: Study.Callbacks(
                    began: { run, trial in progress.begin(run, trial) },
                    evaluated: { progress.update(share: $0) },
                    finished: { run, trial, record in progress.finish(run, record, trial) }),
                update: latest.set, save: { try latest.write($0, to: output) })
        } catch {
            // What is finished is not lost with what failed.
            progress.end()
            interruption.disarm()
            if let message = latest.writeUnfinished(to: output) { printError(message) }
            throw error
        }
        progress.end()
        interruption.disarm()
        print(StudyTable.terminal(results), terminator: "")
        if let warning = DataText.warning(results.withoutRuns) { print(warning) }
        try output.write(results)
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

/// The study so far, for the case that no more will come.
private final class LatestStudy: Sendable {
    private struct State {
        var results: StudyResults?
        /// Nothing is written any more, so that no older state comes after the last one.
        var isClosed = false
    }

    private let state = Guarded(State())

    func set(_ new: StudyResults) { state.withLock { $0.results = new } }

    func write(_ results: StudyResults, to output: OutputDirectory) throws {
        try state.withLock { if !$0.isClosed { try output.writeStudy(results) } }
    }

    /// Writes the finished runs and says so; says what is the case if there are none.
    func writeUnfinished(to output: OutputDirectory) -> String? {
        state.withLock { state in
            state.isClosed = true
            guard let results = state.results, !results.runs.isEmpty else {
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
}
