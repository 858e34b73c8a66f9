import Cluster
import Kernel
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct CollectiveValueTests {
    static let rankCounts = [1, 2, 3, 4, 5, 8]
    static let elementCounts = [0, 1, 3, 257]

    /// Every rank's numbers after an all-reduce of the test vectors.
    private func allReduced(_ fabric: any Fabric, _ elements: Int, _ reduction: Reduction) throws -> [[UInt32]] {
        let results = Notes<[UInt32]>()
        try run(fabric) { rank in
            let vector = testVector(rank.index, count: elements)
            try await rank.allReduce(vector, reduction, purpose: .gradient)
            results[rank.index] = bits(vector)
        }
        return results.byRank
    }

    @Test(arguments: allReduceVariants, [Reduction.sum, .mean])
    func allReduceIsTheSumInRankOrderWhateverTheAlgorithm(algorithm: AllReduceAlgorithm, reduction: Reduction) throws {
        for ranks in Self.rankCounts {
            for elements in Self.elementCounts {
                let expected = Array(repeating: reducedTestVectors(ranks, count: elements, reduction), count: ranks)
                let results = try allReduced(simulated(ranks, algorithm), elements, reduction)
                #expect(results == expected, "\(ranks) ranks, \(elements) elements")
            }
        }
    }

    @Test(arguments: [Reduction.sum, .mean])
    func threadsReduceToTheSameBitsAsTheSimulation(reduction: Reduction) throws {
        for ranks in Self.rankCounts {
            for elements in Self.elementCounts {
                let expected = try allReduced(simulated(ranks), elements, reduction)
                let threads = try allReduced(ThreadFabric(ranks: ranks), elements, reduction)
                #expect(threads == expected, "\(ranks) ranks, \(elements) elements")
            }
        }
        for algorithm in allReduceVariants {
            let expected = try allReduced(simulated(3), 257, reduction)
            #expect(try allReduced(emulated(3, algorithm), 257, reduction) == expected, "\(algorithm), emulated")
        }
    }

    @Test func longVectorsReduceToTheSameBitsOnManyHostThreads() throws {
        // Long enough for four slices.
        let (ranks, elements) = (4, 70_000)
        let expected = Array(repeating: reducedTestVectors(ranks, count: elements, .mean), count: ranks)
        for threads in [1, 3, 4] {
            #expect(try allReduced(simulated(ranks, threads: threads), elements, .mean) == expected, "\(threads)")
        }
    }

    @Test(arguments: FabricKind.allCases)
    func broadcastGivesEveryRankTheRootsNumbers(kind: FabricKind) throws {
        for ranks in Self.rankCounts {
            let fabric = try kind.fabric(ranks)
            for root in 0..<ranks {
                let results = Notes<[UInt32]>()
                try run(fabric) { rank in
                    let vector = testVector(rank.index, count: 9)
                    try await rank.broadcast(vector, from: root, purpose: .model)
                    results[rank.index] = bits(vector)
                }
                let expected = Array(repeating: bits(testVector(root, count: 9)), count: ranks)
                #expect(results.byRank == expected, "\(ranks) ranks, root \(root)")
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func rootMayChangeItsVectorAfterTheBroadcast(kind: FabricKind) throws {
        let results = Notes<Float>()
        try run(try kind.fabric(3)) { rank in
            let vector = ParameterVector([rank.index == 0 ? 7 : 0])
            // The others come late.
            if rank.index > 0 { try await rank.compute(.step(samples: 5)) {} }
            try await rank.broadcast(vector, from: 0, purpose: .model)
            results[rank.index] = vector[0]
            vector.fill(with: -1)
        }
        #expect(results.byRank == [7, 7, 7])
    }

    @Test(arguments: FabricKind.allCases)
    func gatherGivesTheRootCopiesOfAllVectorsInRankOrder(kind: FabricKind) throws {
        for ranks in Self.rankCounts {
            let fabric = try kind.fabric(ranks)
            for root in 0..<ranks {
                let results = Notes<[[UInt32]]?>()
                try run(fabric) { rank in
                    let vector = testVector(rank.index, count: 9)
                    let gathered = try await rank.gather(vector, to: root, purpose: .model)
                    vector.fill(with: 0)
                    try await rank.barrier()
                    results[rank.index] = .some(gathered?.map(bits))
                }
                let expected = (0..<ranks).map { bits(testVector($0, count: 9)) }
                for rank in 0..<ranks {
                    let result = try #require(results[rank])
                    #expect(result == (rank == root ? expected : nil), "\(ranks) ranks, root \(root), rank \(rank)")
                }
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func nobodyLeavesABarrierOrAllReduceBeforeTheLastHasCome(kind: FabricKind) throws {
        for ranks in [2, 5, 7] {
            let (came, left) = (Notes<[Int64]>(), Notes<[Int64]>())
            try run(try kind.fabric(ranks)) { rank in
                let vector = ParameterVector(count: 10)
                for round in 0..<4 {
                    // Another rank is last each time.
                    let samples = (rank.index + round) % rank.count
                    try await rank.compute(.step(samples: samples)) {}
                    came.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) }
                    if round.isMultiple(of: 2) {
                        try await rank.barrier()
                    } else {
                        try await rank.allReduce(vector, .sum, purpose: .gradient)
                    }
                    left.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) }
                }
            }
            for round in 0..<4 {
                let last = came.byRank.map { $0[round] }.max() ?? 0
                let first = left.byRank.map { $0[round] }.min() ?? 0
                #expect(first >= last, "\(ranks) ranks, round \(round)")
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func allGatherGivesEveryRankCopiesOfAllVectorsInRankOrder(kind: FabricKind) throws {
        for ranks in Self.rankCounts {
            let results = Notes<[[UInt32]]>()
            try run(try kind.fabric(ranks)) { rank in
                let vector = testVector(rank.index, count: 9)
                let gathered = try await rank.allGather(vector, purpose: .model)
                vector.fill(with: 0)
                try await rank.barrier()
                results[rank.index] = gathered.map(bits)
            }
            let expected = (0..<ranks).map { bits(testVector($0, count: 9)) }
            #expect(results.byRank == Array(repeating: expected, count: ranks), "\(ranks) ranks")
        }
    }

    @Test(arguments: FabricKind.allCases, [Reduction.sum, .mean])
    func reduceScatterGivesEveryRankTheSumOfItsPartAndLeavesTheRest(kind: FabricKind, reduction: Reduction) throws {
        for ranks in Self.rankCounts {
            for elements in Self.elementCounts {
                let results = Notes<[UInt32]>()
                let parts = Notes<Range<Int>>()
                try run(try kind.fabric(ranks)) { rank in
                    let vector = testVector(rank.index, count: elements)
                    parts[rank.index] = try await rank.reduceScatter(vector, reduction, purpose: .gradient)
                    results[rank.index] = bits(vector)
                }
                let sums = reducedTestVectors(ranks, count: elements, reduction)
                for rank in 0..<ranks {
                    let part = (0..<elements).part(rank, of: ranks)
                    var expected = bits(testVector(rank, count: elements))
                    expected.replaceSubrange(part, with: sums[part])
                    #expect(parts[rank] == part && results[rank] == expected, "\(rank) of \(ranks), \(elements)")
                }
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func allToAllGivesEveryRankItsPartOfAllVectorsInRankOrder(kind: FabricKind) throws {
        for ranks in Self.rankCounts {
            let results = Notes<[UInt32]>()
            try run(try kind.fabric(ranks)) { rank in
                let vector = testVector(rank.index, count: 11)
                let result = try await rank.allToAll(vector, purpose: .model)
                vector.fill(with: 0)
                try await rank.barrier()
                results[rank.index] = bits(result)
            }
            for rank in 0..<ranks {
                let part = (0..<11).part(rank, of: ranks)
                let expected = (0..<ranks).flatMap { bits(testVector($0, count: 11))[part] }
                #expect(results[rank] == expected, "rank \(rank) of \(ranks)")
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func scatterGivesEveryRankItsPartOfTheRootsVectorAndLeavesTheRest(kind: FabricKind) throws {
        for ranks in Self.rankCounts {
            for root in 0..<ranks {
                let results = Notes<[UInt32]>()
                try run(try kind.fabric(ranks)) { rank in
                    let vector = testVector(rank.index, count: 11)
                    let part = try await rank.scatter(vector, from: root, purpose: .model)
                    #expect(part == (0..<11).part(rank.index, of: rank.count))
                    results[rank.index] = bits(vector)
                    // The root may change its own now.
                    if rank.index == root { vector.fill(with: -1) }
                }
                for rank in 0..<ranks {
                    let part = (0..<11).part(rank, of: ranks)
                    var expected = bits(testVector(rank, count: 11))
                    expected.replaceSubrange(part, with: bits(testVector(root, count: 11))[part])
                    #expect(results[rank] == expected, "rank \(rank) of \(ranks), root \(root)")
                }
            }
        }
    }
}
