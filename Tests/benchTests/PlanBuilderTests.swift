import Cluster
import Experiments
import Foundation
import Kernel
import Strategies
import Tasks
import Testing
import Training

@testable import BenchCommands

@Suite struct PlanBuilderTests {
    private func plan(_ arguments: String...) throws -> ExperimentPlan {
        try Run.of(arguments).builder.plan()
    }

    private func strategy(_ name: String, _ arguments: [String]) throws -> StrategyPlan {
        try #require(Run.of(["--strategy", name] + arguments).builder.plan().strategies.first)
    }

    // MARK: Strategies

    @Test func allMeansOneForEachWayInTheRegistrysOrder() throws {
        let ways = ["single", "threads", "sync", "federated", "community"]
        for plan in [try plan(), try plan("--strategy", "all")] {
            #expect(plan.strategies.filter { !$0.isBaseline }.map(\.name) == ways)
            // Without a row of its own, unless somebody asks for one.
            #expect(plan.strategies.filter(\.isBaseline).map(\.name) == ["alone"])
        }
        for words in ["all,alone", "alone,all"] {
            let plan = try plan("--strategy", words)
            #expect(plan.strategies.count == 6 && !plan.strategies.contains(where: \.isBaseline))
        }
    }

    @Test func everyAndFamiliesAreGroupsOfTheRegistry() throws {
        #expect(try plan("--strategy", "every").strategies.map(\.name) == StrategyRegistry.all.map(\.name))
        for family in Set(StrategyRegistry.all.map(\.family)) {
            let names = StrategyRegistry.all.filter { $0.family == family }.map(\.name)
            #expect(try plan("--strategy", "\(family.rawValue):*").strategies.map(\.name) == names, "\(family)")
        }
    }

    @Test func aVariantHasItsOwnOptionsAndWhatWasWrittenAsItsName() throws {
        let plan = try plan(
            "--strategy", "federated, federated( fraction = 1 ),federated(fraction=1,local-epochs=1,label=all clients)",
            "--local-epochs", "3")
        let rows = plan.strategies
        #expect(rows.map(\.name) == ["federated", "federated(fraction=1)", "all clients"])
        #expect(rows.map(\.strategy) == ["federated", "federated", "federated"])
        #expect(rows.map { $0.options["fraction"] } == [0.1, 1, 1])
        #expect(rows.map { $0.options["local-epochs"] } == [3, 3, 1])
        // C = 1 of K = 100: everybody trains in every round.
        #expect(rows.map(\.roles.concurrentWorkers) == [10, 100, 100])
    }

    @Test func anOptionIsSetForAllForAStrategyOrForARow() throws {
        let rows = try plan(
            "--strategy", "sync,federated,federated(label=other)", "--set", "fraction=0.2", "--federated.fraction",
            "30%", "--set", "other.fraction=0.4", "--set", "sync.learning-rate=0.25"
        ).strategies
        #expect(rows.map { $0.options["fraction"] } == [nil, 0.3, 0.4])
        #expect(rows[0].configuration.schedule.baseRate == 0.25 && rows[0].tuning == nil)
        #expect(rows[1].configuration.schedule.baseRate == 0.3 && rows[1].tuning != nil)
    }

    @Test(arguments: [
        "federated(fraction=1", "federated)fraction=1(", "federated((fraction=1))", "federated(fraction)",
        "federated(fraction=)", "federated(fraction=1)x", "federated(fraction=1,fraction=1)",
        "sync(label=a),single(label=a)", "sync(label=a b),single(label=a-b)", "none:*",
    ])
    func aVariantThatCannotBeIsRefused(_ list: String) {
        #expect(throws: (any Error).self, "'\(list)'") { try StrategyChoice.parse(list) }
    }

    @Test func aListKeepsItsOrderAndNamesEachStrategyOnce() throws {
        let names = try plan("--strategy", "federated,single,federated").strategies.map(\.name)
        #expect(names == ["federated", "single"])
    }

