import Foundation
import Kernel
import Randomness
import Testing

@testable import Datasets

@Suite struct StandardisedFeaturesTests {
    private func data(_ values: [Float], features: Int = 2) -> Dataset {
        let count = values.count / features
        return Dataset(
            name: "made", classCount: 2, source: StandardisedFeatures(features: features, values: values),
            labels: (0..<count).map { UInt8($0 % 2) })
    }

    @Test func everyFeatureHasMeanZeroAndDeviationOneInTraining() {
        // Means 3 and -10; deviations of 1, 3, 5 and of -30, -10, 10: sqrt(8/3) and sqrt(800/3).
        let seen = data([1, -30, 3, -10, 5, 10]).seen().inputs
        let unit = Float(sqrt(1.5))
        let expected = [-unit, -unit, 0, 0, unit, unit]
        for (found, expected) in zip(seen, expected) { #expect(abs(found - expected) < 1e-6, "\(seen)") }
    }

    @Test func testSamplesAreScaledByWhatIsKnownWithoutThem() {
        let training = data([0, 5, 4, 5])
        let test = data([8, 6, 100, 0])
        let split = TrainTestSplit(training: training, test: test).scaledByTraining()
        // The first feature has mean 2 and deviation 2; the second never changes and is left at its size.
        #expect(split.test.seen().inputs == [3, 1, 49, -5])
        #expect(split.training.seen().inputs == [-1, 0, 1, 0])
        // Parts keep the scale until somebody asks for another.
        #expect(split.test.selecting([1]).seen().inputs == [49, -5])
    }

    @Test func aValidationSplitDoesNotKnowWhatItHoldsOut() {
        let values = (0..<24).map { Float($0 * $0) }
        let whole = TrainTestSplit(training: data(values), test: data([0, 0]))
        let held = whole.holdingOutValidation(seeds: SeedSequence(1), shuffles: false)
        #expect(held.training.count == 10 && held.test.count == 2)
        let alone = data(Array(values[..<20]))
        #expect(held.training.seen().inputs == alone.seen().inputs)
        #expect(held.test.seen().inputs != whole.training.selecting([10, 11]).seen().inputs)
    }
}

@Suite struct EmbeddedTasksDataTests {
    @Test func vowelsAreThoseOfFifteenSpeakersWhoSaidElevenWordsSixTimes() throws {
        let all = try Vowels.load()
        let users = try #require(all.users)
        #expect(all.count == 990 && all.classCount == 11 && all.shape.count == 9 && all.userCount == 15)
        for speaker in 0..<15 {
            for word in 0..<11 {
                let count = users.indices.count { Int(users[$0]) == speaker && Int(all.labels[$0]) == word }
                #expect(count == 6)
            }
        }
        let split = try Vowels.split()
        #expect(split.training.count == 528 && split.test.count == 462)
        #expect(Set(split.training.users ?? []) == Set(0..<8) && Set(split.test.users ?? []) == Set(8..<15))
        // Scaled by the 528 training samples alone.
        let column = (0..<528).map { Double(split.training.seen().inputs[9 * $0]) }
        #expect(abs(column.reduce(0, +)) < 1e-3)
        #expect(abs(column.reduce(0) { $0 + $1 * $1 } / 528 - 1) < 1e-5)
    }

    @Test func lettersAreTwentyThousandOfSixteenFeatures() throws {
        let split = try Letters.split()
        #expect(split.training.count == 16_000 && split.test.count == 4_000)
        #expect(split.training.classCount == 26 && split.training.shape.count == 16)
        // The first line at UCI: T,2,8,3,5,1,8,13,0,6,6,10,8,0,8,0,8
        #expect(split.training.labels[0] == UInt8(ascii: "T") - UInt8(ascii: "A"))
        let values = (split.training.source as? StandardisedFeatures)?.values ?? []
        #expect(Array(values[..<16]) == [2, 8, 3, 5, 1, 8, 13, 0, 6, 6, 10, 8, 0, 8, 0, 8])
        // UCI's class distribution: 789 A, 766 B, 813 U, 734 Z.
        let labels = split.training.labels + split.test.labels
        func count(_ letter: UInt8) -> Int { labels.count { $0 == letter - UInt8(ascii: "A") } }
        #expect(count(UInt8(ascii: "A")) == 789 && count(UInt8(ascii: "B")) == 766)
        #expect(count(UInt8(ascii: "U")) == 813 && count(UInt8(ascii: "Z")) == 734)
    }

    @Test func dataThatWereNeverAFileHaveADigestOfTheirNumbers() throws {
        func identity(_ values: [Float]) -> DataIdentity {
            let set = Dataset(
                name: "made", classCount: 1, source: StandardisedFeatures(features: 1, values: values), labels: [0, 0])
            return TrainTestSplit(training: set, test: set).identity
        }
        #expect(identity([1, 2]) == identity([1, 2]) && identity([1, 2]) != identity([1, 3]))
    }
}
