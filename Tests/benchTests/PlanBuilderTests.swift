import Cluster
import Experiments
import Foundation
import Kernel
import Strategies
import Tasks
import Testing
import Training

@testable import bench

@Suite struct PlanBuilderTests {
    private func plan(_ arguments: String...) throws -> ExperimentPlan {
        let run = try Run.parse(arguments)
        return try PlanBuilder(
            experiment: run.experiment, training: run.training, cluster: run.cluster, federated: run.federated
        ).plan()
    }

    private func strategy(_ name: String, _ arguments: [String]) throws -> StrategyPlan {
        let run = try Run.parse(["--strategy", name] + arguments)
        let builder = PlanBuilder(
            experiment: run.experiment, training: run.training, cluster: run.cluster, federated: run.federated)
        return try #require(try builder.plan().strategies.first)
    }

    // MARK: Strategies

    @Test func allMeansEveryStrategyInTheRegistrysOrder() throws {
        #expect(try plan().strategies.map(\.name) == StrategyRegistry.all.map(\.name))
        #expect(try plan("--strategy", "all").strategies.map(\.name) == StrategyRegistry.all.map(\.name))
    }

    @Test func aListKeepsItsOrderAndNamesEachStrategyOnce() throws {
        let names = try plan("--strategy", "federated,single,federated").strategies.map(\.name)
        #expect(names == ["federated", "single"])
    }

    @Test func spacesBehindCommasAndAllInAListAreUnderstood() throws {
        #expect(try PlanBuilder.strategies("sync, single").map(\.name) == ["sync", "single"])
        #expect(try PlanBuilder.strategies("sync,all").count == StrategyRegistry.all.count)
    }

    @Test(arguments: ["", ",", "sync,", ",sync", "sync,,single", "Sync", "sync single"])
    func aListWithANameThatIsNoneIsRefused(_ list: String) {
        #expect(throws: (any Error).self, "'\(list)'") { try PlanBuilder.strategies(list) }
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
            let isFederated = strategy.name == "federated"
            #expect(configuration.batch == task.defaults.batch)
            #expect(configuration.epochs == task.defaults.epochs)
            #expect(configuration.evaluateEveryEpochs == task.defaults.evaluateEveryEpochs)
            let rate = isFederated ? task.defaults.localLearningRate : task.defaults.learningRate
            let epochs = task.defaults.epochs
            #expect(
                configuration.schedule == LearningRateSchedule(baseRate: rate, totalEpochs: epochs), "\(strategy.name)")
            #expect(configuration.federated.clients == task.defaults.clients)
            #expect(configuration.federated.localBatch == task.defaults.localBatch)
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
            #expect((configuration.batch, configuration.epochs, configuration.evaluateEveryEpochs) == (128, 2.5, 0.5))
            #expect(configuration.optimizer == SGD.Configuration(momentum: 0.5, nesterov: true, weightDecay: 0.25))
            let schedule = LearningRateSchedule(baseRate: 0.75, decay: .cosine, warmupEpochs: 1.5, totalEpochs: 2.5)
            #expect(configuration.schedule == schedule)
            #expect(configuration.workers == (strategy.name == "single" ? 1 : 5))
        }
    }

    @Test func gradientsAreSentInBucketsWhereThatIsAskedForAndThereAreSome() throws {
        func overlaps(_ arguments: String...) throws -> [GradientOverlap?] {
            let run = try Run.parse(arguments)
            return try PlanBuilder(
                experiment: run.experiment, training: run.training, cluster: run.cluster, federated: run.federated
            ).plan().strategies.map(\.configuration.overlap)
        }
        let names = StrategyRegistry.all.map(\.name)
        #expect(names == ["single", "threads", "sync", "federated"])
        #expect(try overlaps() == [nil, nil, nil, nil])
        let standard = GradientOverlap(bucketBytes: 26_214_400)
        #expect(try overlaps("--overlap") == [nil, standard, standard, nil])
        let given = GradientOverlap(bucketBytes: 5_000_000)
        #expect(try overlaps("--overlap", "--bucket", "5MB") == [nil, given, given, nil])
        #expect(try overlaps("--strategy", "federated", "--overlap") == [nil])
    }

    @Test func aFileOfParametersIsTakenOver() throws {
        #expect(try plan("--init", "start").initialParametersFile == "start")
    }

    @Test func federatedOptionsReplaceTheTasksDefaults() throws {
        let options = ["--clients", "20", "--fraction", "25%", "--local-epochs", "3", "--local-batch", "all"]
        let federated = try strategy("federated", options + ["--partition", "shards:2"]).configuration.federated
        let expected = TrainingConfiguration.Federated(
            clients: 20, fraction: 0.25, localEpochs: 3, localBatch: nil, partition: "shards:2")
        #expect(federated == expected)
        #expect(federated.cohortSize == 5)
    }

    @Test func theLinearScalingRuleIsForStepsThatAreMadeTogether() throws {
        let options = ["--batch", "256", "--scale-learning-rate-from", "64", "--learning-rate", "0.125"]
        let schedule = try strategy("sync", options).configuration.schedule
        #expect((schedule.baseRate, schedule.referenceBatch) == (0.125, 64))
        #expect(schedule.scaled(toBatch: 256).baseRate == 0.5)
        #expect(try strategy("federated", options).configuration.schedule.referenceBatch == nil)
    }

    // MARK: Values

    @Test func aLocalBatchIsANumberOrAll() throws {
        #expect(try PlanBuilder.parseLocalBatch("all") == .all)
        #expect(try PlanBuilder.parseLocalBatch("10") == .samples(10))
        for text in ["0", "-1", "ten", "", "1.5", "All", "10 "] {
            #expect(throws: (any Error).self, "'\(text)'") { try PlanBuilder.parseLocalBatch(text) }
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
