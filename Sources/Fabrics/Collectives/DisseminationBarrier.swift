/// A barrier of ceil(log2 n) rounds of empty messages at distances 1, 2, 4 ... (Hensgen, Finkel and Manber 1988).
package struct DisseminationBarrier: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ceilLog2(ranks) }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard index < ceilLog2(ranks) else { return nil }
        let distance = (1 << index) % ranks
        return .exchange(to: (rank + distance) % ranks, bytes: 0, from: (rank + ranks - distance) % ranks)
    }
}
