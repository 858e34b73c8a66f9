import Testing

@testable import Fabrics

/// What the messages would carry: sets of ranks whose contributions a partial result holds, as bits.
@Suite struct DataFlowTests {
    private func all(_ ranks: Int) -> UInt64 { ranks == 64 ? .max : (1 << UInt64(ranks)) - 1 }

    /// Adds what another has to a partial sum. What holds all of ours replaces ours, as a result that comes back
    /// does; anything else that overlaps would count a contribution twice.
    private func combine(_ mine: UInt64, _ theirs: UInt64) -> UInt64? {
        if mine & theirs == 0 { return mine | theirs }
        return theirs & mine == mine ? theirs : nil
    }

    static let rankCounts = Array(1...20) + [24, 31, 32, 33, 48, 63, 64]

    /// Which parts of a vector are in the message of a step: those that make it longer when a vector of that many numbers
    /// gets one more, since vectors are split evenly, the first parts being the longer ones.
    private func parts(
        _ algorithm: any CollectiveAlgorithm, _ step: Int, rank: Int, ranks: Int
    ) -> [Int] {
        func bytes(_ elements: Int) -> Int {
            algorithm.step(step, rank: rank, of: ranks, elements: elements)?.send?.bytes ?? 0
        }
        let lengths = (0...ranks).map(bytes)
        return (0..<ranks).filter { lengths[$0 + 1] > lengths[$0] }
    }

    /// Plays the sums of the parts: what each rank has of every part at the end, and how often something was added twice.
    private func sums(
        _ algorithm: any CollectiveAlgorithm, ranks: Int
    ) -> (sums: [[UInt64]], overlaps: Int) {
        var sums = (0..<ranks).map { rank in Array(repeating: UInt64(1) << UInt64(rank), count: ranks) }
        var overlaps = 0
        _ = AbstractPlay(algorithm, ranks: ranks, elements: ranks) { rank, step, _ in
            parts(algorithm, step, rank: rank, ranks: ranks).map { (part: $0, sum: sums[rank][$0]) }
        } incoming: { rank, message in
            for (part, theirs) in message {
                if let sum = combine(sums[rank][part], theirs) { sums[rank][part] = sum } else { overlaps += 1 }
            }
        }
        return (sums, overlaps)
    }

    @Test(arguments: allReduceVariants)
    func everyRankGetsEveryContributionToEveryPartOnce(algorithm: AllReduceAlgorithm) {
        for ranks in Self.rankCounts {
            let (sums, overlaps) = sums(algorithm.messages(ranks: ranks), ranks: ranks)
            #expect(overlaps == 0, "\(ranks) ranks: contributions counted twice")
            #expect(sums.allSatisfy { $0.allSatisfy { $0 == all(ranks) } }, "\(ranks) ranks")
        }
    }

    @Test func groupsMayBeUnequal() {
        for ranks in Self.rankCounts {
            let algorithm = HierarchicalAllReduce(groups: unequalGroups(ranks: ranks))
            let (sums, overlaps) = sums(algorithm, ranks: ranks)
            #expect(overlaps == 0, "\(ranks) ranks: contributions counted twice")
            #expect(sums.allSatisfy { $0.allSatisfy { $0 == all(ranks) } }, "\(ranks) ranks")
        }
    }

    /// Two halves of four segments each.
    @Test func everySegmentOfTwoTreesGetsEveryContributionOnce() {
        let tree = DoubleTreeAllReduce()
        for ranks in Self.rankCounts {
            var sums = (0..<ranks).map { rank in Array(repeating: UInt64(1) << UInt64(rank), count: 8) }
            var overlaps = 0
            _ = AbstractPlay(tree, ranks: ranks, elements: 100_000) { rank, step, _ in
                let content = tree.content(step, rank: rank, of: ranks, elements: 100_000)
                let slot = content.map { $0.tree * 4 + $0.segment } ?? -1
                return (slot: slot, sum: slot < 0 ? 0 : sums[rank][slot])
            } incoming: { rank, message in
                guard message.slot >= 0, let sum = combine(sums[rank][message.slot], message.sum) else {
                    overlaps += 1
                    return
                }
                sums[rank][message.slot] = sum
            }
            #expect(overlaps == 0, "\(ranks) ranks: contributions counted twice")
            #expect(sums.allSatisfy { $0.allSatisfy { $0 == all(ranks) } }, "\(ranks) ranks")
        }
    }

    @Test func reduceScatterLeavesEveryRankTheSumOfItsPart() {
        for algorithm in [RingReduceScatter() as any CollectiveAlgorithm, RecursiveHalvingReduceScatter()] {
            for ranks in Self.rankCounts {
                let (sums, overlaps) = sums(algorithm, ranks: ranks)
                #expect(overlaps == 0, "\(algorithm), \(ranks) ranks: contributions counted twice")
                #expect((0..<ranks).allSatisfy { sums[$0][$0] == all(ranks) }, "\(algorithm), \(ranks) ranks")
            }
        }
    }