    @Test func spacesBehindCommasAndAllInAListAreUnderstood() throws {
        #expect(try StrategyChoice.parse("sync, single").map(\.label) == ["sync", "single"])
        #expect(
            try StrategyChoice.parse("sync,all").map(\.label) == [
                "sync", "single", "threads", "federated", "community", "alone",
            ])
    }

    @Test(arguments: ["", ",", "sync,", ",sync", "sync,,single", "Sync", "sync single"])
    func aListWithANameThatIsNoneIsRefused(_ list: String) {
        #expect(throws: (any Error).self, "'\(list)'") { try StrategyChoice.parse(list) }
    }

    // MARK: What the command line does not say

    @Test(arguments: TrainingTask.all.map(\.name)) func whatIsNotSaidComesFromTheTask(_ name: String) throws {
        let task = try TrainingTask.named(name)
        let plan = try plan("--task", name)
        #expect(plan.target == task.target)
        #expect(plan.seeds == [1, 2, 3])
        #expect(plan.shuffles && plan.compute == "calibrated" && plan.initialization == .he)
        #expect(plan.hostThreads == ProcessInfo.processInfo.activeProcessorCount)
        for strategy in plan.strategies {
            let configuration = strategy.configuration
            let isLocal = ["federated", "community", "alone"].contains(strategy.name)
            #expect(configuration.epochs == task.defaults.epochs)
            #expect(configuration.evaluateEveryEpochs == task.defaults.evaluateEveryEpochs)
            let rate = isLocal ? task.defaults.localLearningRate : task.defaults.learningRate
            let epochs = task.defaults.epochs
            #expect(
                configuration.schedule == LearningRateSchedule(baseRate: rate, totalEpochs: epochs), "\(strategy.name)")
            for (name, value) in task.defaults.options {
                #expect(strategy.options[name] == nil || strategy.options[name] == value, "\(name)")
            }
        }
    }

    @Test func whatIsSaidReplacesTheTasksDefaults() throws {
        let plan = try plan(
            "--target", "97%", "--seeds", "2", "--first-seed", "40", "--epochs", "2.5", "--evaluate-every", "0.5",
            "--batch", "128", "--momentum", "0.5", "--nesterov", "--weight-decay", "0.25", "--warmup", "1.5",
            "--schedule", "cosine", "--initialization", "glorot", "--no-shuffle", "--workers", "5", "--host-threads",
            "7",
            "--compute", "reference", "--allreduce", "tree", "--learning-rate", "0.75")
        #expect(plan.target == 0.97)
        #expect(plan.seeds == [40, 41])
        #expect(!plan.shuffles)
        #expect((plan.initialization, plan.hostThreads, plan.compute) == (.glorot, 7, "reference"))
        for strategy in plan.strategies {
            let configuration = strategy.configuration
            #expect(strategy.allReduce == .tree)
            #expect((configuration.epochs, configuration.evaluateEveryEpochs) == (2.5, 0.5))
            #expect(strategy.options["batch"] == (["single", "threads", "sync"].contains(strategy.name) ? 128 : nil))
            #expect(configuration.optimizer == .sgd(momentum: 0.5, nesterov: true, weightDecay: 0.25))
            let schedule = LearningRateSchedule(baseRate: 0.75, decay: .cosine, warmupEpochs: 1.5, totalEpochs: 2.5)
            #expect(configuration.schedule == schedule)
            #expect(strategy.options["workers"] == (["single", "federated"].contains(strategy.name) ? nil : 5))
        }
    }

    @Test func gradientsAreSentInBucketsWhereThatIsAskedForAndThereAreSome() throws {
        func overlaps(_ arguments: String...) throws -> [GradientOverlap?] {
            try Run.of(arguments).builder.plan().strategies.map(\.overlap)
        }
        #expect(try overlaps() == [nil, nil, nil, nil, nil, nil])
        let standard = GradientOverlap(bucketBytes: 26_214_400)
        #expect(try overlaps("--overlap") == [nil, standard, standard, nil, nil, nil])
        let given = GradientOverlap(bucketBytes: 5_000_000)
        #expect(try overlaps("--overlap", "--bucket", "5MB") == [nil, given, given, nil, nil, nil])
    }

    @Test func aFileOfParametersIsTakenOver() throws {
        #expect(try plan("--init", "start").initialParametersFile == "start")
    }

    @Test func federatedOptionsReplaceTheTasksDefaults() throws {
        let options = ["--clients", "20", "--fraction", "25%", "--local-epochs", "3", "--local-batch", "all"]
        let plan = try strategy("federated", options + ["--partition", "shards:2"])
        let expected: OptionValues = [
            "clients": 20, "fraction": 0.25, "local-epochs": 3, "local-batch": "all", "partition": "shards:2",
        ]
        #expect(plan.options == expected)
        #expect(plan.roles.concurrentWorkers == 5)
    }

    @Test func theLinearScalingRuleIsForStepsThatAreMadeTogether() throws {
        let options = ["--scale-learning-rate-from", "64", "--learning-rate", "0.125"]
        let schedule = try strategy("sync", options + ["--batch", "256"]).configuration.schedule
        #expect((schedule.baseRate, schedule.referenceBatch) == (0.125, 64))
        #expect(schedule.scaled(toBatch: 256).baseRate == 0.5)
        #expect(try strategy("federated", options).configuration.schedule.referenceBatch == nil)
    }

    // MARK: Values

    @Test func aLocalBatchIsANumberOrAll() throws {
        #expect(try strategy("federated", ["--local-batch", "all"]).options["local-batch"] == "all")
        #expect(try strategy("federated", ["--local-batch=12"]).options["local-batch"] == 12)
        for text in ["0", "-1", "ten", "", "1.5", "All", "10 "] {
            #expect(throws: (any Error).self, "'\(text)'") { try strategy("federated", ["--local-batch", text]) }
        }
    }

    @Test func aScheduleIsConstantCosineOrSteps() throws {
        #expect(try PlanBuilder.parseDecay("constant") == .constant)
        #expect(try PlanBuilder.parseDecay("cosine") == .cosine)
        #expect(try PlanBuilder.parseDecay("step:10:0.1") == .step(epochs: 10, factor: 0.1))
        #expect(try PlanBuilder.parseDecay("step:0.5:2") == .step(epochs: 0.5, factor: 2))
        let wrong = [
            "", "linear", "step", "step:3", "step:3:", "step::0.1", "step:0:0.1", "step:-1:0.1", "step:3:0",
            "step:3:nan",
            "step:inf:0.1", "step:3:0.1:2", "constant:1", "cosine:1", "step:a:b",
        ]
        for text in wrong { #expect(throws: (any Error).self, "'\(text)'") { try PlanBuilder.parseDecay(text) } }
    }
}
