import Cluster
import Testing

@testable import Fabrics

/// All-reduces on one switch: time, messages and bytes against closed forms, to the nanosecond, for 4 bytes to 100 MB.
///
/// T, o, L and p are those of ``PortTimes``; S is the length of the vector in bytes, n = 2^k + f the number of ranks.
@Suite(.timeLimit(.minutes(60))) struct AllReduceTimeTests {
    private let times = PortTimes(ClosedForms.link)
    /// Numbers in a vector: 4 bytes, some, and 100 MB.
    private static let sizes = [1, 1000, 25_000_000]

    private func expectCost(
        _ algorithm: AllReduceAlgorithm, _ ranks: Int, _ elements: Int, link: Link = ClosedForms.link,
        _ nanoseconds: Int64, messages: Int, payloadBytes: Int
    ) throws {
        let cost = try ClosedForms.cost(
            .allReduce(.sum), algorithm, ranks: ranks, elements: elements, link: link)
        let expected = Cost(nanoseconds, messages: messages, payloadBytes: payloadBytes)
        #expect(cost == expected, "\(algorithm.rawValue), \(ranks) ranks, \(elements) numbers")
    }

    /// 2(n-1) steps. A message is passed on as it came, so that the longest of n unequal parts goes all the way.
    @Test func ringTakesTwoNMinusOneMessagesOfTheLongestPart() throws {
        for ranks in ClosedForms.ranks {
            for elements in Self.sizes {
                let steps = 2 * (ranks - 1)
                let longest = (elements + ranks - 1) / ranks * 4
                try expectCost(
                    .ring, ranks, elements, Int64(steps) * times.hockney(longest), messages: steps * ranks,
                    payloadBytes: steps * elements * 4)
            }
        }
    }

    /// Where f = 0, k T(S). Otherwise the even rank of each of the first f pairs sends its vector to the odd one before
    /// the exchanges, and gets the sum after them. Let r = ceil(log2 f). Then
    ///
    /// - some host is as late as fold and r exchanges with other hosts make it, (r + 1) T: one whose position differs from
    ///   another host's in all of the r lowest bits;
    /// - the result of a rank that took in nobody needs a fold and k exchanges, (k + 1) T;
    /// - the late host finds what the others send in the k - r exchanges that remain there already, so that all it sends
    ///   waits in its own port: (r + 1) T + (k - r)(o + p), and then the message that unfolds.
    @Test func recursiveDoublingTakesLogNMessagesAndWhatFoldingAdds() throws {
        let links = [
            ClosedForms.link, Link(latencySeconds: 0, bytesPerSecond: 1e9, overheadSeconds: 5e-6),
            ClosedForms.distant, Link(latencySeconds: 0, bytesPerSecond: 1e6),
        ]
        for link in links {
            let times = PortTimes(link)
            for ranks in ClosedForms.ranks {
                for elements in Self.sizes {
                    let (folding, bytes) = (Folding(ranks), elements * 4)
                    let (rounds, message) = (folding.rounds, times.hockney(bytes))
                    var expected = Int64(rounds) * message
                    if folding.folded > 0 {
                        let among = ceilLog2(folding.folded)
                        let waiting = Int64(rounds - among) * (times.overhead + times.port(bytes))
                        expected = max(Int64(rounds + 1) * message, Int64(among + 2) * message + waiting)
                    }
                    let messages = folding.positions * rounds + 2 * folding.folded
                    try expectCost(
                        .recursiveDoubling, ranks, elements, link: link, expected, messages: messages,
                        payloadBytes: messages * bytes)
                }
            }
        }
    }

    /// Halvings and doublings: 2 log2(n) messages of S/2, S/4 ... S/n and back. What folding adds depends on which port is
    /// asked first: see ``PlainPortTimeTests``, and ``MeshTimeTests`` for ports that are never asked twice.
    @Test func rabenseifnerOfPowersOfTwoTakesTwoLogNMessagesOfHalvingLength() throws {
        for rounds in 1...6 {
            let ranks = 1 << rounds
            for elements in [ranks, 1000 * ranks, 25_000_000 / ranks * ranks] {
                try expectCost(
                    .rabenseifner, ranks, elements, 2 * times.halvings(elements * 4, rounds: rounds),
                    messages: 2 * ranks * rounds, payloadBytes: 2 * (ranks - 1) * elements * 4)
            }
        }
    }

    /// Up the tree and down again: n-1 messages each.
    @Test func treeTakesAReductionAndABroadcast() throws {
        for ranks in ClosedForms.ranks {
            let tree = TreeTimes(times: times, ranks: ranks)
            for elements in Self.sizes {
                let bytes = elements * 4
                try expectCost(
                    .tree, ranks, elements, tree.up { _ in bytes } + tree.down { _, _ in bytes },
                    messages: 2 * (ranks - 1), payloadBytes: 2 * (ranks - 1) * bytes)
            }
        }
    }

    /// A group's tree of g ranks up, Rabenseifner's 2 log2(n/g) messages, and down: where the groups are equal and a power
    /// of two, their first ranks begin together.
    @Test func hierarchicalTakesTreesInGroupsAndHalvingsBetweenThem() throws {
        for ranks in ClosedForms.ranks {
            for size in 1...ranks where ranks.isMultiple(of: size) && (ranks / size).nonzeroBitCount == 1 {
                let groups = ranks / size
                let tree = TreeTimes(times: times, ranks: size)
                for elements in [groups, 1000 * groups, 25_000_000 / groups * groups] {
                    let (bytes, rounds) = (elements * 4, Folding(groups).rounds)
                    try expectCost(
                        .grouped(size: size), ranks, elements,
                        tree.up { _ in bytes } + 2 * times.halvings(bytes, rounds: rounds)
                            + tree.down { _, _ in bytes },
                        messages: 2 * (ranks - groups) + 2 * groups * rounds,
                        payloadBytes: 2 * (ranks - groups) * bytes + 2 * (groups - 1) * bytes)
                }
            }
        }
    }

    /// There are s servers with parts of S/s. Every rank sends one part after the other, so that a server is asked in
    /// turns o + p apart: in turn t by the ranks that are t + 1 below it, modulo s. Its port is never idle between the
    /// turn that decides, its first or a later one, and the last. Then n-1 sums leave one after the other. With one
    /// server, all ask in one turn: o + L + (n-1) p, then (n-1)(o + p) + L.
    @Test func serversTakeTheirPartsInTurnsAndSendSumsOneAfterTheOther() throws {
        for ranks in ClosedForms.ranks {
            for servers in Set([1, 2, 3, 4, 8, ranks]) where servers <= ranks {
                for part in [1, 1000, 25_000_000 / servers] {
                    let port = times.port(part * 4)
                    let turn = times.overhead + port
                    let collected =
                        (0..<servers).map { server in
                            PortTimes.last(
                                (0..<ranks).filter { $0 != server }.map { rank in
                                    let place = Int64((server - rank - 1 + ranks * servers) % servers)
                                    return (times.overhead + times.latency + place * turn, port)
                                })
                        }.max() ?? 0
                    try expectCost(
                        .servers(count: servers), ranks, part * servers,
                        collected + Int64(ranks - 1) * turn + times.latency, messages: 2 * servers * (ranks - 1),
                        payloadBytes: 2 * (ranks - 1) * part * servers * 4)
                }
            }
        }
    }

    /// Where only latency counts, each of the trees' ceil(log2 n) levels takes one up and one down, and every segment but the
    /// first one more. For what bytes add see ``MeshTimeTests`` and ``PlainPortTimeTests``.
    @Test func doubleTreeTakesTwoLogNLatenciesAndOneForEverySegment() throws {
        for ranks in ClosedForms.ranks {
            for (elements, segments) in [(1, 1), (32_768, 1), (32_769, 2), (100_000, 4)] {
                try expectCost(
                    .doubleTree, ranks, elements, link: ClosedForms.distant,
                    Int64(2 * ceilLog2(ranks) + segments - 1) * 1_000_000,
                    messages: 4 * (ranks - 1) * segments, payloadBytes: 2 * (ranks - 1) * elements * 4)
            }
        }
    }

    /// "Full bandwidth": 100 MB in little more than the 2 S / b that any all-reduce needs.
    @Test func doubleTreeUsesTheWholeBandwidthForLongVectors() throws {
        for ranks in [3, 8, 21, 64] {
            let cost = try ClosedForms.cost(.allReduce(.sum), .doubleTree, ranks: ranks, elements: 25_000_000)
            let least = 2 * 100e6 / ClosedForms.link.uplinkBytesPerSecond * 1e9
            #expect(Double(cost.nanoseconds) < 1.25 * least, "\(ranks) ranks: \(Double(cost.nanoseconds) / least)")
        }
    }

    @Test func allReduceOfOneRankIsFree() throws {
        for algorithm in AllReduceAlgorithm.allCases {
            try expectCost(algorithm, 1, 100, 0, messages: 0, payloadBytes: 0)
        }
    }
}
