import Datasets
import Foundation
import Kernel
import Randomness
import Testing
import Training

@testable import Tasks

/// What a task file makes of its data and its model.
@Suite struct TaskFileTests {
    private static let end = "model:\n  - linear: {out_features: 5}\n  - relu\n  - dense: {name: fc2}\ntarget: 90%\n"

    private func split(_ task: TrainingTask, seed: UInt64 = 1, shuffles: Bool = true) throws -> TrainTestSplit {
        try task.load(DataDirectory("none"), SeedSequence(seed), shuffles)
    }

    /// What a model sees of all samples, row by row.
    private func seen(_ data: Dataset) -> [Float] {
        let batch = Batch(capacity: data.count, featureCount: data.shape.count)
        data.gather(0..<Int32(data.count), into: batch)
        return Array(batch.inputs)
    }

    @Test func filesAreReadAsTheyAre() throws {
        try TaskFolder.with { folder in
            let contents = try folder.contents(
                "name: mine\ndata:\n  features: x.npy\n  labels: y.npy\n  users: u.npy\n"
                    + "  test: {features: tx.npy, labels: ty.npy, users: tu.npy}\n" + Self.end)
            let split = try split(contents.task)
            #expect(split.training.count == 12 && split.test.count == 2 && split.training.classCount == 3)
            #expect(seen(split.training) == TaskFolder.features && seen(split.test) == Array(TaskFolder.features[..<8]))
            #expect(split.training.labels == TaskFolder.labels && split.test.labels == [0, 2])
            // 0, 1, 5, 7, 9, 30 of both sets, in their order.
            #expect(split.training.users == [2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5] && split.test.users == [1, 0])
            #expect(contents.task.name == "mine" && contents.task.target == 0.9 && contents.task.users == 6)
            #expect(contents.task.network.layout.slots.map(\.name) == ["0.weight", "0.bias", "fc2.weight", "fc2.bias"])
            #expect(contents.task.network.parameterCount == 4 * 5 + 5 + 5 * 3 + 3)
        }
    }

    /// Values by hand: the mean of 0...11 is 5.5 and its variance (12 * 12 - 1) / 12; test samples are scaled by the
    /// training set's mean and deviation.
    @Test func standardisationKnowsTheTrainingSetAlone() throws {
        try TaskFolder.with { folder in
            try folder.write((0..<12).map(Float.init), [12, 1], "a.npy")
            try folder.write([5.5, 1000], [2, 1], "b.npy")
            let task = try folder.contents(
                "data:\n  features: a.npy\n  labels: y.npy\n  standardize: yes\n"
                    + "  test: {features: b.npy, labels: ty.npy}\n" + Self.end
            ).task
            let split = try split(task)
            let deviation = Float((143.0 / 12).squareRoot())
            #expect(seen(split.test) == [0, (1000 - 5.5) / deviation])
            #expect(seen(split.training)[0] == -5.5 / deviation)
        }
    }

    @Test func aShareOfTheSamplesIsDrawnByTheSeed() throws {
        try TaskFolder.with { folder in
            let task = try folder.contents(
                "data: {features: x.npy, labels: y.npy, test: {fraction: 25%}, scale: 0.25}\n" + Self.end
            ).task
            let inOrder = try split(task, shuffles: false)
            #expect(inOrder.training.count == 9 && inOrder.test.count == 3)
            #expect(seen(inOrder.training) == TaskFolder.features[..<36].map { $0 / 0.25 })
            let tests = try (1...5).map { try seen(split(task, seed: $0).test) }
            #expect(Set(tests).count > 1)
            #expect(try seen(split(task, seed: 3).test) == tests[2])
        }
    }

    @Test func unseenUsersAreInTheTestSetWithAllOfTheirSamples() throws {
        try TaskFolder.with { folder in
            let contents = try folder.contents(
                "data: {features: x.npy, labels: y.npy, users: u.npy, test: {users: 25%}}\n" + Self.end
                    + "defaults: {clients: users}\n")
            var tested: Set<UInt16> = []
            for seed in 1...20 {
                let split = try split(contents.task, seed: UInt64(seed))
                let users = Set(split.test.users ?? [])
                #expect(users.count == 1 && split.test.count == 3 && split.training.count == 9, "seed \(seed)")
                #expect(users.isDisjoint(with: split.training.users ?? []), "seed \(seed)")
                tested.formUnion(users)
            }
            #expect(tested == [0, 1, 2, 3])
            // To the nearest number of users, and one at least.
            #expect([0.4, 0.3, 0.01, 0.99].map { Dataset.testedUsers(of: 4, $0) } == [2, 1, 1, 3])
            // Three are left to train on, each a client of its own.
            #expect(contents.task.defaults.options["clients"] == 3)
            #expect(contents.task.defaults.options["partition"] == "natural")
        }
    }

