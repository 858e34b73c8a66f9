import Cluster
import Randomness

@testable import Fabrics

/// A network without contention by construction: every pair of ranks has a link of its own, full duplex, so that a
/// message waits only for messages between the same two ranks. Without overhead, it takes T(S) = L + p(S) from when it
/// is sent, and a collective takes its longest chain of messages.
enum Mesh {
    static let link = Link(latencySeconds: 20e-6, bytesPerSecond: 375e6)
    static let times = PortTimes(link)

    static func fabric(_ ranks: Int, _ algorithm: AllReduceAlgorithm) -> SimulatedFabric {
        let names = (0..<ranks).map { "\($0)" }
        let edges = (0..<ranks).flatMap { first in
            (first + 1..<ranks).map { Topology.Graph.Edge(names[first], names[$0]) }
        }
        return SimulatedFabric(
            nodes: Array(repeating: Node(link: link), count: ranks),
            interconnect: Interconnect(.graph(.init(nodes: names, edges: edges)), sharing: .ports),
            compute: testCompute, allReduce: algorithm, seeds: SeedSequence(1), pool: HostPool(threads: 1))
    }

    /// The most edges between a rank of a binomial tree and its root: one for every bit that is set.
    static func height(_ ranks: Int) -> Int { (0..<ranks).map(\.nonzeroBitCount).max() ?? 0 }

    /// Up or down a binomial tree of n ranks whose messages carry a part for each rank below: the largest sub-tree but one
    /// is that of a power of two, and the last has what is left.
    static func subTrees(_ ranks: Int, partBytes: Int) -> Int64 {
        guard ranks > 1 else { return 0 }
        var half = 1
        while 2 * half < ranks { half *= 2 }
        let rest = ranks - half
        return max(
            subTrees(half, partBytes: partBytes),
            times.hockney(rest * partBytes) + subTrees(rest, partBytes: partBytes))
    }

    /// The rounds of an algorithm for powers of two in max-plus algebra: position q is ready for round j + 1 at
    /// x_q(j+1) = max(x_q(j), x_partner(j) + T(bytes from the partner)).
    static func rounds(
        _ ready: [Int64], _ partners: [Int], bytes: (_ distance: Int, _ position: Int) -> Int
    ) -> [Int64] {
        var ready = ready
        for distance in partners {
            ready = ready.indices.map { position in
                max(ready[position], ready[position ^ distance] + times.hockney(bytes(distance, position)))
            }
        }
        return ready
    }

    // MARK: Two trees

    /// The tree of Sanders, Speck and Träff 2009 (section 3) over the places 0..<n: the places from 1 on in order, in a
    /// binary tree as full as can be from the left, below place 0.
    private struct InOrderTree {
        var parent: [Int]
        var height: [Int]
        var depth: [Int]

        init(_ count: Int) {
            (parent, height, depth) = ([], [], [])
            parent = Array(repeating: -1, count: count)
            height = Array(repeating: 0, count: count)
            depth = height
            build(1..<count, below: 0)
        }

        private mutating func build(_ places: Range<Int>, below above: Int) {
            guard !places.isEmpty else { return }
            var left = 1
            while 2 * left <= places.count { left *= 2 }
            let root = places.lowerBound + left - 1
            parent[root] = above
            depth[root] = depth[above] + 1
            build(places.lowerBound..<root, below: root)
            build(root + 1..<places.upperBound, below: root)
            height[above] = max(height[above], height[root] + 1)
        }
    }

    /// A message of every segment from one rank to another, one a phase.
    private struct Stream {
        let from, to, tree, firstPhase: Int
    }

    /// The recurrence of the pipeline: in phase t a rank sends what is due and waits for what is due. Segment s of a half
    /// leaves a rank of height h for its parent in phase h + s, and comes back to a rank of depth d in phase H + d - 1 + s
    /// with H the height of the tree. x_r(t+1) = max(x_r(t), all that comes in phase t), and two messages over one link
    /// follow each other.
    static func doubleTree(_ ranks: Int, elements: Int, segments: Int) -> Int64 {
        let tree = InOrderTree(ranks)
        var streams: [Stream] = []
        for number in 0..<2 {
            // The second tree has the ranks mirrored for an even number, and shifted by one for an odd one.
            func rank(_ place: Int) -> Int {
                number == 0 ? place : ranks.isMultiple(of: 2) ? ranks - 1 - place : (place + 1) % ranks
            }
            for place in 1..<ranks {
                let (child, parent) = (rank(place), rank(tree.parent[place]))
                streams.append(Stream(from: child, to: parent, tree: number, firstPhase: tree.height[place]))
                streams.append(
                    Stream(
                        from: parent, to: child, tree: number, firstPhase: tree.height[0] + tree.depth[place] - 1))
            }
        }
        func bytes(_ tree: Int, _ segment: Int) -> Int {
            let half = (elements + 1 - tree) / 2
            return (half / segments + (segment < half % segments ? 1 : 0)) * 4
        }
        var ready = [Int64](repeating: 0, count: ranks)
        var free: [Int: Int64] = [:]
        for phase in 0..<2 * tree.height[0] + segments {
            var next = ready
            for stream in streams where (0..<segments).contains(phase - stream.firstPhase) {
                let link = stream.from * ranks + stream.to
                let left =
                    max(ready[stream.from], free[link] ?? 0)
                    + times.port(bytes(stream.tree, phase - stream.firstPhase))
                free[link] = left
                next[stream.to] = max(next[stream.to], left + times.latency)
            }
            ready = next
        }
        return ready.max() ?? 0
    }
}
