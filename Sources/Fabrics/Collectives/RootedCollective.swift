/// A collective whose root is not rank 0: the ranks are renumbered so that it is.
struct RootedCollective: CollectiveAlgorithm {
    let base: any CollectiveAlgorithm
    let root: Int

    func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let relative = (rank - root + ranks) % ranks
        return base.step(index, rank: relative, of: ranks, elements: elements)?.renumbered { ($0 + root) % ranks }
    }
}
