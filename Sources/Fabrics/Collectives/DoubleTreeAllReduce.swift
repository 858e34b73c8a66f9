import Kernel

/// Two complementary binary trees, each of which reduces half of the vector to its root and broadcasts the result: inner
/// ranks of one are leaves of the other, so that all ports are busy both ways and 2 S bytes leave each, after a latency
/// of log2(n) and not n (Sanders, Speck and Träff 2009, *Two-tree algorithms for full bandwidth broadcast, reduction and
/// scan*; in NCCL from 2.4). Pipelined: each half is cut into segments of at most 64 KiB, which follow each other.
///
/// All ranks work in phases: in each a rank first posts what is due, then waits for what is due. A segment climbs one
/// level a phase, and then descends one.
package struct DoubleTreeAllReduce: CollectiveAlgorithm {
    /// Numbers in a segment at most.
    private static let segmentElements = 16_384

    package init() {}

    package func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? {
        guard ranks > 1 else { return nil }
        let segments = segments(elements: elements)
        switch PhaseSchedule(rank: rank, ranks: ranks, segments: segments).action(index) {
        case nil: return nil
        case .receive(let sender): return .receive(from: sender)
        case .send(let receiver, let tree, let segment):
            let half = (0..<elements).part(tree, of: 2)
            return .send(to: receiver, bytes: half.part(segment, of: segments).count * bytesPerElement)
        }
    }

    /// What is in the message of a step: which segment of which half.
    func content(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> (tree: Int, segment: Int)? {
        let schedule = PhaseSchedule(rank: rank, ranks: ranks, segments: segments(elements: elements))
        guard case .send(_, let tree, let segment) = schedule.action(index) else { return nil }
        return (tree, segment)
    }

    /// Segments of each half of the vector.
    func segments(elements: Int) -> Int {
        max(1, ((elements + 1) / 2 + Self.segmentElements - 1) / Self.segmentElements)
    }
}

/// What one rank does in the phases of a ``DoubleTreeAllReduce``.
private struct PhaseSchedule {
    enum Action {
        case send(to: Int, tree: Int, segment: Int)
        case receive(from: Int)
    }

    /// A message with every segment, to or from a neighbour, from `firstPhase` on: one a phase.
    private struct Stream {
        let neighbour: Int
        let tree: Int
        let firstPhase: Int
    }

    private var sends: [Stream] = []
    private var receives: [Stream] = []
    private let segments: Int

    init(rank: Int, ranks: Int, segments: Int) {
        self.segments = segments
        for (number, tree) in TwoTrees.both(ranks: ranks).enumerated() {
            let top = tree.height(of: tree.root)
            func up(_ child: Int) -> Int { tree.height(of: child) }
            func down(_ child: Int) -> Int { top + tree.depth(of: child) - 1 }
            if let parent = tree.parent(of: rank) {
                sends.append(Stream(neighbour: parent, tree: number, firstPhase: up(rank)))
                receives.append(Stream(neighbour: parent, tree: number, firstPhase: down(rank)))
            }
            for child in tree.children(of: rank) {
                receives.append(Stream(neighbour: child, tree: number, firstPhase: up(child)))
                sends.append(Stream(neighbour: child, tree: number, firstPhase: down(child)))
            }
        }
    }

    /// The `index`-th action, phase by phase; nil if there are no more.
    func action(_ index: Int) -> Action? {
        var index = index
        let starts = (sends + receives).map(\.firstPhase)
        // Between two of these phases the same streams are active.
        let bounds = Set(starts + starts.map { $0 + segments }).sorted()
        for (begin, end) in zip(bounds, bounds.dropFirst()) {
            func active(_ streams: [Stream]) -> [Stream] {
                streams.filter { $0.firstPhase <= begin && begin < $0.firstPhase + segments }
            }
            let (out, into) = (active(sends), active(receives))
            let perPhase = out.count + into.count
            guard perPhase > 0 else { continue }
            if index < perPhase * (end - begin) {
                let (phase, place) = (begin + index / perPhase, index % perPhase)
                if place >= out.count { return .receive(from: into[place - out.count].neighbour) }
                return .send(
                    to: out[place].neighbour, tree: out[place].tree, segment: phase - out[place].firstPhase)
            }
            index -= perPhase * (end - begin)
        }
        return nil
    }
}

/// A binary tree over all ranks, in whose order of ranks leaves and inner ranks alternate.
struct TwoTrees {
    let ranks: Int
    /// How a rank's place in the tree follows from its number r: place r, place r counted from the other end, or place
    /// r - 1.
    private enum Numbering {
        case same, mirrored, shifted
    }
    private let numbering: Numbering

    /// The tree and its complement: where one has a leaf, the other has an inner rank. Mirrored for an even number of
    /// ranks, shifted by one for an odd one.
    static func both(ranks: Int) -> [TwoTrees] {
        [
            TwoTrees(ranks: ranks, numbering: .same),
            TwoTrees(ranks: ranks, numbering: ranks.isMultiple(of: 2) ? .mirrored : .shifted),
        ]
    }

    private func place(of rank: Int) -> Int {
        switch numbering {
        case .same: rank
        case .mirrored: ranks - 1 - rank
        case .shifted: (rank + ranks - 1) % ranks
        }
    }

    private func rank(at place: Int) -> Int {
        switch numbering {
        case .same: place
        case .mirrored: ranks - 1 - place
        case .shifted: (place + 1) % ranks
        }
    }

    var root: Int { rank(at: 0) }

    func parent(of rank: Int) -> Int? { parent(ofPlace: place(of: rank)).map(self.rank(at:)) }
    func children(of rank: Int) -> [Int] { children(ofPlace: place(of: rank)).map(self.rank(at:)) }
    /// Edges to the root.
    func depth(of rank: Int) -> Int {
        var (depth, place) = (0, place(of: rank))
        while let parent = parent(ofPlace: place) { (depth, place) = (depth + 1, parent) }
        return depth
    }
    /// Edges to the farthest leaf below.
    func height(of rank: Int) -> Int { height(ofPlace: place(of: rank)) }

    // Places: 0 is the root, whose one child is the middle of all others. A place with lowest set bit b has the children
    // place - b/2 and place + b/2, so that odd places are leaves; where place + b/2 is beyond the end, the nearest
    // place that is not takes over its sub-tree.

    private func children(ofPlace place: Int) -> [Int] {
        guard ranks > 1 else { return [] }
        if place == 0 { return [1 << (ceilLog2(ranks) - 1)] }
        var distance = (place & -place) / 2
        guard distance > 0 else { return [] }
        var children = [place - distance]
        while distance > 0, place + distance >= ranks { distance /= 2 }
        if distance > 0 { children.append(place + distance) }
        return children
    }

    private func parent(ofPlace place: Int) -> Int? {
        guard place != 0 else { return nil }
        let bit = place & -place
        let above = (place ^ bit) | bit << 1
        return above < ranks ? above : place ^ bit
    }

    private func height(ofPlace place: Int) -> Int {
        // The way to the left goes down one bit at a time, and no way is longer.
        place == 0 ? (ranks > 1 ? ceilLog2(ranks) : 0) : (place & -place).trailingZeroBitCount
    }
}
