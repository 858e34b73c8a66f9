import Datasets
import Diagnostics
import Foundation
import Testing

@testable import BenchCommands
@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Studies

@Suite struct StudyCommandTests {
    private static let files =
        (["expected-best.csv"]
        + ["after-trials", "trials"].flatMap { ["figures/\($0)-dark.svg", "figures/\($0)-light.svg"] }
        + ["report.html", "report.md", "study.json", "trials.csv"]).map { "study/\($0)" }

    /// One epoch, one seed, no calibration.
    private static func study(_ arguments: String...) -> [String] {
        ["study", "--epochs", "1", "--seeds", "1", "--compute", "reference", "--output", "study"] + arguments
    }

    private func read(_ folder: TemporaryFolder) throws -> StudyResults {
        try StudyFile.decode(try folder.read("study/study.json"), file: "study.json")
    }

    @Test func aStudyOfAllStrategiesWritesItsFilesAndSaysHowToUseIt() async throws {
        try await withFolder { folder in
            let outcome = try await bench(Self.study("--vary", "learning-rate=0.1,0.4"), in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            #expect(folder.files == Self.files)
            let results = try read(folder)
            #expect(results.isComplete && results.runs.count == 10 && results.plan.experiment.seeds == [101])
            #expect(results.plan.selection == .validation)
            for part in [
                "Expected best accuracy after k trials", "The whole search made 10 runs",
                "--strategy single,threads,sync,federated,community --tuned study", "bench run --task digits ",
                "study/",
            ] {
                #expect(outcome.output.contains(part), "\(part)")
            }
            let rows = table(try folder.text("study/trials.csv"))
            #expect(
                rows.dropFirst().map { $0[1] }
                    == ["single", "threads", "sync", "federated", "community"].flatMap { [$0, $0] })
        }
    }

    @Test func theCommandsThatItPrintsCanBePasted() async throws {
        try await withFolder { folder in
            let study = [
                "study", "--strategy", "sync", "--epochs", "1.2345", "--seeds", "1", "--compute", "reference",
                "--overlap",
                "--learning-rate", "0.123456", "--scale-learning-rate-from", "64", "--vary", "batch=64,128",
                "--vary", "bucket=1 MB,10kB", "--output", "my 'own' study",
            ]
            let outcome = try await bench(study, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let commands = outcome.output.split(separator: "\n").filter { $0.hasPrefix("  bench ") }
            #expect(commands.count == 2)
            let file = try StudyFile.decode(try folder.read("my 'own' study/study.json"), file: "study.json")
            let best = try #require(file.summaries.first?.best.trial)
            let fitted = try file.plan.experiment([best]).fitted(toTrainingSamples: 1437).strategies[0]
            for (index, command) in commands.enumerated() {
                #expect(command.contains("--epochs 1.2345"), "\(command)")
                let line = "bench() { \(ShellText.quoted(benchExecutable.path)) \"$@\"; };\(command)"
                let ending = " --seeds 1 --compute reference --output out\(index)"
                let pasted = try await launch(
                    URL(fileURLWithPath: "/bin/bash"), ["-c", line + ending], in: folder)
                #expect(pasted.code == 0, "\(pasted.testDescription)")
                let results = try ResultsFile.decode(try folder.read("out\(index)/results.json"), file: "results.json")
                let made = results.plan.strategies[0]
                #expect(
                    made.configuration.schedule.baseRate == fitted.configuration.schedule.baseRate
                        && made.configuration.epochs == 1.2345, "\(command)")
                #expect(made.options == fitted.options, "\(command)")
            }
        }
    }

    static let studies = [
        ["--strategy", "sync", "--learning-rate", "0.3", "--workers", "4", "--vary", "batch=32,64"],
        [
            "--strategy", "sync,federated", "--optimizer", "adam", "--sync.batch=32", "--clients", "20",
            "--latency=2ms",
            "--task=digits", "--cluster", "wan", "--vary", "learning-rate=0.001,0.01", "--set",
            "federated.fraction=0.5",
            "--no-shuffle", "--quiet",
        ],
        [
            "--strategy", "single,sync(workers=2,label=two of them)", "--dropout", "1@100h", "--on-dropout", "continue",
            "--momentum=0.5", "--vary", "weight-decay=0,0.01",
        ],
        ["--plan", "plan.yaml", "--vary", "batch=32,64"],
    ]

