import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// The numbers of a vector that is sent in buckets.
@Suite(.timeLimit(.minutes(60))) struct OverlapValueTests {
    private static let count = 5000
    private static let buckets = [
        GradientBucket(range: 4_999..<5_000, readyShare: 0.25), GradientBucket(range: 100..<4_999, readyShare: 0.5),
        GradientBucket(range: 0..<100, readyShare: 1),
    ]

    @Test(arguments: FabricKind.allCases, [1, 2, 15, 17, 33])
    func theUpdateSeesTheSumInRankOrderOnceAStep(kind: FabricKind, ranks: Int) throws {
        for reduction in [Reduction.sum, .mean] {
            let total = ParameterVector(count: Self.count)
            let seen = ParameterVector(count: Self.count)
            try run(try kind.fabric(ranks)) { rank in
                for _ in 0..<2 {
                    let index = rank.index
                    try await rank.allReduce(
                        reduction, count: Self.count, computing: .none, sending: Self.buckets, purpose: .gradient,
                        contribution: { $0.copy(from: testVector(index, count: Self.count)) },
                        update: { sum, range in
                            total.copy(from: sum, in: range)
                            for index in range { seen[index] += 1 }
                        })
                }
            }
            #expect(bits(total) == reducedTestVectors(ranks, count: Self.count, reduction), "\(kind), \(ranks) ranks")
            #expect(seen.values == [Float](repeating: 2, count: Self.count), "\(kind), \(ranks) ranks")
        }
    }

    /// Ranks that are in different buckets do not take each other's messages.
    @Test(arguments: [AllReduceAlgorithm.tree, .parameterServer, .ring])
    func fastAndSlowRanksKeepBucketsApart(algorithm: AllReduceAlgorithm) throws {
        let total = ParameterVector(count: Self.count)
        let nodes = [1.0, 0.01, 3, 0.2, 10].map { Node(link: roundLink, speed: $0) }
        let fabric = SimulatedFabric(
            nodes: nodes, jitter: .uniform(seconds: 1e-3), compute: testCompute, allReduce: algorithm, seeds: .init(1),
            pool: HostPool(threads: 2))
        let report = try run(fabric) { rank in
            for _ in 0..<20 {
                let index = rank.index
                try await rank.allReduce(
                    .sum, count: Self.count, computing: .step(samples: 1), sending: Self.buckets, purpose: .gradient,
                    contribution: { $0.copy(from: testVector(index, count: Self.count)) },
                    update: { sum, range in total.copy(from: sum, in: range) })
            }
        }
        #expect(bits(total) == reducedTestVectors(5, count: Self.count, .sum))
        // The slowest rank hides nothing of the time in which the others wait for it, and is never idle.
        #expect(report.seconds >= 20 * 0.1)
        #expect(report.accounts[1].computeSeconds == (0..<20).reduce(0) { sum, _ in sum + 1e-3 / 0.01 })
    }

    @Test func anErrorOfARankEndsTheOthersBucketsToo() throws {
        let error = #expect(throws: Boom.self) {
            try run(simulated(3)) { rank in
                if rank.index == 1 {
                    try await rank.compute(.step(samples: 2)) {}
                    throw Boom(rank: 1)
                }
                try await rank.allReduce(
                    .sum, count: Self.count, computing: .step(samples: 1), sending: Self.buckets, purpose: .gradient,
                    contribution: { _ in }, update: { _, _ in })
            }
        }
        #expect(error == Boom(rank: 1))
    }

    /// Threads that act out a cluster overlap as the simulation says.
    @Test(arguments: [AllReduceAlgorithm.ring, .tree, .parameterServer])
    func emulatedBucketsTakeAsLongAsInTheSimulation(algorithm: AllReduceAlgorithm) throws {
        let program: RankProgram = { rank in
            try await rank.allReduce(
                .sum, count: Self.count, computing: .step(samples: 40), sending: Self.buckets, purpose: .gradient,
                contribution: { $0.fill(with: 1) }, update: { _, _ in })
        }
        let link = EmulationTests.slowLink
        let simulation = try run(simulated(3, link: link, algorithm), program)
        let emulation = ThreadFabric.Emulation(
            nodes: Array(repeating: Node(link: link), count: 3), compute: testCompute, allReduce: algorithm,
            seeds: SeedSequence(1))
        let emulated = try emulate(emulation, as: simulation, program)
        for (own, virtual) in zip(emulated.accounts, simulation.accounts) {
            // The first bucket's 10 ms of latency and more lie within 30 ms of computing.
            #expect(virtual.hiddenCommunicationSeconds > 5e-3)
            #expect(abs(own.hiddenCommunicationSeconds - virtual.hiddenCommunicationSeconds) < 1e-9)
            #expect(abs(own.communicationSeconds - virtual.communicationSeconds) < 1e-9)
            #expect(abs(own.computeSeconds - virtual.computeSeconds) < 1e-9)
        }
    }
}
