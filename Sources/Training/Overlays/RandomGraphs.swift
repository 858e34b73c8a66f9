import Foundation
public import Randomness

/// Random graphs of a seed's.
enum RandomGraphs {
    /// Draws of a graph until one is connected.
    private static let mostDraws = 200

    // MARK: Regular

    /// A connected graph in which every node has so many neighbours, drawn evenly among nearly all such graphs.
    ///
    /// - Throws: ``OverlayError`` where there is none.
    static func regular(_ nodes: Int, degree: Int, _ seeds: SeedSequence) throws(OverlayError) -> OverlayGraph {
        if let problem = problem(nodes, degree: degree) { throw OverlayError(problem) }
        guard degree > 1 || nodes <= 2 else {
            throw OverlayError(
                "\(nodes) nodes with 1 neighbour each are pairs and not connected; allowed are 2 or more, such as regular:2"
            )
        }
        for draw in 0..<mostDraws {
            var stream = seeds.stream(.overlay, draw)
            // Two neighbours each and connected is a ring in a random order; among all such graphs rings are few.
            let graph =
                degree == 2
                ? ring(stream.shuffled(0..<nodes))
                : OverlayGraph(nodes: nodes, edges: edges(nodes, degree: degree, &stream))
            if graph.isConnected { return graph }
        }
        throw OverlayError("no connected graph of \(nodes) nodes with \(degree) neighbours in \(mostDraws) draws")
    }

    /// Why there is no graph in which each of so many nodes has so many neighbours; nil where there is one.
    static func problem(_ nodes: Int, degree: Int) -> String? {
        if degree >= nodes {
            return "\(degree) neighbours among \(nodes) nodes; allowed are at most \(nodes - 1)"
        }
        guard nodes * degree % 2 == 0 else {
            return """
                \(nodes) nodes cannot have \(degree) neighbours each, since every edge ends at two of them; allowed is an even \
                number of nodes or of neighbours
                """
        }
        return nil
    }

    private static func ring(_ order: [Int]) -> OverlayGraph {
        let edges = order.indices.lazy.map { (order[$0], order[($0 + 1) % order.count]) }
        return OverlayGraph(nodes: order.count, edges: edges)
    }

    /// The edges of a regular graph, connected or not: A. Steger and N. Wormald 1999, *Generating Random Regular Graphs
    /// Quickly*. Ends of edges are joined at random; those that would make a loop or a double edge are tried again among
    /// themselves, and all from the beginning where no pair of them is left to join.
    ///
    /// - Precondition: ``problem(_:degree:)`` is nil.
    static func edges(_ nodes: Int, degree: Int, _ stream: inout RandomStream) -> [(Int, Int)] {
        guard degree > 0 else { return [] }
        if 2 * degree > nodes {
            // The pairs that are not joined form a regular graph, too, and one with fewer edges.
            let absent = OverlayGraph(nodes: nodes, edges: edges(nodes, degree: nodes - 1 - degree, &stream)).successors
            return (0..<nodes).flatMap { first in
                let others = Set(absent[first])
                return (first + 1..<max(nodes, first + 1)).filter { !others.contains($0) }.map { (first, $0) }
            }
        }
        while true {
            if let edges = joined(nodes, degree, &stream) { return edges }
        }
    }

    private static func joined(_ nodes: Int, _ degree: Int, _ stream: inout RandomStream) -> [(Int, Int)]? {
        var neighbours = Array(repeating: [Int](), count: nodes)
        var edges: [(Int, Int)] = []
        var ends = (0..<nodes).flatMap { Array(repeating: $0, count: degree) }
        while !ends.isEmpty {
            stream.shuffle(&ends)
            var left: [Int] = []
            for pair in stride(from: 0, to: ends.count, by: 2) {
                let (first, second) = (ends[pair], ends[pair + 1])
                if first == second || neighbours[first].contains(second) {
                    left += [first, second]
                } else {
                    neighbours[first].append(second)
                    neighbours[second].append(first)
                    edges.append((first, second))
                }
            }
            let open = Set(left).sorted()
            let canJoin = open.contains { first in
                open.contains { $0 != first && !neighbours[first].contains($0) }
            }
            guard left.isEmpty || canJoin else { return nil }
            ends = left
        }
        return edges
    }

    // MARK: Erdos and Renyi

    /// A connected graph whose pairs of nodes are each joined with the same probability (P. Erdos and A. Renyi 1959).
    ///
    /// - Throws: ``OverlayError`` where so few are joined that no draw is connected.
    static func erdosRenyi(_ nodes: Int, probability: Double, _ seeds: SeedSequence) throws(OverlayError)
        -> OverlayGraph
    {
        for draw in 0..<mostDraws {
            var stream = seeds.stream(.overlay, draw)
            let graph = OverlayGraph(nodes: nodes, edges: pairs(nodes, probability, &stream))
            if graph.isConnected { return graph }
        }
        let threshold = log(Double(nodes)) / Double(nodes)
        throw OverlayError(
            """
            none of \(mostDraws) random graphs of \(nodes) nodes, each pair joined with a probability of \(probability), is \
            connected; allowed are probabilities at which one is, most of them above ln n / n = \
            \((threshold * 1000).rounded(.up) / 1000)
            """)
    }

    /// Pairs that are joined, by the distance from one to the next, which is geometrically distributed (V. Batagelj and U.
    /// Brandes 2005, *Efficient Generation of Large Random Networks*, algorithm 1).
    private static func pairs(_ nodes: Int, _ probability: Double, _ stream: inout RandomStream) -> [(Int, Int)] {
        var edges: [(Int, Int)] = []
        var (first, second) = (1, -1)
        while first < nodes {
            let skipped = probability == 1 ? 0 : log(stream.uniform()) / log1p(-probability)
            // Beyond all pairs there is none.
            guard skipped < Double(nodes) * Double(nodes) else { return edges }
            second += 1 + Int(skipped)
            while second >= first, first < nodes {
                second -= first
                first += 1
            }
            if first < nodes { edges.append((first, second)) }
        }
        return edges
    }
}

/// Random graphs in which all nodes have as many neighbours, connected or not.
public enum RegularGraph {
    /// Why there is none; nil where there is one.
    public static func problem(nodes: Int, degree: Int) -> String? { RandomGraphs.problem(nodes, degree: degree) }

    /// The edges of one, drawn evenly among nearly all.
    ///
    /// - Precondition: ``problem(nodes:degree:)`` is nil.
    public static func edges(nodes: Int, degree: Int, _ stream: inout RandomStream) -> [(Int, Int)] {
        RandomGraphs.edges(nodes, degree: degree, &stream)
    }
}
