import Foundation
import Kernel
import Testing

@testable import Datasets

@Suite struct DatasetTests {
    private let dataset = Dataset(
        name: "test", shape: FeatureShape(channels: 1, height: 1, width: 64), classCount: 4,
        pixels: (0...255).map { UInt8($0) }, labels: [3, 1, 0, 2], white: 255)

    @Test func gatherDividesEveryByteByWhite() {
        let batch = Batch(capacity: 4, featureCount: 64)
        dataset.gather([0, 1, 2, 3], into: batch)
        #expect(batch.count == 4)
        for value in 0...255 {
            // One division rounds once: equal to the Double quotient rounded to float32, exactly.
            #expect(batch.inputs[value] == Float(Double(value) / 255), "\(value)")
        }
        #expect(batch.inputs[0] == 0 && batch.inputs[255] == 1)
    }

    @Test func gatherTakesSamplesInTheOrderOfTheirIndices() {
        let batch = Batch(capacity: 5, featureCount: 64)
        dataset.gather([2, 0, 2], into: batch)
        #expect(batch.count == 3)
        #expect(Array(batch.labels[..<3]) == [0, 3, 0])
        let fifth: [Float] = [133, 5, 133]
        #expect([5, 69, 133].map { batch.inputs[$0] } == fifth.map { $0 / 255 })
    }

    @Test func gatherScalesByTheSetsOwnWhite() {
        let grey = Dataset(
            name: "grey", shape: FeatureShape(features: 3), classCount: 1, pixels: [0, 8, 16], labels: [0], white: 16)
        let batch = Batch(capacity: 1, featureCount: 3)
        grey.gather([0], into: batch)
        #expect(Array(batch.inputs) == [0, 0.5, 1])
    }

    @Test func selectingKeepsPixelsAndLabelsTogether() {
        let selected = dataset.selecting([3, 1])
        #expect(selected.labels == [2, 1] && selected.count == 2)
        let expected = [192...255, 64...127].flatMap { $0.map { UInt8($0) } }
        #expect(selected.pixels == expected)
        #expect(selected.white == 255 && selected.classCount == 4 && selected.shape == dataset.shape)
    }
}

@Suite struct DataDirectoryTests {
    private let all = ["BENCH_DATA": "/bench", "XDG_CACHE_HOME": "/cache", "HOME": "/home/somebody"]

    private func path(_ given: String?, without names: String...) -> String {
        DataDirectory(given, environment: all.filter { !names.contains($0.key) }).url.path
    }

    @Test func givenPathComesFirstThenBenchDataThenTheCacheThenHome() {
        #expect(path("/given") == "/given")
        #expect(path(nil) == "/bench")
        #expect(path(nil, without: "BENCH_DATA") == "/cache/distributed-training-bench")
        #expect(
            path(nil, without: "BENCH_DATA", "XDG_CACHE_HOME") == "/home/somebody/.cache/distributed-training-bench")
    }

    @Test func emptyVariablesCountAsUnset() {
        let environment = ["BENCH_DATA": "", "XDG_CACHE_HOME": "", "HOME": "/home/somebody"]
        #expect(
            DataDirectory(nil, environment: environment).url.path == "/home/somebody/.cache/distributed-training-bench")
    }

    @Test func withoutAnyVariableItIsTheUsersCache() {
        let home = FileManager.default.homeDirectoryForCurrentUser
        #expect(
            DataDirectory(nil, environment: [:]).url.path
                == home.appendingPathComponent(".cache/distributed-training-bench").path)
    }
}
