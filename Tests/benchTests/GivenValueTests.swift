import Experiments
import Foundation
import Strategies
import Testing
import Training

@testable import BenchCommands

/// Options that rows of `--strategy` say for themselves, labels, and rows that are written twice.
@Suite struct GivenValueTests {
    private func notes(_ arguments: String...) throws -> [String] {
        let run = try Run.of(arguments)
        return OptionUse.notes(run.builder, try run.builder.plan())
    }

    // MARK: What a nearer value takes the place of

    @Test(arguments: [
        (["--strategy", "fedprox(mu=0.1)", "--mu", "0.2"], "--mu", "fedprox(mu=0.1)"),
        (["--strategy", "fedprox(mu=0.1)", "--fedprox.mu", "0.2"], "--fedprox.mu", "fedprox(mu=0.1)"),
        (["--strategy", "fedprox(mu=0.1),fedprox(mu=1)", "--mu", "3"], "--mu", "fedprox(mu=0.1), fedprox(mu=1)"),
        (
            ["--strategy", "sync(batch=32),threads(batch=32)", "--batch", "64"], "--batch",
            "sync(batch=32), threads(batch=32)"
        ),
        (["--strategy", "sync(batch=32),federated", "--batch", "64"], "--batch", "sync(batch=32)"),
        (
            ["--strategy", "sync,single", "--batch", "64", "--sync.batch", "32", "--single.batch", "16"], "--batch",
            "sync, single"
        ),
        (["--strategy", "sync(label=mine)", "--sync.batch", "64", "--mine.batch", "32"], "--sync.batch", "mine"),
        (
            ["--strategy", "sync(learning-rate=0.1)", "--learning-rate", "0.2"], "--learning-rate",
            "sync(learning-rate=0.1)"
        ),
        (["--strategy", "sync", "--momentum", "0.5", "--sync.momentum", "0.9"], "--momentum", "sync"),
        (["--strategy", "sync(allreduce=tree)", "--allreduce", "ring"], "--allreduce", "sync(allreduce=tree)"),
    ])
    func anOptionThatEveryRowSaysForItselfIsSaidToHaveNoEffect(
        _ arguments: [String], _ option: String, _ rows: String
    ) throws {
        let run = try Run.of(arguments)
        let words = "\(option) has no effect: every chosen strategy that has it says its own: \(rows)"
        #expect(OptionUse.notes(run.builder, try run.builder.plan()) == [words])
    }

    @Test(arguments: [
        ["--strategy", "fedprox,fedprox(mu=1)", "--mu", "3"],
        ["--strategy", "sync(batch=32),single", "--batch", "64"],
        ["--strategy", "sync,single", "--batch", "64", "--sync.batch", "32"],
        ["--strategy", "sync(learning-rate=0.1)", "--scale-learning-rate-from", "32"],
        // Of an option that stands twice the later one counts, as everywhere.
        ["--strategy", "sync", "--batch", "64", "--batch", "32"],
    ])
    func anOptionThatARowTakesFromTheCommandLineIsNot(_ arguments: [String]) throws {
        let run = try Run.of(arguments)
        #expect(OptionUse.notes(run.builder, try run.builder.plan()).isEmpty)
    }

    @Test func anOptionThatNobodyUsesIsNamedOnce() throws {
        let notes = try notes("--strategy", "sync(bucket=2MB)", "--bucket", "1MB")
        #expect(notes.count == 1 && notes[0].hasPrefix("--bucket has no effect: sync(bucket=2MB) does not use it"))
    }

    // MARK: Rows that are written twice

