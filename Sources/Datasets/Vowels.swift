internal import EmbeddedData
import Foundation

/// *Vowel Recognition* (see ``EmbeddedData``): 990 spoken vowels of British English by 15 speakers, each of whom said 11 words
/// six times; nine log area ratios of the steady part of the vowel. Embedded.
///
/// D. H. Deterding 1989, *Speaker Normalisation for Automatic Speech Recognition*; A. J. Robinson 1989, *Dynamic Error
/// Propagation Networks*, who trains on the first eight speakers and tests on the other seven, as this does.
public enum Vowels {
    /// How many speakers the data have.
    public static let speakerCount = 15
    private static let trainingSpeakers = 8
    private static let featureCount = 9

    /// The words in the order in which every speaker says them.
    static let words = ["hid", "hId", "hEd", "hAd", "hYd", "had", "hOd", "hod", "hUd", "hud", "hed"]

    /// The identity, whose digest is the SHA-256 of `vowels.csv`.
    public static let identity = DataIdentity(
        name: "vowels", sha256: "9fd0acb7a6db386d7b4ec15b7b50e7c0ce12423db263aa2b9f4d1e3e9c196b3e", isPublished: true)

    /// All 990 samples, in the file's order, speaker by speaker; mean and deviation are those of all samples.
    public static func load() throws -> Dataset {
        let text = try Gzip.decompress(EmbeddedData.vowelsCSVGzipped, name: "vowels.csv.gz")
        var (values, labels, users): ([Float], [UInt8], [UInt16]) = ([], [], [])
        for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated().dropFirst() {
            let fields = line.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
            let features = fields.dropFirst().dropLast().compactMap { Float($0) }
            guard fields.count == featureCount + 2, features.count == featureCount, let speaker = UInt16(fields[0]),
                speaker < speakerCount, let word = words.firstIndex(of: fields[featureCount + 1])
            else {
                throw DataError(
                    "vowels.csv line \(number + 1): expected a speaker in 0...14, nine numbers and one of "
                        + words.joined(separator: ", "))
            }
            values += features
            labels.append(UInt8(word))
            users.append(speaker)
        }
        return Dataset(
            name: "vowels", classCount: words.count,
            source: StandardisedFeatures(features: featureCount, values: values), labels: labels, users: users)
    }

    /// 528 samples of eight speakers to train on, 462 of seven others to test on.
    public static func split() throws -> TrainTestSplit {
        let all = try load()
        let isTraining = (all.users ?? []).map { $0 < trainingSpeakers }
        return TrainTestSplit(
            training: all.selecting(isTraining.indices.filter { isTraining[$0] }),
            test: all.selecting(isTraining.indices.filter { !isTraining[$0] }), identity: identity
        ).scaledByTraining()
    }
}
