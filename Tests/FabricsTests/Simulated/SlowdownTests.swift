import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Ranks of different and of changing speed.
@Suite(.timeLimit(.minutes(60))) struct SlowdownTests {
    private struct Trace: Equatable {
        var times: [[Int64]]
        var numbers: [[UInt32]]
        var accounts: [TimeAccount]
        var seconds: Double
    }

    private static let slowdowns = Slowdowns.random(
        every: .exponential(mean: 4e-3), lasting: .uniform(low: 1e-3, high: 5e-3), factor: .uniform(low: 1, high: 6))

    private func fabric(
        _ slowdowns: Slowdowns?, threads: Int = 1, seed: UInt64 = 1, ranks: Int = 6, inRounds: Bool = true
    ) -> SimulatedFabric {
        let cluster = ClusterSpec(
            name: "", summary: "", source: "", worker: Node(link: roundLink),
            devices: DevicePopulation(figures: [
                .speed: .logNormal(median: 1, sigma: 0.5), .cores: .uniform(low: 1, high: 3),
            ]), stragglers: Stragglers(fraction: 0.3, slowdown: .constant(3)))
        var fabric = SimulatedFabric(
            nodes: cluster.nodes(ranks: ranks, server: nil, seeds: SeedSequence(seed)), jitter: .logNormal(sigma: 0.8),
            compute: testCompute, slowdowns: slowdowns.map { RankSlowdowns($0, server: nil) },
            seeds: SeedSequence(seed), pool: HostPool(threads: threads))
        fabric.fewestMessagesPlayedInRounds = inRounds ? 0 : .max
        return fabric
    }

    /// - Parameter pieces: into how many pieces every computation is split.
    private func trace(_ fabric: SimulatedFabric, pieces: Int = 1) throws -> Trace {
        let (times, numbers) = (Notes<[Int64]>(), Notes<[UInt32]>())
        let report = try run(fabric) { rank in
            let vector = testVector(rank.index, count: 33)
            for step in 0..<6 {
                for _ in 0..<pieces {
                    try await rank.compute(.step(samples: 12 / pieces)) {
                        for _ in 0..<(100 * (6 - rank.index)) { vector.add(vector, scaledBy: 0.001) }
                    }
                }
                times.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) }
                try await rank.allReduce(vector, .mean, purpose: .gradient)
                if step.isMultiple(of: 2) { try await rank.barrier() }
                times.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) }
            }
            numbers[rank.index] = bits(vector)
        }
        return Trace(
            times: times.byRank, numbers: numbers.byRank, accounts: report.accounts, seconds: report.seconds)
    }

    @Test(arguments: [nil, slowdowns]) func resultsDoNotDependOnTheNumberOfHostThreads(_ slowdowns: Slowdowns?) throws {
        let expected = try trace(fabric(slowdowns))
        for threads in [1, 2, 4] { #expect(try trace(fabric(slowdowns, threads: threads)) == expected, "\(threads)") }
        #expect(try trace(fabric(slowdowns, seed: 2)).times != expected.times)
    }

    /// Where ranks come at different times, rounds must not be played as if they came together.
    @Test(arguments: [nil, slowdowns]) func roundsPlayedAsAWholeGiveTheSameTimes(_ slowdowns: Slowdowns?) throws {
        let whole = try trace(fabric(slowdowns, inRounds: true))
        #expect(try trace(fabric(slowdowns, inRounds: false)) == whole)
    }

    @Test func slowdownsTakeTimeAndChangeNothingElse() throws {
        let (steady, slowed) = (try trace(fabric(nil)), try trace(fabric(Self.slowdowns)))
        #expect(slowed.numbers == steady.numbers)
        #expect(slowed.seconds > steady.seconds)
        for (slow, fast) in zip(slowed.accounts, steady.accounts) {
            #expect(slow.computeSeconds > fast.computeSeconds)
        }
    }

    @Test func withoutStragglersAllWorkersAreAsFastAsTheFastestAtAllTimes() {
        let ideal = fabric(Self.slowdowns).idealized(.noStragglers, server: nil)
        let nodes = fabric(nil).nodes
        let most = nodes.map { $0.speed * Double($0.cores) }.max()
        #expect(ideal.nodes.allSatisfy { $0.speed * Double($0.cores) == most } && ideal.slowdowns == nil)
    }

    /// Steps whose gradient goes out in two buckets while it is computed.
    private func overlapped(_ fabric: SimulatedFabric, steps: Int = 4) throws -> (FabricReport, Schedule) {
        let recorder = ScheduleRecorder(ranks: fabric.nodes.count)
        var fabric = fabric
        fabric.observer = recorder
        let buckets = [GradientBucket(range: 50..<100, readyShare: 0.5), GradientBucket(range: 0..<50, readyShare: 1)]
        let report = try run(fabric) { rank in
            for _ in 0..<steps {
                try await rank.allReduce(
                    .sum, count: 100, computing: .step(samples: 4), sending: buckets, purpose: .gradient,
                    contribution: { $0.fill(with: 1) }, update: { _, _ in })
            }
        }
        return (report, try #require(recorder.schedule))
    }

    private func equalNodes(_ slowdowns: Slowdowns?, cores: Int = 1) -> SimulatedFabric {
        SimulatedFabric(
            nodes: Array(repeating: Node(link: roundLink, cores: cores), count: 3), compute: testCompute,
            slowdowns: slowdowns.map { RankSlowdowns($0, server: nil) }, seeds: SeedSequence(1),
            pool: HostPool(threads: 2))
    }

    @Test func overlappedStepsSlowDownAndAreSharedByCoresToo() throws {
        let steady = try overlapped(equalNodes(nil)).0
        let listed = Slowdowns.listed((0..<3).map { .init(rank: $0, beginSeconds: 0, lastingSeconds: 10, factor: 2) })
        let slowed = try overlapped(equalNodes(listed)).0
        let cores = try overlapped(equalNodes(nil, cores: 4)).0
        for rank in 0..<3 {
            // Four steps of four samples of a millisecond.
            #expect(abs(steady.accounts[rank].computeSeconds - 0.016) < 1e-9)
            #expect(abs(slowed.accounts[rank].computeSeconds - 0.032) < 1e-9)
            #expect(abs(cores.accounts[rank].computeSeconds - 0.004) < 1e-9)
        }
        #expect(slowed.seconds > steady.seconds && steady.seconds > cores.seconds)
    }

    @Test func overlappedStepsOnChangingSpeedsAreReplayedAsTheyWere() throws {
        let fabric = fabric(Self.slowdowns)
        let (report, schedule) = try overlapped(fabric, steps: 20)
        let replay = try fabric.replay(schedule)
        #expect(replay.seconds == report.seconds && replay.accounts == report.accounts)
        #expect(try overlapped(self.fabric(Self.slowdowns, threads: 2), steps: 20).0.accounts == report.accounts)
    }

    @Test func aListedSlowdownIsPaidForWhereItIs() throws {
        // A step of ten samples takes 10 ms; rank 1 is four times slower from 4 ms to 8 ms: 4 + 1 + 5, and 3 ms more.
        let slowdowns = Slowdowns.listed([.init(rank: 1, beginSeconds: 4e-3, lastingSeconds: 4e-3, factor: 4)])
        let fabric = SimulatedFabric(
            nodes: Array(repeating: Node(link: roundLink), count: 3), compute: testCompute,
            slowdowns: RankSlowdowns(slowdowns, server: nil), seeds: SeedSequence(1), pool: HostPool(threads: 1))
        let ends = Notes<Int64>()
        let report = try run(fabric) { rank in
            try await rank.compute(.step(samples: 10)) {}
            ends[rank.index] = rank.now.nanoseconds
        }
        #expect(ends.byRank == [10_000_000, 13_000_000, 10_000_000])
        #expect(report.accounts.map(\.computeSeconds) == [0.010, 0.013, 0.010])
    }

    @Test func coresShareAStepOnBothClocks() throws {
        let nodes = [1, 4].map { Node(link: roundLink, cores: $0) }
        let simulated = SimulatedFabric(
            nodes: nodes, compute: testCompute, seeds: SeedSequence(1), pool: HostPool(threads: 1))
        let program: RankProgram = { rank in try await rank.compute(.step(samples: 20)) {} }
        #expect(try run(simulated, program).accounts.map(\.computeSeconds) == [0.020, 0.005])
        let emulated = try ThreadFabric(
            ranks: 2, emulating: .init(nodes: nodes, compute: testCompute, seeds: SeedSequence(1)))
        let accounts = try run(emulated, program).accounts
        #expect(accounts[0].computeSeconds >= 0.020 && accounts[1].computeSeconds >= 0.005)
    }
}
