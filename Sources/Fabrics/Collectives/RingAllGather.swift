/// All-gather around a ring: n-1 steps, in each of which a rank passes on the vector that came last (Thakur, Rabenseifner
/// and Gropp 2005, section 4.1). `elements` is the length of one rank's vector.
package struct RingAllGather: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks - 1 }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard index < ranks - 1 else { return nil }
        return .exchange(
            to: (rank + 1) % ranks, bytes: elements * bytesPerElement, from: (rank + ranks - 1) % ranks)
    }
}
