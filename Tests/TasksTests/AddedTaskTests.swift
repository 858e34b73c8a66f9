import Kernel
import Testing
import Training

@testable import Tasks

/// Tasks that a program of another package adds.
@Suite struct AddedTaskTests {
    private static func task(_ name: String, target: Double) -> TrainingTask {
        TrainingTask(
            name: name, summary: "a test", target: target, network: TrainingTask.digits.network,
            defaults: TrainingTask.digits.defaults, data: TrainingTask.digits.data)
    }

    @Test func aNameThatIsTakenIsRefused() {
        #expect(throws: ExperimentError("there are two tasks 'digits'")) {
            try TrainingTask.add(Self.task("digits", target: 0.9))
        }
    }

    @Test(arguments: [0, -0.1, 1.01, 95, Double.nan]) func aTargetIsAnAccuracy(_ target: Double) {
        #expect(
            throws: ExperimentError("task 'own' has the target \(target); allowed is an accuracy above 0 up to 1")
        ) {
            try TrainingTask.add(Self.task("own", target: target))
        }
    }

    @Test(arguments: [(Metric.perplexity, 0.5), (.loss, 0), (.rmse, -1), (.auc, 1.01), (.perplexity, .infinity)])
    func aTargetIsOneOfTheMetrics(_ metric: Metric, _ target: Double) {
        let task = TrainingTask(
            name: "own", summary: "a test", metric: metric, target: target, network: Self.binary,
            defaults: TrainingTask.digits.defaults, data: TrainingTask.digits.data)
        let error = #expect(throws: ExperimentError.self) { try TrainingTask.add(task) }
        #expect("\(String(describing: error))".contains("allowed is \(metric.allowedTargets)"))
    }

    @Test func anAreaNeedsAModelThatScores() {
        let task = TrainingTask(
            name: "own", summary: "a test", metric: .auc, target: 0.9, network: TrainingTask.digits.network,
            defaults: TrainingTask.digits.defaults, data: TrainingTask.digits.data)
        let error = #expect(throws: ExperimentError.self) { try TrainingTask.add(task) }
        #expect("\(String(describing: error))".contains("for labels 0 and 1"))
    }

    private static let binary = Network(
        input: FeatureShape(channels: 1, height: 8, width: 8), [.flatten, .dense("logits", outputs: 2)])

    /// In a process of its own, since other tests run over all tasks.
    @Test func anAddedTaskIsFoundByItsName() async {
        await #expect(processExitsWith: .success) {
            try TrainingTask.add(AddedTaskTests.task("own", target: 1))
            #expect(try TrainingTask.named("own").target == 1)
            #expect(TrainingTask.all.map(\.name).last == "own")
        }
    }
}
