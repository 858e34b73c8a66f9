import Cluster
import Foundation
import Kernel
import Testing

@testable import Fabrics

/// Steps whose gradients are sent in buckets, recorded on one cluster and replayed on another, and traced.
@Suite(.timeLimit(.minutes(60))) struct OverlapReplayTests {
    private static let count = 1_000
    private static let buckets = [
        GradientBucket(range: 700..<1_000, readyShare: 0.4), GradientBucket(range: 690..<700, readyShare: 0.8),
        GradientBucket(range: 0..<690, readyShare: 1),
    ]
    private let replays = ReplayTests()

    /// Epochs of equal steps and a short one, with an evaluation at the end.
    private func training(_ seen: ReplayTests.Seen, epochs: Int, steps: Int) -> RankProgram {
        { [replays] rank in
            for _ in 0..<epochs {
                for step in 0..<steps {
                    let samples = step == steps - 1 ? 2 : 4 + (rank.index == 1 ? 1 : 0)
                    try await rank.allReduce(
                        .sum, count: Self.count, computing: .step(samples: samples), sending: Self.buckets,
                        purpose: .gradient, contribution: { _ in }, update: { _, _ in })
                }
                try await replays.evaluate(rank, seen, .allRanks)
            }
        }
    }

    @Test(arguments: allReduceVariants, [2, 3, 5, 8])
    func overlappedTrainingReplayedOnAnotherClusterIsTheRunThere(
        _ allReduce: AllReduceAlgorithm, _ ranks: Int
    ) throws {
        let program = { (seen: ReplayTests.Seen) in training(seen, epochs: 3, steps: 7) }
        let (_, schedule) = try replays.record(
            replays.cluster(ranks, 0, allReduce), program(ReplayTests.Seen()))
        for seed in 1...10 as ClosedRange<UInt64> {
            let seen = ReplayTests.Seen()
            let other = replays.cluster(
                ranks, seed, allReduce, jitter: seed.isMultiple(of: 2) ? .none : .logNormal(sigma: 0.3))
            let report = try run(other, program(seen))
            let replay = try other.replay(schedule)
            replays.expectEqual(replay, report, "seed \(seed)")
            #expect(replay.evaluations == seen[0], "seed \(seed)")
            #expect(report.accounts.contains { $0.hiddenCommunicationSeconds > 0 }, "seed \(seed)")
        }
    }

    /// What repeats is skipped, and still the sums are the same to the last bit.
    @Test func overlappedStepsThatRepeatArePlayedOnce() throws {
        let fabric = simulated(4)
        let (report, schedule) = try replays.record(fabric, training(ReplayTests.Seen(), epochs: 1, steps: 500))
        let replay = try fabric.replay(schedule)
        replays.expectEqual(replay, report, "500 steps")
        #expect(replay.playedMessages < replay.messages / 20, "\(replay.playedMessages) of \(replay.messages)")
    }

    /// For every rank, compute, exposed communication and waiting add up to its time, however much communication its
    /// compute hides.
    @Test func accountsAddUpToTheRanksTime() throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let ends = Notes<Double>()
            let program = training(ReplayTests.Seen(), epochs: 2, steps: 5)
            let report = try run(replays.cluster(5, seed, .tree)) { rank in
                try await program(rank)
                ends[rank.index] = rank.now.seconds
            }
            for (rank, account) in report.accounts.enumerated() {
                let sum = account.computeSeconds + account.communicationSeconds + account.waitingSeconds
                #expect(abs(sum - (ends[rank] ?? 0)) < 1e-8, "seed \(seed), rank \(rank)")
                #expect(account.hiddenCommunicationSeconds <= account.computeSeconds, "seed \(seed), rank \(rank)")
            }
        }
    }

    @Test func aTraceShowsTheGradientOnATrackOfItsOwn() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("overlap-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("trace.json").path
        var fabric = simulated(2)
        fabric.allReduceByLength = [10: .tree]
        let recorder = try TraceRecorder(
            path, title: "overlap", ranks: 2, server: nil, allReduce: .ring, allReduceByLength: [10: .tree])
        fabric.observer = recorder
        try run(fabric, training(ReplayTests.Seen(), epochs: 1, steps: 3))
        try recorder.finish()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        func lines(_ parts: String...) -> [Substring] {
            text.split(separator: "\n").filter { line in parts.allSatisfy { line.contains($0) } }
        }
        // Two ranks and three steps, the third of two samples of a millisecond, a microsecond less for the update.
        #expect(lines("\"ph\":\"X\"", "\"forward and backward\"").count == 6)
        #expect(lines("\"forward and backward\"", "\"tid\":65", "\"dur\":1999,").count == 1)
        #expect(lines("\"forward and backward\"", "\"tid\":65", "\"dur\":3999,").count == 2)
        #expect(lines("thread_name", "rank 1, gradient", "\"tid\":66").count == 1)
        #expect(lines("\"ph\":\"X\"", "\"update\"", "\"dur\":1}").count == 6)
        #expect(lines("\"all-reduce\"", "\"elements\":10,", "\"algorithm\":\"tree\"").count == 6)
        #expect(lines("\"all-reduce\"", "\"elements\":300,", "\"algorithm\":\"ring\"").count == 6)
    }
}
