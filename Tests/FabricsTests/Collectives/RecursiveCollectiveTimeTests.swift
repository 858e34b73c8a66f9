import Cluster
import Testing

@testable import Fabrics

/// Collectives that halve and double, whose messages differ in length: Rabenseifner's all-reduce, reduce-scatter,
/// all-gather and scatter (Thakur, Rabenseifner and Gropp 2005, sections 4.1 to 4.4).
@Suite(.timeLimit(.minutes(5))) struct RecursiveCollectiveTimeTests {
    private func expectClose(_ measured: Double, _ expected: Double, messages: Int, _ comment: String) {
        #expect(abs(measured - expected) <= 1e-9 * Double(messages), "\(comment): \(measured) for \(expected)")
    }

    /// 2 log2(n) messages of S/2, S/4 ... S/n and back; 25 million numbers are 100 MB.
    @Test func rabenseifnerOfPowersOfTwoTakesTwoLogNMessagesOfHalvingLength() throws {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for elements in [ranks, 1000 * ranks, 25_000_000 / ranks * ranks] {
                let expected = 2 * ClosedForms.halvings(elements * 4, rounds: rounds)
                let measured = try ClosedForms.seconds(
                    .allReduce(.sum), .rabenseifner, ranks: ranks, elements: elements)
                expectClose(measured, expected, messages: 2 * rounds, "\(ranks) ranks, \(elements)")
            }
        }
    }

    /// Where n = 2^k + f, a pair folds before and unfolds after: 2 k + 2 messages on the longest chain. Where bytes cost,
    /// a message may find its port busy with another.
    @Test func rabenseifnerOfOtherNumbersFoldsAndUnfolds() throws {
        for ranks in 3...64 where ranks.nonzeroBitCount > 1 {
            let rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
            let latencies = try ClosedForms.seconds(
                .allReduce(.sum), .rabenseifner, ranks: ranks, elements: 1, link: ClosedForms.distant)
            expectClose(latencies, Double(2 * rounds + 2) * 1e-3, messages: 2 * rounds + 2, "\(ranks) ranks")
            for elements in [1 << rounds, 1000 << rounds, 390_000 << 6] {
                let bytes = elements * 4
                let core = 2 * ClosedForms.halvings(bytes, rounds: rounds)
                let ports =
                    ClosedForms.port(bytes)
                    + 2 * (0..<rounds).reduce(0) { $0 + ClosedForms.port(bytes >> ($1 + 1)) }
                let measured = try ClosedForms.seconds(
                    .allReduce(.sum), .rabenseifner, ranks: ranks, elements: elements)
                #expect(measured >= core + ClosedForms.hockney(bytes) - 1e-7, "\(ranks) ranks, \(elements)")
                #expect(measured <= core + 2 * ClosedForms.hockney(bytes) + ports + 1e-7, "\(ranks) ranks, \(elements)")
            }
        }
    }

    /// Below 512 KiB recursive halving: S/2, S/4 ... S/n. From there a ring: n-1 messages of S/n.
    @Test func reduceScatterHalvesShortVectorsAndSendsLongOnesAroundARing() throws {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for elements in [ranks, 1000 * ranks] {
                let measured = try ClosedForms.seconds(.reduceScatter(.sum), ranks: ranks, elements: elements)
                expectClose(
                    measured, ClosedForms.halvings(elements * 4, rounds: rounds), messages: rounds, "\(ranks) ranks")
            }
        }
        for ranks in ClosedForms.ranks {
            let elements = 25_000_000 / ranks * ranks
            let expected = Double(ranks - 1) * ClosedForms.hockney(elements / ranks * 4)
            let measured = try ClosedForms.seconds(.reduceScatter(.sum), ranks: ranks, elements: elements)
            expectClose(measured, expected, messages: ranks - 1, "\(ranks) ranks")
            // Of others than powers of two the short ones fold, halve and get their own part.
            guard ranks.nonzeroBitCount > 1 else { continue }
            let hops = Int.bitWidth - 1 - ranks.leadingZeroBitCount + 2
            let short = try ClosedForms.seconds(
                .reduceScatter(.sum), ranks: ranks, elements: ranks, link: ClosedForms.distant)
            #expect(short <= Double(hops) * 1e-3 + 1e-7 && short >= Double(hops - 1) * 1e-3, "\(ranks): \(short)")
        }
    }

    /// Of S bytes a rank, below 512 KiB in all recursive doubling: S, 2 S ... n/2 S. From there a ring: n-1 messages of S.
    @Test func allGatherDoublesShortVectorsAndSendsLongOnesAroundARing() throws {
        for rounds in 1...6 {
            for elements in [1, 1000] {
                let expected = (0..<rounds).reduce(0.0) { $0 + ClosedForms.hockney(elements * 4 << $1) }
                let measured = try ClosedForms.seconds(.allGather, ranks: 1 << rounds, elements: elements)
                expectClose(measured, expected, messages: rounds, "2^\(rounds), \(elements)")
            }
        }
        for ranks in ClosedForms.ranks {
            let elements = 25_000_000 / ranks
            let expected = Double(ranks - 1) * ClosedForms.hockney(elements * 4)
            let measured = try ClosedForms.seconds(.allGather, ranks: ranks, elements: elements)
            expectClose(measured, expected, messages: ranks - 1, "\(ranks) ranks")
        }
    }

    /// Down the tree go S/2, S/4 ... S/n.
    @Test func scatterOfPowersOfTwoTakesLogNMessagesOfHalvingLength() throws {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for elements in [ranks, 1000 * ranks, 25_000_000 / ranks * ranks] {
                for root in [0, ranks - 1] {
                    let measured = try ClosedForms.seconds(.scatter(root: root), ranks: ranks, elements: elements)
                    expectClose(
                        measured, ClosedForms.halvings(elements * 4, rounds: rounds), messages: rounds,
                        "\(ranks) ranks, \(elements) from \(root)")
                }
            }
        }
    }

    /// n-1 messages of S/n, one after the other.
    @Test func allToAllTakesNMinusOneMessagesOfOneNth() throws {
        for ranks in ClosedForms.ranks {
            for elements in [ranks, 1000 * ranks, 25_000_000 / ranks * ranks] {
                let expected = Double(ranks - 1) * ClosedForms.hockney(elements / ranks * 4)
                let measured = try ClosedForms.seconds(.allToAll, ranks: ranks, elements: elements)
                expectClose(measured, expected, messages: ranks - 1, "\(ranks) ranks, \(elements)")
            }
        }
    }
}
