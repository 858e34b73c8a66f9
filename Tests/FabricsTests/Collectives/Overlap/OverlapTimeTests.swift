import Cluster
import Kernel
import Testing

@testable import Fabrics

/// The time of a step whose gradient is sent in buckets: B(k) = max(ready(k), E(k-1)), E(k) = end of an all-reduce that
/// begins at B(k), and the update after the last; against closed forms of the all-reduce.
@Suite(.timeLimit(.minutes(60))) struct OverlapTimeTests {
    /// Buckets of 8,000, 4,000 and 800 numbers of a vector of 12,800.
    private static let count = 12_800
    private static let buckets = [
        GradientBucket(range: 4_800..<12_800, readyShare: 0.5), GradientBucket(range: 800..<4_800, readyShare: 0.75),
        GradientBucket(range: 0..<800, readyShare: 1),
    ]
    /// 1 ns a number.
    private static let update = Double(count) * 1e-9

    /// 1 ms away, and bytes cost nothing: only the longest chain of messages counts.
    private static let distant = Link(latencySeconds: 1e-3, bytesPerSecond: 1e15)
    private static let times = PortTimes(ClosedForms.link)

    private static func hockney(_ bytes: Int) -> Double { Double(times.hockney(bytes)) / 1e9 }
    private static func port(_ bytes: Int) -> Double { Double(times.port(bytes)) / 1e9 }
    private static func halvings(_ bytes: Int, rounds: Int) -> Double {
        Double(times.halvings(bytes, rounds: rounds)) / 1e9
    }

    /// An all-reduce into which all ranks come at once, in seconds.
    private static func alone(_ algorithm: AllReduceAlgorithm, ranks: Int, elements: Int) throws -> Double {
        Double(
            try ClosedForms.cost(.allReduce(.sum), algorithm, ranks: ranks, elements: elements).nanoseconds) / 1e9
    }

    /// One step; every sample takes a millisecond, of which the update has 12.8 µs.
    private func step(
        _ fabric: SimulatedFabric, buckets: [GradientBucket] = buckets, samples: @escaping @Sendable (Int) -> Int
    ) throws -> FabricReport {
        try run(fabric) { rank in
            try await rank.allReduce(
                .sum, count: Self.count, computing: .step(samples: samples(rank.index)), sending: buckets,
                purpose: .gradient, contribution: { _ in }, update: { _, _ in })
        }
    }

    /// E of each bucket, all ranks doing alike, and what of the all-reduces lies before the end of the gradient.
    private func recursion(
        _ gradient: Double, _ allReduces: [Double]
    ) -> (end: Double, hidden: Double) {
        var (end, hidden) = (0.0, 0.0)
        for (bucket, seconds) in zip(Self.buckets, allReduces) {
            let begin = max(end, gradient * bucket.readyShare)
            end = begin + seconds
            hidden += min(max(gradient, begin), end) - begin
        }
        return (end, hidden)
    }

    private func expect(_ report: FabricReport, _ gradient: Double, _ allReduces: [Double], _ comment: String) {
        let (end, hidden) = recursion(gradient, allReduces)
        // The closed forms are in whole nanoseconds; the parts of the computation are rounded to them.
        let tolerance = 5e-9
        #expect(abs(report.seconds - end - Self.update) < tolerance, "\(comment): \(report.seconds)")
        for account in report.accounts {
            #expect(abs(account.hiddenCommunicationSeconds - hidden) < tolerance, "\(comment): \(account)")
            let all = account.hiddenCommunicationSeconds + account.communicationSeconds
            #expect(abs(all - allReduces.reduce(0, +)) < tolerance, "\(comment): \(account)")
            #expect(abs(account.computeSeconds - gradient - Self.update) < tolerance, "\(comment)")
        }
    }

    /// Seconds of an all-reduce by the closed forms of ``CollectiveTimeTests``. In these three algorithms all ranks are
    /// done at once.
    private func closedForm(_ algorithm: AllReduceAlgorithm, rounds: Int, bytes: Int) -> Double {
        let ranks = 1 << rounds
        switch algorithm {
        case .ring: return Double(2 * (ranks - 1)) * Self.hockney(bytes / ranks)
        case .recursiveDoubling: return Double(rounds) * Self.hockney(bytes)
        default: return 2 * Self.halvings(bytes, rounds: rounds)
        }
    }

    /// The 51,200 bytes of the vector take 0.1 to 10 ms: computing 1, 4 and 100 samples is less, about as much, and more.
    @Test(arguments: [AllReduceAlgorithm.ring, .recursiveDoubling, .rabenseifner], 1...3)
    func aStepIsTheRecursionOfReadyTimesAndAllReduces(algorithm: AllReduceAlgorithm, rounds: Int) throws {
        let allReduces = Self.buckets.map { closedForm(algorithm, rounds: rounds, bytes: $0.range.count * 4) }
        for samples in [1, 4, 100] {
            let fabric = simulated(1 << rounds, link: ClosedForms.link, algorithm)
            let report = try step(fabric) { _ in samples }
            expect(
                report, Double(samples) * 1e-3 - Self.update, allReduces,
                "\(algorithm) on \(1 << rounds), \(samples) ms")
        }
    }

    /// Where every bucket is through before the next is ready, all ranks come to each at once, and only the last one's
    /// time is exposed. Outside powers of two, two messages may ask for a port at the same time. The first of them is
    /// then the message of the rank that went on first, which the bucket before decides: a message more or less in the
    /// port.
    @Test(arguments: allReduceVariants, [2, 3, 7])
    func longComputationsHideAllButTheLastBucket(algorithm: AllReduceAlgorithm, ranks: Int) throws {
        let alone = try Self.buckets.map {
            try Self.alone(algorithm, ranks: ranks, elements: $0.range.count)
        }
        let report = try step(simulated(ranks, link: ClosedForms.link, algorithm)) { _ in 100 }
        let gradient = 0.1 - Self.update
        #expect(alone.allSatisfy { $0 < gradient / 4 })
        let races = Self.buckets.map { ranks == 2 ? 1e-7 : Self.port($0.range.count * 4) + 1e-7 }
        #expect(
            abs(report.seconds - gradient - alone[2] - Self.update) < races[2], "\(report.seconds), \(alone)")
        let slowest = report.accounts.map(\.communicationSeconds).max() ?? 0
        #expect(abs(slowest - alone[2]) < races[2])
        let hidden = report.accounts.map(\.hiddenCommunicationSeconds).max() ?? 0
        #expect(hidden > 0 && hidden <= alone[0] + alone[1] + races[0] + races[1])
    }

    /// Where computing takes no time, buckets follow each other: at most as long as one after another for all ranks
    /// together, at least as long as the longest of them.
    @Test(arguments: allReduceVariants, [2, 3, 7])
    func shortComputationsHideNothing(algorithm: AllReduceAlgorithm, ranks: Int) throws {
        let alone = try Self.buckets.map {
            try Self.alone(algorithm, ranks: ranks, elements: $0.range.count)
        }
        let report = try step(simulated(ranks, link: ClosedForms.link, algorithm)) { _ in 0 }
        #expect(report.seconds <= alone.reduce(0, +) + 1e-7, "\(report.seconds), \(alone)")
        #expect(report.seconds >= (alone.max() ?? 0) - 1e-7, "\(report.seconds), \(alone)")
        #expect(report.accounts.allSatisfy { $0.hiddenCommunicationSeconds == 0 && $0.computeSeconds == 0 })
    }

    /// Unequal ranks, all algorithms: rank by rank and bucket by bucket, where bytes take no time.
    @Test(arguments: allReduceVariants, [2, 3, 4, 6, 9])
    func unequalRanksFollowTheRecursionRankByRank(algorithm: AllReduceAlgorithm, ranks: Int) throws {
        let messages = algorithm.messages(ranks: ranks)
        let samples: @Sendable (Int) -> Int = { 1 + ($0 * 5) % 7 }
        let gradients = (0..<ranks).map { Int64(samples($0)) * 1_000_000 - Int64(Self.count) }
        var ends = Array(repeating: Int64(0), count: ranks)
        var (hidden, exposed) = (ends, ends)
        for bucket in Self.buckets {
            let entered = zip(ends, gradients).map {
                max($0, Int64((Double($1) * bucket.readyShare).rounded()))
            }
            ends =
                MaxPlusPlay(messages, elements: bucket.range.count, entered: entered, latency: 1_000_000).ends
            let allThere = entered.max() ?? 0
            for rank in 0..<ranks {
                let split = min(max(allThere, gradients[rank]), ends[rank])
                hidden[rank] += split - allThere
                exposed[rank] += ends[rank] - split
            }
        }
        let report = try step(simulated(ranks, link: Self.distant, algorithm), samples: samples)
        let expected = Double((ends.max() ?? 0) + Int64(Self.count)) / 1e9
        #expect(abs(report.seconds - expected) < 1e-12, "\(report.seconds), \(expected)")
        for rank in 0..<ranks {
            let account = report.accounts[rank]
            #expect(abs(account.hiddenCommunicationSeconds - Double(hidden[rank]) / 1e9) < 1e-12, "rank \(rank)")
            #expect(abs(account.communicationSeconds - Double(exposed[rank]) / 1e9) < 1e-12, "rank \(rank)")
        }
    }

    /// Parts are rounded to nanoseconds from the beginning of the step, so that none is lost or won.
    @Test func thePartsOfAStepAddUpToItsTime() {
        let compute = ComputeModel(
            calibrated: [.init(samples: 1, seconds: 1e-3 / 3)], secondsPerVectorElement: 1e-9 / 7)
        for samples in 1...50 {
            let step = OverlappedStep(
                .step(samples: samples), elements: Self.count, on: Node(link: roundLink, speed: 0.7), compute)
            let whole = VirtualTime.span(seconds: compute.seconds(.step(samples: samples)) / 0.7)
            #expect(step.span(1) + step.updateSpan == whole)
            #expect(0 < step.span(0.5) && step.span(0.5) < step.span(0.75) && step.span(0.75) < step.span(1))
        }
    }

    /// A ring sends 2(n-1)/n of every bucket from every rank, in 2(n-1) messages.
    @Test func everyBucketHasItsOwnMessagesAndFraming() throws {
        for ranks in [2, 4, 8] {
            let ledger = try step(simulated(ranks)) { _ in 1 }.ledger
            let messages = 2 * ranks * (ranks - 1)
            #expect(ledger.totalMessages == 3 * messages)
            #expect(
                ledger.totalBytes == 2 * (ranks - 1) * Self.count * 4 + 3 * messages * Message.framingBytes)
            #expect(ledger.entries.allSatisfy { $0.purpose == .gradient && $0.direction == .peer })
        }
        // A server gets and sends every bucket whole.
        let ledger = try step(simulated(5, .parameterServer)) { _ in 1 }.ledger
        #expect(ledger.totalMessages == 3 * 2 * 4)
        #expect(ledger.totalBytes == 2 * 4 * Self.count * 4 + 3 * 2 * 4 * Message.framingBytes)
    }

    @Test func aBucketsLengthCanHaveAnAlgorithmOfItsOwn() throws {
        var fabric = simulated(4, .ring)
        fabric.allReduceByLength = [800: .tree, 4_000: .parameterServer]
        let ledger = try step(fabric) { _ in 1 }.ledger
        #expect(ledger.totalMessages == 2 * 4 * 3 + 2 * 3 + 2 * 3)
        #expect(ledger.entries.contains { $0.direction != .peer })
    }

    /// Rounds that are played as a whole, and message by message, give the same times.
    @Test(arguments: [AllReduceAlgorithm.ring, .recursiveDoubling])
    func roundsThatArePlayedAsAWholeChangeNothing(algorithm: AllReduceAlgorithm) throws {
        for samples in [0, 1, 4, 100] {
            let reports = try [1, Int.max].map { messages in
                var fabric = simulated(8, link: ClosedForms.link, algorithm)
                fabric.fewestMessagesPlayedInRounds = messages
                return try step(fabric) { _ in samples }
            }
            #expect(reports[0].seconds == reports[1].seconds && reports[0].accounts == reports[1].accounts)
            #expect(reports[0].ledger.entries == reports[1].ledger.entries)
        }
    }
}
