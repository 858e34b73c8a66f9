import Experiments
import Foundation
import Testing

@testable import BenchCommands

/// Experiments that stand in a file.
@Suite struct PlanFileTests {
    private static let text = """
        # what is compared
        task: digits
        seeds: 2
        epochs: 1.5
        target: 90%
        cluster: wan
        overlap: true
        federated.local-epochs: 2
        dropout: [3@12s, 4@20s]
        strategies:
          - sync
          - federated(fraction=1)
          - strategy: federated
            label: everybody once
            options: {fraction: 1, local-epochs: 1}
        """

    private func plan(_ text: String, _ arguments: [String] = []) throws -> ExperimentPlan {
        try withFile(text) { try Run.of(["--plan", $0] + arguments).builder.plan() }
    }

    private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }

    @Test func everyKeyIsTheOptionOfItsName() throws {
        let words = [
            "--task", "digits", "--seeds", "2", "--epochs", "1.5", "--target", "90%", "--cluster", "wan", "--overlap",
            "--federated.local-epochs", "2", "--dropout", "3@12s", "--dropout", "4@20s", "--strategy",
            "sync,federated(fraction=1),federated(fraction=1,local-epochs=1,label=everybody once)",
        ]
        #expect(try plan(Self.text) == Run.of(words).builder.plan())
    }

    @Test func whatStandsOnTheCommandLineCounts() throws {
        let plan = try plan(
            "seeds: 2\nepochs: 4\nstrategies: [sync, single]\n", ["--seeds", "5", "--strategy", "single"])
        #expect(plan.seeds.count == 5 && plan.strategies.map(\.name) == ["single"])
        #expect(plan.strategies[0].configuration.epochs == 4)
    }

    /// A file, the line that an error names, and words of it.
    private static let wrong: [(text: String, line: Int, words: [String])] = [
        ("task: digits\nsedes: 3\n", 2, ["unknown key 'sedes'", "did you mean 'seeds'?"]),
        ("task: digits\nplan: other.yaml\n", 2, ["unknown key 'plan'"]),
        ("task: digits\n\ntarget: 120%\n", 3, ["'120%'", "0 % to 100 %"]),
        ("seeds: 0\n", 1, ["--seeds is 0", "1 to 1000"]),
        ("seeds: [1, 2]\nx: 1\n", 2, ["unknown key 'x'"]),
        ("overlap: maybe\n", 1, ["overlap is", "true or false"]),
        ("nesterov: 1\n", 1, ["nesterov is 1", "true or false"]),
        ("epochs:\n  a: 1\n", 2, ["one value"]),
        ("fraction: 2\n", 1, ["'2'", "0 to 1"]),
        ("local-epochs: 0\n", 1, ["local-epochs is 0", "from 1 to 1000000"]),
        ("strategies: sync\n", 1, ["a list of strategies"]),
        ("strategies:\n  - sync\n  - synk\n", 3, ["unknown strategy 'synk'", "did you mean 'sync'?"]),
        ("strategies:\n  - sync(clients=3)\n", 2, ["'clients'", "batch, workers"]),
        ("strategies:\n  - {strategy: federated, options: {fraction: 2}}\n", 2, ["fraction", "'2'"]),
        ("strategies:\n  - strategy: federated\n    optoins: {}\n", 3, ["unknown key 'optoins'", "'options'?"]),
        ("strategies:\n  - {strategy: sync, options: {mementum: 0.5}}\n", 2, ["'mementum'", "'momentum'?"]),
        ("strategies:\n  - {label: x}\n", 2, ["strategy, options and label"]),
        ("strategies:\n  - {strategy: sync, label: 'a,b'}\n", 2, ["'a,b'", "a bracket or a comma"]),
        ("strategies:\n  - {strategy: sync, x.label: a}\n", 2, ["unknown key 'x.label'"]),
        (
            "strategies:\n  - {strategy: fedprox, options: {batch: 2}}\n", 2,
            ["unknown option of fedprox(batch=2) 'batch', which is an option of single, threads, sync"]
        ),
        ("strategies:\n  - {strategy: all, options: {mu: 1}}\n", 2, ["all stands for 5 strategies"]),
        (
            "sync.mu: 3\nstrategies: [sync, fedprox]\n", 1,
            ["--sync.mu: unknown option of sync 'mu', which is an option of fedprox"]
        ),
        ("task: digits\nfoo.batch: 3\nstrategies: [sync]\n", 2, ["--foo.batch: unknown strategy 'foo'. Allowed: sync"]),
        ("strategies: [sync]\nfederated.fraction: 1\n", 2, ["federated is not among the chosen strategies"]),
        ("strategy: sync\nmu: 1\n", 2, ["--mu is an option of fedprox; chosen are sync"]),
        ("strategy: fedprox\nfedprox.nu: 1\n", 2, ["unknown option of fedprox 'nu'; did you mean 'mu'?"]),
        ("task: digits\ntask: digits\n", 1, ["'task' stands twice"]),
        ("task: [digits\n", 2, ["not YAML"]),
    ]

    @Test(arguments: wrong.indices) func whatIsWrongIsNamedWithItsLine(_ index: Int) throws {
        let (text, line, words) = Self.wrong[index]
        let error = #expect(throws: PlanFileError.self, "\(text)") { try PlanFile(file: "a.yaml").words(of: text) }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("a.yaml:\(line): "), "\(text): \(message)")
        for word in words { #expect(message.contains(word), "\(text): \(message)") }
        #expect(!message.contains("\n"))
    }

    @Test func optionsInAFileAreThoseOfTheStrategiesThatCount() throws {
        // The command line's take the place of the file's, so that neither a strategy nor a label of the file is asked.
        let text = "foo.batch: 32\nstrategies: [fedprox]\n"
        #expect(throws: PlanFileError.self) { try plan(text) }
        let rows = try plan(text, ["--strategy", "sync(label=foo)"]).strategies
        #expect(rows.map(\.name) == ["foo"] && rows[0].options["batch"] == 32)
        // A command that is given none has strategies of its own.
        #expect(try PlanFile(file: "a.yaml").words(of: "center: none\n") == ["--center=none"])
    }

    @Test func aStrategyAloneCanHaveItsPartsApart() throws {
        let rows = try plan("strategies:\n  - {strategy: sync}\n  - strategy: federated:*\n").strategies
        #expect(rows.first?.name == "sync" && rows.contains { $0.name == "fedprox" })
    }

    @Test func aFileThatIsMissingOrWrongEndsTheProgramBeforeItsWork() async throws {
        try await expectError(["--plan", "none.yaml"], code: 1, ["--plan 'none.yaml' does not exist"])
        try await expectError(["--plan", "a.yaml"], code: 1, ["a.yaml:1: unknown key 'sedes'"]) {
            try $0.write(Data("sedes: 3\n".utf8), "a.yaml")
        }
        try await expectError(["--plan", "a.yaml"], code: 1, ["a.yaml: empty"]) { try $0.write(Data(), "a.yaml") }
    }
}