    @Test func allGatherBringsEveryVectorToEveryRankOnce() {
        for ranks in 1...64 {
            // Around a ring goes what came last.
            var last = (0..<ranks).map { UInt64(1) << UInt64($0) }
            var have = last
            var again = 0
            _ = AbstractPlay(RingAllGather(), ranks: ranks, elements: 5) { rank, _, bytes in
                bytes == 20 ? last[rank] : 0
            } incoming: { rank, theirs in
                if have[rank] & theirs != 0 || theirs == 0 { again += 1 }
                (last[rank], have[rank]) = (theirs, have[rank] | theirs)
            }
            #expect(again == 0 && have.allSatisfy { $0 == all(ranks) }, "ring, \(ranks) ranks")

            // Doubling, a rank sends all that it has and the other has not.
            let doubling = RecursiveDoublingAllGather()
            have = (0..<ranks).map { UInt64(1) << UInt64($0) }
            var wrong = 0
            _ = AbstractPlay(doubling, ranks: ranks, elements: 5) { rank, step, bytes in
                let receiver = doubling.step(step, rank: rank, of: ranks, elements: 5)?.send?.to ?? rank
                let sent = have[rank] & ~(1 << UInt64(receiver))
                if bytes != sent.nonzeroBitCount * 20 { wrong += 1 }
                return sent
            } incoming: { rank, theirs in
                if have[rank] & theirs != 0 { wrong += 1 }
                have[rank] |= theirs
            }
            #expect(wrong == 0 && have.allSatisfy { $0 == all(ranks) }, "recursive doubling, \(ranks) ranks")
        }
    }

    @Test func allToAllSendsEveryPartStraightToItsRank() {
        let algorithm = PairwiseAllToAll()
        for ranks in Self.rankCounts {
            var came = Array(repeating: UInt64(0), count: ranks)
            var wrong = 0
            _ = AbstractPlay(algorithm, ranks: ranks, elements: ranks) { rank, step, _ in
                let receiver = algorithm.step(step, rank: rank, of: ranks, elements: ranks)?.send?.to
                if parts(algorithm, step, rank: rank, ranks: ranks) != [receiver] { wrong += 1 }
                return UInt64(1) << UInt64(rank)
            } incoming: { rank, sender in
                came[rank] |= sender
            }
            #expect(wrong == 0, "\(ranks) ranks")
            #expect(came.indices.allSatisfy { came[$0] == all(ranks) & ~(1 << UInt64($0)) }, "\(ranks) ranks")
        }
    }

    @Test func scatterBringsEveryRankItsPartInMessagesOfWhatTheSubTreeNeeds() {
        for ranks in Self.rankCounts {
            for root in Set([0, ranks / 3, ranks - 1]) {
                let algorithm = BinomialScatter(root: root)
                var have = (0..<ranks).map { $0 == root ? all(ranks) : 0 }
                var wrong = 0
                _ = AbstractPlay(algorithm, ranks: ranks, elements: ranks) { rank, step, _ in
                    let sent = parts(algorithm, step, rank: rank, ranks: ranks).reduce(UInt64(0)) {
                        $0 | UInt64(1) << UInt64($1)
                    }
                    if have[rank] & sent != sent { wrong += 1 }
                    return sent
                } incoming: { rank, parts in
                    have[rank] |= parts
                }
                #expect(wrong == 0, "\(ranks) ranks, root \(root)")
                let isThere = have.indices.allSatisfy { have[$0] & 1 << UInt64($0) != 0 }
                #expect(isThere, "\(ranks) ranks, root \(root)")
            }
        }
    }

    @Test func broadcastSendsOnlyWhatHasArrived() {
        for ranks in 1...64 {
            for root in [0, ranks / 3, ranks - 1] {
                var has = (0..<ranks).map { $0 == root }
                var empty = 0
                let algorithm = RootedCollective(base: BinomialBroadcast(), root: root)
                _ = AbstractPlay(algorithm, ranks: ranks, elements: 1) { rank, _, _ in
                    has[rank]
                } incoming: { rank, isReal in
                    if !isReal { empty += 1 }
                    has[rank] = true
                }
                #expect(empty == 0, "\(ranks) ranks, root \(root)")
                #expect(has.allSatisfy { $0 }, "\(ranks) ranks, root \(root)")
            }
        }
    }

    @Test func gatherBringsEveryVectorToTheRootOnceInMessagesAsLongAsWhatTheyCarry() {
        for ranks in 1...64 {
            for root in [0, ranks / 3, ranks - 1] {
                var have = (0..<ranks).map { UInt64(1) << UInt64($0) }
                var wrong = 0
                let algorithm = RootedCollective(base: BinomialGather(), root: root)
                _ = AbstractPlay(algorithm, ranks: ranks, elements: 5) { rank, _, bytes in
                    if bytes != have[rank].nonzeroBitCount * 5 * 4 { wrong += 1 }
                    return have[rank]
                } incoming: { rank, theirs in
                    if have[rank] & theirs != 0 { wrong += 1 }
                    have[rank] |= theirs
                }
                #expect(wrong == 0, "\(ranks) ranks, root \(root)")
                #expect(have[root] == all(ranks), "\(ranks) ranks, root \(root)")
            }
        }
    }

    @Test func afterTheBarrierEveryRankHasHeardOfAll() {
        for ranks in 1...64 {
            var heard = (0..<ranks).map { UInt64(1) << UInt64($0) }
            _ = AbstractPlay(DisseminationBarrier(), ranks: ranks, elements: 0) { rank, _, _ in
                heard[rank]
            } incoming: { rank, theirs in
                heard[rank] |= theirs
            }
            #expect(heard.allSatisfy { $0 == all(ranks) }, "\(ranks) ranks")
        }
    }
}
