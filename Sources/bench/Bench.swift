import ArgumentParser
public import Cluster
import Diagnostics
import Experiments
import Strategies
public import Tasks
public import Training

/// The whole command line of `bench`, for programs that add strategies, tasks and clusters of their own:
///
///     await BenchProgram.main(strategies: [.mine], tasks: [.mine], clusters: [.mine])
public enum BenchProgram {
    /// Executes the process's arguments, on the process's first thread, so that no other thread is needed where a
    /// system gives none. Ends the process with an error where the command fails, or where an addition has a name that
    /// is taken or is not valid.
    ///
    /// - Parameters:
    ///   - strategies: strategies for `--strategy`, after the built-in ones.
    ///   - tasks: tasks for `--task`.
    ///   - clusters: clusters for `--cluster`, by their names.
    @MainActor public static func main(
        strategies: [StrategyDescription] = [], tasks: [TrainingTask] = [], clusters: [ClusterSpec] = []
    ) async {
        ProcessSetup.run()
        do {
            // Checked before any numeric code, which an old processor could not run.
            try ProcessorCheck.run()
            for cluster in clusters { try ClusterPresets.add(cluster) }
            for task in tasks { try TrainingTask.add(task) }
            for strategy in strategies { try StrategyRegistry.add(strategy) }
        } catch {
            Bench.exit(withError: error)
        }
        do {
            try Bench.checkLength(of: CommandLine.arguments)
            var command = try Bench.command(Array(CommandLine.arguments.dropFirst()))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            MPILaunch.finish()
            try Console.finish()
        } catch {
            MPILaunch.exit(withError: error)
        }
    }
}

struct Bench: AsyncParsableCommand {
    /// The time of parsing grows with the square of the number of words.
    private static let mostWords = 2000

    /// - Throws: `ValidationError` for more words than can be parsed in a second or two.
    static func checkLength(of arguments: [String]) throws {
        guard arguments.count > mostWords else { return }
        throw ValidationError(
            """
            \(arguments.count) words on the command line; allowed are up to \(mostWords). Many dropouts or devices go into a \
            cluster file, see --cluster
            """)
    }

    /// The message and the usage for a wrong command line, where the parser's own text quotes words that are unreadable
    /// or contain control characters of a terminal; nil where the parser's text is fine.
    static func visibleRefusal(for error: any Error) -> String? {
        guard exitCode(for: error) == .validationFailure else { return nil }
        let (message, text) = (message(for: error), fullMessage(for: error))
        let shown = ErrorText.message(message)
        guard shown != message else { return nil }
        return text.contains(message) ? text.replacing(message, with: shown, maxReplacements: 1) : "Error: \(shown)"
    }

    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Compares strategies of distributed training: time, traffic and accuracy on the same task.",
        discussion: """
            'bench --strategy all' trains the embedded task 'digits' with every strategy and three seeds, prints the \
            comparison and writes it to Results/latest. Training is real; time on machines that are not here is \
            simulated.

            EXAMPLES:
              bench --strategy all
              bench --task mnist-2nn --strategy sync,federated --target 97%
              bench --strategy sync --workers 16 --latency 5ms --bandwidth 1Gbit --allreduce tree
              bench --strategy federated --clients 50 --partition dirichlet:0.3 --cluster phones-3g
              bench --strategy 'federated,federated(fraction=1),federated(fraction=1,local-epochs=1)'
              bench study --strategy all --vary learning-rate=0.1,0.2,0.4,0.8
              bench coalitions --workers 6 --objectives rotations:2
              bench list --task digits
              bench list --strategy federated
              bench speed --task mnist-2nn --batch 10,64,512
              bench calibrate --output machine.yaml
              bench --strategy sync,federated --compute reference --record --output Results/run
              bench reprice Results/run --latency 1ms,10ms,100ms
              bench advise Results/run --cluster ethernet-1g
              bench --strategy all --compute reference --output old
              bench --strategy all --compute reference --output new
              bench compare old new
              bench plot Results/latest --picture accuracy-time --output curves.svg
              bench watch Results/latest

            'bench run --help' lists all options, 'bench list --task digits' all defaults.

            Exit codes: 0 done, 1 a run or a file failed, 64 the command line is wrong, 2 \
            results could not be compared, 130 stopped by Ctrl-C, 143 by SIGTERM, 129 when the terminal went away, 141 when the reader of \
            the output did.
            """,
        version: "0.1.0",
        subcommands: [
            Run.self, StudyCommand.self, CoalitionsCommand.self, Reprice.self, Advise.self, PriceCommand.self,
            Compare.self, History.self, Report.self, PlotCommand.self, WatchCommand.self, List.self, Speed.self,
            Calibrate.self,
            DataCommand.self,
            TaskCommand.self,
        ],
        defaultSubcommand: Run.self)
}
