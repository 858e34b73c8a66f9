import Cluster
import Datasets
import Experiments
import Fabrics
import Foundation
import Kernel
import Strategies
import Studies
import Tasks
import Testing

@Suite struct HelpTests {
    private static let options =
        [
            "plan", "task", "strategy", "objectives", "seeds", "first-seed", "target", "judged-by", "epochs",
            "evaluate-every",
            "learning-rate",
            "optimizer", "momentum", "nesterov", "weight-decay", "beta1", "beta2", "epsilon", "schedule", "warmup",
            "scale-learning-rate-from", "initialization",
            "init", "no-shuffle", "cluster", "latency", "bandwidth", "jitter", "stragglers", "allreduce",
            "clock", "compute", "host-threads", "jobs", "set", "output", "save",
            "trace-loss", "data", "quiet", "repetitions", "limit-time", "limit-bytes", "limit-updates", "machine",
            "log", "watch",
            "tuned", "trace", "record", "dropout", "lifetime", "failure-detection", "on-dropout",
            "fabric", "patience",
            "checkpoint", "every", "resume",
        ] + StrategyRegistry.optionInfos.map(\.name)

    /// What a command prints, which has to be all there is and no error.
    private func text(_ arguments: String...) async throws -> String {
        try await withFolder { folder in
            let outcome = try await bench(arguments, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.errors.isEmpty, "\(outcome.errors)")
            #expect(folder.files.isEmpty, "\(folder.files)")
            return outcome.output
        }
    }

    @Test func helpNamesTheCommandsAndTheExitCodes() async throws {
        let help = try await text("--help")
        for word in [
            "run (default)", "study", "coalitions", "reprice", "calibrate", "report", "watch", "list", "data",
            "--version",
            "130",
        ] {
            #expect(help.contains(word), "\(word)")
        }
    }

