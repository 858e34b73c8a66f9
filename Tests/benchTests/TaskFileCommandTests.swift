import Datasets
import Foundation
import Kernel
import Testing

@testable import BenchCommands

/// Task files through the program: the same results as the task that one was written from, and other data refused.
@Suite struct TaskFileCommandTests {
    private static let run = [
        "--strategy", "sync,federated", "--epochs", "2", "--seeds", "2", "--compute", "reference", "--quiet",
    ]

    private func results(
        _ task: String, _ output: String, _ run: [String] = Self.run, in folder: TemporaryFolder
    ) async throws {
        let outcome = try await bench(["--task", task] + run + ["--output", output], in: folder)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
    }

    /// Options for a few steps of tasks that take long.
    private static let fewSteps = [
        "--strategy", "sync", "--epochs", "0.02", "--evaluate-every", "0.01", "--seeds", "1", "--compute", "reference",
        "--quiet",
    ]

    @Test(
        arguments: [("digits", run), ("vowels-mlp", run), ("letters", run)]
            + [("sotu-lstm", fewSteps), ("sotu-transformer", fewSteps)])
    func aTaskThatIsWrittenDownHasTheSameResults(_ name: String, _ run: [String]) async throws {
        try await withFolder { folder in
            let written = try await bench(["task", "check", name, "--export-data", "mine"], in: folder)
            #expect(written.code == 0, "\(written.testDescription)")
            let printed = try await bench(["list", "--task", name, "--format", "yaml"], in: folder)
            #expect(try printed.output == folder.text("mine/\(name).yaml"))
            try await results(name, "a", run, in: folder)
            try await results("mine/\(name).yaml", "b", run, in: folder)
            #expect(try folder.read("a/curves.csv") == folder.read("b/curves.csv"))
        }
    }

    @Test(
        .enabled(
            if: ImageDatabase.mnist.files.allSatisfy { ImageFiles(.mnist, in: DataDirectory(nil)).locate($0) != nil }))
    func aTaskOfMNISTsFilesHasTheSameResults() async throws {
        try await withFolder { folder in
            let printed = try await bench(["list", "--task", "mnist-softmax", "--format", "yaml"], in: folder)
            try folder.write(Data(printed.output.utf8), "mine.yaml")
            for (task, output) in [("mnist-softmax", "a"), ("mine.yaml", "b")] {
                let outcome = try await bench(
                    [
                        "--task", task, "--strategy", "sync", "--epochs", "0.05", "--seeds", "1", "--compute",
                        "reference",
                    ]
                        + ["--quiet", "--output", output], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
            }
            #expect(try folder.read("a/curves.csv") == folder.read("b/curves.csv"))
        }
    }

    /// Of 240 letters there are 188 windows to train on and 44 to test on, each a place of four bytes and a label of one.
    @Test func aTextIsCheckedAsItIsWritten() async throws {
        try await withFolder { folder in
            try folder.write(Data(String(repeating: "ab ab\n", count: 40).utf8), "story.txt")
            let text = """
                data: {text: story.txt, window: 4, test: {fraction: 20%}}
                model: [embedding: {name: e, dimension: 3}, last, dense: {name: out}]
                metric: perplexity
                target: 2

                """
            try folder.write(Data(text.utf8), "t.yaml")
            let found = try await bench(["task", "check", "t.yaml"], in: folder)
            #expect(found.code == 0, "\(found.testDescription)")
            for part in [
                "  first training  'ab a' -> b\n", "'\\n' ", "' ' ", "  memory      data 1.4 kB; ",
            ] { #expect(found.output.contains(part), "\(part): \(found.testDescription)") }
        }
    }

    @Test func resultsOfOtherDataAreRefusedAndReportsNeedNoData() async throws {
        try await withFolder { folder in
            _ = try await bench(["task", "check", "digits", "--export-data", "mine"], in: folder)
            try await results("mine/digits.yaml", "a", in: folder)
            var features = try folder.read("mine/digits-x.npy")
            features[300] = 1
            try folder.write(features, "mine/digits-x.npy")
            try await results("mine/digits.yaml", "b", in: folder)
            let compared = try await bench(["compare", "a", "b"], in: folder)
            #expect(compared.code == 2, "\(compared.testDescription)")
            #expect(compared.errors.contains("the data differ: "), "\(compared.errors)")
            #expect(compared.errors.contains("other contents have features (digits-x.npy)"), "\(compared.errors)")

            try FileManager.default.removeItem(at: folder.url.appendingPathComponent("mine"))
            let report = try await bench(["report", "a"], in: folder)
            #expect(report.code == 0, "\(report.testDescription)")
            let gone = try await bench(["--task", "mine/digits.yaml"] + Self.run, in: folder)
            #expect(gone.code == 1, "\(gone.testDescription)")
            #expect(gone.errors.contains("task file 'mine/digits.yaml' does not exist or cannot be read"))
        }
    }

    @Test func weightsAreMeasuredToTheSample() async throws {
        try await withFolder { folder in
            let trained = try await bench(
                quick + ["--strategy", "single", "--clock", "simulated", "--save", "w.safetensors", "--no-shuffle"],
                in: folder)
            #expect(trained.code == 0, "\(trained.testDescription)")
            let check = ["task", "check", "digits", "--init", "w.safetensors"]
            let measured = try await bench(check, in: folder)
            let words = measured.output.split(separator: "\n").last { $0.contains(" test samples right: ") } ?? ""
            let right = try #require(Int(words.prefix { $0.isNumber }), "\(measured.testDescription)")
            let met = try await bench(check + ["--expect", "\(right)/360"], in: folder)
            #expect(met.code == 0 && met.output.contains("As expected: \(right)/360"), "\(met.testDescription)")
            let missed = try await bench(check + ["--expect", "\(right - 1)/360"], in: folder)
            #expect(missed.code == 1, "\(missed.testDescription)")
            #expect(missed.errors.contains("--expect \(right - 1)/360, and the model here is right about \(right)/360"))
        }
    }
}

/// Weights by hand, measured by the metric of a task file.
@Suite struct TaskMetricCommandTests {
    private static func array(_ numbers: [Float], _ shape: [Int]) -> Data {
        let bytes = numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } }
        return NPY.encode("<f4", shape: shape, data: bytes)
    }