    /// All that the study's command says belongs to what it found.
    @Test(arguments: studies) func theCommandsThatItPrintsMakeTheSamePlan(_ options: [String]) async throws {
        try await withFolder { folder in
            try folder.write(Data("strategy: sync\nworkers: 2\nlearning-rate: 0.2\n".utf8), "plan.yaml")
            let plan = folder.url.appendingPathComponent("plan.yaml").path
            let usual = ["--epochs", "0.2", "--seeds", "1", "--compute", "reference", "--output", "a study"]
            let study = ["study"] + options.map { $0 == "plan.yaml" ? plan : $0 } + usual
            let outcome = try await bench(study, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let file = try StudyFile.decode(try folder.read("a study/study.json"), file: "study.json")
            let commands = StudyReport.commands(file, folder: "a study")
            #expect(commands.count == file.summaries.count + 1)
            var wanted = [file.plan.experiment.strategies]
            wanted += try file.summaries.map { [try file.plan.strategy($0.best.trial)] }
            for (command, strategies) in zip(commands, wanted) {
                let words = try #require(ShellText.words(of: command))
                let run = try Run.of(words.dropFirst(2).map(\.self))
                var made = try run.builder.plan().strategies
                for index in made.indices { made[index].tuning = nil }
                #expect(made == strategies, "\(command)")
            }
        }
    }

    @Test func withoutAFolderItWritesWhereNothingIsKept() async throws {
        try await withFolder { folder in
            let options = ["study", "--strategy", "single", "--epochs", "1", "--seeds", "1", "--compute", "reference"]
            let outcome = try await bench(options + ["--vary", "learning-rate=0.1,0.2"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(folder.files.allSatisfy { $0.hasPrefix("Results/latest-study/") }, "\(folder.files)")
        }
    }

    @Test func reportMakesTheFilesAgain() async throws {
        try await withFolder { folder in
            let study = try await bench(Self.study("--vary", "learning-rate=0.1,0.4"), in: folder)
            let names = Self.files.filter { $0 != "study/study.json" }
            let before = try names.map(folder.text)
            for name in names { try folder.write(Data("gone".utf8), name) }
            let outcome = try await bench(["report", "study"], in: folder)
            #expect(outcome.code == 0 && folder.files == Self.files, "\(outcome.testDescription)")
            #expect(try names.map(folder.text) == before)
            #expect(study.output.hasPrefix(outcome.output) && !outcome.output.isEmpty)
        }
    }

    @Test func twoSimulatedStudiesDifferInHostTimeOnly() async throws {
        func study() async throws -> StudyResults {
            try await withFolder { folder in
                let random = [
                    "--search", "random", "--trials", "4", "--vary", "learning-rate=0.05..1", "--halving", "2",
                ]
                let outcome = try await bench(Self.study("--clock", "simulated") + random, in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                var results = try read(folder)
                for index in results.runs.indices { results.runs[index].cost.hostSeconds = 0 }
                results.machine.date = ""
                return results
            }
        }
        let (first, second) = (try await study(), try await study())
        #expect(first == second)
        #expect(first.plan.rungs.map(\.trials) == [4, 2, 1] && first.runs.count == 7 * 5)
    }

    @Test func whatWasChosenIsUsedAndNamedInTheContract() async throws {
        try await withFolder { folder in
            let study = try await bench(Self.study("--vary", "learning-rate=0.0001,0.4"), in: folder)
            #expect(study.code == 0, "\(study.testDescription)")
            for path in ["study", "study/study.json"] {
                let run = try await bench(quick + ["--tuned", path], in: folder)
                #expect(run.code == 0, "\(run.testDescription)")
                let results = try ResultsFile.decode(try folder.read("results/results.json"), file: "results.json")
                for strategy in results.plan.strategies {
                    #expect(strategy.configuration.schedule.baseRate == 0.4)
                    #expect(strategy.tuning?.trials == 2 && strategy.tuning?.chosenOn == "validation split")
                    #expect(strategy.tuning?.source == "study/study.json: grid search, by accuracy at the end")
                }
                let report = try folder.text("results/report.md")
                #expect(report.contains("2 trials of learning-rate over 0.0001, 0.4"))
                let trials = report.split(separator: "\n").first { $0.hasPrefix("| trials of tuning") } ?? ""
                #expect(trials.contains("| equal "), "\(trials)")
            }
        }
    }

    @Test func aStudyOnOtherDataTunesNothing() async throws {
        try await withFolder { folder in
            let study = try await bench(
                Self.study("--strategy", "single", "--vary", "learning-rate=0.0001,0.4"), in: folder)
            #expect(study.code == 0, "\(study.testDescription)")
            var results = try StudyFile.decode(try folder.read("study/study.json"), file: "study.json")
            #expect(results.data == Digits.identity)
            results.data = DataIdentity(
                name: "other digits", sha256: String(repeating: "b", count: 64), isPublished: false)
            try folder.write(try StudyFile.encode(results), "study/study.json")
            let run = try await bench(quick + ["--strategy", "single", "--tuned", "study"], in: folder)
            #expect(run.code == 1, "\(run.testDescription)")
            let words =
                "is a study on other data: other digits (SHA-256 bbbbbbbbbbbb), and here they are digits (SHA-256 6ebb"
            #expect(run.errors.contains(words), "\(run.testDescription)")
            // Studies of older versions do not say of which data they are.
            results.data = nil
            try folder.write(try StudyFile.encode(results), "study/study.json")
            #expect(try await bench(quick + ["--strategy", "single", "--tuned", "study"], in: folder).code == 0)
        }
    }

    // MARK: Errors

    private static let wrong = [
        WrongArguments(
            "--vary", "learning-rte=1", says: ["unknown option 'learning-rte'", "did you mean 'learning-rate'?"]),
        WrongArguments("--vary", "learning-rate=0", says: ["learning-rate is 0; allowed is a number above 0"]),
        WrongArguments("--vary", "learning-rate=0.1..1", says: ["a grid needs values", "--search random"]),
        WrongArguments(
            "--vary", "learning-rate=0.1,0.2", "--vary", "local-epochs=1,2",
            says: [
                "not equally large: single 2, threads 2, sync 2, federated 4, community 2 trials",
                "--search random --trials N",
            ]),
        WrongArguments("--vary", "batch=32,64", says: ["nothing is varied for federated"]),
        WrongArguments("--vary", "batch=64,4", "--strategy", "sync", says: ["batch of 4", "8 workers"]),
        WrongArguments("--trials", "3", says: ["--trials is for --search random"]),
        WrongArguments("--search", "random", "--trials", "0", says: ["0 trials", "1 to 10000"]),
        WrongArguments("--halving", "1", says: ["--halving is 1 with 6 trials"]),
        WrongArguments("--search", "grd", says: ["search 'grd'", "did you mean 'grid'?", "grid, random"]),
        WrongArguments("--metric", "loss", says: ["metric 'loss'", "accuracy, time"]),
        WrongArguments("--chosen-on", "tests", says: ["did you mean 'test'?", "validation, test"]),
        WrongArguments("--learning-rate", "0.1", says: ["--learning-rate sets what --vary learning-rate varies"]),
        WrongArguments("--scale-learning-rate-from", "32", says: ["--scale-learning-rate-from sets what"]),
        WrongArguments("--repetitions", "2", says: ["--repetitions is for 'bench run'"]),
        WrongArguments("--fabric", "mpi", says: ["--fabric mpi is for 'bench run'"]),
        WrongArguments("--seeds", "0", says: ["--seeds is 0", "1 to 1000"]),
        WrongArguments("--output", "", says: ["--output is empty"]),
    ]

    @Test(arguments: wrong) func aStudyThatCannotBeSaysWhatIsAllowed(_ wrong: WrongArguments) async throws {
        try await expectError(["study"] + wrong.arguments, code: 64, wrong.parts)
    }

    @Test func aFolderOfResultsIsNotMixedWithAStudy() async throws {
        try await expectError(
            ["study", "--output", "results"], code: 1, ["'results'", "'results.json'", "another"]
        ) {
            try $0.write(Data("{}".utf8), "results/results.json")
        }
        try await expectError(["--output", "study"], code: 1, ["'study'", "'study.json'", "another"]) {
            try $0.write(Data("{}".utf8), "study/study.json")
        }
    }

    @Test func aBrokenStudyIsRefused() async throws {
        let whole = try await withFolder { folder in
            let outcome = try await bench(Self.study("--strategy", "single"), in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            return try folder.read("study/study.json")
        }
        let changed = String(decoding: whole, as: UTF8.self).replacing("\"trial\" : 1", with: "\"trial\" : 0")
        for (data, part) in [
            (whole.prefix(whole.count / 2), "not a complete study"), (Data(changed.utf8), "was changed"),
        ] {
            for arguments in [["report", "study"], ["run", "--tuned", "study"]] {
                try await expectError(arguments, code: 1, ["study/study.json", part]) {
                    try $0.write(data, "study/study.json")
                }
            }
        }
    }

    @Test func aStudyThatIsNotThereOrOfAnotherTaskIsNoneToTuneBy() async throws {
        try await expectError(["--tuned", "none"], code: 1, ["'none/study.json' does not exist"])
        try await expectError(["--tuned", ""], code: 64, ["--tuned is empty"])
        let whole = try await withFolder { folder in
            _ = try await bench(Self.study("--strategy", "single"), in: folder)
            return try folder.read("study/study.json")
        }
        func write(_ folder: TemporaryFolder) throws { try folder.write(whole, "s.json") }
        try await expectError(
            ["--tuned", "s.json", "--strategy", "sync"], code: 1, ["no trials of sync"], files: write)
        try await expectError(
            ["--tuned", "s.json", "--strategy", "single", "--learning-rate", "0.1"], code: 64,
            ["--learning-rate is among the options"], files: write)
    }

    // MARK: Stopped

    @Test(.timeLimit(.minutes(60)), arguments: [SIGINT, SIGTERM, SIGHUP])
    func finishedTrialsAreWrittenWhenTheProgramIsStopped(_ signal: Int32) async throws {
        try await withFolder { folder in
            let arguments = [
                "study", "--vary", "learning-rate=0.1,0.2,0.4,0.8", "--strategy", "single,sync", "--workers", "2",
                "--seeds",
                "1", "--epochs", "1500", "--compute", "reference", "--output", "study",
            ]
            let outcome = try await bench(arguments, in: folder) { process in
                // The study's file exists as soon as the first trial is finished.
                while !folder.exists("study/study.json"), process.isRunning {
                    Thread.sleep(forTimeInterval: 0.005)
                }
                kill(process.processIdentifier, signal)
            }
            #expect(outcome.code == 128 + signal, "\(outcome.testDescription)")
            #expect(
                outcome.errors.contains("Stopped. ") && outcome.errors.contains("are in study/."), "\(outcome.errors)")
            // The picture of the best after k trials needs two trials of a strategy and its target reached, which a stop
            // may forestall.
            let isAfterTrials = { (file: String) in file.hasPrefix("study/figures/after-trials-") }
            let always = Self.files.filter { !isAfterTrials($0) }
            #expect(folder.files.filter { !isAfterTrials($0) } == always, "no half of a file")
            #expect([0, 2].contains(folder.files.filter(isAfterTrials).count), "both of its colours, or none")
            let results = try read(folder)
            #expect((2..<8).contains(results.runs.count) && !results.isComplete, "\(results.runs.count)")
            #expect(try folder.text("study/report.md").contains("Stopped before its end"))
            #expect(try await bench(["report", "study"], in: folder).code == 0)
            let tuned = try await bench(quick + ["--tuned", "study", "--strategy", "single"], in: folder)
            #expect(tuned.code == 1 && tuned.errors.contains("was stopped before its end"), "\(tuned.testDescription)")
        }
    }
}
