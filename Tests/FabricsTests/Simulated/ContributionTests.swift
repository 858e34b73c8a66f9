import Cluster
import Kernel
import Locking
import Randomness
import Testing

@testable import Fabrics

/// The all-reduce of vectors that ranks compute when they are added.
@Suite(.timeLimit(.minutes(60))) struct ContributionTests {
    /// Fewer, as many and more than exist at a time.
    @Test(arguments: FabricKind.allCases, [1, 2, 15, 16, 17, 18, 33, 50])
    func theUpdateSeesTheSumInRankOrder(kind: FabricKind, ranks: Int) throws {
        for (count, reduction) in [(7, Reduction.sum), (5000, .mean)] {
            let total = ParameterVector(count: count)
            let seen = ParameterVector(count: count)
            try run(try kind.fabric(ranks)) { rank in
                // Twice, so that what the first left in the vectors would show.
                for _ in 0..<2 {
                    let index = rank.index
                    try await rank.allReduce(
                        reduction, count: count, computing: .none, purpose: .gradient,
                        contribution: { $0.copy(from: testVector(index, count: count)) },
                        update: { sum, range in
                            total.copy(from: sum, in: range)
                            for index in range { seen[index] += 1 }
                        })
                }
            }
            #expect(bits(total) == reducedTestVectors(ranks, count: count, reduction), "\(kind), \(ranks) ranks")
            #expect(seen.values == [Float](repeating: 2, count: count), "\(kind), \(ranks) ranks")
        }
    }

    @Test(arguments: [1, 2, 3])
    func hostThreadsDoNotChangeABit(threads: Int) throws {
        // Long enough for several slices.
        let (ranks, count) = (40, 30_000)
        let total = ParameterVector(count: count)
        try run(simulated(ranks, threads: threads)) { rank in
            let index = rank.index
            try await rank.allReduce(
                .mean, count: count, computing: .step(samples: index), purpose: .gradient,
                contribution: { $0.copy(from: testVector(index, count: count)) },
                update: { sum, range in total.copy(from: sum, in: range) })
        }
        #expect(bits(total) == reducedTestVectors(ranks, count: count, .mean))
    }

    @Test func itTakesTheTimeOfTheComputationAndTheAllReduce() throws {
        for ranks in [1, 4, 21] {
            let together = try run(simulated(ranks)) { rank in
                try await rank.allReduce(
                    .sum, count: 500, computing: .step(samples: rank.index), purpose: .gradient,
                    contribution: { _ in }, update: { _, _ in })
            }
            let apart = try run(simulated(ranks)) { rank in
                let vector = ParameterVector(count: 500)
                try await rank.compute(.step(samples: rank.index)) {}
                try await rank.allReduce(vector, .sum, purpose: .gradient) { _, _ in }
            }
            #expect(together.seconds == apart.seconds && together.accounts == apart.accounts, "\(ranks) ranks")
            #expect(together.ledger.entries == apart.ledger.entries, "\(ranks) ranks")
        }
    }

    @Test func vectorsOfOneJobMayDifferInLength() throws {
        let ranks = 20
        let totals = Notes<[UInt32]>()
        try run(simulated(ranks)) { rank in
            for (turn, count) in [7, 500, 7].enumerated() {
                let index = rank.index
                let total = ParameterVector(count: count)
                try await rank.allReduce(
                    .sum, count: count, computing: .none, purpose: .gradient,
                    contribution: { $0.copy(from: testVector(index, count: count)) },
                    update: { sum, range in
                        total.copy(from: sum, in: range)
                        if range.upperBound == count { totals[turn] = bits(total) }
                    })
            }
        }
        #expect(totals.byRank == [7, 500, 7].map { reducedTestVectors(ranks, count: $0, .sum) })
    }

    /// Memory is bounded by the work in flight and not by the number of ranks.
    @Test(arguments: [1, 2])
    func hundredsOfRanksShareAFewVectors(threads: Int) throws {
        let vectors = Guarded<[ObjectIdentifier: ParameterVector]>([:])
        try run(simulated(300, threads: threads)) { rank in
            for _ in 0..<3 {
                try await rank.allReduce(
                    .sum, count: 10, computing: .step(samples: 1), purpose: .gradient,
                    contribution: { vector in vectors.withLock { $0[ObjectIdentifier(vector)] = vector } },
                    update: { _, _ in })
            }
        }
        #expect(vectors.withLock { $0.count } <= ContributionSum.window(threads: threads) + 1)
    }
}
