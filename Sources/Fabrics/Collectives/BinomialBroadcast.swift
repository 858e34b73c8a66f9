/// Broadcast from rank 0 down a binomial tree, the largest sub-tree first (Thakur, Rabenseifner and Gropp 2005,
/// section 4.1).
package struct BinomialBroadcast: CollectiveAlgorithm {
    package init() {}

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        if rank != 0, index == 0 { return .receive(from: BinomialTree.parent(of: rank)) }
        let sent = rank == 0 ? index : index - 1
        let children = BinomialTree.childCount(of: rank, ranks: ranks)
        guard sent < children, let child = BinomialTree.child(children - 1 - sent, of: rank, ranks: ranks) else {
            return nil
        }
        return .send(to: child, bytes: elements * bytesPerElement)
    }
}