    @Test func aRowThatIsWrittenTwiceIsSaidToBeOne() throws {
        let words = "stands several times in --strategy and has one row; give another one a label of its own."
        #expect(try notes("--strategy", "fedprox,fedprox") == ["'fedprox' \(words)"])
        #expect(
            try notes("--strategy", "fedprox(mu=1),sync,fedprox(mu=1),fedprox(mu=1)") == ["'fedprox(mu=1)' \(words)"])
        #expect(try notes("--strategy", "sync,all").isEmpty)
        #expect(try notes("--strategy", "fedprox,fedprox(label=again)").isEmpty)
    }

    // MARK: What a study varies

    @Test(arguments: [
        (["fedprox,fedprox(mu=1)"], "mu=0.1,1", "mu in fedprox(mu=1) sets what --vary mu varies"),
        (["fedprox(mu=1)"], "fedprox.mu=0.1,1", "mu in fedprox(mu=1) sets what --vary mu varies"),
        (["fedprox", "--fedprox.mu", "3"], "mu=0.1,1", "--fedprox.mu sets what --vary mu varies"),
        (["sync(learning-rate=0.1)"], "learning-rate=0.1,1", "learning-rate in sync(learning-rate=0.1) sets what"),
        (
            ["sync", "--set", "learning-rate=0.1"], "learning-rate=0.1,1",
            "--learning-rate sets what --vary learning-rate"
        ),
        (["sync", "--sync.momentum", "0.9"], "momentum=0.1,0.5", "--sync.momentum sets what --vary momentum varies"),
        (["sync", "--scale-learning-rate-from", "32"], "learning-rate=0.1,1", "--scale-learning-rate-from sets what"),
    ])
    func whatAStudyVariesIsSetByNobodyElse(_ strategy: [String], _ vary: String, _ part: String) async throws {
        try await expectError(["study", "--strategy"] + strategy + ["--vary", vary], code: 64, [part])
    }

    @Test func whatAStudyVariesForOneRowIsSetForAnother() throws {
        let study = try StudyCommand.parse([
            "--strategy", "sync(learning-rate=0.1),federated", "--vary", "sync.batch=32,64", "--vary",
            "federated.learning-rate=0.1,0.2",
        ])
        #expect(try study.plan().trialCount == 2)
    }

    // MARK: Names

    static let wrong = [
        WrongArguments(
            "--strategy", "sync(sync-every=3)",
            says: [
                "unknown option of sync(sync-every=3) 'sync-every', which is an option of local-sgd, ",
                ". Allowed: learning-rate, ", "batch, workers",
            ]),
        WrongArguments(
            "--strategy", "fedprox", "--set", "fedprox.nu=0.1",
            says: ["unknown option of fedprox 'nu'; did you mean 'mu'? Allowed: learning-rate, ", ", mu"]),
        WrongArguments(
            "--strategy", "fedprox(label=mine)", "--mine.nu", "0.1", says: ["unknown option of mine 'nu'", ", mu"]),
        WrongArguments(
            "--strategy", "sync,fedprox", "--sync.mu", "3",
            says: ["--sync.mu: unknown option of sync 'mu', which is an option of fedprox. Allowed: "]),
        WrongArguments(
            "study", "--vary", "mu=0,0.1", "--strategy", "sync",
            says: ["mu is an option of none of the strategies sync; it is an option of fedprox"]),
        WrongArguments(
            "study", "--vary", "sync.mu=0,0.1", "--strategy", "sync",
            says: ["sync has no option mu here; it has ", "; it is an option of fedprox"]),
        WrongArguments(
            "--strategy", "all(mu=1)", says: ["'all(mu=1)': all stands for 5 strategies", "in brackets is for one"]),
        WrongArguments("--strategy", "federated:*(mu=1)", says: ["federated:* stands for "]),
        WrongArguments(
            "--strategy", "federated(label=sync)", says: ["the label 'sync' is the name of another strategy"]),
        WrongArguments(
            "--strategy", "federated(label=all)", says: ["the label 'all' is the name of several strategies"]),
        WrongArguments(
            "price", "a.json", "--cluster", "wan", "--strategy", "sync(label=single)",
            says: ["name of another strategy"]),
        WrongArguments("list", "--strategy", "fedprox(mu=1)", says: ["allowed is fedprox"]),
        WrongArguments("list", "--strategy", "fedprx", says: ["unknown strategy 'fedprx'; did you mean 'fedprox'?"]),
    ]

    @Test(arguments: wrong) func whatIsWrongIsNamedWithWhatIsAllowed(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    @Test func noOptionThatHasAnotherOwnerIsSuggestedToBeAnother() throws {
        let message = #expect(throws: OptionError.self) {
            for choice in try StrategyChoice.parse("sync(sync-every=3)") { try choice.check() }
        }
        #expect(message?.description.contains("did you mean") == false)
    }

    @Test func aLabelCanBeTheNameOfItsOwnStrategy() throws {
        #expect(try StrategyChoice.parse("federated(fraction=1,label=federated)").map(\.label) == ["federated"])
    }
}
