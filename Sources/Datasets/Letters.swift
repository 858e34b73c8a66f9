internal import EmbeddedData

/// *Letter Recognition* (see ``EmbeddedData``): 20,000 images of capital letters in 20 fonts, distorted at random, of which 16
/// measures are known, such as the width of the letter and its mean position. Embedded.
///
/// P. W. Frey and D. J. Slate 1991, *Letter Recognition Using Holland-Style Adaptive Classifiers* (Machine Learning 6), who
/// train on the first 16,000 and test on the last 4,000, as this does.
public enum Letters {
    private static let featureCount = 16
    private static let classCount = 26
    private static let trainingCount = 16_000

    /// The identity, whose digest is the SHA-256 of `letters.txt`, this package's own form of the data.
    public static let identity = DataIdentity(
        name: "letters", sha256: "332261756d200f3b07473f8c077a4335b3b0b76bec61941fbb9bacfade77c32d", isPublished: true)

    /// All 20,000 samples, in the file's order; mean and deviation are those of all samples.
    public static func load() throws -> Dataset {
        let text = try Gzip.decompress(EmbeddedData.lettersTextGzipped, name: "letters.txt.gz")
        var (features, labels): ([Float], [UInt8]) = ([], [])
        features.reserveCapacity(text.count)
        for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            guard line.count == featureCount + 1, let letter = line.first,
                (UInt8(ascii: "A")..<UInt8(ascii: "A") + UInt8(classCount)).contains(letter)
            else { throw error(number) }
            for character in line.dropFirst() {
                guard let value = digit(character) else { throw error(number) }
                features.append(Float(value))
            }
            labels.append(letter - UInt8(ascii: "A"))
        }
        return Dataset(
            name: "letters", classCount: classCount,
            source: StandardisedFeatures(features: featureCount, values: features), labels: labels)
    }

    private static func error(_ number: Int) -> DataError {
        DataError("letters.txt line \(number + 1): expected a letter in A...Z and 16 hexadecimal digits")
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The first 16,000 samples to train on, the last 4,000 to test on.
    public static func split() throws -> TrainTestSplit {
        let all = try load()
        return TrainTestSplit(
            training: all.selecting(0..<trainingCount), test: all.selecting(trainingCount..<all.count),
            identity: identity
        ).scaledByTraining()
    }
}
