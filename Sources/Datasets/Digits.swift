internal import EmbeddedData
internal import Kernel
import Randomness

/// *Optical Recognition of Handwritten Digits* (see ``EmbeddedData``): 1,797 images of 8x8 pixels, embedded.
package enum Digits {
    private static let side = 8
    private static let white = 16
    private static let trainingShare = 0.8

    /// The identity, whose digest is the SHA-256 of `digits.csv`.
    package static let identity = DataIdentity(
        name: "digits", sha256: "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8", isPublished: true)

    /// All 1,797 samples, in the file's order.
    package static func load() throws -> Dataset {
        let text = try Gzip.decompress(EmbeddedData.digitsCSVGzipped, name: "digits.csv.gz")
        var (pixels, labels): ([UInt8], [UInt8]) = ([], [])
        for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            let fields = line.split(separator: UInt8(ascii: ",")).map { UInt8(String(decoding: $0, as: UTF8.self)) }
            guard fields.count == side * side + 1, let values = fields as? [UInt8], values.allSatisfy({ $0 <= white }),
                let label = values.last, label < 10
            else {
                throw DataError("digits.csv line \(number + 1): expected 64 values in 0...16 and a label in 0...9")
            }
            pixels.append(contentsOf: values.dropLast())
            labels.append(label)
        }
        return Dataset(
            name: "digits", shape: FeatureShape(channels: 1, height: side, width: side), classCount: 10,
            pixels: pixels, labels: labels, white: Float(white))
    }

    /// 1,437 samples to train on and 360 to test on: drawn by the seed, or, without shuffling, the first and the last.
    package static func split(seeds: SeedSequence, shuffles: Bool) throws -> TrainTestSplit {
        split(try load(), seeds: seeds, shuffles: shuffles)
    }

    /// 1,437 samples to train on and 360 to test on, of all samples where they are loaded already: drawn by the seed,
    /// or, without shuffling, the first and the last.
    package static func split(_ all: Dataset, seeds: SeedSequence, shuffles: Bool) -> TrainTestSplit {
        var order = Array(0..<all.count)
        if shuffles {
            var stream = seeds.stream(.split)
            stream.shuffle(&order)
        }
        let boundary = Int(Double(all.count) * trainingShare)
        return TrainTestSplit(
            training: all.selecting(order[..<boundary]), test: all.selecting(order[boundary...]), identity: identity)
    }
}
