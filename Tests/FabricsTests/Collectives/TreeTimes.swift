/// Recurrences of times in the binomial tree of n ranks on one switch, each along the tree as the papers describe it: rank
/// r has the children r + 2^i for the 2^i below its lowest set bit, and their sub-trees (Thakur, Rabenseifner and Gropp
/// 2005, section 4.1).
struct TreeTimes {
    let times: PortTimes
    let ranks: Int

    /// Nearest first, with the number of ranks in its sub-tree.
    private func children(_ rank: Int) -> [(rank: Int, size: Int)] {
        var children: [(rank: Int, size: Int)] = []
        var distance = 1
        while rank + distance < ranks, rank == 0 || rank.isMultiple(of: 2 * distance) {
            children.append((rank + distance, min(distance, ranks - rank - distance)))
            distance *= 2
        }
        return children
    }

    /// Up the tree: a rank sends when its port has taken in what its children send.
    ///
    /// - Parameter bytes: the length of the message that so many ranks send together.
    func up(_ rank: Int = 0, _ bytes: (_ size: Int) -> Int) -> Int64 {
        PortTimes.last(
            children(rank).map { child, size in
                (up(child, bytes) + times.overhead + times.latency, times.port(bytes(size)))
            })
    }

    /// Down the tree: a rank sends to its children one after the other, the largest sub-tree first.
    ///
    /// - Parameter bytes: the length of the message for `size` ranks from `first` on.
    func down(_ rank: Int = 0, _ bytes: (_ first: Int, _ size: Int) -> Int) -> Int64 {
        var left: Int64 = 0
        var last: Int64 = 0
        for (child, size) in children(rank).reversed() {
            left += times.overhead + times.port(bytes(child, size))
            last = max(last, left + times.latency + down(child, bytes))
        }
        return last
    }
}
