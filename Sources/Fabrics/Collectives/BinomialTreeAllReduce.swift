/// Reduction to rank 0 up a binomial tree, then broadcast down it: 2 ceil(log2 n) rounds with the whole vector (the
/// classic of MPI libraries; Thakur, Rabenseifner and Gropp 2005, sections 4.1 and 4.3).
public struct BinomialTreeAllReduce: CollectiveAlgorithm {
    public init() {}

    public func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let bytes = elements * bytesPerElement
        let children = BinomialTree.childCount(of: rank, ranks: ranks)
        if index < children { return BinomialTree.child(index, of: rank, ranks: ranks).map { .receive(from: $0) } }
        if rank != 0, index == children { return .send(to: BinomialTree.parent(of: rank), bytes: bytes) }
        let broadcastIndex = index - children - (rank == 0 ? 0 : 1)
        return BinomialBroadcast().step(broadcastIndex, rank: rank, of: ranks, elements: elements)
    }
}
