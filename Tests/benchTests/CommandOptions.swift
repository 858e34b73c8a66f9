import ArgumentParser

@testable import BenchCommands

/// All commands of the program and the options that their help lists, so that a test over them forgets none that is new.
enum CommandOptions {
    struct Command: Sendable {
        let type: any ParsableCommand.Type
        /// The command's name and the arguments that it cannot do without.
        let words: [String]
    }

    struct Option: Hashable, Sendable {
        /// The option's name without its dashes.
        let name: String
        /// What the help calls its value; nil for a flag.
        let value: String?
    }

    static let all: [Command] = [
        Command(type: Run.self, words: ["run"]), Command(type: StudyCommand.self, words: ["study"]),
        Command(type: CoalitionsCommand.self, words: ["coalitions"]),
        Command(type: Reprice.self, words: ["reprice", "x"]),
        Command(type: PriceCommand.self, words: ["price", "x", "--cluster", "ethernet-1g"]),
        Command(type: Advise.self, words: ["advise"]),
        Command(type: Compare.self, words: ["compare", "x", "y"]),
        Command(type: History.self, words: ["history", "x"]), Command(type: Report.self, words: ["report", "x"]),
        Command(type: PlotCommand.self, words: ["plot", "x"]),
        Command(type: WatchCommand.self, words: ["watch", "x"]),
        Command(type: CheckTask.self, words: ["task", "check", "digits"]),
        Command(type: List.self, words: ["list"]), Command(type: Speed.self, words: ["speed"]),
        Command(type: Calibrate.self, words: ["calibrate"]), Command(type: ListData.self, words: ["data", "list"]),
        Command(type: Fetch.self, words: ["data", "fetch", "mnist"]),
        Command(type: Verify.self, words: ["data", "verify"]),
    ]

    /// The commands of the program that have none below them.
    static func leaves(of command: any ParsableCommand.Type = Bench.self) -> [any ParsableCommand.Type] {
        let below = command.configuration.subcommands
        return below.isEmpty ? [command] : below.flatMap { leaves(of: $0) }
    }

    static func options(of command: any ParsableCommand.Type) -> [Option] {
        let help = Bench.helpMessage(for: command, columns: 1000)
        return help.split(separator: "\n").compactMap { line in
            guard let match = line.firstMatch(of: /^\s+(?:-\w, )?--([a-z][a-z0-9-]*)(?: <([^>]+)>)?(?:\s|$)/) else {
                return nil
            }
            return Option(name: String(match.1), value: match.2.map(String.init))
        }
    }

    static func names(of command: any ParsableCommand.Type) -> Set<String> { Set(options(of: command).map(\.name)) }
}