    @Test func tablesHaveColumnsOfFeaturesLabelsAndUsers() throws {
        try TaskFolder.with { folder in
            let contents = try folder.contents(
                "data: {features: t.csv, labels: t.csv:colour, users: t.csv:who, test: {fraction: 25%}}\n" + Self.end)
            #expect(contents.data.columns == ["size", "age"] && contents.data.classes.names == ["green", "red"])
            #expect(contents.data.userNames == ["p0", "p1", "p2", "p3"])
            let split = try split(contents.task, shuffles: false)
            #expect(Array(seen(split.training)[..<6]) == [0, 0, 1, 1, 2, 2])
            #expect(split.training.labels == [1, 0, 1, 0, 1, 0, 1, 0, 1])
        }
    }

    /// Test tables of other people have their columns in another order.
    @Test func columnsOfTheTestTableAreThoseOfTheTrainingTable() throws {
        try TaskFolder.with { folder in
            for columns in ["columns: [size, age]", "columns: [1, 2]", "columns: [1, age]"] {
                let contents = try folder.contents(
                    "data: {features: t.csv, labels: t.csv:colour, \(columns), test: {features: swapped.csv, labels: swapped.csv:colour}}\n"
                        + Self.end)
                #expect(contents.data.columns == ["size", "age"])
                #expect(try seen(split(contents.task).test) == [20, 1, 30, 2], "\(columns)")
            }
            try folder.write("colour,size,age\nred,0,1\n" + String(repeating: "green,2,3\n", count: 9), "three.csv")
            let contents = try folder.contents(
                "data: {features: three.csv, labels: three.csv:colour, test: {features: swapped.csv, labels: swapped.csv:colour}}\n"
                    + Self.end)
            #expect(try seen(split(contents.task).test) == [20, 1, 30, 2])
        }
    }

    /// Targets are found by their names, too.
    @Test func targetsOfTheTestTableAreThoseOfTheTrainingTable() throws {
        try TaskFolder.with { folder in
            try folder.write("u,v\n" + String(repeating: "1,2\n", count: 12), "targets.csv")
            try folder.write("v,u\n2,1\n4,3\n", "test-targets.csv")
            let contents = try folder.contents(
                "data: {features: x.npy, labels: targets.csv, test: {features: tx.npy, labels: test-targets.csv}}\n"
                    + "loss: squared_error\nmodel: [dense: {name: fc}]\ntarget: 0.5\n")
            #expect(try split(contents.task).test.targets == [1, 2, 3, 4])
        }
    }

    @Test func imagesGoThroughConvolutions() throws {
        try TaskFolder.with { folder in
            let contents = try folder.contents(
                """
                data: {features: images.npy, labels: y.npy, test: {fraction: 25%}, scale: 255}
                model:
                  - conv: {name: c, out_channels: 4, kernel_size: 3, padding: 1}
                  - maxpool: {kernel_size: 2}
                  - relu
                  - conv2d: {filters: 2, kernel: 3}
                  - flatten
                  - linear: {name: out}
                target: 50%

                """)
            #expect(contents.data.shape == FeatureShape(channels: 1, height: 8, width: 8))
            // PyTorch: Conv2d(1, 4, 3, padding=1), MaxPool2d(2), Conv2d(4, 2, 3), Linear(8, 3).
            let slots = contents.task.network.layout.slots
            #expect(slots.map(\.shape) == [[4, 1, 3, 3], [4], [2, 4, 3, 3], [2], [3, 8], [3]])
            #expect(slots.map(\.name) == ["c.weight", "c.bias", "3.weight", "3.bias", "out.weight", "out.bias"])
        }
    }

    @Test func moreOutputsThanLabelsAreClassesWithoutSamples() throws {
        try TaskFolder.with { folder in
            let task = try folder.contents(
                "data: {features: x.npy, labels: y.npy, test: {fraction: 25%}}\nmodel: [dense: {outputs: 7}]\ntarget: 1%\n"
            ).task
            #expect(try split(task).training.classCount == 7)
        }
    }

    @Test func whatChangesTheDataChangesTheirIdentity() throws {
        try TaskFolder.with { folder in
            func identity(_ data: String) throws -> DataIdentity {
                try folder.contents("data: {\(data)}\n" + Self.end).data.identity
            }
            let usual = "features: x.npy, labels: y.npy, test: {fraction: 25%}"
            let first = try identity(usual)
            #expect(first.files?.map(\.role) == ["features", "labels"])
            try folder.write("no data", "ignored.txt")
            #expect(try identity(usual) == first)
            #expect(try identity(usual + ", scale: 2").sha256 != first.sha256)
            #expect(try identity("features: x.npy, labels: y.npy, test: {fraction: 50%}").sha256 != first.sha256)
            var changed = TaskFolder.features
            changed[7] += 1
            try folder.write(changed, [12, 4], "x.npy")
            let second = try identity(usual)
            #expect(second.sha256 != first.sha256 && second.differentFiles(from: first) == ["features (x.npy)"])
        }
    }

