import Kernel

/// Reduce-scatter and all-gather around a ring: 2(n-1) steps, each with one n-th of the vector, so that every rank
/// sends 2(n-1)/n of it, the least possible (Patarasuk and Yuan 2009; Thakur, Rabenseifner and Gropp 2005, section 4.4).
package struct RingAllReduce: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { 2 * (ranks - 1) }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard index < 2 * (ranks - 1) else { return nil }
        // Chunk c starts at rank c; n-1 steps later its sum is complete at rank c-1, which starts to pass it on.
        let chunk = ((rank - index) % ranks + ranks) % ranks
        let bytes = (0..<elements).part(chunk, of: ranks).count * bytesPerElement
        return .exchange(to: (rank + 1) % ranks, bytes: bytes, from: (rank + ranks - 1) % ranks)
    }
}
