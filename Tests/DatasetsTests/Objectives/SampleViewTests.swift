import Kernel
import Randomness
import Testing

@testable import Datasets

@Suite struct SampleViewTests {
    /// Two images of three by three pixels with two channels, whose bytes are their places.
    private let images = Dataset(
        name: "made", shape: FeatureShape(channels: 2, height: 3, width: 3), classCount: 3,
        pixels: (0..<36).map { UInt8($0) }, labels: [2, 0], white: 1)

    @Test func aQuarterTurnGoesCounterclockwise() {
        // numpy.rot90([[0, 1, 2], [3, 4, 5], [6, 7, 8]]) is [[2, 5, 8], [1, 4, 7], [0, 3, 6]].
        let turned: [Float] = [2, 5, 8, 1, 4, 7, 0, 3, 6]
        let view = SampleView(quarterTurns: 1, of: images.shape)
        let seen = images.seen(as: view)
        for image in 0..<4 {
            #expect(Array(seen.inputs[9 * image..<9 * image + 9]) == turned.map { $0 + Float(9 * image) })
        }
        #expect(seen.labels == [2, 0])
        // Half a turn is the image read backwards.
        let half = images.seen(as: SampleView(quarterTurns: 2, of: images.shape)).inputs
        #expect(Array(half[..<9]) == [8, 7, 6, 5, 4, 3, 2, 1, 0])
    }

    @Test func fourQuarterTurnsAreTheIdentity() {
        #expect(SampleView(quarterTurns: 4, of: images.shape).changesNothing)
        #expect(SampleView(quarterTurns: 0, of: images.shape).changesNothing)
        let once = SampleView(quarterTurns: 1, of: images.shape)
        #expect(SampleView(quarterTurns: 5, of: images.shape) == once)
        #expect(SampleView(quarterTurns: -3, of: images.shape) == once)
        // Made of the bytes, turn after turn.
        var data = images
        for turn in 1...4 {
            data = Dataset(
                name: "made", shape: images.shape, classCount: 3, pixels: data.seen(as: once).inputs.map { UInt8($0) },
                labels: data.labels, white: 1)
            let atOnce = images.seen(as: SampleView(quarterTurns: turn, of: images.shape)).inputs
            #expect(data.seen().inputs == atOnce, "\(turn) turns")
            #expect((data.seen().inputs == images.seen().inputs) == (turn == 4))
        }
    }

    @Test func classesHaveOtherNamesAndPicturesStay() {
        let view = SampleView(relabelling: [1, 2, 0])
        let seen = images.seen(as: view)
        #expect(seen.labels == [0, 1])
        #expect(seen.inputs == images.seen().inputs)
        #expect(SampleView(relabelling: [0, 1, 2]).changesNothing && !view.changesNothing)
    }

    @Test func aListAndARangeAreSeenAlike() {
        let view = SampleView(quarterTurns: 3, of: images.shape)
        let batch = Batch(capacity: 3, featureCount: 18)
        images.gather([1, 0, 1], into: batch, seenAs: view)
        let all = images.seen(as: view).inputs
        #expect(Array(batch.inputs) == Array(all[18...]) + Array(all[..<18]) + Array(all[18...]))
        #expect(Array(batch.labels) == [0, 2, 0])
    }
}
