/// Reduction to rank 0 up a binomial tree, then broadcast down it: 2 ceil(log2 n) rounds with the whole vector (the
/// classic of MPI libraries; Thakur, Rabenseifner and Gropp 2005, sections 4.1 and 4.3).
package struct BinomialTreeAllReduce: CollectiveAlgorithm {
    package init() {}

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let reducing = BinomialReduce.stepCount(of: rank, ranks: ranks)
        if index < reducing { return BinomialReduce().step(index, rank: rank, of: ranks, elements: elements) }
        return BinomialBroadcast().step(index - reducing, rank: rank, of: ranks, elements: elements)
    }
}
