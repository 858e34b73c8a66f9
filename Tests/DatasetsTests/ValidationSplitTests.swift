import Randomness
import Testing

@testable import Datasets

@Suite struct ValidationSplitTests {
    /// What a sample is told by.
    private func rows(_ data: Dataset) -> [[UInt8]] {
        (0..<data.count).map {
            Array(data.pixels[$0 * data.shape.count..<($0 + 1) * data.shape.count]) + [data.labels[$0]]
        }
    }

    @Test func trainingAndValidationAreTheTrainingSetAndNothingOfTheTestSet() throws {
        let seeds = SeedSequence(5)
        let whole = try Digits.split(seeds: seeds, shuffles: true)
        let split = whole.holdingOutValidation(seeds: seeds, shuffles: true)
        #expect(split.test.count == 239 && split.training.count == 1198, "a sixth of 1,437, rounded down")
        let sorted = { (rows: [[UInt8]]) in rows.sorted { $0.lexicographicallyPrecedes($1) } }
        #expect(sorted(rows(split.training) + rows(split.test)) == sorted(rows(whole.training)))
        // Digits has no two images that are alike.
        #expect(Set(rows(split.test)).isDisjoint(with: rows(split.training)))
        #expect(Set(rows(split.test)).isDisjoint(with: rows(whole.test)))
    }

    @Test func theSeedDecidesWhoIsHeldOut() throws {
        let whole = try Digits.split(seeds: SeedSequence(5), shuffles: true)
        func held(_ seed: UInt64, shuffles: Bool = true) -> [[UInt8]] {
            rows(whole.holdingOutValidation(seeds: SeedSequence(seed), shuffles: shuffles).test)
        }
        #expect(held(1) == held(1))
        #expect(held(1) != held(2))
        #expect(held(1, shuffles: false) == Array(rows(whole.training).suffix(239)))
    }
}
