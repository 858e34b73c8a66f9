import Experiments
import Foundation
import Strategies
import Testing
import Training

@testable import BenchCommands

/// `--objectives`: nodes that want different things.
@Suite(.timeLimit(.minutes(60))) struct ObjectivesCommandTests {
    private func strategy(_ arguments: [String]) throws -> StrategyPlan {
        try #require(Run.of(arguments).builder.plan().strategies.first)
    }

    // MARK: Nodes

    @Test(
        arguments: [
            (["iid"], 12.0), (["rotations:3", "--workers", "7"], 7), (["rotations:3", "--clients", "9"], 9),
            (["rotations:6,4,2,3"], 15), (["labels:2", "--workers", "20", "--clients", "5"], 5),
            (["speakers", "--task", "vowels-softmax"], 15),
            (["speakers", "--task", "vowels-mlp", "--workers", "4"], 4),
        ] as [([String], Double)])
    func thereAreAsManyNodesAsOneOfTheOptionsSays(_ arguments: [String], _ nodes: Double) throws {
        let plan = try strategy(["--strategy", "federated", "--objectives"] + arguments)
        #expect(plan.configuration.objectives == arguments[0])
        #expect(plan.options["clients"] == .number(nodes))
        // All take part in every round.
        #expect(plan.options["fraction"] == 1 && plan.roles.concurrentWorkers == Int(nodes))
        #expect(plan.tuning?.isTuned == false)
    }

    @Test func whatTheCommandLineSaysOfARowComesAfterThat() throws {
        let plan = try strategy([
            "--strategy", "federated(clients=5)", "--objectives", "iid", "--workers", "8", "--fraction", "0.4",
        ])
        #expect(plan.options["clients"] == 5 && plan.options["fraction"] == 0.4)
        // Without objectives, workers are no clients.
        #expect(throws: (any Error).self) { try strategy(["--strategy", "federated", "--workers", "8"]) }
        #expect(try strategy(["--strategy", "federated"]).options["clients"] == 100)
        #expect(try strategy(["--strategy", "federated"]).configuration.objectives == nil)
    }

    @Test func aGroupLeavesOutWhoHasNoDataOfItsOwn() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "all", "--objectives", "rotations:3"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            for name in ["single", "threads", "sync"] {
                #expect(outcome.errors.contains("'\(name)' is left out: --objectives are for nodes"), "\(name)")
            }
            let report = try folder.text("results/report.md")
            #expect(report.contains("- Objectives of nodes: `rotations:3` (kind k of 2 to 4 kinds sees"))
            #expect(try folder.text("results/results.json").contains("rotations:3"))
        }
    }

    // MARK: Runs

    /// The harness ends an experiment whose strategies begin with other losses, or whose rounds are longer than they say.
    @Test(arguments: ["rotations:3", "rotations:3,2,1", "relabel:2", "labels:2", "iid"])
    func nodesOfAllStrategiesBeginAlikeAndUseUpTheirBudget(_ rule: String) async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "alone,dpsgd,federated", "--objectives", rule, "--workers", "6"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let rows = table(try folder.text("results/summary.csv"))
            let strategy = try #require(rows[0].firstIndex(of: "strategy"))
            #expect(rows.dropFirst().map { $0[strategy] } == ["alone", "dpsgd", "federated"])
        }
    }

    @Test func checkpointsChangeNoResultAndGoOnWithTheSameObjectivesOnly() async throws {
        try await withFolder { folder in
            let task = ["--task", "vowels-softmax", "--epochs", "20", "--seeds", "1", "--compute", "reference"]
            let run = task + ["--strategy", "federated", "--objectives", "speakers", "--output"]
            let whole = try await bench(run + ["whole"], in: folder)
            #expect(whole.code == 0 && whole.errors.isEmpty, "\(whole.testDescription)")
            let first = try await bench(
                run + ["parts", "--checkpoint", "c", "--every", "3", "--host-threads", "1"], in: folder)
            #expect(first.code == 0, "\(first.testDescription)")
            let other = try await bench(
                task + [
                    "--strategy", "federated", "--objectives", "iid", "--clients", "15", "--output", "parts",
                    "--checkpoint", "c", "--resume",
                ], in: folder)
            #expect(other.code != 0 && other.errors.contains("objectives"), "\(other.testDescription)")
            #expect(try folder.text("whole/curves.csv") == folder.text("parts/curves.csv"))
        }
    }

    @Test func aPlanFileHasTheKey() async throws {
        try await withFolder { folder in
            let file = "task: digits\nobjectives: labels:2\nstrategies: [federated]\nclients: 10\nepochs: 1\nseeds: 1\n"
            try folder.write(Data(file.utf8), "plan.yaml")
            let outcome = try await bench(
                ["--plan", "plan.yaml", "--compute", "reference", "--output", "r"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(try folder.text("r/report.md").contains("Objectives of nodes: `labels:2`"))
            try folder.write(Data(file.replacing("labels:2", with: "label:2").utf8), "plan.yaml")
            let refused = try await bench(["--plan", "plan.yaml"], in: folder)
            #expect(refused.code != 0 && refused.errors.contains("'label'"), "\(refused.testDescription)")
            #expect(refused.errors.contains("iid, rotations:4, labels:2"), "\(refused.testDescription)")
        }
    }

    // MARK: Errors

    @Test(arguments: [
        (["--strategy", "sync", "--objectives", "iid"], "sync: --objectives are for nodes with data of their own"),
        (["--strategy", "single,federated", "--objectives", "iid"], "allowed are federated, fedprox"),
        (["--strategy", "data-parallel:*", "--objectives", "iid"], "allowed are federated, fedprox"),
        (["--strategy", "federated", "--objectives", "rotation:2"], "did you mean 'rotations'"),
        (
            ["--strategy", "federated", "--objectives", "rotations:4", "--workers", "3"],
            "4 kinds are more than the 3 nodes"
        ),
        (["--strategy", "federated", "--objectives", "rotations:6,4,2", "--workers", "9"], "12 nodes, found 9"),
        (["--strategy", "federated", "--objectives", "labels:1", "--workers", "3"], "allowed are 10 nodes or more"),
        (
            ["--strategy", "federated", "--objectives", "iid", "--workers", "5000"],
            "1437 samples cannot be spread over 5000"
        ),
        (["--strategy", "federated", "--objectives", "speakers"], "such as vowels-softmax"),
        (
            ["--strategy", "federated", "--objectives", "rotations:2", "--task", "letters"],
            "a sample of 'letters' is 16 features"
        ),
        (
            ["--strategy", "federated", "--objectives", "speakers", "--task", "vowels-mlp", "--workers", "16"],
            "15 people"
        ),
    ])
    func whatDoesNotFitIsOneErrorThatSaysWhatIsAllowed(_ arguments: [String], _ answer: String) async throws {
        try await withFolder { folder in
            let options = ["--epochs", "1", "--seeds", "1", "--compute", "reference", "--output", "results"]
            let outcome = try await bench(options + arguments, in: folder)
            #expect([1, 64].contains(outcome.code) && outcome.errors.contains(answer), "\(outcome.testDescription)")
            #expect(folder.files.isEmpty, "\(folder.files)")
        }
    }

    @Test func listNamesTheKindsAndWhoHasNodes() async throws {
        try await withFolder { folder in
            let list = try await bench(["list"], in: folder).output
            #expect(list.contains("Objectives of nodes (--objectives), for federated, fedprox"))
            for usage in ["rotations:4", "labels:2", "relabel:3", "speakers"] {
                #expect(list.contains("  --objectives \(usage) "))
            }
            let task = try await bench(["list", "--task", "vowels-softmax"], in: folder).output
            // Nine inputs and a constant for each of eleven classes.
            #expect(task.contains("parameters  110;") && task.contains("990 vowels by 15 speakers"), "\(task)")
        }
    }
}