    @Test func helpOfRunNamesEveryOption() async throws {
        let help = try await text("run", "--help")
        let words = Set(help.split { " \n[],'()".contains($0) }.map(String.init))
        for option in Self.options { #expect(words.contains("--\(option)"), "\(option)") }
        // The other way round: an option that is not in the list above is not tested for.
        let found = Set(words.filter { $0.hasPrefix("--") && $0.count > 2 }.map { String($0.dropFirst(2)) })
        // The example of an option of one strategy.
        #expect(found.subtracting(Self.options) == ["help", "version", "fedprox.mu"])
    }

    @Test func helpOfStudyNamesTheSearchsOptionsAndTheirValues() async throws {
        let help = try await text("study", "--help")
        let values =
            StudyPlan.Search.allCases.map(\.rawValue) + StudyPlan.Metric.allCases.map(\.rawValue)
            + SelectionSet.allCases.map(\.rawValue) + StudyOption.all.map(\.rawValue)
        for word in ["--search", "--vary", "--trials", "--halving", "--metric", "--chosen-on", "--seeds"] + values {
            #expect(help.contains(word), "\(word)")
        }
    }

    @Test func helpOfRunNamesTheValuesOfOptionsWithAFixedSet() async throws {
        let help = try await text("run", "--help")
        let algorithms = AllReduceAlgorithm.allCases.map(\.rawValue)
        for word in TrainingTask.all.map(\.name) + ClockChoice.allCases.map(\.rawValue) + algorithms
            + Initialization.allCases.map(\.rawValue) + Partitioners.all.map(\.name)
        {
            #expect(help.contains(word), "\(word)")
        }
    }

    @Test func listNamesAllThatCanBeChosenEachOnALineOfItsOwn() async throws {
        let lines = try await text("list").split(separator: "\n")
        let names =
            StrategyRegistry.all.map(\.name) + TrainingTask.all.map(\.name) + ClusterPresets.all.map(\.name)
            + Partitioners.all.map(\.usage) + AllReduceAlgorithm.allCases.map(\.rawValue)
            + DeviceProfile.all.map(\.name) + ["calibrated"]
        for name in names {
            #expect(lines.filter { $0.hasPrefix("  \(name) ") }.count == 1, "\(name)")
        }
    }

    @Test func listGivesTheSourceOfEveryStrategy() async throws {
        let list = try await text("list")
        for strategy in StrategyRegistry.all { #expect(list.contains("(\(strategy.source))"), "\(strategy.name)") }
    }

    @Test(arguments: TrainingTask.all.map(\.name))
    func listOfATaskGivesItsDefaults(_ name: String) async throws {
        let list = try await text("list", "--task", name)
        let task = try TrainingTask.named(name)
        #expect(list.hasPrefix("\(name): "))
        #expect(list.contains("\(task.network.parameterCount)"))
        // All that has a value; the rest are flags, files and overrides of something that is named.
        let without =
            [
                "plan", "task", "strategy", "judged-by", "scale-learning-rate-from", "init", "no-shuffle", "set",
                "cluster",
            ]
            + ["latency"]
            + ["bandwidth", "save", "trace-loss", "data", "quiet", "log", "limit-time", "limit-bytes", "limit-updates"]
            + ["tuned", "trace", "record", "dropout", "lifetime", "checkpoint", "resume", "watch"]
        for option in Self.options where !without.contains(option) {
            #expect(list.contains("--\(option)"), "\(option)")
        }
        for strategy in StrategyRegistry.all { #expect(list.contains("\n  \(strategy.name) "), "\(strategy.name)") }
    }

    @Test(arguments: StrategyRegistry.all.map(\.name))
    func listOfAStrategyGivesAllThatIsKnownOfItsOptions(_ name: String) async throws {
        let list = try await text("list", "--strategy", name)
        let strategy = try #require(StrategyRegistry.named(name))
        #expect(list.hasPrefix("\(name): ") && list.contains(strategy.source))
        for info in strategy.options.infos {
            let lines = list.split(separator: "\n")
            let line = try #require(lines.first { $0.contains("--\(info.name) ") }, "\(info.name)")
            for word in [info.symbol, info.allowed.words, info.unit, info.source] where !word.isEmpty {
                #expect(line.contains(word), "\(info.name): \(word)")
            }
            #expect(list.contains(info.help), "\(info.name)")
        }
    }

    @Test func listTakesSeveralStrategiesAndGroupsAsRunDoes() async throws {
        for (list, names) in [
            ("all", StrategyRegistry.all.filter(\.isWayOfTheField).map(\.name)),
            ("federated:*", StrategyRegistry.all.filter { $0.family == .federated }.map(\.name)),
            ("fedprox,sync", ["fedprox", "sync"]),
        ] {
            let shown = try await text("list", "--strategy", list).split(separator: "\n")
            let titles = shown.compactMap { line in StrategyRegistry.all.first { line.hasPrefix("\($0.name): ") }?.name
            }
            #expect(titles == names, "\(list)")
        }
    }

    @Test func noTwoStrategiesCiteDifferentPapersInTheSameWords() async throws {
        let overlap = try #require(StrategyRegistry.optionInfos.first { $0.name == "overlap" })
        let prox = try #require(StrategyRegistry.named("fedprox"))
        #expect(overlap.source == "S. Li et al. 2020 (PyTorch), section 3.2.3")
        #expect(prox.source.hasPrefix("Li et al. 2020"))
    }

    @Test func helpOfRunNamesEveryFileOfItsFolder() async throws {
        let help = try await text("run", "--help")
        for file in [
            "results.json", "summary.csv", "curves.csv", "nodes.csv", "targets.csv", "report.md", "report.html",
        ] {
            #expect(help.contains(file), "\(file)")
        }
    }

    @Test func dataListNamesEveryDataSetAndWhatIsThere() async throws {
        try await withFolder { folder in
            let outcome = try await bench(["data", "list", "--data", "nowhere"], in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            for word in [
                "digits         embedded", "letters        embedded", "vowels         embedded",
                "sotu           embedded",
                "nowhere/mnist",
                "0 of 4 files", "bench data fetch mnist", "fashion-mnist",
            ] {
                #expect(outcome.output.contains(word), "\(word)")
            }
        }
    }

    @Test func versionIsPrinted() async throws {
        #expect(try await text("--version").contains { $0.isNumber })
    }
}
