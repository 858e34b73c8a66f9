import Testing

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

    /// In a process of its own, since other tests run over all tasks.
    @Test func anAddedTaskIsFoundByItsName() async {
        await #expect(processExitsWith: .success) {
            try TrainingTask.add(AddedTaskTests.task("own", target: 1))
            #expect(try TrainingTask.named("own").target == 1)
            #expect(TrainingTask.all.map(\.name).last == "own")
        }
    }
}
