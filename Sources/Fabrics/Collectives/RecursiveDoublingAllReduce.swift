/// Exchanges of the whole vector at distances 1, 2, 4 ...: log2(n) steps, best for short vectors (Thakur, Rabenseifner
/// and Gropp 2005, section 4.4). Where n is not a power of two, 2^k the next below, the first 2(n - 2^k) ranks fold in
/// pairs before and unfold after.
package struct RecursiveDoublingAllReduce: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks.nonzeroBitCount == 1 ? ceilLog2(ranks) : nil }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let bytes = elements * bytesPerElement
        let core = PowerOfTwoCore(ranks: ranks)
        return core.step(index, rank: rank, rounds: core.rounds, foldedBytes: bytes, unfoldedBytes: bytes) {
            let partner = core.rank(at: $1 ^ (1 << $0))
            return .exchange(to: partner, bytes: bytes, from: partner)
        }
    }
}
