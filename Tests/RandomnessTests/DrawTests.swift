import Foundation
import Randomness
import Testing

/// Golden numbers are from this Python, which continues the transcription in `RandomnessTests` and is written from the
/// papers, with integers of any size:
///
///     def below(g, n):
///         while True:
///             m = next(g) * n
///             if m & M >= 2**64 % n: return m >> 64
///     def shuffled(g, n):
///         a = list(range(n))
///         for i in range(n - 1): j = i + below(g, n - i); a[i], a[j] = a[j], a[i]
///         return a
@Suite struct DrawTests {
    @Test func numbersBelowABoundNeverChange() {
        var stream = RandomStream(seed: 42)
        let digits = (0..<16).map { _ in stream.integer(below: 10) }
        #expect(digits == [0, 3, 6, 9, 9, 7, 7, 8, 7, 5, 6, 2, 8, 3, 7, 8])
        stream = RandomStream(seed: 42)
        let large = (0..<2).map { _ in stream.integer(below: .max) }
        #expect(large == [773_499_382_201_279_370, 3_495_475_846_482_271_550])
    }

    /// With 2^62 + 1 numbers, a quarter of the generator's words has no partner: the four draws take five words.
    @Test func wordsThatWouldFavourANumberAreDrawnAgain() {
        var stream = RandomStream(seed: 42)
        let numbers = (0..<4).map { _ in stream.integer(below: 1 << 62 + 1) }
        #expect(
            numbers == [
                386_749_691_100_639_685, 1_747_737_923_241_135_775, 3_136_146_690_562_139_752,
                4_573_888_244_516_329_369,
            ])
        var words = RandomStream(seed: 42)
        for _ in 0..<5 { _ = words.next() }
        #expect(stream.next() == words.next())
    }

    @Test func aBoundOfOneTakesAWordAndGivesZero() {
        var (stream, words) = (RandomStream(seed: 1), RandomStream(seed: 1))
        #expect(stream.integer(below: 1) == 0)
        _ = words.next()
        #expect(stream.next() == words.next())
    }

    /// Golden numbers of the same Python: `for j in range(n - k, n): t = below(g, j + 1); chosen.add(j if t in chosen else t)`.
    @Test func samplesNeverChange() {
        var stream = RandomStream(seed: 42)
        #expect(stream.sample(5, below: 12) == [0, 3, 6, 10, 11])
        #expect(stream.sample(4, below: 1000) == [717, 761, 767, 849])
        #expect(stream.sample(0, below: 0) == [] && stream.sample(3, below: 3) == [0, 1, 2])
    }

    @Test func shufflesNeverChange() {
        var stream = RandomStream(seed: 42)
        var order = Array(0..<10)
        stream.shuffle(&order)
        #expect(order == [0, 4, 7, 9, 3, 8, 5, 1, 2, 6])
        // The permutation of a whole epoch of digits, by a sum that each exchange changes.
        stream = SeedSequence(1).stream(.shuffle)
        let epoch = stream.shuffled(0..<1437)
        #expect(epoch.prefix(8) == [303, 575, 595, 1139, 1190, 356, 395, 896])
        #expect(epoch.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element } == 737_340_505)
    }

    @Test func shufflesOfNothingAndOfOneTakeNoWord() {
        var (stream, words) = (RandomStream(seed: 1), RandomStream(seed: 1))
        #expect(stream.shuffled([Int]()) == [] && stream.shuffled([7]) == [7])
        #expect(stream.next() == words.next())
    }

    /// All 24 orders of four come up equally often: the statistic of Pearson has 23 degrees of freedom, mean 23 and
    /// deviation sqrt(46), of which five are allowed; the seed is fixed, so a passing test stays passing.
    @Test func everyOrderIsEquallyLikely() {
        var stream = SeedSequence(3).stream(.test)
        var counts: [[Int]: Double] = [:]
        for _ in 0..<24_000 { counts[stream.shuffled(0..<4), default: 0] += 1 }
        #expect(counts.count == 24)
        let statistic = counts.values.reduce(0.0) { sum, count in sum + (count - 1000) * (count - 1000) / 1000 }
        #expect(statistic < 23 + 5 * 46.0.squareRoot())
    }

    /// The standard library may change what its algorithms draw, so that no source uses them.
    @Test func noSourceDrawsByTheStandardLibrary() throws {
        let forbidden = [
            "random(in:", "shuffle(using:", "shuffled(using:", "shuffle()", "shuffled()", "randomElement(",
            "Bool.random(", "next(upperBound:", "SystemRandomNumberGenerator", "arc4random", "drand48",
        ]
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let files = try #require(
            FileManager.default.enumerator(at: root.appendingPathComponent("Sources"), includingPropertiesForKeys: nil))
        var read = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            read += 1
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for use in forbidden where line.contains(use) {
                    Issue.record("\(file.lastPathComponent) line \(number + 1) has \(use)")
                }
            }
        }
        #expect(read > 100, "the sources are not where they are looked for")
    }
}
