/// Gather to rank 0 up a binomial tree: every rank passes on what its whole sub-tree has (Thakur, Rabenseifner and
/// Gropp 2005, section 4).
package struct BinomialGather: CollectiveAlgorithm {
    package init() {}

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let children = BinomialTree.childCount(of: rank, ranks: ranks)
        if index < children { return BinomialTree.child(index, of: rank, ranks: ranks).map { .receive(from: $0) } }
        guard index == children, rank != 0 else { return nil }
        let bytes = BinomialTree.size(of: rank, ranks: ranks) * elements * bytesPerElement
        return .send(to: BinomialTree.parent(of: rank), bytes: bytes)
    }
}
