import ArgumentParser
import Foundation
import Strategies
import Studies
import Testing
import Training

@testable import BenchCommands

/// Options that have no effect on what was chosen are said to have none.
@Suite struct OptionUseTests {
    private func notes(_ arguments: [String]) throws -> [String] {
        let run = try Run.of(arguments)
        return OptionUse.notes(run.builder, try run.builder.plan())
    }

    // MARK: The table

    @Test func theTableHasEveryOptionOfRunOnce() {
        let names = OptionUse.all.map(\.name)
        #expect(Set(names) == CommandOptions.names(of: Run.self).subtracting(["help", "version"]))
        #expect(Set(names).count == names.count)
    }

    @Test func theTableHasEveryOptionThatStudySharesAndThatItVaries() {
        let ofTheSearch: Set = ["search", "vary", "trials", "halving", "metric", "chosen-on"]
        let names = Set(OptionUse.all.map(\.name))
        let missing = CommandOptions.names(of: StudyCommand.self).subtracting(names).subtracting(ofTheSearch)
        #expect(missing == ["help", "version"])
        #expect(Set(StudyOption.all.map(\.rawValue)).isSubset(of: names))
    }

    // MARK: Effects

    struct Use: CustomTestStringConvertible, Sendable {
        let option: [String]
        /// Arguments with which the option has no effect, and others with which it has one.
        let unused: [String]
        let used: [String]

        init(_ option: String..., unused: String, used: String) {
            self.option = option
            self.unused = unused.split(separator: " ").map(String.init)
            self.used = used.split(separator: " ").map(String.init)
        }

        var name: String { String(option[0].dropFirst(2)) }
        var testDescription: String { (unused + option).joined(separator: " ") }
    }

    private static let (sync, single, threads, federated) = (
        "--strategy sync", "--strategy single", "--strategy threads", "--strategy federated"
    )

    static let uses = ofRuns + ofStrategies

    private static let community = "--strategy community --follows"

    /// Options of strategies that need another option of theirs.
    private static let ofStrategies = [
        Use("--candidates", "published", unused: "\(community) all", used: "\(community) dac/0:all"),
        Use("--selected", "3", unused: "\(community) dac", used: "\(community) pens"),
        Use("--meeting-rounds", "3", unused: "\(community) overlay", used: "\(community) all/0:pens"),
        Use("--temperature", "2", unused: "--strategy community", used: "\(community) dac"),
        Use("--lambda", "0.3", unused: "\(community) all --accepts average", used: "\(community) all --accepts ditto"),
        Use("--validation", "0.3", unused: "\(community) all --accepts average", used: "--strategy community"),
        Use("--validation", "0.3", unused: "\(community) nobody", used: "\(community) nobody/1:all"),
        Use("--public", "100", unused: "--strategy community", used: "\(community) all --shares predictions"),
        Use("--distillation", "mae", unused: "--strategy community", used: "\(community) all --shares predictions"),
        Use(
            "--distillation-batch", "16", unused: "\(community) all --shares proxy",
            used: "\(community) all --shares predictions"),
        Use("--proxy-units", "8", unused: "--strategy community", used: "\(community) all --shares proxy"),
        Use("--mutual-share", "0.3", unused: "--strategy community", used: "\(community) all --shares proxy"),
        Use("--overlay", "torus", unused: "--strategy community", used: "\(community) overlay"),
        Use("--overlay", "ring", unused: "--strategy dpsgd --workers 1", used: "--strategy dpsgd,community"),
        Use("--overlay", "full", unused: "--strategy gossip,push-sum --workers 1", used: "--strategy gossip"),
        Use("--mixing", "uniform", unused: "--strategy choco --workers 1", used: "--strategy choco"),
        Use("--most-peers", "3", unused: "--strategy clustered", used: "--strategy clustered --center none"),
        Use("--own-share", "0.3", unused: "--strategy clustered", used: "--strategy clustered --center none"),
        Use("--other-share", "0.3", unused: "--strategy clustered", used: "--strategy clustered --center none"),
        Use("--keep", "0.1", unused: "--strategy choco --compression none", used: "--strategy choco"),
        Use("--consensus-step", "0.1", unused: "--strategy choco --workers 1", used: "--strategy choco"),
        Use("--peers", "2", unused: "--strategy epidemic --workers 1", used: "--strategy epidemic"),
        Use("--peer-sampling", "oracle", unused: "--strategy epidemic --workers 1", used: "--strategy epidemic"),
        Use("--token-spend", "3", unused: "--strategy gossip", used: "--strategy gossip --token-capacity 20"),
        Use("--merge", "mean", unused: "--strategy gossip --create-model rw", used: "--strategy gossip"),
    ]

