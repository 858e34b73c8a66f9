import Kernel

/// Reduce-scatter around a ring: n-1 steps with one n-th of the vector each (Patarasuk and Yuan 2009, section 3). Rank r
/// ends with the r-th of n parts.
package struct RingReduceScatter: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks - 1 }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard index < ranks - 1 else { return nil }
        // The sum of chunk c starts at rank c+1 and is complete n-1 steps later at rank c.
        let chunk = (rank - 1 - index + ranks) % ranks
        let bytes = (0..<elements).part(chunk, of: ranks).count * bytesPerElement
        return .exchange(to: (rank + 1) % ranks, bytes: bytes, from: (rank + ranks - 1) % ranks)
    }
}
