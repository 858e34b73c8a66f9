/// Reduction to rank 0 up a binomial tree, nearest children first (Thakur, Rabenseifner and Gropp 2005, section 4.3).
package struct BinomialReduce: CollectiveAlgorithm {
    package init() {}

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let children = BinomialTree.childCount(of: rank, ranks: ranks)
        if index < children { return BinomialTree.child(index, of: rank, ranks: ranks).map { .receive(from: $0) } }
        guard rank != 0, index == children else { return nil }
        return .send(to: BinomialTree.parent(of: rank), bytes: elements * bytesPerElement)
    }

    /// How many steps the rank has.
    static func stepCount(of rank: Int, ranks: Int) -> Int {
        BinomialTree.childCount(of: rank, ranks: ranks) + (rank == 0 ? 0 : 1)
    }
}