    private static let ofRuns = [
        Use("--limit-bytes", "1MB", unused: single, used: "--strategy single,sync"),
        Use("--momentum", "0.5", unused: "--strategy sync --optimizer adam", used: sync),
        Use("--beta1", "0.5", unused: sync, used: "--strategy sync --optimizer adam"),
        Use("--beta2", "0.5", unused: federated, used: "--strategy sync,sync(optimizer=adamw)"),
        Use("--epsilon", "1e-4", unused: "--strategy all", used: "--strategy federated --optimizer adamw"),
        Use("--scale-learning-rate-from", "32", unused: federated, used: sync),
        Use("--schedule", "step:10:0.1", unused: "--strategy sync --epochs 10", used: "--strategy sync --epochs 11"),
        Use(
            "--schedule", "cosine", unused: "--strategy sync --epochs 2 --warmup 2", used: "--strategy sync --epochs 2"),
        Use("--on-dropout", "continue", unused: sync, used: "--strategy sync --dropout 3@1s"),
        Use(
            "--on-dropout", "stop", unused: "--strategy federated --lifetime exponential:1h",
            used: "--lifetime exponential:1h"),
        Use("--cluster", "wan", unused: "--strategy single,threads", used: "--strategy single --fabric simulated"),
        Use("--machine", "workstation", unused: "--fabric simulated", used: "--strategy single,sync"),
        Use("--stragglers", "0.1:4", unused: threads, used: "--strategy threads --fabric simulated"),
        Use("--compute", "reference", unused: threads, used: sync),
        Use("--compute", "calibrated", unused: single, used: "--strategy sync --fabric emulated"),
        Use("--dropout", "3@1s", unused: "", used: sync),
        Use("--lifetime", "exponential:1h", unused: "", used: federated),
        Use("--failure-detection", "2s", unused: sync, used: "--strategy sync --lifetime exponential:1h"),
        Use("--host-threads", "2", unused: "--strategy sync --fabric emulated", used: sync),
        Use("--jobs", "2", unused: "--strategy single,sync --fabric emulated", used: "--strategy single,sync"),
        Use("--patience", "120s", unused: "--strategy all", used: ""),
        Use("--latency", "5ms", unused: "--strategy single --fabric simulated", used: sync),
        Use("--bandwidth", "1Gbit", unused: threads, used: federated),
        Use("--jitter", "none", unused: "--strategy single,threads", used: "--strategy all"),
        Use("--allreduce", "ring", unused: "--strategy single,threads,federated", used: sync),
        Use("--overlap", unused: "--strategy threads", used: sync),
        Use("--bucket", "1MB", unused: sync, used: "--strategy sync --overlap"),
        Use("--bucket", "1MB", unused: "--strategy threads --overlap", used: "--strategy threads,sync --overlap"),
        Use(
            "--partition", "iid", unused: "--strategy federated --objectives iid",
            used: "--strategy federated"),
        Use("--data", "somewhere", unused: "--task letters", used: "--task mnist-2nn"),
        Use("--data", "somewhere", unused: "--task digits", used: "--task mnist-2nn"),
    ]

    @Test func everyOptionOfTheTableThatCanBeWithoutEffectIsTried() {
        let conditional = OptionUse.all.filter { $0.users != "all do" }.map(\.name)
        #expect(Set(Self.uses.map(\.name)) == Set(conditional))
    }

    @Test(arguments: uses) func anOptionWithoutEffectIsNamedAndOneWithIsNot(_ use: Use) throws {
        // Ranks that leave are refused where no strategy is simulated, and MPI where it is not built in.
        let isRefused = ["dropout", "lifetime"].contains(use.name)
        if !isRefused {
            let notes = try notes(use.unused + use.option)
            #expect(notes.contains { $0.hasPrefix("--\(use.name) has no effect: ") && !$0.contains("\n") }, "\(notes)")
        }
        if use.name != "patience" {
            let notes = try notes(use.used + use.option)
            #expect(!notes.contains { $0.hasPrefix("--\(use.name) ") }, "\(notes)")
        }
    }

    @Test func whatWasNotGivenIsNotNamed() throws {
        for strategy in ["all", "single", "threads", "sync", "federated"] {
            for fabric in ["auto", "simulated"] {
                #expect(try notes(["--strategy", strategy, "--fabric", fabric]).isEmpty, "\(strategy) \(fabric)")
            }
        }
    }

