import Kernel

/// Scatter from a root down a binomial tree, the largest sub-tree first: every rank gets the parts of its whole sub-tree
/// (Thakur, Rabenseifner and Gropp 2005, section 4.3). `elements` is the length of the root's vector, of which every rank
/// gets one of n parts.
///
/// It knows its root itself, since parts differ in length and belong to ranks and not to places in the tree.
package struct BinomialScatter: CollectiveAlgorithm {
    private let root: Int

    package init(root: Int = 0) { self.root = root }

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        let place = (rank - root + ranks) % ranks
        if place != 0, index == 0 { return .receive(from: (BinomialTree.parent(of: place) + root) % ranks) }
        let sent = place == 0 ? index : index - 1
        let children = BinomialTree.childCount(of: place, ranks: ranks)
        guard sent < children, let child = BinomialTree.child(children - 1 - sent, of: place, ranks: ranks) else {
            return nil
        }
        let first = (child + root) % ranks
        let last = first + BinomialTree.size(of: child, ranks: ranks)
        let length =
            bytes(ofParts: first..<min(last, ranks), of: ranks, elements: elements)
            + bytes(ofParts: 0..<max(0, last - ranks), of: ranks, elements: elements)
        return .send(to: first, bytes: length)
    }
}
