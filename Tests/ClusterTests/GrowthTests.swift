import Testing

@testable import Cluster
@testable import Diagnostics

/// Large inputs that people generate. What took time as the square of their size would keep these tests for minutes, and so
/// past their limit; none looks at a clock.
@Suite(.timeLimit(.minutes(60))) struct GrowthTests {
    private static let many = 60_000

    private func parse(_ lines: String) throws -> ClusterSpec {
        try ClusterFile(file: "cluster.yaml").parse("latency: 1ms\nbandwidth: 1Gbit\n" + lines)
    }

    @Test func aClusterMayHaveManyDropouts() throws {
        let lines = (0..<Self.many).map { "  - {rank: \($0), at: 12s}\n" }.joined()
        #expect(try parse("dropouts:\n" + lines).dropouts?.departures.count == Self.many)
    }

    /// The line of a mistake is told as before.
    @Test func aRankThatLeavesTwiceIsToldWithItsLine() throws {
        let error = #expect(throws: ClusterFileError.self) {
            try parse("dropouts:\n  - {rank: 1, at: 1s}\n  - {rank: 2, at: 1s}\n  - {rank: 1, at: 2s}\n")
        }
        #expect(error?.description == "cluster.yaml:6: rank 1 leaves twice; allowed is once")
    }

    @Test func aClusterMayHaveManySites() throws {
        let lines = (0..<Self.many).map { "    - {site: s\($0), latency: 5ms, bandwidth: 1Gbit}\n" }.joined()
        let spec = try parse("topology:\n  sites:\n" + lines)
        try spec.validate()
        #expect(spec.groups(ranks: 2 * Self.many).count == Self.many)
        var map = NetworkMap(
            spec.network.topology, nodes: Array(repeating: spec.worker, count: Self.many), worker: spec.worker.link)
        #expect(map.route(from: 0, to: Self.many - 1).links.count == 4)
    }

    /// A line of nodes, each of which sends to the next.
    @Test func aGraphMayHaveManyNodes() throws {
        let names = (0..<Self.many).map { "n\($0)" }
        let edges = zip(names, names.dropFirst()).map { "      - {between: [\($0), \($1)]}\n" }.joined()
        let spec = try parse(
            "topology:\n  graph:\n    nodes: [\(names.joined(separator: ", "))]\n    edges:\n" + edges)
        try spec.validate()
        var map = NetworkMap(
            spec.network.topology, nodes: Array(repeating: spec.worker, count: Self.many), worker: spec.worker.link)
        for sender in stride(from: 0, to: Self.many - 1, by: 100) {
            #expect(map.route(from: sender, to: sender + 1).links == [Int32(2 * sender)])
        }
    }

    /// A path that is looked for alone is the one that a search for all finds.
    @Test func theFirstPathFromAVertexIsAsGoodAsLaterOnes() throws {
        func finder() -> PathFinder {
            var paths = PathFinder(vertices: 30)
            for vertex in 0..<30 {
                for (step, seconds) in [(1, 1e-3), (7, 3e-3), (11, 3e-3)] {
                    paths.connect(
                        vertex, (vertex + step) % 30, link: Int32(vertex * 10 + step), seconds: seconds)
                }
            }
            return paths
        }
        var all = finder()
        for target in 1..<30 {
            var one = finder()
            let first = one.path(from: 0, to: target)
            #expect(first != nil && first == one.path(from: 0, to: target))
            #expect(first == all.path(from: 0, to: target))
        }
    }

    @Test func aTaskMayHaveManyStepTimes() throws {
        let steps = (1...Self.many).map { "\($0): \($0)us" }.joined(separator: ", ")
        let spec = try parse("compute:\n  digits:\n    steps: {\(steps)}\n    vector_element: 1ns\n")
        #expect(spec.compute?.first?.steps.count == Self.many)
    }

    /// Every quote made the reader look at all of the field before it.
    @Test func aFieldMayHaveManyQuotes() {
        let field = "a" + String(repeating: "\"", count: 300_000)
        #expect(CSVText(field + ",b").records.first?.fields == [field, "b"])
        #expect(CSVText("  \"a\"\"b\" ,c").records.first?.fields == ["a\"b", "c"])
    }

    @Test func anUnknownNameIsComparedWithManyAndListsSome() {
        let allowed = (0..<Self.many).map { "node-with-a-long-name-\($0)" }
        let message = UnknownName.message("node", found: "node-with-a-long-nam-123", allowed: allowed)
        #expect(message.contains("did you mean 'node-with-a-long-name-123'?"), "\(message.prefix(200))")
        #expect(message.hasSuffix(" and \(Self.many - 100) more") && message.count < 10_000)
    }

    @Test func anEndlessNameIsShortenedAndNotGuessed() {
        let message = UnknownName.message("key", found: String(repeating: "x", count: 1_000_000), allowed: ["xx", "y"])
        #expect(message.count < 300 && message.contains("xxx...'. Allowed: xx, y"))
    }
}
