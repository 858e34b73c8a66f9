import Cluster
import Testing

@testable import Fabrics

/// Every collective where nothing contends, on a mesh of links between all pairs: time, messages and bytes against closed
/// forms, to the nanosecond, for every number of ranks and 4 bytes to 100 MB.
///
/// T is that of ``Mesh``; S is the length of the vector in bytes, n = 2^k + f the number of ranks.
@Suite(.timeLimit(.minutes(60))) struct MeshTimeTests {
    private let times = Mesh.times
    private func message(_ bytes: Int) -> Int64 { times.hockney(bytes) }

    /// A collective of so many numbers, and what it takes.
    private typealias Case = (kind: CollectiveKind, elements: Int, nanoseconds: Int64, messages: Int, payloadBytes: Int)

    /// - Parameter cases: the collectives to play among so many ranks.
    private func expectCost(
        _ algorithm: AllReduceAlgorithm = .ring, ranks: some Sequence<Int> = ClosedForms.ranks,
        _ cases: (_ ranks: Int) -> [Case]
    ) throws {
        for ranks in ranks {
            let fabric = Mesh.fabric(ranks, algorithm)
            for (kind, elements, nanoseconds, messages, payloadBytes) in cases(ranks) {
                let cost = try ClosedForms.cost(kind, elements: elements, on: fabric)
                #expect(
                    cost == Cost(nanoseconds, messages: messages, payloadBytes: payloadBytes),
                    "\(kind), \(algorithm.rawValue), \(ranks) ranks, \(elements) numbers")
            }
        }
    }

    // MARK: All-reduce

    @Test func ringTakesTwoNMinusOneMessagesOfTheLongestPart() throws {
        try expectCost(.ring) { ranks in
            [1, 1000, 25_000_000].map { elements in
                let steps = 2 * (ranks - 1)
                return (
                    .allReduce(.sum), elements, Int64(steps) * message((elements + ranks - 1) / ranks * 4),
                    steps * ranks, steps * elements * 4
                )
            }
        }
    }

    /// A result needs the message that folds, one for each of the k bits in which two positions differ, and the one that
    /// unfolds; folded positions are those below f. Two of them that differ in all bits, q and 2^k - 1 - q, exist if
    /// 2 f > 2^k.
    @Test func recursiveDoublingTakesOneOrTwoMessagesMoreWhereItFolds() throws {
        try expectCost(.recursiveDoubling) { ranks in
            [1, 1000, 25_000_000].map { elements in
                let folding = Folding(ranks)
                let extra = folding.folded == 0 ? 0 : 2 * folding.folded > folding.positions ? 2 : 1
                let messages = folding.positions * folding.rounds + 2 * folding.folded
                return (
                    .allReduce(.sum), elements, Int64(folding.rounds + extra) * message(elements * 4), messages,
                    messages * elements * 4
                )
            }
        }
    }

    /// A host's message changes every bit of its position on the way to halves, and changes them back: all 2 k exchanges
    /// are on one chain, behind the message that folds and before the one that unfolds.
    @Test func rabenseifnerTakesItsHalvingsAndTwoWholeVectorsMoreWhereItFolds() throws {
        try expectCost(.rabenseifner) { ranks in
            let folding = Folding(ranks)
            let (rounds, positions) = (folding.rounds, folding.positions)
            return [positions, 1000 * positions, 25_000_000 / positions * positions].map { elements in
                let bytes = elements * 4
                return (
                    .allReduce(.sum), elements,
                    2 * times.halvings(bytes, rounds: rounds) + (folding.folded > 0 ? 2 * message(bytes) : 0),
                    2 * positions * rounds + 2 * folding.folded, 2 * (positions - 1 + folding.folded) * bytes
                )
            }
        }
    }

    @Test func treeTakesItsHeightTwice() throws {
        try expectCost(.tree) { ranks in
            [1, 1000, 25_000_000].map { elements in
                (
                    .allReduce(.sum), elements, 2 * Int64(Mesh.height(ranks)) * message(elements * 4), 2 * (ranks - 1),
                    2 * (ranks - 1) * elements * 4
                )
            }
        }
    }

    @Test func doubleTreeTakesThePhasesOfItsPipeline() throws {
        try expectCost(.doubleTree) { ranks in
            [1, 2000, 32_768, 100_000].map { doubleTree(ranks, $0) }
        }
        try expectCost(.doubleTree, ranks: [2, 3, 4, 7, 12, 21]) { [doubleTree($0, 25_000_000)] }
    }

    /// Segments of 64 KiB at most.
    private func doubleTree(_ ranks: Int, _ elements: Int) -> Case {
        let segments = ((elements + 1) / 2 + 16_383) / 16_384
        return (
            .allReduce(.sum), elements, Mesh.doubleTree(ranks, elements: elements, segments: segments),
            4 * (ranks - 1) * segments, 2 * (ranks - 1) * elements * 4
        )
    }

    /// The tree of a whole group up, Rabenseifner's halvings between the groups' first ranks, and down.
    @Test(arguments: [1, 2, 3, 4, 5, 8, 13]) func hierarchicalTakesTreesAndWhatTheirRootsTake(size: Int) throws {
        try expectCost(.grouped(size: size)) { ranks in
            let groups = (ranks + size - 1) / size
            let folding = Folding(groups)
            let height = Int64(Mesh.height(min(size, ranks)))
            let positions = folding.positions
            return [positions, 1000 * positions, 25_000_000 / positions * positions].map { elements in
                let bytes = elements * 4
                let unfolding = folding.folded > 0 ? 2 * message(bytes) : 0
                return (
                    .allReduce(.sum), elements,
                    2 * height * message(bytes) + 2 * times.halvings(bytes, rounds: folding.rounds) + unfolding,
                    2 * (ranks - groups) + 2 * positions * folding.rounds + 2 * folding.folded,
                    2 * (ranks - groups + positions - 1 + folding.folded) * bytes
                )
            }
        }
    }

    @Test(arguments: [1, 2, 4, 7]) func serversTakeTwoMessages(count: Int) throws {
        try expectCost(.servers(count: count)) { ranks in
            let servers = min(count, ranks)
            return [1, 1000, 25_000_000 / servers].map { part in
                (
                    .allReduce(.sum), part * servers, 2 * message(part * 4), 2 * servers * (ranks - 1),
                    2 * (ranks - 1) * part * servers * 4
                )
            }
        }
    }

    // MARK: Others

    @Test func broadcastTakesTheHeightOfItsTree() throws {
        try expectCost { ranks in
            [1, 1000, 25_000_000].map { elements in
                (
                    .broadcast(root: ranks / 2), elements, Int64(Mesh.height(ranks)) * message(elements * 4), ranks - 1,
                    (ranks - 1) * elements * 4
                )
            }
        }
    }

    @Test func gatherAndScatterTakeMessagesOfWholeSubTrees() throws {
        try expectCost { ranks in
            let edges = (0..<ranks).reduce(0) { $0 + $1.nonzeroBitCount }
            return [1, 1000, 25_000_000 / ranks].flatMap { part -> [Case] in
                let nanoseconds = Mesh.subTrees(ranks, partBytes: part * 4)
                return [
                    (.gather(root: ranks / 2), part, nanoseconds, ranks - 1, edges * part * 4),
                    (.scatter(root: ranks / 2), part * ranks, nanoseconds, ranks - 1, edges * part * 4),
                ]
            }
        }
    }

    /// Below 512 KiB in all: a host folds its guest's vector in before, and sends it all others after.
    @Test func allGatherOfShortVectorsDoublesWhatARankHas() throws {
        try expectCost { ranks in
            let folding = Folding(ranks)
            return [1, 2000].map { elements in
                let bytes = elements * 4
                let start = (0..<folding.positions).map { $0 < folding.folded ? message(bytes) : 0 }
                let ready = Mesh.rounds(start, (0..<folding.rounds).map { 1 << $0 }) { distance, position in
                    let first = (position ^ distance) / distance * distance
                    return (first..<first + distance).reduce(0) { $0 + folding.ranks(at: $1) } * bytes
                }
                let ends = ready.indices.map {
                    ready[$0] + ($0 < folding.folded ? message((ranks - 1) * bytes) : 0)
                }
                return (
                    .allGather, elements, ends.max() ?? 0, folding.positions * folding.rounds + 2 * folding.folded,
                    ranks * (ranks - 1) * bytes
                )
            }
        }
    }

    /// Below 512 KiB: a host adds its guest's vector before, and sends it its part after.
    @Test func reduceScatterOfShortVectorsHalvesWhatARankHas() throws {
        try expectCost { ranks in
            let folding = Folding(ranks)
            return [1, 2000].map { part in
                let bytes = part * 4
                let start = (0..<folding.positions).map { $0 < folding.folded ? message(ranks * bytes) : 0 }
                let distances = (0..<folding.rounds).map { folding.positions >> ($0 + 1) }
                let ready = Mesh.rounds(start, distances) { distance, position in
                    let first = position / distance * distance
                    return (first..<first + distance).reduce(0) { $0 + folding.ranks(at: $1) } * bytes
                }
                let ends = ready.indices.map { ready[$0] + ($0 < folding.folded ? message(bytes) : 0) }
                return (
                    .reduceScatter(.sum), part * ranks, ends.max() ?? 0,
                    folding.positions * folding.rounds + 2 * folding.folded,
                    ((ranks - 1) * ranks + folding.folded) * bytes
                )
            }
        }
    }

    @Test func ringsAndPairsTakeNMinusOneMessages() throws {
        try expectCost { ranks in
            let (steps, long) = (Int64(ranks - 1), 25_000_000 / ranks)
            return [
                (.allGather, long, steps * message(long * 4), ranks * (ranks - 1), ranks * (ranks - 1) * long * 4),
                (
                    .reduceScatter(.sum), long * ranks, steps * message(long * 4), ranks * (ranks - 1),
                    ranks * (ranks - 1) * long * 4
                ),
                (.allToAll, ranks, steps * message(4), ranks * (ranks - 1), ranks * (ranks - 1) * 4),
                (
                    .allToAll, long * ranks, steps * message(long * 4), ranks * (ranks - 1),
                    ranks * (ranks - 1) * long * 4
                ),
                (.barrier, 0, Int64(ceilLog2(ranks)) * message(0), ranks * ceilLog2(ranks), 0),
            ]
        }
    }
}
