import Cluster
import Foundation
import Kernel
import Randomness
import Synchronization
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct DeterminismTests {
    /// All that a job leaves behind.
    struct Trace: Equatable {
        var times: [[Int64]]
        var numbers: [[UInt32]]
        var seconds: Double
        var accounts: [TimeAccount]
        var entries: [TrafficLedger.Entry]
    }

    /// Computations of different cost and of other real durations than virtual ones, messages and collectives, with
    /// jitter that makes every arrival different.
    private func trace(
        threads: Int, seed: UInt64 = 1, jitter: Jitter = .logNormal(sigma: 0.8), _ algorithm: AllReduceAlgorithm
    ) throws -> Trace {
        let (times, numbers) = (Notes<[Int64]>(), Notes<[UInt32]>())
        let fabric = simulated(6, jitter: jitter, algorithm, threads: threads, seed: seed)
        let report = try run(fabric) { rank in
            func note() { times.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) } }
            let vector = testVector(rank.index, count: 33)
            let (right, left) = ((rank.index + 1) % rank.count, (rank.index + rank.count - 1) % rank.count)
            for step in 0..<5 {
                try await rank.compute(.step(samples: (rank.index * 7 + step * 3) % 5)) {
                    // The cheapest ones in virtual time are the longest in real time.
                    for _ in 0..<(200 * (6 - rank.index)) { vector.add(vector, scaledBy: 0.001) }
                }
                note()
                try await rank.send(Message(vector.copied(), weight: step, purpose: .modelUp), to: right)
                let message = try await rank.receive(from: left)
                note()
                if let message { vector.add(message.vector, scaledBy: 0.5) }
                try await rank.allReduce(vector, .mean, purpose: .gradient)
                note()
                if step == 2 { try await rank.broadcast(vector, from: 4, purpose: .model) }
                if step == 3 { _ = try await rank.gather(vector, to: 2, purpose: .model) }
                try await rank.barrier()
            }
            note()
            numbers[rank.index] = bits(vector)
        }
        return Trace(
            times: times.byRank, numbers: numbers.byRank, seconds: report.seconds, accounts: report.accounts,
            entries: report.ledger.entries)
    }

    @Test(arguments: AllReduceAlgorithm.allCases)
    func resultsDoNotDependOnTheNumberOfHostThreads(algorithm: AllReduceAlgorithm) throws {
        let expected = try trace(threads: 1, algorithm)
        #expect(try trace(threads: 1, algorithm) == expected, "a second run")
        for threads in [2, 4] { #expect(try trace(threads: threads, algorithm) == expected, "\(threads) threads") }
    }

    @Test func seedChangesTheJitterAndNothingElse() throws {
        let (first, second) = (try trace(threads: 2, .ring), try trace(threads: 2, seed: 2, .ring))
        #expect(first.times != second.times)
        #expect(first.numbers == second.numbers)
        #expect(first.entries == second.entries)
        // Without jitter there is nothing for the seed to change.
        let steady = try trace(threads: 1, jitter: .none, .ring)
        #expect(try trace(threads: 1, seed: 2, jitter: .none, .ring) == steady)
        #expect(steady.times != first.times)
    }

    @Test func timeNeverGoesBack() throws {
        for algorithm in AllReduceAlgorithm.allCases {
            for (rank, times) in try trace(threads: 2, algorithm).times.enumerated() {
                #expect(times == times.sorted(), "\(algorithm), rank \(rank)")
            }
        }
    }
}
