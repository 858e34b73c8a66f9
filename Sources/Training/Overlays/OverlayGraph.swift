/// Who sends to whom: a graph without edges from a node to itself and without double edges.
public struct OverlayGraph: Hashable, Sendable {
    /// For each node, the nodes that it sends to, ascending.
    public let successors: [[Int]]
    /// For each node, the nodes that send to it, ascending; the same as `successors` where edges have no direction.
    public let predecessors: [[Int]]

    /// - Parameters:
    ///   - edges: pairs of nodes in 0..<nodes. Edges of a node to itself count for nothing, and double ones once.
    ///   - isDirected: whether the first of a pair sends to the second only, and not each to the other.
    public init(nodes: Int, edges: some Sequence<(Int, Int)>, isDirected: Bool = false) {
        var (successors, predecessors) = (
            Array(repeating: [Int](), count: nodes), Array(repeating: [Int](), count: nodes)
        )
        for (from, to) in edges where from != to {
            successors[from].append(to)
            predecessors[to].append(from)
            guard !isDirected else { continue }
            successors[to].append(from)
            predecessors[from].append(to)
        }
        self.successors = successors.map(Self.ascending)
        self.predecessors = predecessors.map(Self.ascending)
    }

    private static func ascending(_ nodes: [Int]) -> [Int] {
        nodes.sorted().reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    /// How many nodes there are.
    public var nodes: Int { successors.count }
    /// Whether some node sends to one that does not send to it.
    public var isDirected: Bool { successors != predecessors }
    /// Whether all nodes send to equally many nodes, and hear as many.
    public var isRegular: Bool {
        let degree = successors.first?.count
        return successors.allSatisfy { $0.count == degree } && predecessors.allSatisfy { $0.count == degree }
    }
    /// How many edges there are; without directions, an edge counts once.
    public var edgeCount: Int { successors.reduce(0) { $0 + $1.count } / (isDirected ? 1 : 2) }

    /// The smallest and the largest number of nodes that a node sends to.
    public var degrees: ClosedRange<Int> {
        let counts = successors.map(\.count)
        return (counts.min() ?? 0)...(counts.max() ?? 0)
    }

    /// A graph with all edges of all the graphs, which must have equally many nodes.
    static func union(_ graphs: [OverlayGraph]) -> OverlayGraph {
        guard graphs.count != 1, let first = graphs.first else { return graphs[0] }
        let edges = graphs.lazy.flatMap { graph in
            graph.successors.enumerated().flatMap { from, successors in successors.map { (from, $0) } }
        }
        return OverlayGraph(nodes: first.nodes, edges: edges, isDirected: true)
    }

    /// A node that does not hear node 0, at however many hops, or that node 0 does not hear; nil where all nodes hear each
    /// other.
    public var separateNode: Int? {
        let (reached, reaching) = (Self.reached(along: successors), Self.reached(along: predecessors))
        return reached.indices.first { !reached[$0] || !reaching[$0] }
    }

    /// Whether numbers of every node reach every other, over however many hops.
    public var isConnected: Bool { separateNode == nil }

    private static func reached(along edges: [[Int]]) -> [Bool] {
        var reached = Array(repeating: false, count: edges.count)
        guard !edges.isEmpty else { return reached }
        reached[0] = true
        var open = [0]
        while let node = open.popLast() {
            for next in edges[node] where !reached[next] {
                reached[next] = true
                open.append(next)
            }
        }
        return reached
    }
}