    /// - Parameter model: the last layer's outputs, its weights and its biases.
    private func check(
        _ rest: String, labels: [Float], model: (outputs: Int, numbers: [Float]), expecting: String,
        in folder: TemporaryFolder
    ) async throws -> Outcome {
        try folder.write(Self.array([1, 2, 2, 3, 4, 5], [6, 1]), "x.npy")
        try folder.write(Self.array(labels, [6]), "y.npy")
        let text =
            "data: {features: x.npy, labels: y.npy, test: {features: x.npy, labels: y.npy}}\nmodel: [dense: {name: fc, outputs: \(model.outputs)}]\n"
        try folder.write(Data((text + rest).utf8), "t.yaml")
        let network = Network(input: FeatureShape(features: 1), [.dense("fc", outputs: model.outputs)])
        let weights = try Safetensors.encode(ParameterVector(model.numbers), network.layout)
        try folder.write(weights, "w.safetensors")
        return try await bench(
            ["task", "check", "t.yaml", "--init", "w.safetensors", "--expect", expecting], in: folder)
    }

    /// Six and a half of the nine pairs of samples with labels 1 and 0 have the larger score where the label is 1: 2 is
    /// above 1 and equal to 2, 3 is above two scores, 5 above three.
    @Test func anAreaIsMeasured() async throws {
        try await withFolder { folder in
            for (expected, code) in [("0.7222", 0), ("72.22%", 0), ("0.7221", 1), ("4/6", 1)] {
                let found = try await check(
                    "loss: binary_cross_entropy\nmetric: auc\ntarget: 0.7\n", labels: [0, 0, 1, 1, 0, 1],
                    model: (1, [1, 0]), expecting: expected, in: folder)
                #expect(found.code == code, "\(found.testDescription)")
                #expect(found.output.contains("AUC 0.7222222222222222 on 6 test samples; 3 right; loss "))
            }
        }
    }

    /// 2 x + 1 is off by 0, 0, 0, 0, 3 and 4: the mean of the squares is 25 / 6.
    @Test func aRootOfSquaresIsMeasured() async throws {
        try await withFolder { folder in
            for (expected, code) in [("2.0412", 0), ("2.05", 1)] {
                let found = try await check(
                    "loss: squared_error\ntarget: 1\n", labels: [3, 5, 5, 7, 12, 15], model: (1, [2, 1]),
                    expecting: expected, in: folder)
                #expect(found.code == code, "\(found.testDescription)")
                #expect(found.output.contains("RMSE 2.041") && !found.output.contains("right"))
            }
        }
    }

    /// A model that knows nothing is as unsure as among all three classes.
    @Test func aPerplexityIsMeasured() async throws {
        try await withFolder { folder in
            let found = try await check(
                "metric: perplexity\ntarget: 2\n", labels: [0, 1, 2, 0, 1, 2], model: (3, [0, 0, 0, 0, 0, 0]),
                expecting: "3.00000", in: folder)
            #expect(found.code == 0 && found.output.contains("As expected: 3.00000"), "\(found.testDescription)")
        }
    }
}

/// Which accuracies are the one that somebody wrote.
@Suite struct ExpectationTests {
    @Test func aShareIsMetToItsDigits() throws {
        // 9831 of 10000 is 98.31 %, and nothing beside it is.
        let share = try Expectation(parsing: "98.31%")
        #expect(share.judge(right: 9831, of: 10_000).isMet && !share.judge(right: 9830, of: 10_000).isMet)
        // 354 / 360 is 98.33 % and 98.333... %.
        #expect(try Expectation(parsing: "98.33%").judge(right: 354, of: 360).isMet)
        #expect(try Expectation(parsing: "0.9833").judge(right: 354, of: 360).isMet)
        #expect(try !Expectation(parsing: "98.34%").judge(right: 354, of: 360).isMet)
        // With a million samples, two decimals mean 101 counts, which the words say.
        let million = try Expectation(parsing: "98.31%").judge(right: 983_137, of: 1_000_000)
        #expect(million.isMet && million.words.contains("--expect 983137/1000000 says it to the sample"))
        #expect(try !Expectation(parsing: "98.31%").judge(right: 983_151, of: 1_000_000).isMet)
    }

    @Test func countsAreMetExactly() throws {
        #expect(try Expectation(parsing: "354/360").judge(right: 354, of: 360).isMet)
        #expect(try !Expectation(parsing: "354/360").judge(right: 353, of: 360).isMet)
        #expect(try !Expectation(parsing: "354/361").judge(right: 354, of: 360).isMet)
        #expect(try Expectation(parsing: "4.21").isMet(by: 4.2149) && !Expectation(parsing: "4.21").isMet(by: 4.2151))
        for text in ["", "many", "361/360", "1/0", "-1%"] {
            #expect(throws: (any Error).self) { try Expectation(parsing: text) }
        }
    }
}
