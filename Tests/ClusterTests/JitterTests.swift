import Randomness
import Testing

@testable import Cluster

@Suite struct JitterTests {
    static let link = Link(latencySeconds: 1e-3, bytesPerSecond: 1e9)

    /// When each of `count` empty messages from 0 to 1, sent so far apart that they cannot meet, is there after it was sent.
    private func latencies(_ jitter: Jitter, seed: UInt64 = 1, count: Int = 500) -> [Int64] {
        var network = NetworkModel(
            nodes: [Node(link: Self.link), Node(link: Self.link)], jitter: jitter, seeds: SeedSequence(seed))
        return (0..<count).map { index in
            let now = VirtualTime(nanoseconds: Int64(index) * 1_000_000_000_000)
            let transit = network.depart(from: 0, to: 1, bytes: 0, at: now)
            return network.arrive(transit).nanoseconds - now.nanoseconds
        }
    }

    @Test func noneIsTheLatency() {
        #expect(latencies(.none, count: 10) == Array(repeating: 1_000_000, count: 10))
        #expect(latencies(.uniform(seconds: 0), count: 10) == Array(repeating: 1_000_000, count: 10))
        #expect(latencies(.logNormal(sigma: 0), count: 10) == Array(repeating: 1_000_000, count: 10))
    }

    @Test func uniformAddsUpToItsWidth() {
        let values = latencies(.uniform(seconds: 2e-3))
        #expect(values.allSatisfy { (1_000_000...3_000_000).contains($0) })
        // The mean of 500 has a standard deviation of 2 ms / sqrt(12 * 500) = 26 µs; five of them are allowed.
        let mean = Double(values.reduce(0, +)) / 500
        #expect(abs(mean - 2e6) < 130_000, "\(mean)")
        #expect((values.min() ?? 0) < 1_100_000 && (values.max() ?? 0) > 2_900_000)
    }

    @Test func logNormalHasTheLatencyAsMedian() {
        let values = latencies(.logNormal(sigma: 0.5)).sorted()
        #expect(values.allSatisfy { $0 > 0 })
        // The number below the median is binomial: 250 with a standard deviation of 11; five of them are allowed.
        let below = values.filter { $0 < 1_000_000 }.count
        #expect((195...305).contains(below), "\(below)")
        // Within one sigma lie 68 %: 341 with a standard deviation of 10; five of them are allowed.
        let within = values.filter { (606_531...1_648_721).contains($0) }.count
        #expect((291...391).contains(within), "\(within)")
    }

    @Test(arguments: [Jitter.uniform(seconds: 1e-3), .logNormal(sigma: 0.5)])
    func sameSeedGivesTheSameLatencies(jitter: Jitter) {
        #expect(latencies(jitter, seed: 3) == latencies(jitter, seed: 3))
        #expect(latencies(jitter, seed: 3) != latencies(jitter, seed: 4))
    }

    @Test func jitterOfASenderDoesNotDependOnTheOthers() {
        func second(others: Int) -> Int64 {
            let nodes = Array(repeating: Node(link: Self.link), count: 3)
            var network = NetworkModel(nodes: nodes, jitter: .logNormal(sigma: 1), seeds: SeedSequence(1))
            for _ in 0..<others { _ = network.depart(from: 1, to: 2, bytes: 0, at: .zero) }
            return network.depart(from: 0, to: 2, bytes: 0, at: .zero).arriving.nanoseconds
        }
        #expect(second(others: 0) == second(others: 5))
    }

    @Test func messagesOfAPairStayInOrder() {
        for seed in UInt64(1)...50 {
            var network = NetworkModel(
                nodes: Array(repeating: Node(link: Self.link), count: 2), jitter: .logNormal(sigma: 2),
                seeds: SeedSequence(seed))
            let arriving = (0..<20).map {
                network.depart(from: 0, to: 1, bytes: 8, at: .init(nanoseconds: $0)).arriving
            }
            #expect(arriving == arriving.sorted(), "seed \(seed)")
        }
    }

    /// The widest jitter that is accepted must not overflow the clock.
    @Test func widestJitterKeepsTimeFinite() throws {
        let values = latencies(try Jitter(parsing: "lognormal:3"), count: 5000)
        #expect(values.allSatisfy { $0 >= 0 })
    }
}
