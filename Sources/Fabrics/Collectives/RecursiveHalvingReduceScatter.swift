import Kernel

/// Reduce-scatter by recursive halving: in each of log2(n) steps a rank gives its partner, far ones first, the half that
/// the partner's side is to keep, so that it sends (n-1)/n of the vector (Thakur, Rabenseifner and Gropp 2005, section
/// 4.2). Rank r ends with the r-th of n parts.
///
/// Where n is not a power of two, ranks fold in pairs before, and after that the host sends its guest's part.
package struct RecursiveHalvingReduceScatter: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks.nonzeroBitCount == 1 ? ceilLog2(ranks) : nil }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let core = PowerOfTwoCore(ranks: ranks)
        let guest = core.isHost(rank) ? rank - 1 : rank
        return core.step(
            index, rank: rank, rounds: core.rounds, foldedBytes: elements * bytesPerElement,
            unfoldedBytes: (0..<elements).part(guest, of: ranks).count * bytesPerElement
        ) { round, position in
            let half = 1 << (core.rounds - 1 - round)
            let partner = position ^ half
            let first = partner & ~(half - 1)
            let partnerRank = core.rank(at: partner)
            let parts = core.ranks(at: first..<first + half)
            return .exchange(
                to: partnerRank, bytes: bytes(ofParts: parts, of: ranks, elements: elements), from: partnerRank)
        }
    }
}
