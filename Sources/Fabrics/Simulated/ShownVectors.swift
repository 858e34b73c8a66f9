import Kernel

/// What simulated ranks show each other off the clock: the first vectors of all, the second, and so on, each set complete
/// when no rank that is still at work is missing.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class ShownVectors {
    private struct Showing {
        var vectors: [ShownVector] = []
        /// Ranks that are still to come.
        var missing: Int
        /// What the last rank to come does with them.
        var body: ([ShownVector]) -> Void = { _ in }
    }

    /// How many vectors each rank has shown.
    private var counts: [Int]
    private var ended: Set<Int> = []
    /// Sets that are not complete, by their number.
    private var open: [Int: Showing] = [:]

    init(ranks: Int) { counts = Array(repeating: 0, count: ranks) }

    /// Shows a rank's next vector; if it is the last of its set, `body` is called with all, in the order of ranks.
    func add(_ vector: ShownVector, _ body: @escaping ([ShownVector]) -> Void) {
        let number = counts[vector.rank]
        counts[vector.rank] += 1
        var showing = open[number] ?? Showing(missing: counts.count - ended.count)
        showing.vectors.append(vector)
        showing.missing -= 1
        showing.body = body
        open[number] = showing
        completeIfLast(number)
    }

    /// A rank will show nothing more; it may say so twice.
    func rankEnded(_ rank: Int) {
        guard ended.insert(rank).inserted else { return }
        for number in open.keys.sorted() where number >= counts[rank] {
            open[number]?.missing -= 1
            completeIfLast(number)
        }
    }

    private func completeIfLast(_ number: Int) {
        guard let showing = open[number], showing.missing == 0 else { return }
        open[number] = nil
        showing.body(showing.vectors.sorted { $0.rank < $1.rank })
    }
}
