/// Exchanges of the whole vector at distances 1, 2, 4 ...: log2(n) steps, best for short vectors (Thakur, Rabenseifner
/// and Gropp 2005, section 4.4). Where n is not a power of two, 2^k the next below, the first 2(n - 2^k) ranks fold in
/// pairs before and unfold after.
public struct RecursiveDoublingAllReduce: CollectiveAlgorithm {
    public init() {}

    public func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let bytes = elements * bytesPerElement
        let rounds = Int.bitWidth - 1 - ranks.leadingZeroBitCount
        let folded = ranks - (1 << rounds)
        if rank < 2 * folded, rank.isMultiple(of: 2) {
            switch index {
            case 0: return .send(to: rank + 1, bytes: bytes)
            case 1: return .receive(from: rank + 1)
            default: return nil
            }
        }
        var round = index
        if rank < 2 * folded {
            if index == 0 { return .receive(from: rank - 1) }
            if index == rounds + 1 { return .send(to: rank - 1, bytes: bytes) }
            round = index - 1
        }
        guard round < rounds else { return nil }
        let position = rank < 2 * folded ? rank / 2 : rank - folded
        let partner = position ^ (1 << round)
        let partnerRank = partner < folded ? 2 * partner + 1 : partner + folded
        return .exchange(to: partnerRank, bytes: bytes, from: partnerRank)
    }
}
