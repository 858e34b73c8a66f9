import Datasets
import Foundation
import Tasks
import Testing

@testable import Studies
@testable import TestSupport

@Suite struct StudyDataTests {
    /// Sixty images to train on and twelve to test on, in the place of MNIST's.
    private func writeImages(_ folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func write(_ file: ImageDatabase.File, _ shape: [Int], _ contents: [UInt8]) throws {
            let header: [UInt8] = [0, 0, 8, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, UInt8($0)] }
            try Data(header + contents).write(to: folder.appendingPathComponent(file.name))
        }
        for (images, labels, count) in [
            (ImageDatabase.mnist.trainingImages, ImageDatabase.mnist.trainingLabels, 60),
            (ImageDatabase.mnist.testImages, ImageDatabase.mnist.testLabels, 12),
        ] {
            try write(images, [count, 28, 28], (0..<count * 784).map { UInt8($0 * $0 % 251) })
            try write(labels, [count], (0..<count).map { UInt8($0 % 10) })
        }
    }

    @Test func aStudyReadsItsFilesOnceWhateverItsTrialsAndSeeds() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("data-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try writeImages(directory.appendingPathComponent("mnist"))
        var setup = StudySetup(vary: ["learning-rate=0.1,0.2"])
        setup.setup.strategies = ["single", "sync"]
        setup.setup.seeds = [1, 2]
        var plan = try setup.plan()
        plan.experiment.task = TrainingTask.mnistSoftmax.name
        let results = try Study(plan, data: DataDirectory(directory.path)).run(
            machine: machine,
            callbacks: Study.Callbacks(began: { _, _ in try? FileManager.default.removeItem(at: directory) }))
        #expect(results.isComplete && results.runs.count == 8 && results.selectionSamples == 10)
    }
}
