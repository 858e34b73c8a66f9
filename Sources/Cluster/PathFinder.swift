/// Shortest paths in a network of switches (Dijkstra 1959): least latency, then fewest links, then the vertices that
/// come first in the cluster's description. Paths from a vertex are worked out when it sends: the first one as far as it goes,
/// since of many vertices most send to few others, and all of them with the second.
struct PathFinder: Sendable {
    private struct Edge: Sendable {
        let to: Int
        let link: Int32
        let nanoseconds: Int64
    }

    private var edges: [[Edge]]
    /// Where each link comes from.
    private var origin: [Int32: Int] = [:]
    /// For each source, the link by which its path enters each vertex; -1 for none.
    private var entering: [Int: [Int32]] = [:]
    /// Sources of which one path was asked for.
    private var asked: Set<Int> = []
    private var keptEntries = 0
    /// Above this, what is kept of all sources is thrown away: 64 MB.
    private static let mostEntries = 16_000_000

    init(vertices: Int) { edges = Array(repeating: [], count: vertices) }

    /// A directed link.
    mutating func connect(_ from: Int, _ to: Int, link: Int32, seconds: Double) {
        edges[from].append(Edge(to: to, link: link, nanoseconds: VirtualTime.span(seconds: seconds)))
        origin[link] = from
    }

    /// The links from one vertex to another; nil where there is no way.
    mutating func path(from source: Int, to target: Int) -> [Int32]? {
        if source == target { return [] }
        let tree = entering[source] ?? search(from: source, to: asked.contains(source) ? nil : target)
        if !asked.insert(source).inserted, entering[source] == nil { keep(tree, of: source) }
        var path: [Int32] = []
        var vertex = target
        while vertex != source {
            guard tree[vertex] >= 0, let previous = origin[tree[vertex]] else { return nil }
            path.append(tree[vertex])
            vertex = previous
        }
        return path.reversed()
    }

    private mutating func keep(_ tree: [Int32], of source: Int) {
        if keptEntries + tree.count > Self.mostEntries { (entering, keptEntries) = ([:], 0) }
        entering[source] = tree
        keptEntries += tree.count
    }

    /// - Parameter target: the only vertex whose path is asked for; nil for all.
    private func search(from source: Int, to target: Int?) -> [Int32] {
        var tree = [Int32](repeating: -1, count: edges.count)
        var best = [(nanoseconds: Int64, hops: Int)](repeating: (.max, .max), count: edges.count)
        var isDone = [Bool](repeating: false, count: edges.count)
        var queue = EventQueue()
        best[source] = (0, 0)
        queue.insert(source, at: 0, sequence: source)
        while let entry = queue.popMin() {
            let vertex = entry.item
            if isDone[vertex] { continue }
            // Whatever is still in the queue leads farther.
            if vertex == target { break }
            isDone[vertex] = true
            for edge in edges[vertex] {
                let way = (nanoseconds: best[vertex].nanoseconds + edge.nanoseconds, hops: best[vertex].hops + 1)
                guard way < best[edge.to] else { continue }
                best[edge.to] = way
                tree[edge.to] = edge.link
                queue.insert(edge.to, at: way.nanoseconds, sequence: way.hops * edges.count + edge.to)
            }
        }
        return tree
    }
}
