import Kernel

/// Sums vectors that are computed when they are added: a few at a time, on all host threads, then these are added to the
/// sum in the order of ranks. Memory is that of the few, whatever the number of ranks, and the bits are those of a sum of
/// vectors that all exist.
///
/// Not thread-safe: belongs to a ``Simulation``, which keeps it for its memory.
final class ContributionSum {
    /// Vectors that are computed before they are added.
    private let window: Int
    private var buffers: [ParameterVector] = []

    init(threads: Int) { window = Self.window(threads: threads) }

    /// Enough to keep all threads busy although contributions differ in length.
    static func window(threads: Int) -> Int { max(16, 4 * threads) }

    /// - Parameters:
    ///   - contributions: in the order of ranks.
    ///   - count: numbers in a vector.
    ///   - update: is given `scale` times the sum, range by range, maybe concurrently.
    func reduce(
        _ contributions: [AllReduceRequest.Contribution], count: Int, scale: Float, _ pool: HostPool,
        _ update: @escaping AllReduceRequest.Update
    ) {
        // One more for the sum, where there is more than one window.
        let needed = contributions.count > window ? window + 1 : contributions.count
        buffers.removeAll { $0.count != count }
        while buffers.count < needed { buffers.append(ParameterVector(count: count)) }
        var sum: ParameterVector?
        for start in stride(from: 0, to: contributions.count, by: window) {
            let end = min(start + window, contributions.count)
            let vectors = Array(buffers[..<(end - start)])
            pool.concurrentPerform(end - start) { contributions[start + $0](vectors[$0], nil) }

            let terms = (sum.map { [$0] } ?? []) + vectors
            let isLast = end == contributions.count
            let slices = pool.slices(work: count * terms.count)
            pool.concurrentPerform(slices) {
                ParameterVector.reduce(
                    terms, in: (0..<count).part($0, of: slices), scale: isLast ? scale : 1, into: 0
                ) { sum, range in if isLast { update(sum, range) } }
            }
            // The sum is in the first term, which must not be computed into again.
            if !isLast, sum == nil {
                sum = terms[0]
                buffers.swapAt(0, window)
            }
        }
    }
}
