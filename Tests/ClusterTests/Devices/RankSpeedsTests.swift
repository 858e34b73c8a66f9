import Randomness
import Testing

@testable import Cluster

@Suite struct RankSpeedsTests {
    private func speeds(_ slowdowns: Slowdowns, ranks: Int = 4, server: Int? = nil, seed: UInt64 = 1) -> RankSpeeds {
        RankSpeeds(RankSlowdowns(slowdowns, server: server), ranks: ranks, seeds: SeedSequence(seed))
    }

    private func end(_ speeds: RankSpeeds, _ work: Int64, from: Int64, rank: Int = 0) -> Int64 {
        speeds.end(ofNanoseconds: work, on: rank, from: VirtualTime(nanoseconds: from)).nanoseconds
    }

    /// Rank 0 is four times slower from 1,000 to 3,000 ns.
    private static let listed = Slowdowns.listed([
        .init(rank: 0, beginSeconds: 1e-6, lastingSeconds: 2e-6, factor: 4)
    ])

    /// By hand: in the slow time, 2,000 ns are worth 500.
    @Test(
        arguments: [
            (0, 1000, 1000), (0, 1001, 1004), (0, 1500, 3000), (0, 1501, 3001), (0, 10_000, 11_500), (500, 600, 1400),
            (1000, 500, 3000), (2000, 100, 2400), (3000, 70, 3070), (9999, 1, 10_000), (1500, 0, 1500),
        ] as [(Int64, Int64, Int64)])
    func theEndIsTheIntegralOfTheSpeed(_ begin: Int64, _ work: Int64, _ expected: Int64) {
        #expect(end(speeds(Self.listed), work, from: begin) == expected)
        #expect(end(speeds(Self.listed), work, from: begin, rank: 1) == begin + work, "another rank is not slowed")
    }

    @Test func factorsOfSlowTimesThatOverlapMultiply() {
        let slowdowns = Slowdowns.listed([
            .init(rank: 0, beginSeconds: 0, lastingSeconds: 4e-6, factor: 2),
            .init(rank: 0, beginSeconds: 1e-6, lastingSeconds: 1e-6, factor: 4),
        ])
        // 500 + 1000 / 8 + 1000
        #expect(end(speeds(slowdowns), 1625, from: 0) == 4000)
        #expect(end(speeds(slowdowns), 1626, from: 0) == 4001)
    }

    private static let random = Slowdowns.random(
        every: .exponential(mean: 2e-3), lasting: .uniform(low: 1e-3, high: 3e-3), factor: .uniform(low: 1, high: 7))

    /// However a computation is split, and though nearly all its pieces end within a nanosecond.
    @Test(arguments: 1...20) func computationsOneBehindTheOtherEndAsOneOfTheirSum(_ seed: UInt64) {
        var stream = SeedSequence(seed).stream(.test)
        let whole = speeds(Self.random, seed: seed)
        let split = speeds(Self.random, seed: seed)
        var (wholeEnd, splitEnd): (Int64, Int64) = (0, 0)
        for _ in 0..<20 {
            let pieces = (0..<50).map { _ in Int64.random(in: 0...400_000, using: &stream) }
            wholeEnd = end(whole, pieces.reduce(0, +), from: wholeEnd)
            for piece in pieces { splitEnd = end(split, piece, from: splitEnd) }
            #expect(splitEnd == wholeEnd, "seed \(seed)")
        }
        #expect(wholeEnd > 20 * 50 * 200_000, "nothing was slow")
    }

    /// A loop over the nanoseconds in place of the integral.
    @Test(arguments: 1...5) func theEndIsThatOfANaiveSimulation(_ seed: UInt64) {
        var stream = SeedSequence(seed).stream(.test)
        let entries = (0..<6).map { _ in
            Slowdowns.Entry(
                rank: 0, beginSeconds: Double(Int.random(in: 0...3000, using: &stream)) * 1e-9,
                lastingSeconds: Double(Int.random(in: 0...900, using: &stream)) * 1e-9,
                factor: [1, 2, 4, 8][Int.random(in: 0..<4, using: &stream)])
        }
        let fast = speeds(.listed(entries))
        var time: Int64 = 0
        for _ in 0..<20 {
            time += Int64.random(in: 1...100, using: &stream)
            let work = Int64.random(in: 0...150, using: &stream)
            var (naive, done) = (time, 0.0)
            while done < Double(work) {
                var speed = 1.0
                for entry in entries {
                    let begin = VirtualTime.span(seconds: entry.beginSeconds)
                    let end = VirtualTime.span(seconds: entry.beginSeconds + entry.lastingSeconds)
                    if (begin..<end).contains(naive) { speed /= entry.factor }
                }
                done += speed
                naive += 1
            }
            let exact = end(fast, work, from: time)
            #expect(exact == naive, "seed \(seed)")
            // A pause, since what is left of a nanosecond would go to the next computation.
            time = exact + 1
        }
    }

    /// In the long run a rank has its full speed for three of four seconds, and a quarter of it for the other.
    @Test func slowTimesComeAsOftenAndLastAsLongAsSaid() {
        let slow = speeds(.random(every: .exponential(mean: 3), lasting: .constant(1), factor: .constant(4)), ranks: 40)
        let mean = (0..<40).reduce(0.0) { $0 + Double(end(slow, 1_000_000_000_000, from: 0, rank: $1)) } / 40e12
        let expected = 1 / (3 / 4.0 + 1 / 16.0)
        #expect(abs(mean / expected - 1) < 0.01, "\(mean)")
    }

    @Test func ranksSlowDownOnTheirOwnAndAServerDoesNot() {
        let slow = speeds(Self.random, ranks: 5, server: 2)
        let ends = (0..<5).map { end(slow, 1_000_000_000, from: 0, rank: $0) }
        #expect(ends[2] == 1_000_000_000 && Set(ends).count == 5)
        let again = speeds(Self.random, ranks: 3)
        #expect(
            (0..<2).map { end(again, 1_000_000_000, from: 0, rank: $0) } == Array(ends[..<2]), "more ranks, a server")
        #expect(end(speeds(Self.random, seed: 2), 1_000_000_000, from: 0) != ends[0])
    }

    @Test func aComputationBeyondAllDrawsEnds() {
        let slow = speeds(.random(every: .constant(1e7), lasting: .constant(1e7), factor: .constant(1000)))
        #expect(end(slow, 1 << 60, from: 0) > 1 << 60)
    }
}
