/// A collective whose root is not rank 0: the ranks are renumbered so that it is.
struct RootedCollective: CollectiveAlgorithm {
    let base: any CollectiveAlgorithm
    let root: Int

    func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let relative = (rank - root + ranks) % ranks
        guard var step = base.step(index, rank: relative, of: ranks, elements: elements) else { return nil }
        if let send = step.send { step.send = ((send.to + root) % ranks, send.bytes, send.direction) }
        if let sender = step.receiveFrom { step.receiveFrom = (sender + root) % ranks }
        return step
    }
}
