import Cluster
import Testing

@testable import Fabrics

/// Collectives whose time on one switch has no closed form, since it depends on the order in which ports are asked: those
/// that fold, two trees, groups and vectors that cannot be divided evenly. The plainest simulator says what they take, to
/// the nanosecond; ``MeshTimeTests`` holds their messages to closed forms.
@Suite(.timeLimit(.minutes(60))) struct PlainPortTimeTests {
    private static let ranks = [2, 3, 5, 6, 7, 8, 12, 21, 33, 48, 63]

    private static let links = [
        ClosedForms.link, Link(latencySeconds: 0, bytesPerSecond: 125e6),
        Link(latencySeconds: 1e-6, bytesPerSecond: 1e9, overheadSeconds: 5e-6),
    ]

    private func expectCost(_ kind: CollectiveKind, _ algorithm: AllReduceAlgorithm = .ring, sizes: [Int]) throws {
        for link in Self.links {
            for ranks in Self.ranks {
                for elements in sizes {
                    let messages = kind.messages(algorithm, groups: nil, ranks: ranks, elements: elements)
                    let expected = PlainPorts.nanoseconds(
                        messages, ranks: ranks, elements: elements, times: PortTimes(link))
                    let cost = try ClosedForms.cost(kind, algorithm, ranks: ranks, elements: elements, link: link)
                    #expect(
                        cost.nanoseconds == expected,
                        "\(kind), \(algorithm.rawValue), \(ranks) ranks, \(elements) numbers, \(link)")
                }
            }
        }
    }

    @Test(arguments: [
        AllReduceAlgorithm.rabenseifner, .recursiveDoubling, .tree, .grouped(size: 3), .grouped(size: 4),
        .servers(count: 2), .servers(count: 4),
    ])
    func allReduceTakesWhatThePortsAllow(algorithm: AllReduceAlgorithm) throws {
        try expectCost(.allReduce(.sum), algorithm, sizes: [1, 1001, 300_000, 25_000_000])
    }

    @Test func doubleTreeTakesWhatThePortsAllow() throws {
        try expectCost(.allReduce(.sum), .doubleTree, sizes: [1, 2000, 70_001])
    }

    @Test func othersTakeWhatThePortsAllow() throws {
        try expectCost(.allGather, sizes: [1, 500])
        try expectCost(.reduceScatter(.sum), sizes: [1, 1001, 131_071])
        for kind in [CollectiveKind.scatter(root: 1), .gather(root: 1)] {
            try expectCost(kind, sizes: [1, 1001, 300_000])
        }
    }
}
