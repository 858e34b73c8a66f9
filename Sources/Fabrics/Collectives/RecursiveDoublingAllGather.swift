/// All-gather by recursive doubling: in each of log2(n) steps partners at distances 1, 2, 4 ... exchange all that they
/// have (Thakur, Rabenseifner and Gropp 2005, section 4.1). `elements` is the length of one rank's vector.
///
/// Where n is not a power of two, ranks fold in pairs before, and after that the host sends its guest all vectors but the
/// guest's own.
package struct RecursiveDoublingAllGather: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks.nonzeroBitCount == 1 ? ceilLog2(ranks) : nil }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let core = PowerOfTwoCore(ranks: ranks)
        let bytes = elements * bytesPerElement
        return core.step(
            index, rank: rank, rounds: core.rounds, foldedBytes: bytes, unfoldedBytes: (ranks - 1) * bytes
        ) { round, position in
            let first = position & ~((1 << round) - 1)
            let partner = core.rank(at: position ^ (1 << round))
            return .exchange(
                to: partner, bytes: core.ranks(at: first..<first + (1 << round)).count * bytes, from: partner)
        }
    }
}
