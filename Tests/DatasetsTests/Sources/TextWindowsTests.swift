import Kernel
import Randomness
import Testing

@testable import Datasets

@Suite struct TextWindowsTests {
    private let windows = TextWindows(text: [3, 1, 4, 1, 5, 0, 2], symbolCount: 6, length: 3, starts: [0, 2, 3])

    private var data: Dataset {
        Dataset(name: "made", classCount: 6, source: windows, labels: windows.nextSymbols, users: [0, 0, 1])
    }

    @Test func aWindowIsItsSymbolsNumbersAndTheNextOneIsToBePredicted() {
        let seen = data.seen()
        #expect(seen.inputs == [3, 1, 4, 4, 1, 5, 1, 5, 0])
        #expect(seen.labels == [1, 0, 2])
        let batch = Batch(capacity: 2, featureCount: 3)
        data.gather([2, 0], into: batch)
        #expect(Array(batch.inputs) == [1, 5, 0, 3, 1, 4] && Array(batch.labels) == [2, 1])
    }

    @Test func selectedWindowsAreOfTheSameTextAndCanBePutTogetherAgain() {
        let (last, first) = (data.selecting([2, 1]), data.selecting([0]))
        #expect(last.seen().inputs == [1, 5, 0, 4, 1, 5] && last.users == [1, 0])
        let all = last.appending(first)
        #expect(
            all.seen().inputs == [1, 5, 0, 4, 1, 5, 3, 1, 4] && all.labels == [2, 0, 1] && all.users == [1, 0, 0])
    }

    @Test func theDigestIsThatOfTheSymbolsInTheWindows() {
        var bytes: [UInt8] = []
        windows.withBytes { bytes += $0 }
        #expect(bytes == [3, 1, 4, 4, 1, 5, 1, 5, 0])
        let other = TextWindows(text: [3, 1, 4, 1, 5, 0, 3], symbolCount: 6, length: 3, starts: [0, 2, 3])
        let changed = Dataset(name: "made", classCount: 6, source: other, labels: other.nextSymbols)
        #expect(
            TrainTestSplit(training: data, test: data).identity.sha256
                != TrainTestSplit(training: changed, test: data).identity.sha256)
    }

    /// A place of four bytes, a label of one and a user of two for each window, and the text once, however many windows it has.
    @Test func windowsTakeThePlacesAndOneText() {
        let own = 3 * (4 + 1 + 2)
        #expect(TrainTestSplit(training: data, test: data).storedBytes == 2 * own + 7)
        let other = TextWindows(text: [3, 1, 4, 1, 5, 0], symbolCount: 6, length: 3, starts: [0])
        let test = Dataset(name: "made", classCount: 6, source: other, labels: other.nextSymbols)
        #expect(TrainTestSplit(training: data, test: test).storedBytes == own + 7 + (4 + 1) + 6)
        // Of a regression, two targets beside two numbers of each sample.
        let numbers = Dataset(
            name: "numbers", classCount: 1,
            source: FloatFeatures(shape: FeatureShape(features: 2), values: [1, 2, 3, 4]),
            labels: [0, 0], targets: [1, 2, 3, 4], targetCount: 2)
        #expect(TrainTestSplit(training: numbers, test: numbers).storedBytes == 2 * 2 * (8 + 1 + 8))
        let bytes = Dataset(
            name: "bytes", shape: FeatureShape(features: 2), classCount: 2, pixels: [1, 2], labels: [1], white: 1)
        #expect(TrainTestSplit(training: bytes, test: bytes).storedBytes == 2 * (2 + 1))
    }

    @Test func aWindowMustHaveASymbolBehindIt() async {
        await #expect(processExitsWith: .failure) {
            _ = TextWindows(text: [0, 1, 2], symbolCount: 3, length: 2, starts: [1])
        }
    }
}

@Suite struct StateOfTheUnionTests {
    @Test func thereAreTwentyNinePresidenciesByTwentyEightPersons() throws {
        let presidencies = try StateOfTheUnion.presidencies()
        #expect(presidencies.count == 29 && presidencies.allSatisfy { $0.text.count == 24_000 })
        let persons = Set(presidencies.map { $0.name.prefix { $0 != "(" } })
        #expect(persons.count == 28)
        #expect(presidencies.filter { $0.name.hasPrefix("Grover Cleveland") }.count == 2)
        #expect(presidencies[0].name == "George Washington (1789-1797)")
        #expect(presidencies[28].name == "Herbert Hoover (1929-1933)")
        let start = presidencies[0].text.prefix(60).map { StateOfTheUnion.symbols[Int($0)] }
        #expect(
            String(decoding: start, as: UTF8.self) == "fellow citizens of the senate and house of representatives, ")
    }

    @Test func theLastFifthOfEveryPresidencysWindowsIsToTestOn() throws {
        let split = try StateOfTheUnion.split()
        #expect(split.training.count == 29 * 768 && split.test.count == 29 * 192)
        #expect(split.training.classCount == 30 && split.training.shape == FeatureShape(features: 24))
        for user in 0..<29 {
            #expect(split.training.users?.filter { Int($0) == user }.count == 768)
            #expect(split.test.users?.filter { Int($0) == user }.count == 192)
        }
        // The first window of all is "fellow citizens of the s", and the next letter is an e.
        let (inputs, labels) = split.training.seen()
        let text = inputs.prefix(24).map { StateOfTheUnion.symbols[Int($0)] }
        #expect(String(decoding: text, as: UTF8.self) == "fellow citizens of the s" && labels[0] == 4)
        // Every symbol is predicted somewhere.
        #expect(Set(labels).count == 30)
    }

    @Test func noLetterIsInTwoWindows() throws {
        let split = try StateOfTheUnion.split()
        var seen = Set<Int32>()
        for part in [split.training, split.test] {
            let windows = try #require(part.source as? TextWindows)
            for (start, user) in zip(windows.starts, try #require(part.users)) {
                // With the letter behind it.
                for letter in start...start + 24 where !seen.insert(letter).inserted || letter / 24_000 != Int32(user) {
                    Issue.record("letter \(letter) of presidency \(user)")
                }
            }
        }
    }
}
