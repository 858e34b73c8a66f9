import Cluster
import Testing

@testable import Fabrics

/// Collectives other than all-reduces on one switch: time, messages and bytes against closed forms, to the nanosecond, for
/// 4 bytes to 100 MB.
///
/// T, o, L and p are those of ``PortTimes``; S is the length of the vector in bytes, n = 2^k + f the number of ranks.
@Suite(.timeLimit(.minutes(60))) struct CollectiveTimeTests {
    private let times = PortTimes(ClosedForms.link)
    /// Numbers in a vector: 4 bytes, some, and 100 MB.
    private static let sizes = [1, 1000, 25_000_000]

    private func expectCost(
        _ kind: CollectiveKind, _ ranks: Int, _ elements: Int, _ nanoseconds: Int64, messages: Int, payloadBytes: Int
    ) throws {
        let cost = try ClosedForms.cost(kind, ranks: ranks, elements: elements)
        let expected = Cost(nanoseconds, messages: messages, payloadBytes: payloadBytes)
        #expect(cost == expected, "\(kind), \(ranks) ranks, \(elements) numbers")
    }

    /// Edges between a rank of the binomial tree and its root, all ranks together.
    private func edges(_ ranks: Int) -> Int { (0..<ranks).reduce(0) { $0 + $1.nonzeroBitCount } }

    /// k T(S); where n is no power of two the root sends once more before the last message, as its second largest sub-tree
    /// is then the deepest: o + p more.
    @Test func broadcastTakesLogNMessages() throws {
        for ranks in ClosedForms.ranks {
            for elements in Self.sizes {
                let (folding, bytes) = (Folding(ranks), elements * 4)
                let extra = folding.folded == 0 ? 0 : times.overhead + times.port(bytes)
                let expected = Int64(folding.rounds) * times.hockney(bytes) + extra
                for root in Set([0, ranks / 3, ranks - 1]) {
                    try expectCost(
                        .broadcast(root: root), ranks, elements, expected, messages: ranks - 1,
                        payloadBytes: (ranks - 1) * bytes)
                }
                #expect(TreeTimes(times: times, ranks: ranks).down { _, _ in bytes } == expected, "\(ranks) ranks")
            }
        }
    }

    /// A message carries the vectors of a whole sub-tree: of powers of two, those on the longest chain S, 2 S ... n/2 S.
    @Test func gatherTakesMessagesOfWholeSubTrees() throws {
        for ranks in ClosedForms.ranks {
            for elements in [1, 1000, 25_000_000 / ranks] {
                let bytes = elements * 4
                let expected = TreeTimes(times: times, ranks: ranks).up { $0 * bytes }
                if ranks.nonzeroBitCount == 1 {
                    let chain = times.halvings(ranks * bytes, rounds: Folding(ranks).rounds)
                    #expect(expected == chain, "\(ranks) ranks")
                }
                for root in Set([0, ranks / 3, ranks - 1]) {
                    try expectCost(
                        .gather(root: root), ranks, elements, expected, messages: ranks - 1,
                        payloadBytes: edges(ranks) * bytes)
                }
            }
        }
    }

    /// Down the tree go the parts of whole sub-trees: of powers of two S/2, S/4 ... S/n.
    @Test func scatterTakesMessagesOfWholeSubTrees() throws {
        for ranks in ClosedForms.ranks {
            for part in [1, 1000, 25_000_000 / ranks] {
                let expected = TreeTimes(times: times, ranks: ranks).down { $1 * part * 4 }
                if ranks.nonzeroBitCount == 1 {
                    let chain = times.halvings(ranks * part * 4, rounds: Folding(ranks).rounds)
                    #expect(expected == chain, "\(ranks) ranks")
                }
                for root in Set([0, ranks / 3, ranks - 1]) {
                    try expectCost(
                        .scatter(root: root), ranks, part * ranks, expected, messages: ranks - 1,
                        payloadBytes: edges(ranks) * part * 4)
                }
            }
            // A vector of one number has a part for the first rank only, which keeps it.
            let empty = TreeTimes(times: times, ranks: ranks).down { _, _ in 0 }
            try expectCost(.scatter(root: 0), ranks, 1, empty, messages: ranks - 1, payloadBytes: 0)
        }
    }

    /// Below 512 KiB recursive halving: S/2, S/4 ... S/n. From there a ring: n-1 messages of the longest part, which is
    /// passed on as it came.
    @Test func reduceScatterHalvesShortVectorsAndSendsLongOnesAroundARing() throws {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for elements in [ranks, 1000 * ranks, 131_071 / ranks * ranks] {
                try expectCost(
                    .reduceScatter(.sum), ranks, elements, times.halvings(elements * 4, rounds: rounds),
                    messages: ranks * rounds, payloadBytes: (ranks - 1) * elements * 4)
            }
        }
        for ranks in ClosedForms.ranks {
            for elements in [131_072, 25_000_000] {
                let longest = (elements + ranks - 1) / ranks * 4
                try expectCost(
                    .reduceScatter(.sum), ranks, elements, Int64(ranks - 1) * times.hockney(longest),
                    messages: ranks * (ranks - 1), payloadBytes: (ranks - 1) * elements * 4)
            }
        }
    }

    /// Each rank has S bytes. Below 512 KiB in all, recursive doubling: S, 2 S ... n/2 S. From there a ring: n-1
    /// messages of S.
    @Test func allGatherDoublesShortVectorsAndSendsLongOnesAroundARing() throws {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for elements in [1, 1000, 131_071 / ranks] {
                try expectCost(
                    .allGather, ranks, elements, times.halvings(ranks * elements * 4, rounds: rounds),
                    messages: ranks * rounds, payloadBytes: ranks * (ranks - 1) * elements * 4)
            }
        }
        for ranks in ClosedForms.ranks {
            for elements in [131_072 / ranks + 1, 25_000_000 / ranks] {
                try expectCost(
                    .allGather, ranks, elements, Int64(ranks - 1) * times.hockney(elements * 4),
                    messages: ranks * (ranks - 1), payloadBytes: ranks * (ranks - 1) * elements * 4)
            }
        }
    }

    /// n-1 messages of S/n, one after the other.
    @Test func allToAllTakesNMinusOneMessagesOfOneNth() throws {
        for ranks in ClosedForms.ranks {
            for part in [1, 1000, 25_000_000 / ranks] {
                try expectCost(
                    .allToAll, ranks, part * ranks, Int64(ranks - 1) * times.hockney(part * 4),
                    messages: ranks * (ranks - 1), payloadBytes: ranks * (ranks - 1) * part * 4)
            }
        }
    }

    @Test func barrierTakesCeilLogNEmptyMessages() throws {
        for ranks in 1...64 {
            var rounds = 0
            while 1 << rounds < ranks { rounds += 1 }
            try expectCost(
                .barrier, ranks, 0, Int64(rounds) * times.hockney(0), messages: ranks * rounds, payloadBytes: 0)
        }
    }
}
