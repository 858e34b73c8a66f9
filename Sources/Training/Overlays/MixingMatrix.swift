/// How a node weighs what it hears: W of x_i ← Σ_j W_ij x_j.
public enum Mixing: String, CaseIterable, Sendable {
    /// W_ij = 1 / (1 + max(d_i, d_j)), and the rest to 1 for itself: doubly stochastic on every graph without directions
    /// (W. K. Hastings 1970; L. Xiao, S. Boyd and S.-J. Kim 2007, *Distributed Average Consensus with Least-Mean-Square
    /// Deviation*, section 5).
    case metropolis
    /// W_ij = 1 / (1 + d_i): doubly stochastic where every node has as many neighbours.
    case uniform
}

extension Mixing: OptionConvertible {}

/// The weights of one round, row by row.
public struct MixingMatrix: Hashable, Sendable {
    /// The weight that a node gives to the numbers of one node.
    public struct Entry: Hashable, Sendable {
        /// The node whose numbers are weighed.
        public let node: Int
        /// What the numbers are multiplied by.
        public let weight: Double

        /// A node's numbers with a weight.
        public init(node: Int, weight: Double) { (self.node, self.weight) = (node, weight) }
    }

    /// For each node, the weights of all nodes whose numbers it adds up, by ascending nodes; the node itself is among
    /// them.
    public let rows: [[Entry]]

    /// How far a sum of weights may be from 1.
    public static let tolerance = 1e-9

    /// - Parameter rows: for each node, its weights by the nodes that they are given to.
    init(_ rows: [[Int: Double]]) {
        self.rows = rows.map { row in row.sorted { $0.key < $1.key }.map { Entry(node: $0.key, weight: $0.value) } }
    }

    private init(rows: [[Entry]]) { self.rows = rows }

    /// - Parameter mixing: on a graph with directions, d is how many a node hears or sends to, whichever is more.
    public init(_ mixing: Mixing, on graph: OverlayGraph) {
        let degrees = graph.predecessors.indices.map { max(graph.predecessors[$0].count, graph.successors[$0].count) }
        rows = graph.predecessors.enumerated().map { node, neighbours in
            var entries = neighbours.map { neighbour in
                let degree =
                    mixing == .uniform ? neighbours.count : max(degrees[node], degrees[neighbour])
                return Entry(node: neighbour, weight: 1 / Double(1 + degree))
            }
            let own = 1 - entries.reduce(0) { $0 + $1.weight }
            let place = entries.firstIndex { $0.node > node } ?? entries.count
            entries.insert(Entry(node: node, weight: own), at: place)
            return entries
        }
    }

    /// P of push-sum: every node gives an even share to itself and to each it sends to, so that columns sum to 1 on every
    /// graph (M. Assran et al. 2019, *Stochastic Gradient Push*, section 3).
    public static func columnStochastic(_ graph: OverlayGraph) -> MixingMatrix {
        MixingMatrix(
            rows: graph.predecessors.enumerated().map { node, neighbours in
                (neighbours + [node]).sorted().map {
                    Entry(node: $0, weight: 1 / Double(1 + graph.successors[$0].count))
                }
            })
    }

    /// How many nodes there are.
    public var nodes: Int { rows.count }

    /// The sum of the weights that each node gives, by node.
    public var rowSums: [Double] { rows.map { $0.reduce(0) { $0 + $1.weight } } }

    /// The sum of all weights that each node's numbers get, by node. Where all are 1, the mean of all nodes does not
    /// change.
    public var columnSums: [Double] {
        rows.reduce(into: Array(repeating: 0, count: nodes)) { sums, row in
            for entry in row { sums[entry.node] += entry.weight }
        }
    }

    /// For each node, the nodes that hear it with the weights that they give to it, by ascending nodes.
    public var columns: [[Entry]] {
        rows.enumerated().reduce(into: Array(repeating: [], count: nodes)) { columns, row in
            for entry in row.element { columns[entry.node].append(Entry(node: row.offset, weight: entry.weight)) }
        }
    }

    /// Whether all rows and all columns sum to 1, within ``tolerance``.
    public var isDoublyStochastic: Bool {
        (rowSums + columnSums).allSatisfy { abs($0 - 1) <= Self.tolerance }
    }

    /// Whether W_ij = W_ji for all pairs of nodes, to rounding.
    public var isSymmetric: Bool {
        let weights = rows.map { row in Dictionary(uniqueKeysWithValues: row.map { ($0.node, $0.weight) }) }
        return weights.indices.allSatisfy { node in
            weights[node].allSatisfy { abs((weights[$0.key][node] ?? 0) - $0.value) <= 1e-15 }
        }
    }

    /// All weights, row after row: `[n, n]`.
    public var dense: [Double] {
        var matrix = [Double](repeating: 0, count: nodes * nodes)
        for (node, row) in rows.enumerated() { for entry in row { matrix[node * nodes + entry.node] = entry.weight } }
        return matrix
    }

    /// W x of a matrix x `[n, width]`, row after row.
    func product(_ matrix: [Double], width: Int) -> [Double] {
        var result = [Double](repeating: 0, count: nodes * width)
        for (node, row) in rows.enumerated() {
            for entry in row {
                for column in 0..<width {
                    result[node * width + column] += entry.weight * matrix[entry.node * width + column]
                }
            }
        }
        return result
    }

    /// W x, where x has one number for each node.
    public func product(_ numbers: [Double]) -> [Double] {
        precondition(numbers.count == nodes, "\(numbers.count) numbers of \(nodes) nodes")
        return product(numbers, width: 1)
    }
}

extension OverlayNetwork {
    /// The weights of each round of a period, which do not change the mean of all nodes.
    ///
    /// - Parameter mixing: how weights are made where no file gives them.
    /// - Throws: ``OverlayError`` where there are no such weights on this overlay.
    public func weights(_ mixing: Mixing) throws(OverlayError) -> [MixingMatrix] {
        let matrices = weights.map { [$0] } ?? graphs.map { MixingMatrix(mixing, on: $0) }
        for matrix in matrices {
            guard let node = matrix.columnSums.firstIndex(where: { abs($0 - 1) > MixingMatrix.tolerance }) else {
                continue
            }
            let sum = matrix.columnSums[node]
            let allowed =
                weights != nil
                ? "weights whose sum is 1 also over all that hear a node"
                : graphs.contains(where: \.isDirected)
                    ? "push-sum on graphs with directions whose nodes differ in neighbours"
                    : "'metropolis', or an overlay whose nodes have as many neighbours each"
            throw OverlayError(
                """
                the \(weights == nil ? "'\(mixing.rawValue)' " : "")weights that others give to node \(node) sum to \(sum) and \
                not to 1, so that some nodes would count for more than others; allowed: \(allowed)
                """)
        }
        return matrices
    }

    /// The shares that nodes give away in each round of a period; the shares of each node sum to 1.
    ///
    /// - Throws: ``OverlayError`` where a file's weights do not.
    public func shares() throws(OverlayError) -> [MixingMatrix] {
        guard let weights else { return graphs.map { .columnStochastic($0) } }
        if let node = weights.columnSums.firstIndex(where: { abs($0 - 1) > MixingMatrix.tolerance }) {
            throw OverlayError(
                """
                the weights that others give to node \(node) sum to \(weights.columnSums[node]); allowed for push-sum are \
                weights that sum to 1 over all that hear a node, or a file without weights
                """)
        }
        return [weights]
    }
}
