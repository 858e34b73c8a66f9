/// The binomial tree rooted at rank 0: the children of a rank are rank + 2^k for every 2^k below its lowest set bit.
enum BinomialTree {
    /// The k-th child, nearest first; nil if there are no more.
    static func child(_ k: Int, of rank: Int, ranks: Int) -> Int? {
        let distance = 1 << k
        guard rank == 0 || distance < rank & -rank, rank + distance < ranks else { return nil }
        return rank + distance
    }

    static func childCount(of rank: Int, ranks: Int) -> Int {
        var count = 0
        while child(count, of: rank, ranks: ranks) != nil { count += 1 }
        return count
    }

    static func parent(of rank: Int) -> Int { rank - (rank & -rank) }

    /// Ranks in the sub-tree below and with `rank`.
    static func size(of rank: Int, ranks: Int) -> Int {
        rank == 0 ? ranks : min(rank & -rank, ranks - rank)
    }
}
