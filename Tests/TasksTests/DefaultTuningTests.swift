import Foundation
import Kernel
import Strategies
import Testing
import Training

@testable import Experiments
@testable import Tasks

/// A default rate is tuned for what it was searched with.
@Suite struct DefaultTuningTests {
    private let task = TrainingTask.digits

    private func plan(_ name: String) throws -> StrategyPlan {
        let defaults = task.defaults
        let options = try #require(StrategyRegistry.named(name)).options
        return StrategyPlan(
            name, fabric: .simulated, cluster: nil, allReduce: .ring,
            configuration: TrainingConfiguration(
                schedule: LearningRateSchedule(baseRate: defaults.learningRate, totalEpochs: defaults.epochs),
                optimizer: SGD.Configuration(), epochs: defaults.epochs, evaluateEveryEpochs: 1),
            options: defaults.values(of: options))
    }

    private func differences(
        _ name: String, _ start: [String] = [], _ change: (inout StrategyPlan) -> Void = { _ in }
    ) throws -> [String]? {
        var plan = try plan(name)
        change(&plan)
        let tuning = try tuning(task, plan, start)
        return try #require(tuning).differences
    }

    private func tuning(_ task: TrainingTask, _ plan: StrategyPlan, _ start: [String] = []) throws -> Tuning? {
        task.tuning(of: try #require(plan.description), usedWith: plan.configuration, plan.options, start)
    }

    @Test func theTasksOwnOptionsAreTuned() throws {
        for name in ["single", "threads", "sync", "federated"] { #expect(try differences(name) == nil, "\(name)") }
        // The search was made with sixty epochs; a hundred are the task's own.
        #expect(try differences("sync") { $0.configuration.epochs = 60 } == nil)
        // How many workers share a batch does not change the steps.
        #expect(try differences("sync") { $0.options["workers"] = 16 } == nil)
    }

    /// Each begins with one of the two rates, and nobody searched for it.
    @Test func whatWasSearchedForAnotherStrategyIsTakenOver() throws {
        let searched: Set = ["single", "threads", "sync", "federated"]
        for strategy in StrategyRegistry.all where !searched.contains(strategy.name) {
            let from = strategy.defaultRate == .local ? "federated" : "single"
            let found = try differences(strategy.name)
            #expect(found?.first == "taken over from \(from)", "\(strategy.name): \(found ?? [])")
        }
        let found = try tuning(task, plan("local-sgd"))
        let tuning = try #require(found)
        #expect(!tuning.isTuned && tuning.trialsText == "untuned (taken over from single)")
    }

    /// The files of trials have a column with the strategy that was searched for.
    @Test func theStrategiesOfTheTrialsAreThoseThatTheTasksName() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for task in TrainingTask.all {
            guard let tuning = task.defaults.trials, tuning.trials > 0 else { continue }
            let text = try String(contentsOf: root.appending(path: tuning.source), encoding: .utf8)
            let tried = text.split(separator: "\n").dropFirst().map { String($0.split(separator: ",")[1]) }
            #expect(Set(tried) == Set(task.defaults.searched.values), "\(tuning.source)")
        }
    }

    @Test func whateverElseTheRateIsUsedWithIsNamed() throws {
        #expect(try differences("sync") { $0.options["batch"] = 32 } == ["batch 32 instead of 64"])
        #expect(try differences("sync") { $0.configuration.epochs = 3 } == ["epochs 3 instead of 60"])
        let momentum = try differences("sync") { $0.configuration.optimizer.momentum = 0.5 }
        #expect(momentum == ["momentum 0.5 instead of 0.0"])
        let decay = try differences("sync") { $0.configuration.optimizer.weightDecay = 0.5 }
        #expect(decay == ["weight decay 0.5 instead of 0"])
        #expect(try differences("sync") { $0.configuration.schedule.decay = .cosine } == ["a rate that decays"])
        #expect(try differences("sync", ["no shuffling"]) == ["no shuffling"])
        #expect(
            try differences("federated") {
                $0.options["local-epochs"] = 7
                $0.options["local-batch"] = "all"
                $0.options["partition"] = "shards:2"
            } == [
                "local epochs 7 instead of 5", "local batch all instead of 10", "partition shards:2 instead of iid",
            ])
    }

    @Test func whatIsUsualOfAnotherOptimizerIsNotTuned() throws {
        var plan = try plan("sync")
        plan.configuration.optimizer = .adamw()
        for task in [task, .mnistCNN] {
            let found = try tuning(task, plan)
            let tuning = try #require(found)
            #expect(tuning.words == "untuned (0.001, PyTorch's for adamw, and not tuned for this task)")
            #expect(!tuning.isTuned && tuning.trialsText == "untuned")
        }
    }

    /// A task whose rates were found with Adam.
    @Test func aTasksOwnOptimizerIsTuned() throws {
        let tuned = try #require(task.defaults.trials)
        let defaults = TrainingTask.Defaults(
            epochs: 100, evaluateEveryEpochs: 1, learningRate: 0.01, localLearningRate: 0.01,
            optimizer: .adam(beta1: 0.8), options: task.defaults.options, tuning: "by hand", trials: tuned)
        #expect(defaults.momentum == 0 && defaults.optimizer == .adam(beta1: 0.8))
        let task = TrainingTask(
            name: "other", summary: "", target: 0.9, network: task.network, defaults: defaults, data: task.data)
        var plan = try plan("sync")
        func differences(_ optimizer: Optimizer.Configuration) throws -> [String]? {
            plan.configuration.optimizer = optimizer
            return try tuning(task, plan)?.differences
        }
        #expect(try differences(.adam(beta1: 0.8)) == nil)
        #expect(
            try differences(.adam(weightDecay: 0.5)) == ["beta1 0.9 instead of 0.8", "weight decay 0.5 instead of 0"])
        #expect(
            try differences(.adamw(beta1: 0.8)) == [
                "optimizer adamw instead of adam", "weight decay 0.01 instead of 0",
            ])
        // SGD has no usual rate, so nothing is known of a rate that somebody names.
        plan.configuration.optimizer = .sgd()
        #expect(try tuning(task, plan) == nil)
    }

    @Test func aTaskThatNobodyTunedSaysSo() throws {
        let found = try tuning(.mnistCNN, plan("sync"))
        let tuning = try #require(found)
        #expect(!tuning.isTuned && tuning.trialsText == "untuned" && tuning.words.hasPrefix("untuned ("))
    }
}