    @Test func aFileThatWasChangedIsReadAgain() throws {
        try TaskFolder.with { folder in
            let text = "data: {features: x.npy, labels: y.npy, test: {fraction: 25%}}\n" + Self.end
            let first = try folder.contents(text).task
            #expect(try folder.contents(text).task.file == first.file)
            #expect(throws: Never.self) { try TrainingTask.recorded("t", first.file) }
            _ = try folder.contents(text + "summary: other\n")
            let error = #expect(throws: ExperimentError.self) { try TrainingTask.recorded("t", first.file) }
            #expect(error?.description.contains("was changed: its SHA-256 is ") == true, "\(error?.description ?? "")")
        }
    }

    @Test func findingsAreCounted() throws {
        try TaskFolder.with { folder in
            // Samples 1 and 3 are alike, and the second number never changes.
            try folder.write([1, 5, 2, 5, 1, 5, 4, 5, 6, 5, 7, 5], [6, 2], "f.npy")
            try folder.write(bytes: [0, 1, 0, 1, 0, 1], [6], "l.npy")
            try folder.write([2, 5, 8, 5, 99, 5], [3, 2], "tf.npy")
            try folder.write(bytes: [0, 3, 3], [3], "tl.npy")
            let contents = try folder.contents(
                "data: {features: f.npy, labels: l.npy, test: {features: tf.npy, labels: tl.npy}}\n" + Self.end)
            let split = try split(contents.task)
            let findings = DataFindings(split)
            #expect(findings.constantFeatures == [1] && findings.repeatedTestSamples == 1)
            #expect(findings.repeatedTrainingSamples == 1 && findings.largest == 99)
            let warnings = findings.warnings(split, classNames: nil, columns: ["a", "b"], userNames: [])
            #expect(
                warnings == [
                    "1 of 2 features is the same number in all training samples: 'b'",
                    "1 of 3 test samples is in the training set, too: what is measured on them is memory",
                    "labels that occur in the test set only, and cannot be learned: 3 (2 samples)",
                    "classes without any sample: 2",
                    "the largest number that a model sees is 99: say 'scale' or 'standardize: yes', or training may diverge",
                ])
        }
    }

    @Test func usersInBothSetsAreNamed() throws {
        try TaskFolder.with { folder in
            try folder.write(bytes: [7, 8], [2], "tu5.npy")
            let contents = try folder.contents(
                "data: {features: x.npy, labels: y.npy, users: u.npy, "
                    + "test: {features: tx.npy, labels: ty.npy, users: tu5.npy}}\n" + Self.end)
            let split = try split(contents.task)
            let warnings = DataFindings(split).warnings(
                split, classNames: nil, columns: [], userNames: contents.data.userNames)
            #expect(
                warnings.contains(
                    "1 of 2 users of the test set have samples to train on, too: 7; accuracy on people that the model has not seen is lower"
                ), "\(warnings)")
        }
    }

    /// The text is "abcabc...", cut after 80 of 100 characters: windows of four begin at every third.
    @Test func aTextIsReadInWindowsWhoseTestPartIsItsEnd() throws {
        try TaskFolder.with { folder in
            try folder.write(String(repeating: "abca\n", count: 20), "story.txt")
            let contents = try folder.contents(
                """
                data: {text: story.txt, window: 4, every: 3, test: {fraction: 20%}}
                model:
                  - embedding: {name: e, dimension: 3}
                  - lstm: {name: l, hidden: 5}
                  - last
                  - dense: {name: out}
                metric: perplexity
                target: 1.5

                """)
            #expect(contents.data.classes.names == ["\n", "a", "b", "c"] && contents.task.metric == .perplexity)
            let split = try split(contents.task)
            // Starts 0, 3, ..., 75 leave room for four symbols and the next before 80; 80, 83, ..., 95 before 100.
            #expect(split.training.count == 26 && split.test.count == 6)
            // One at every symbol: 0 to 75 before 80, and 80 to 95, since the label behind a window is of its part, too.
            let every = try TextCorpus([DataReference("story.txt")], in: folder.url)
            #expect(
                [false, true].map { every.windows(length: 4, every: 1, testing: 0.2, isEnd: $0).users.count } == [
                    76, 16,
                ])
            #expect(Array(seen(split.training)[..<8]) == [1, 2, 3, 1, 1, 0, 1, 2])
            #expect(split.training.labels[..<2] == [0, 3])
            // PyTorch: Embedding(4, 3), LSTM(3, 5), Linear(5, 4).
            let slots = contents.task.network.layout.slots
            #expect(slots.map(\.shape) == [[4, 3], [20, 3], [20, 5], [20], [20], [4, 5], [4]])
        }
    }

    @Test func numbersArePredictedByTheirSquaredErrors() throws {
        try TaskFolder.with { folder in
            let contents = try folder.contents(
                "data: {features: x.npy, labels: half.npy, test: {fraction: 25%}}\nloss: squared_error\n"
                    + "model: [dense: {name: fc}]\ntarget: 0.5\n")
            #expect(contents.task.metric == .rmse && contents.task.target == 0.5 && contents.data.isRegression)
            let split = try split(contents.task, shuffles: false)
            #expect(
                split.training.targets == [0.5] + [Float](repeating: 1, count: 8) && split.training.targetCount == 1)
            #expect(contents.task.network.layout.slots.map(\.shape) == [[1, 4], [1]])
        }
    }
}