    @Test func aNoteNamesWhoDoesNotUseTheOptionAndWhoDoes() throws {
        #expect(
            try notes(["--strategy", "sync", "--bucket", "1MB"])
                == ["--bucket has no effect: sync does not use it; threads and sync do with --overlap on a cluster"])
        #expect(
            try notes(["--strategy", "single,threads", "--overlap"]) == [
                """
                --overlap has no effect: none of single, threads uses it; threads and sync do with several workers on a \
                cluster
                """
            ])
        let users = StrategyRegistry.all.filter { $0.has("batch") }.map(\.name)
        let words = "\(users.dropLast().joined(separator: ", ")) and \(users.last ?? "")"
        #expect(
            try notes(["--strategy", "federated", "--scale-learning-rate-from", "5"])
                == ["--scale-learning-rate-from has no effect: federated does not use it; \(words) do"])
    }

    @Test func whoCanNotGoOnWithoutARankIsNamedFromTheRegistry() throws {
        #expect(OptionUse.needingAllRanks == ["single", "threads", "sync", "local-sgd"])
        #expect(
            try notes(["--strategy", "federated", "--on-dropout", "stop", "--lifetime", "exponential:1h"]).contains {
                $0.hasSuffix(
                    "; single, threads, sync and local-sgd do on a simulated cluster that ranks leave (--dropout, --lifetime)"
                )
            })
    }

    @Test func aNoteNamesTheOptionsThatAnOptionNeeds() throws {
        #expect(
            try notes(["--strategy", "choco", "--compression", "none", "--keep", "0.1"]) == [
                "--keep has no effect: choco does not use it; choco does with --compression top-k or random-k"
            ])
        #expect(
            try notes(["--strategy", "dpsgd", "--workers", "1", "--overlay", "ring"]) == [
                """
                --overlay has no effect: dpsgd does not use it; dpsgd, push-sum, choco and gossip do with several workers, \
                community does with --follows overlay
                """
            ])
    }

    // MARK: Studies

    private func study(_ vary: String..., with options: [String] = []) throws -> (StudyPlan, [String]) {
        let words =
            ["--strategy", "community", "--seeds", "1", "--epochs", "1"] + options + vary.flatMap { ["--vary", $0] }
        let command = try StudyCommand.parse(CommandWords.rewritten(["study"] + words).dropFirst().map(\.self))
        let plan = try command.plan()
        let trials = try plan.trials.map { try plan.strategy($0) }
        return (plan, OptionUse.notes(command.builder, plan.experiment, trials: trials))
    }

    @Test func whatIsVariedChangesSomethingInSomeTrial() throws {
        let error = #expect(throws: (any Error).self) { _ = try study("temperature=1,30,60") }
        let message = error.map(StudyCommand.message) ?? ""
        #expect(message.hasPrefix("temperature changes nothing in any trial of community"), "\(message)")
        #expect(try study("temperature=1,30", "follows=all,dac").0.trials.count == 4)
        #expect(try study("temperature=1,30", with: ["--follows", "dac"]).0.trials.count == 2)
    }

    @Test func anOptionThatSomeTrialUsesHasAnEffect() throws {
        #expect(try study("follows=pens,dac", with: ["--temperature", "1"]).1.isEmpty)
        let notes = try study("follows=pens,all", with: ["--temperature", "1"]).1
        #expect(notes == ["--temperature has no effect: community does not use it; community does with --follows dac"])
    }

    // MARK: Options that nobody has

    static let foreign = [
        WrongArguments(
            "--strategy", "sync", "--clients", "5", says: ["--clients is an option of federated", "chosen are sync"]),
        WrongArguments(
            "--strategy", "sync,single", "--local-batch=all",
            says: ["--local-batch is an option of federated", "chosen are sync, single"]),
        WrongArguments(
            "--strategy", "federated", "--batch", "5",
            says: ["--batch is an option of single, threads, sync", "; chosen are federated"]),
        WrongArguments(
            "study", "--strategy", "federated", "--overlap",
            says: ["--overlap is an option of threads, sync; chosen are federated"]),
        WrongArguments(
            "--strategy", "all", "--sync.clients", "5",
            says: [
                "--sync.clients: unknown option of sync 'clients', which is an option of federated", "batch, workers",
            ]),
        WrongArguments(
            "--strategy", "sync", "--federated.clients", "5",
            says: ["federated is not among the chosen strategies; chosen are sync"]),
        WrongArguments(
            "--strategy", "sync", "--federatde.batch", "5", says: ["unknown strategy 'federatde'", "Allowed: sync"]),
        WrongArguments(
            "--strategy", "sync(clients=5)", says: ["unknown option of sync(clients=5) 'clients'", "batch, workers"]),
        WrongArguments("--set", "clinets=5", says: ["unknown option 'clinets'", "did you mean 'clients'?"]),
        WrongArguments("--clinets", "5", says: ["Unknown option '--clinets'. Did you mean '--clients'?"]),
        WrongArguments("--set", "clients", says: ["'clients' is not [STRATEGY.]OPTION=VALUE"]),
        WrongArguments("--clients", says: ["Missing value for '--clients'"]),
    ]

    @Test(arguments: foreign) func anOptionThatNoChosenStrategyHasIsRefused(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    @Test func runAndStudySayItOnStandardErrorAndGoOn() async throws {
        try await withFolder { folder in
            let options = ["--strategy", "sync", "--bucket", "1MB"]
            let note = "--bucket has no effect: sync does not use it; threads and sync do with --overlap on a cluster\n"
            for arguments in [quick + options, ["study", "--vary", "learning-rate=0.1,0.2"] + quick + options] {
                let name = arguments[0] == "study" ? "study" : "run"
                let outcome = try await bench(arguments + ["--output", name], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                #expect(outcome.errors == note, "\(name)")
            }
        }
    }

    @Test func repriceSaysItOfWhatWasRecorded() async throws {
        try await withFolder { folder in
            let run = try await bench(quick + ["--strategy", "federated", "--record"], in: folder)
            #expect(run.code == 0, "\(run.testDescription)")
            let outcome = try await bench(
                ["reprice", "results", "--allreduce", "ring,tree", "--latency", "1ms"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(
                outcome.errors.hasPrefix("--allreduce has no effect: federated does not use it; ")
                    && outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
        }
    }

    // MARK: Contradictions

    static let contradictions = [
        WrongArguments("--nesterov", says: ["--nesterov is for momentum, which is 0", "--momentum, such as 0.9"]),
        WrongArguments("--nesterov", "--momentum", "0", says: ["--nesterov is for momentum"]),
        WrongArguments("study", "--nesterov", says: ["--nesterov is for momentum"]),
        WrongArguments("--init", "a", "--initialization", "he", says: ["--init and --initialization both"]),
        WrongArguments(
            "--fabric", "auto", "--clock", "simulated", says: ["--fabric auto and --clock simulated disagree"]),
        WrongArguments(
            "--fabric", "simulated", "--clock", "auto", says: ["--fabric simulated and --clock auto disagree"]),
        WrongArguments(
            "compare", "a", "b", "--times", "never", "--require-times", says: ["--times never", "--require-times"]),
        WrongArguments(
            "study", "--strategy", "sync", "--allreduce", "tree", "--vary", "allreduce=ring,tree",
            says: ["--allreduce sets what --vary allreduce varies"]),
        WrongArguments(
            "study", "--weight-decay", "0", "--vary", "weight-decay=0,0.1",
            says: ["--weight-decay sets what --vary weight-decay varies"]),
        WrongArguments(
            "study", "--vary", "learning-rate=0.1,0.2,0.4,0.8", "--halving", "2", "--epochs", "4", "--warmup", "1",
            says: ["--halving 2", "1 epochs", "--warmup takes 1", "shorter"]),
        WrongArguments(
            "calibrate", "--from", "a.csv", "--pause", "0s",
            says: ["--pause is for measuring", "--from measures nothing"]),
    ]

    @Test(arguments: contradictions) func whatIsSaidTwiceIsRefused(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    @Test func momentumThatIsVariedIsMomentumForNesterov() throws {
        _ = try StudyCommand.parse(["--nesterov", "--vary", "momentum=0.5,0.9"])
    }

    @Test func whatAStudyChoseIsNotSetAgain() async throws {
        try await withFolder { folder in
            let study = [
                "study", "--strategy", "sync", "--epochs", "1", "--seeds", "1", "--compute", "reference", "--output",
                "s",
                "--vary", "allreduce=ring,tree", "--vary", "weight-decay=0,0.001",
            ]
            let outcome = try await bench(study, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            for option in [["--allreduce", "ring"], ["--weight-decay", "0"]] {
                let run = try await bench(quick + ["--strategy", "sync", "--tuned", "s"] + option, in: folder)
                #expect(run.code == 64, "\(run.testDescription)")
                #expect(
                    run.errors.contains("\(option[0]) is among the options that the study s chose"), "\(run.errors)")
            }
        }
    }
}
