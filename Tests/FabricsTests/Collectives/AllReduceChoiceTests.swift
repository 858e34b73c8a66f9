import Cluster
import Foundation
import Randomness
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct AllReduceChoiceTests {
    private func choice(
        _ ranks: Int, _ elements: Int, link: Link = ClosedForms.link, jitter: Jitter = .none
    ) throws -> AllReduceChoice {
        try AllReduceChoice(on: simulated(ranks, link: link, jitter: jitter), elements: elements)
    }

    private func nanoseconds(_ candidate: AllReduceChoice.Candidate) -> Int64? {
        candidate.seconds.map { Int64(($0 * 1e9).rounded()) }
    }

    @Test func shortVectorsAreDoubledLongOnesHalvedAndOfOddNumbersGoAroundARing() throws {
        // 6 messages on the longest chain, where the others have 10 and more.
        #expect(try choice(64, 1).algorithm == .recursiveDoubling)
        // As few bytes as a ring, in 12 messages for 126.
        #expect(try choice(64, 25_000_000).algorithm == .rabenseifner)
        // Folding sends whole vectors, which a ring does not.
        #expect(try choice(21, 25_000_000).algorithm == .ring)
        // One exchange.
        #expect(try choice(2, 1).algorithm == .recursiveDoubling)
    }

    @Test func everyAlgorithmIsACandidateWithItsOwnTimeTheCheapestFirst() throws {
        for (ranks, elements) in [(8, 4810), (21, 199_210)] {
            let choice = try choice(ranks, elements)
            #expect(choice.ranks == ranks && choice.elements == elements)
            #expect(Set(choice.candidates.map(\.algorithm)) == Set(AllReduceAlgorithm.allCases))
            let seconds = choice.candidates.compactMap(\.seconds)
            #expect(seconds == seconds.sorted() && seconds.count == choice.candidates.count)
            for candidate in choice.candidates {
                let alone = try ClosedForms.cost(
                    .allReduce(.sum), candidate.algorithm, ranks: ranks, elements: elements)
                #expect(nanoseconds(candidate) == alone.nanoseconds, "\(candidate.algorithm.rawValue)")
                #expect(candidate.messages == alone.messages, "\(candidate.algorithm.rawValue)")
            }
        }
    }

    @Test func itIsTheSameEveryTimeWhateverTheJitter() throws {
        let first = try choice(8, 4810)
        #expect(try choice(8, 4810) == first)
        #expect(try choice(8, 4810, jitter: .logNormal(sigma: 0.5)) == first)
    }

    @Test func groupsOfTheClusterArePlayed() throws {
        let nodes = Array(repeating: Node(link: ClosedForms.link), count: 16)
        func hierarchical(_ groups: [Range<Int>]?) throws -> Int64? {
            let fabric = SimulatedFabric(
                nodes: nodes, compute: testCompute, groups: groups, seeds: SeedSequence(1), pool: HostPool(threads: 1))
            return try AllReduceChoice(on: fabric, elements: 1000).candidates
                .first { $0.algorithm == .hierarchical }.flatMap(nanoseconds)
        }
        // Two groups of eight: three levels in each, and one exchange of halves twice.
        let times = PortTimes(ClosedForms.link)
        #expect(try hierarchical([0..<8, 8..<16]) == 2 * (3 * times.hockney(4000) + times.hockney(2000)))
        // Without groups, four of four.
        #expect(
            try hierarchical(nil)
                == ClosedForms.cost(
                    .allReduce(.sum), .grouped(size: 4), ranks: 16, elements: 1000
                ).nanoseconds)
    }

    /// One group of all is no group, and of 8 ranks groups are of three.
    @Test func groupsAreOfAboutTheRootOfTheRanksWhereTheClusterHasNone() throws {
        for groups in [nil, [0..<8]] {
            let algorithm = AllReduceAlgorithm.hierarchical.messages(ranks: 8, groups: groups)
            for rank in 0..<8 {
                for index in 0..<8 {
                    let step = algorithm.step(index, rank: rank, of: 8, elements: 80)
                    let expected = HierarchicalAllReduce(groups: [0..<3, 3..<6, 6..<8])
                        .step(index, rank: rank, of: 8, elements: 80)
                    #expect(step == expected, "rank \(rank), step \(index)")
                }
            }
        }
    }

    @Test func whatSendsMillionsOfMessagesIsNamedAndNotPlayed() throws {
        let choice = try choice(2000, 1)
        let ring = choice.candidates.last
        #expect(ring?.algorithm == .ring && ring?.seconds == nil && ring?.messages == 2 * 2000 * 1999)
        #expect(choice.candidates.dropLast().allSatisfy { $0.seconds != nil })
    }

    @Test func oneRankTakesTheFirstInTheList() throws {
        let choice = try choice(1, 100)
        #expect(choice.algorithm == .ring && choice.candidates.allSatisfy { $0.seconds == 0 })
    }

    @Test func namesAreReadAsTheyAreWritten() throws {
        for algorithm in allReduceVariants + [.automatic] {
            #expect(AllReduceAlgorithm(rawValue: algorithm.rawValue) == algorithm)
            let data = try JSONEncoder().encode([algorithm])
            #expect(String(decoding: data, as: UTF8.self) == "[\"\(algorithm.rawValue)\"]")
            #expect(try JSONDecoder().decode([AllReduceAlgorithm].self, from: data) == [algorithm])
        }
        #expect(AllReduceAlgorithm(rawValue: "parameter-server:1") == .parameterServer)
        for name in [
            "", "star", "ring:2", "hierarchical:0", "hierarchical:-1", "hierarchical:", "parameter-server:x",
            "hierarchical:1000001",
        ] {
            #expect(AllReduceAlgorithm(rawValue: name) == nil, "\(name)")
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([AllReduceAlgorithm].self, from: Data("[\"star\"]".utf8))
        }
    }
}
