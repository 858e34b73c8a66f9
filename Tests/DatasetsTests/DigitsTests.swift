import EmbeddedData
import Kernel
import Randomness
import Testing

@testable import Datasets

@Suite struct DigitsTests {
    @Test func embeddedFileIsThePublishedOne() throws {
        let csv = try Gzip.decompress(EmbeddedData.digitsCSVGzipped, name: "digits.csv.gz")
        let file = ImageDatabase.File(
            name: "digits.csv", sha256: "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8")
        #expect(throws: Never.self) { try ImageFiles.verify(CompressedFile(csv, name: "digits.csv"), file) }
        #expect(Digits.identity.sha256 == file.sha256)
    }

    @Test func loadGivesAllSamplesOfEightByEightPixels() throws {
        let digits = try Digits.load()
        #expect(digits.count == 1797 && digits.classCount == 10)
        #expect(digits.shape == FeatureShape(channels: 1, height: 8, width: 8))
        // Counts per class as scikit-learn's load_digits documents the data: about 180 each.
        let counts = (0..<10).map { label in digits.labels.filter { $0 == label }.count }
        #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
        #expect(Array(digits.labels.prefix(10)) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        // The first line of the file begins 0,0,5,13,9,1,0,0 in scikit-learn's documentation, too.
        #expect(Array(digits.pixels.prefix(8)) == [0, 0, 5, 13, 9, 1, 0, 0])
        #expect(digits.pixels.max() == 16 && digits.white == 16)
    }

    @Test func splitIsDisjointAndComplete() throws {
        let all = try Digits.load()
        for (seed, shuffles) in [(1, true), (2, true), (1, false)] as [(UInt64, Bool)] {
            let split = try Digits.split(seeds: SeedSequence(seed), shuffles: shuffles)
            #expect(split.training.count == 1437 && split.test.count == 360, "seed \(seed)")
            // As multisets, since a few of the images might be alike: together they are the whole set.
            let together = images(split.training) + images(split.test)
            #expect(
                together.sorted { $0.lexicographicallyPrecedes($1) }
                    == images(all).sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
        }
    }

    @Test func splitWithoutShufflingKeepsTheFilesOrder() throws {
        let all = images(try Digits.load())
        let split = try Digits.split(seeds: SeedSequence(1), shuffles: false)
        #expect(images(split.training) == Array(all[..<1437]) && images(split.test) == Array(all[1437...]))
    }

    @Test func splitDependsOnTheSeedAlone() throws {
        let first = images(try Digits.split(seeds: SeedSequence(1), shuffles: true).test)
        #expect(first == images(try Digits.split(seeds: SeedSequence(1), shuffles: true).test))
        let other = images(try Digits.split(seeds: SeedSequence(2), shuffles: true).test)
        #expect(Set(first) != Set(other))
        let unshuffled = images(try Digits.split(seeds: SeedSequence(1), shuffles: false).test)
        #expect(Set(first) != Set(unshuffled))
    }

    /// Pixels and label of each sample.
    private func images(_ dataset: Dataset) -> [[UInt8]] {
        (0..<dataset.count).map { Array(dataset.pixels[$0 * 64..<($0 + 1) * 64]) + [dataset.labels[$0]] }
    }
}
