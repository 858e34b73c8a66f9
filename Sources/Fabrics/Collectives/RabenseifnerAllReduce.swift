import Kernel

/// Reduce-scatter by recursive halving, then all-gather by recursive doubling: 2 log2(n) steps, in which a rank sends
/// 2(n-1)/n of the vector, as little as a ring (Rabenseifner 2004, *Optimization of Collective Reduction Operations*;
/// Thakur, Rabenseifner and Gropp 2005, section 4.4). Partners are near first, when messages are long.
///
/// Where n is not a power of two, 2^k the next below, the first 2(n - 2^k) ranks fold whole vectors in pairs before and
/// unfold after.
package struct RabenseifnerAllReduce: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks.nonzeroBitCount == 1 ? 2 * ceilLog2(ranks) : nil }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let core = PowerOfTwoCore(ranks: ranks)
        let whole = elements * bytesPerElement
        return core.step(
            index, rank: rank, rounds: 2 * core.rounds, foldedBytes: whole, unfoldedBytes: whole
        ) { round, position in
            let isHalving = round < core.rounds
            let bit = isHalving ? round : 2 * core.rounds - 1 - round
            let partner = position ^ (1 << bit)
            // Halving, a rank gives away what its partner keeps; doubling, it gives what it has.
            let sent = kept(by: isHalving ? partner : position, bits: bit + 1, of: core.rounds)
            let partnerRank = core.rank(at: partner)
            return .exchange(
                to: partnerRank, bytes: bytes(ofParts: sent, of: core.positions, elements: elements), from: partnerRank)
        }
    }

    /// How many steps the rank has.
    static func stepCount(of rank: Int, ranks: Int) -> Int {
        guard ranks > 1 else { return 0 }
        let core = PowerOfTwoCore(ranks: ranks)
        return core.isFoldedAway(rank) ? 2 : 2 * core.rounds + (core.isHost(rank) ? 2 : 0)
    }

    /// The parts, of 2^rounds, that a position keeps when it has halved by its first `bits` bits: the upper half for a
    /// bit that is set.
    private func kept(by position: Int, bits: Int, of rounds: Int) -> Range<Int> {
        let first = (0..<bits).reduce(0) { $0 | (position >> $1 & 1) << (rounds - 1 - $1) }
        return first..<first + (1 << (rounds - bits))
    }
}
