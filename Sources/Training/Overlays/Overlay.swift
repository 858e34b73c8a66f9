import Diagnostics
public import Randomness

/// An overlay that cannot be as somebody wants it: what was found, and what is allowed.
public struct OverlayError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    /// - Parameter description: what was found, and what is allowed.
    public init(_ description: String) { self.description = ErrorText.message(description) }
}

/// Who talks to whom, whatever cables the messages take, which is the cluster's affair: what `--overlay` means, for any
/// number of nodes.
///
///     let overlay = try Overlay("torus:4x4")
///     let network = try overlay.network(of: 16, seeds: SeedSequence(1))
public struct Overlay: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case ring, exponential, onePeer, star, full, cliques
        case torus(Int, Int)
        case squareTorus
        case regular(Int)
        case erdosRenyi(Double)
        case file(OverlayFile)
    }

    let kind: Kind
    /// The overlay as `--overlay` takes it.
    public let description: String

    /// A form of overlay that `--overlay` takes, for lists and errors.
    public struct Form: Sendable {
        /// The word in front of the colon.
        public let name: String
        /// The name with an example of what may stand behind a colon.
        public let usage: String
        /// What the overlay looks like, in a line.
        public let summary: String
    }

    /// All forms, in the order of lists.
    public static let forms = [
        Form(name: "ring", usage: "ring", summary: "each node talks to the next and the one before it"),
        Form(
            name: "torus", usage: "torus:4x4",
            summary:
                "a grid whose sides are closed, each node with 4 neighbours; without sides the one nearest to a square"),
        Form(
            name: "exponential", usage: "exponential",
            summary: "node i sends to i+1, i+2, i+4, ... (modulo the nodes): directed, log2 n neighbours"),
        Form(
            name: "one-peer", usage: "one-peer",
            summary:
                "the same with one of these a round, in turn: exact averages after log2 n rounds if n is a power of 2"),
        Form(
            name: "regular", usage: "regular:4",
            summary: "a random graph of the seed's in which every node has so many neighbours"),
        Form(
            name: "erdos-renyi", usage: "erdos-renyi:0.4",
            summary: "every pair of nodes is joined with this probability; drawn again until all are connected"),
        Form(name: "star", usage: "star", summary: "all talk to node 0 only"),
        Form(name: "full", usage: "full", summary: "all talk to all"),
        Form(
            name: "cliques", usage: "cliques",
            summary: "two halves in which all talk to all, joined by one edge: the worst case for consensus"),
        Form(
            name: "FILE.csv", usage: "FILE.csv",
            summary: "pairs of nodes from 0 on: 'a,b' without a direction, 'from,to' with one, and maybe 'weight'"),
    ]

    /// Whether every seed draws another graph.
    public var isRandom: Bool {
        switch kind {
        case .regular, .erdosRenyi: true
        default: false
        }
    }

    /// Whether `--overlay` means a file of edges by this.
    public static func isFile(_ text: String) -> Bool { text.hasSuffix(".csv") || text.contains("/") }

    /// - Throws: ``OverlayError`` that lists what is allowed, or says what is wrong in a file and on which line.
    public init(_ text: String) throws(OverlayError) {
        description = text
        if Self.isFile(text) {
            kind = .file(try OverlayFile(text))
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let parameter = parts.count > 1 ? parts[1] : nil
        switch (parts[0], parameter) {
        case ("ring", nil): kind = .ring
        case ("exponential", nil): kind = .exponential
        case ("one-peer", nil): kind = .onePeer
        case ("star", nil): kind = .star
        case ("full", nil): kind = .full
        case ("cliques", nil): kind = .cliques
        case ("torus", nil): kind = .squareTorus
        case ("torus", let sides?): kind = try Self.torus(sides)
        case ("regular", let degree?): kind = .regular(try Self.degree(degree))
        case ("erdos-renyi", let probability?): kind = .erdosRenyi(try Self.probability(probability))
        case ("regular", nil):
            throw OverlayError("overlay 'regular' has no number of neighbours; allowed are those such as regular:4")
        case ("erdos-renyi", nil):
            throw OverlayError("overlay 'erdos-renyi' has no probability; allowed are those such as erdos-renyi:0.4")
        case (let name, let parameter):
            if let parameter, Self.forms.contains(where: { $0.name == name }) {
                throw OverlayError("overlay '\(name)' takes no '\(parameter)'; allowed is '\(name)' alone")
            }
            let message = UnknownName.message("overlay", found: name, allowed: Self.forms.map(\.name))
            throw OverlayError("\(message); such as " + Self.forms.map(\.usage).joined(separator: ", "))
        }
    }

    private static func torus(_ text: String) throws(OverlayError) -> Kind {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let first = sides[0], let second = sides[1], first > 0, second > 0,
            first <= Allowed.largestCount, second <= Allowed.largestCount
        else {
            throw OverlayError("a torus of '\(text)'; allowed are two sides from 1 up, such as torus:4x4")
        }
        return .torus(first, second)
    }

    private static func degree(_ text: String) throws(OverlayError) -> Int {
        guard let degree = Int(text), (1...Allowed.largestCount).contains(degree) else {
            throw OverlayError("'\(text)' neighbours; allowed is a whole number from 1 up, such as regular:4")
        }
        return degree
    }

    private static func probability(_ text: String) throws(OverlayError) -> Double {
        guard let probability = Double(text), probability > 0, probability <= 1 else {
            throw OverlayError("a probability of '\(text)'; allowed is one above 0 up to 1, such as erdos-renyi:0.4")
        }
        return probability
    }

    // MARK: Among nodes

    /// The overlay among so many nodes.
    ///
    /// - Parameter seeds: of the run, from which random overlays are drawn.
    /// - Throws: ``OverlayError`` where there is none, or some nodes would never hear of others.
    public func network(of nodes: Int, seeds: SeedSequence) throws(OverlayError) -> OverlayNetwork {
        precondition(nodes > 0, "an overlay of \(nodes) nodes")
        guard expectedEdges(nodes) <= Double(Self.mostEdges) else {
            throw OverlayError(
                """
                overlay '\(description)' of \(nodes) nodes has some \(Format.significant(expectedEdges(nodes))) edges; allowed are \
                up to \(Self.mostEdges)
                """)
        }
        let network = try unchecked(nodes, seeds)
        if let node = OverlayGraph.union(network.graphs).separateNode {
            throw OverlayError(
                """
                overlay '\(description)' of \(nodes) nodes is not connected: node \(node) and node 0 do not both hear of each \
                other, at however many hops; allowed are overlays in which all do
                """)
        }
        return network
    }

    /// Edges of a graph that takes half a gigabyte of memory.
    private static let mostEdges = 5_000_000

    /// How many edges there will be, about.
    private func expectedEdges(_ nodes: Int) -> Double {
        let pairs = Double(nodes) * Double(nodes - 1) / 2
        return switch kind {
        case .full: pairs
        case .cliques: pairs / 2
        case .regular(let degree): min(pairs, Double(nodes) * Double(degree) / 2)
        case .erdosRenyi(let probability): pairs * probability
        case .exponential, .onePeer: Double(nodes * Self.hops(nodes).count)
        case .ring, .star, .torus, .squareTorus, .file: 0
        }
    }

    private func unchecked(_ nodes: Int, _ seeds: SeedSequence) throws(OverlayError) -> OverlayNetwork {
        func undirected(_ edges: some Sequence<(Int, Int)>) -> OverlayNetwork {
            OverlayNetwork([OverlayGraph(nodes: nodes, edges: edges)])
        }
        switch kind {
        case .ring: return undirected((0..<nodes).lazy.map { ($0, ($0 + 1) % nodes) })
        case .star: return undirected((0..<nodes).lazy.map { (0, $0) })
        case .full: return undirected(Self.clique(0..<nodes))
        case .cliques:
            // The larger half comes first; the last of it and the first of the other hold the edge between them.
            let half = (nodes + 1) / 2
            let bridge = nodes > 1 ? [(half - 1, half)] : []
            return undirected(Self.clique(0..<half) + Self.clique(half..<nodes) + bridge)
        case .squareTorus:
            var side = Int(Double(nodes).squareRoot())
            while nodes % side != 0 { side -= 1 }
            return Self.torus(side, nodes / side)
        case .torus(let first, let second):
            guard first.multipliedReportingOverflow(by: second) == (nodes, false) else {
                throw OverlayError(
                    """
                    a torus of \(first)x\(second) does not fit \(nodes) nodes; allowed are sides whose product is \(nodes), such \
                    as \(Self.fittingTorus(nodes))
                    """)
            }
            return Self.torus(first, second)
        case .exponential:
            let hops = Self.hops(nodes)
            let edges = (0..<nodes).lazy.flatMap { node in hops.map { (node, (node + $0) % nodes) } }
            return OverlayNetwork([OverlayGraph(nodes: nodes, edges: edges, isDirected: true)])
        case .onePeer:
            let graphs = Self.hops(nodes).map { hop in
                let edges = (0..<nodes).lazy.map { ($0, ($0 + hop) % nodes) }
                return OverlayGraph(nodes: nodes, edges: edges, isDirected: true)
            }
            return OverlayNetwork(graphs.isEmpty ? [OverlayGraph(nodes: nodes, edges: [])] : graphs)
        case .regular(let degree): return OverlayNetwork([try RandomGraphs.regular(nodes, degree: degree, seeds)])
        case .erdosRenyi(let probability):
            return OverlayNetwork([try RandomGraphs.erdosRenyi(nodes, probability: probability, seeds)])
        case .file(let file): return try file.network(of: nodes)
        }
    }

    private static func clique(_ nodes: Range<Int>) -> [(Int, Int)] {
        nodes.flatMap { first in (first + 1..<max(nodes.upperBound, first + 1)).map { (first, $0) } }
    }

    /// 1, 2, 4, ... below n: τ = ⌈log2 n⌉ of them.
    private static func hops(_ nodes: Int) -> [Int] {
        sequence(first: 1) { $0 * 2 }.prefix { $0 < nodes }.map { $0 }
    }

    private static func torus(_ rows: Int, _ columns: Int) -> OverlayNetwork {
        let edges = (0..<rows * columns).lazy.flatMap { node in
            let (row, column) = node.quotientAndRemainder(dividingBy: columns)
            return [
                (node, row * columns + (column + 1) % columns), (node, (row + 1) % rows * columns + column),
            ]
        }
        var notes: [String] = []
        for side in Set([rows, columns]).sorted() where side < 3 && rows * columns > 2 {
            notes.append(
                side == 1
                    ? "a torus with a side of 1 is a ring: along that side a node is its own neighbour, which counts for nothing"
                    : "along a side of 2 both neighbours of a node are the same one, which counts once: nodes have fewer than 4"
            )
        }
        return OverlayNetwork([OverlayGraph(nodes: rows * columns, edges: edges)], notes: notes)
    }

    private static func fittingTorus(_ nodes: Int) -> String {
        var side = Int(Double(nodes).squareRoot())
        while nodes % side != 0 { side -= 1 }
        return "torus:\(side)x\(nodes / side)"
    }
}

/// An overlay among so many nodes: one graph, or where the graph changes from round to round, the graphs of one period.
public struct OverlayNetwork: Hashable, Sendable {
    /// The graphs of rounds 0, 1, ...; behind the last, the first comes again.
    public let graphs: [OverlayGraph]
    /// Sentences about what follows from the overlay and its name does not say.
    public let notes: [String]
    /// The weights that a file gives; nil where they are to be made from the graph.
    let weights: MixingMatrix?

    init(_ graphs: [OverlayGraph], notes: [String] = [], weights: MixingMatrix? = nil) {
        (self.graphs, self.notes, self.weights) = (graphs, notes, weights)
    }

    /// How many nodes there are.
    public var nodes: Int { graphs[0].nodes }
    /// Whether a file gives the weights, so that none are made from the graph.
    public var hasWeights: Bool { weights != nil }
    public var isDirected: Bool { graphs.contains(where: \.isDirected) }
    /// Whether the graph changes from round to round.
    public var changes: Bool { graphs.count > 1 }
}
