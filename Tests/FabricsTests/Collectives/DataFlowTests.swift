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

    @Test(arguments: [AllReduceAlgorithm.recursiveDoubling, .tree, .parameterServer])
    func wholeVectorAlgorithmsAddEveryContributionOnce(algorithm: AllReduceAlgorithm) {
        for ranks in 1...64 {
            var sums = (0..<ranks).map { UInt64(1) << UInt64($0) }
            var overlaps = 0
            _ = AbstractPlay(algorithm.messages, ranks: ranks, elements: 1) { rank, _, _ in
                sums[rank]
            } incoming: { rank, theirs in
                if let sum = combine(sums[rank], theirs) { sums[rank] = sum } else { overlaps += 1 }
            }
            #expect(overlaps == 0, "\(ranks) ranks: contributions counted twice")
            #expect(sums.allSatisfy { $0 == all(ranks) }, "\(ranks) ranks: \(sums)")
        }
    }

    @Test func ringAddsEveryContributionToEveryChunkOnce() {
        for ranks in 1...64 {
            let ring = RingAllReduce()
            var sums = (0..<ranks).map { rank in Array(repeating: UInt64(1) << UInt64(rank), count: ranks) }
            var overlaps = 0
            _ = AbstractPlay(ring, ranks: ranks, elements: ranks) { rank, index, _ in
                // Of k elements the first k chunks get one each: the least k for which a step carries something
                // names its chunk.
                var (low, high) = (0, ranks)
                while high - low > 1 {
                    let middle = (low + high) / 2
                    let send = ring.step(index, rank: rank, of: ranks, elements: middle)?.send
                    if send?.bytes == 0 { low = middle } else { high = middle }
                }
                return (chunk: low, sum: sums[rank][low])
            } incoming: { rank, message in
                if let sum = combine(sums[rank][message.chunk], message.sum) {
                    sums[rank][message.chunk] = sum
                } else {
                    overlaps += 1
                }
            }
            #expect(overlaps == 0, "\(ranks) ranks: contributions counted twice")
            #expect(sums.allSatisfy { $0.allSatisfy { $0 == all(ranks) } }, "\(ranks) ranks")
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
