import Diagnostics
import Foundation

/// A CSV file of edges between nodes, which are counted from 0:
///
///     a,b                      from,to,weight
///     0,1                      0,1,0.5
///     1,2                      1,0,0.25
///
/// Edges under `a,b`, or without a heading, have no direction; under `from,to` the first sends to the second. A column `weight`
/// says what the receiver multiplies by; what is missing to 1 is the receiver's weight of its own, unless an edge of a node to
/// itself gives that.
struct OverlayFile: Hashable, Sendable {
    private struct Edge: Hashable {
        let from: Int
        let to: Int
        let weight: Double?
        let line: Int
    }

    private let name: String
    private let isDirected: Bool
    private let hasWeights: Bool
    private let edges: [Edge]

    private static let headings = [["a", "b"], ["a", "b", "weight"], ["from", "to"], ["from", "to", "weight"]]
    private static let allowedHeadings = headings.map { "'\($0.joined(separator: ","))'" }.joined(separator: ", ")
    /// Bytes; a graph of a million nodes with ten neighbours each has fewer.
    private static let mostBytes = 1 << 28

    /// - Throws: ``OverlayError`` with the line and what is allowed there.
    init(_ path: String) throws(OverlayError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw OverlayError("overlay file '\(path)' does not exist or cannot be read")
        }
        guard data.count <= Self.mostBytes, let text = String(data: data, encoding: .utf8) else {
            throw OverlayError("\(path): not UTF-8 text of at most \(Self.mostBytes >> 20) MiB")
        }
        try self.init(text, name: path)
    }

    init(_ text: String, name: String) throws(OverlayError) {
        let table: CSVTable
        do throws(CSVTable.Failure) {
            table = try CSVTable(text, unnamed: ["a", "b"]) { $0.fields.contains { Int($0) == nil } }
        } catch {
            let place = error.line.map { "\(name):\($0)" } ?? name
            throw OverlayError(
                "\(place): \(error.description); allowed are pairs of nodes under \(Self.allowedHeadings)")
        }
        guard Self.headings.contains(table.heading.fields) else {
            throw OverlayError(
                """
                \(name):\(table.heading.line): columns '\(table.heading.fields.joined(separator: ","))'; allowed are \
                \(Self.allowedHeadings)
                """)
        }
        self.name = name
        isDirected = table.heading.fields[0] == "from"
        hasWeights = table.heading.fields.count == 3
        var (edges, lines): ([Edge], [[Int]: Int]) = ([], [:])
        for row in table.rows {
            let edge = try Self.edge(row, name)
            guard edge.from != edge.to || hasWeights else {
                throw OverlayError(
                    "\(name):\(row.line): an edge from node \(edge.from) to itself; allowed are edges between two nodes"
                )
            }
            let pair = isDirected ? [edge.from, edge.to] : [edge.from, edge.to].sorted()
            if let line = lines.updateValue(row.line, forKey: pair) {
                throw OverlayError(
                    "\(name):\(row.line): edge \(edge.from),\(edge.to) stands on line \(line) already; allowed is each once"
                )
            }
            edges.append(edge)
        }
        guard !edges.isEmpty else { throw OverlayError("\(name): no edges; allowed are pairs of nodes") }
        self.edges = edges
    }

    private static func edge(_ row: CSVText.Record, _ name: String) throws(OverlayError) -> Edge {
        func node(_ text: String) throws(OverlayError) -> Int {
            guard let node = Int(text), (0..<Allowed.largestCount).contains(node) else {
                throw OverlayError("\(name):\(row.line): '\(text)' is no node; allowed are whole numbers from 0")
            }
            return node
        }
        var weight: Double?
        if row.fields.count == 3 {
            guard let number = Double(row.fields[2]), (0...1).contains(number) else {
                throw OverlayError(
                    "\(name):\(row.line): '\(row.fields[2])' is no weight; allowed are numbers from 0 to 1")
            }
            weight = number
        }
        return Edge(from: try node(row.fields[0]), to: try node(row.fields[1]), weight: weight, line: row.line)
    }

    /// - Throws: ``OverlayError`` where it has other nodes, or a node's weights do not sum to 1.
    func network(of nodes: Int) throws(OverlayError) -> OverlayNetwork {
        for edge in edges where max(edge.from, edge.to) >= nodes {
            throw OverlayError(
                """
                \(name):\(edge.line): node \(max(edge.from, edge.to)) of \(nodes); allowed are 0 to \(nodes - 1), or more \
                --workers
                """)
        }
        let graph = OverlayGraph(
            nodes: nodes, edges: edges.lazy.filter { $0.weight != 0 }.map { ($0.from, $0.to) }, isDirected: isDirected)
        return OverlayNetwork([graph], weights: hasWeights ? try weights(nodes) : nil)
    }

    private func weights(_ nodes: Int) throws(OverlayError) -> MixingMatrix {
        var rows = Array(repeating: [Int: Double](), count: nodes)
        for edge in edges {
            rows[edge.to][edge.from] = edge.weight
            if !isDirected { rows[edge.from][edge.to] = edge.weight }
        }
        for node in rows.indices {
            let sum = rows[node].sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
            let hasOwn = rows[node][node] != nil
            guard abs(sum - 1) <= MixingMatrix.tolerance || !hasOwn && sum < 1 else {
                throw OverlayError(
                    """
                    \(name): the weights of what node \(node) hears sum to \(sum); allowed are weights that sum to 1, or to less \
                    where node \(node) has no weight of its own in the file, which then is the rest
                    """)
            }
            if !hasOwn { rows[node][node] = max(0, 1 - sum) }
        }
        return MixingMatrix(
            rows.enumerated().map { node, row in row.filter { $0.value != 0 || $0.key == node } })
    }
}
