internal import Kernel
internal import Randomness

/// How many kinds of nodes there are, and of which kind each node is. Written as `4`, node i is of kind i mod 4; as
/// `6,4,2`, the first six nodes are of kind 0, the next four of kind 1, and two of kind 2.
public struct NodeKinds: Hashable, Sendable {
    /// Nodes of each kind; nil where the kinds take turns.
    let sizes: [Int]?
    /// How many kinds there are.
    public let count: Int

    /// - Parameter count: kinds that take turns: node i is of kind i mod `count`.
    public init(takingTurns count: Int) { (sizes, self.count) = (nil, count) }
    /// - Parameter sizes: consecutive nodes of each kind.
    public init(sizes: [Int]) { (self.sizes, count) = (sizes, sizes.count) }

    /// Parses `4` or `6,4,2`; nil for a text of another form.
    init?(_ text: String) {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard let found = numbers as? [Int], found.allSatisfy({ (1...Self.mostNodes).contains($0) }) else { return nil }
        self = found.count == 1 ? Self(takingTurns: found[0]) : Self(sizes: found)
    }

    private static let mostNodes = 1_000_000

    var description: String { sizes.map { $0.map(String.init).joined(separator: ",") } ?? String(count) }

    /// The number of nodes that the kinds are for; nil where any number will do.
    var nodeCount: Int? { sizes.map { $0.reduce(0, +) } }

    /// - Parameter rule: as `--objectives` takes it, for messages.
    func check(nodes: Int, of rule: String) throws(DataError) {
        if let nodeCount, nodeCount != nodes {
            throw DataError(
                "objectives '\(rule)' are for \(nodeCount) nodes, found \(nodes); allowed are sizes of kinds that add up "
                    + "to the nodes, or as many nodes (--workers)")
        }
        guard count <= nodes else {
            throw DataError(
                "objectives '\(rule)': \(count) kinds are more than the \(nodes) nodes; allowed are as many kinds as nodes, "
                    + "or fewer")
        }
    }

    func kind(ofNode node: Int) -> Int {
        guard let sizes else { return node % count }
        var rest = node
        for (kind, size) in sizes.enumerated() {
            if rest < size { return kind }
            rest -= size
        }
        return count - 1
    }

    /// The kinds of so many nodes.
    func kinds(ofNodes nodes: Int) -> [Int] {
        sizes.map { $0.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) } }
            ?? (0..<nodes).map { $0 % count }
    }

    /// Samples of each node: those of a kind have disjoint shares of one random order of all samples, which is drawn for every
    /// kind. All nodes have equally many, to a sample, so that none of them is better off by the size of its data: the kind
    /// with the most nodes has all samples.
    func shards(
        of samples: Int, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [[Int32]] {
        let kinds = kinds(ofNodes: nodes)
        let largest = (0..<count).map { kind in kinds.count { $0 == kind } }.max() ?? nodes
        try requireSamples(samples, for: largest)
        var shards = [[Int32]](repeating: [], count: nodes)
        for kind in 0..<count {
            var order = [Int32](0..<Int32(samples))
            if shuffles {
                // The first kind's order is that of a partition, so that one kind alone has the shards of '--partition iid'.
                var stream = seeds.stream(.partition, kind)
                stream.shuffle(&order)
            }
            let own = kinds.indices.filter { kinds[$0] == kind }
            for (part, node) in own.enumerated() {
                shards[node] = Array(order[(0..<samples).part(part, of: largest)])
            }
        }
        return shards
    }
}
