import Kernel
import Testing

@testable import Datasets

/// What belongs to samples beside labels: it goes wherever they go.
@Suite struct TargetTests {
    /// Five samples of one feature; sample k has the targets 10 k and 10 k + 1.
    private func made(_ targets: [Float]? = (0..<5).flatMap { [Float(10 * $0), Float(10 * $0 + 1)] }) -> Dataset {
        Dataset(
            name: "made", classCount: 1,
            source: StandardisedFeatures(features: 1, values: [0, 1, 2, 3, 4]),
            labels: [0, 0, 0, 0, 0], users: [0, 1, 0, 1, 0], targets: targets, targetCount: 2)
    }

    private func gathered(_ data: Dataset, _ gather: (Batch) -> Void) -> [Float] {
        let batch = Batch(capacity: 5, featureCount: 1, targetCount: data.targetCount)
        gather(batch)
        return Array(batch.targets[..<(batch.count * 2)])
    }

    @Test func aBatchGetsThoseOfItsSamples() {
        let data = made()
        #expect(data.targetCount == 2)
        #expect(gathered(data) { data.gather([4, 0, 4], into: $0) } == [40, 41, 0, 1, 40, 41])
        #expect(gathered(data) { data.gather(Int32(2)..<4, into: $0) } == [20, 21, 30, 31])
    }

    @Test func aBatchWithoutRoomForThemGetsNone() {
        let batch = Batch(capacity: 2, featureCount: 1)
        made().gather([1, 2], into: batch)
        #expect(batch.count == 2 && batch.targets.isEmpty)
        #expect(made(nil).targetCount == 0 && made(nil).targets == nil)
    }

    @Test func partsAndJoinedSetsKeepThem() {
        let data = made()
        let part = data.selecting([3, 1])
        #expect(part.targets == [30, 31, 10, 11] && part.targetCount == 2)
        #expect(part.appending(data.selecting([0])).targets == [30, 31, 10, 11, 0, 1])
        #expect(data.selecting([]).targetCount == 2)
        let split = TrainTestSplit(training: data.selecting(0..<3), test: data.selecting(3..<5))
        #expect(split.scaledByTraining().training.targets == [0, 1, 10, 11, 20, 21])
        #expect(split.scaledByTraining().test.targets == [30, 31, 40, 41])
    }

    @Test func dataThatDifferInThemAreOthers() {
        func digest(_ data: Dataset) -> String { DataIdentity(of: data, data).sha256 }
        var others = made().targets ?? []
        others[9] += 1
        #expect(Set([digest(made()), digest(made(others)), digest(made(nil))]).count == 3)
        #expect(digest(made()) == digest(made()))
    }
}
