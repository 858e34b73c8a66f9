import Kernel

/// All-to-all by pairwise exchange: n-1 steps, in each of which a rank sends to one other and receives from one, so that
/// no port is asked for twice (Thakur, Rabenseifner and Gropp 2005, section 4.2, for long reduce-scatters). Partners are
/// rank xor 1, 2, 3 ... where n is a power of two; else a rank sends upwards and receives from below at these distances.
///
/// `elements` is the length of one rank's vector, of which every rank gets one of n parts.
package struct PairwiseAllToAll: CollectiveAlgorithm {
    package init() {}

    package func rounds(of ranks: Int) -> Int? { ranks - 1 }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard index < ranks - 1 else { return nil }
        let distance = index + 1
        let isPowerOfTwo = ranks.nonzeroBitCount == 1
        let receiver = isPowerOfTwo ? rank ^ distance : (rank + distance) % ranks
        let sender = isPowerOfTwo ? receiver : (rank + ranks - distance) % ranks
        let bytes = (0..<elements).part(receiver, of: ranks).count * bytesPerElement
        return .exchange(to: receiver, bytes: bytes, from: sender)
    }
}
