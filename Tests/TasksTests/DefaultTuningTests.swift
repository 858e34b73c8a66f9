import Kernel
import Strategies
import Testing
import Training

@testable import Experiments
@testable import Tasks

/// A default rate is tuned for what it was searched with.
@Suite struct DefaultTuningTests {
    private let task = TrainingTask.digits

    private func configuration() -> TrainingConfiguration {
        let defaults = task.defaults
        return TrainingConfiguration(
            batch: defaults.batch,
            schedule: LearningRateSchedule(baseRate: defaults.learningRate, totalEpochs: defaults.epochs),
            optimizer: SGD.Configuration(), epochs: defaults.epochs, evaluateEveryEpochs: 1, workers: 2,
            federated: TrainingConfiguration.Federated(
                clients: defaults.clients, fraction: defaults.fraction, localEpochs: defaults.localEpochs,
                localBatch: defaults.localBatch, partition: defaults.partition))
    }

    private func differences(
        _ name: String, _ start: [String] = [], _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) throws -> [String]? {
        var configuration = configuration()
        change(&configuration)
        let strategy = try #require(StrategyRegistry.named(name))
        return try #require(task.tuning(of: strategy, usedWith: configuration, start)).differences
    }

    @Test func theTasksOwnOptionsAreTuned() throws {
        for name in ["single", "threads", "sync", "federated"] { #expect(try differences(name) == nil, "\(name)") }
        // The search was made with sixty epochs; a hundred are the task's own.
        #expect(try differences("sync") { $0.epochs = 60 } == nil)
        // How many workers share a batch does not change the steps.
        #expect(try differences("sync") { $0.workers = 16 } == nil)
    }

    @Test func whateverElseTheRateIsUsedWithIsNamed() throws {
        #expect(try differences("sync") { $0.batch = 32 } == ["batch 32 instead of 64"])
        #expect(try differences("sync") { $0.epochs = 3 } == ["epochs 3 instead of 60"])
        #expect(try differences("sync") { $0.optimizer.momentum = 0.5 } == ["momentum 0.5 instead of 0.0"])
        #expect(try differences("sync") { $0.optimizer.weightDecay = 0.5 } == ["weight decay 0.5 instead of 0"])
        #expect(try differences("sync") { $0.schedule.decay = .cosine } == ["a rate that decays"])
        #expect(try differences("sync", ["no shuffling"]) == ["no shuffling"])
        #expect(
            try differences("federated") {
                $0.federated.localEpochs = 7
                $0.federated.localBatch = nil
                $0.federated.partition = "shards:2"
            } == [
                "local epochs 7 instead of 5", "local batch all instead of 10", "partition shards:2 instead of iid",
            ])
    }

    @Test func anOptionThatTheStrategyHasNotIsNoDifference() throws {
        #expect(try differences("federated") { $0.batch = 32 } == nil)
        #expect(try differences("sync") { $0.federated.localEpochs = 7 } == nil)
    }

    @Test func aTaskThatNobodyTunedSaysSo() throws {
        let strategy = try #require(StrategyRegistry.named("sync"))
        let tuning = try #require(TrainingTask.mnistCNN.tuning(of: strategy, usedWith: configuration()))
        #expect(!tuning.isTuned && tuning.trialsText == "untuned" && tuning.words.hasPrefix("untuned ("))
    }
}
