import Foundation
import Randomness
import Testing

@testable import Training

/// Who talks to whom, and by which weights.
@Suite struct OverlayTests {
    static let seeds = SeedSequence(1)

    static func network(_ text: String, _ nodes: Int) throws -> OverlayNetwork {
        try Overlay(text).network(of: nodes, seeds: seeds)
    }

    @Test func theGraphsAreThoseOfTheirNames() throws {
        #expect(try Self.network("ring", 5).graphs[0].successors[0] == [1, 4])
        #expect(try Self.network("torus", 12).graphs[0].successors[0] == [1, 3, 4, 8])
        #expect(try Self.network("torus:3x4", 12) == Self.network("torus", 12))
        #expect(try Self.network("star", 4).graphs[0].successors == [[1, 2, 3], [0], [0], [0]])
        #expect(try Self.network("full", 4).graphs[0].successors[2] == [0, 1, 3])
        #expect(try Self.network("cliques", 5).graphs[0].successors == [[1, 2], [0, 2], [0, 1, 3], [2, 4], [3]])
        let exponential = try Self.network("exponential", 12).graphs[0]
        #expect(exponential.successors[10] == [0, 2, 6, 11] && exponential.isDirected && exponential.isRegular)
        #expect(exponential.predecessors[10] == [2, 6, 8, 9])
        let onePeer = try Self.network("one-peer", 12).graphs
        #expect(onePeer.map { $0.successors[11] } == [[0], [1], [3], [7]])
        #expect(onePeer.map { $0.predecessors[0] } == [[11], [10], [8], [4]])
    }

    @Test func doubleEdgesOfATorusCountOnceAndAreSaid() throws {
        let two = try Self.network("torus:2x4", 8)
        #expect(two.graphs[0].successors.allSatisfy { $0.count == 3 } && two.notes.count == 1)
        let one = try Self.network("torus:1x7", 7)
        #expect(one.graphs == (try Self.network("ring", 7).graphs) && one.notes[0].contains("is a ring"))
        #expect(try Self.network("torus", 7).graphs == one.graphs)
        #expect(try Self.network("torus:4x4", 16).notes.isEmpty)
    }

    @Test(arguments: [2, 3, 4, 8, 11]) func randomGraphsAreRegularConnectedAndTheSeeds(degree: Int) throws {
        var drawn: Set<OverlayGraph> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            let overlay = try Overlay("regular:\(degree)")
            let graph = try overlay.network(of: 12, seeds: SeedSequence(seed)).graphs[0]
            #expect(graph.successors.allSatisfy { $0.count == degree } && !graph.isDirected && graph.isConnected)
            #expect(try overlay.network(of: 12, seeds: SeedSequence(seed)).graphs[0] == graph)
            drawn.insert(graph)
        }
        // All but one of the graphs of 12 nodes with 11 neighbours are the full one.
        #expect(drawn.count == (degree == 11 ? 1 : 20), "\(drawn.count)")
    }

    /// Edges among 60 nodes are binomially distributed: 1,770 pairs with a probability of 0.2.
    @Test func pairsAreJoinedWithTheirProbability() throws {
        let overlay = try Overlay("erdos-renyi:0.2")
        let counts = try (1...40 as ClosedRange<UInt64>).map {
            Double(try overlay.network(of: 60, seeds: SeedSequence($0)).graphs[0].edgeCount)
        }
        let mean = counts.reduce(0, +) / 40
        // Standard deviation sqrt(1770 * 0.2 * 0.8 / 40) = 2.66; four of them.
        #expect(abs(mean - 354) < 10.7, "\(mean)")
        #expect(try Self.network("erdos-renyi:1", 9).graphs == Self.network("full", 9).graphs)
    }

    static let undirected = ["ring", "torus", "star", "full", "cliques", "regular:2", "erdos-renyi:0.5"]
    static let evenlyDirected = ["exponential", "one-peer"]

    @Test(arguments: undirected + evenlyDirected, [2, 3, 4, 5, 8, 12, 16, 30])
    func metropolisWeightsAreDoublyStochastic(_ text: String, nodes: Int) throws {
        // Two nodes have no second neighbour.
        guard text != "regular:2" || nodes > 2 else { return }
        let network = try Self.network(text, nodes)
        for matrix in try network.weights(.metropolis) {
            for sum in matrix.rowSums + matrix.columnSums { #expect(abs(sum - 1) < 1e-14) }
            #expect(matrix.rows.allSatisfy { $0.allSatisfy { $0.weight > 0 } })
            #expect(matrix.isSymmetric == !network.isDirected || nodes == 2 || text == "one-peer")
            #expect(matrix.rows.enumerated().allSatisfy { node, row in row.contains { $0.node == node } })
        }
    }

    /// A graph whose degrees differ: 0-1, 0-2, 0-3, 1-2. w_01 = 1/4, w_12 = 1/3, w_00 = 1/4.
    @Test func metropolisWeightsAreThoseOfHastings() {
        let matrix = MixingMatrix(
            .metropolis, on: OverlayGraph(nodes: 4, edges: [(0, 1), (0, 2), (0, 3), (1, 2)]))
        let expected: [[Double]] = [
            [1 / 4, 1 / 4, 1 / 4, 1 / 4], [1 / 4, 5 / 12, 1 / 3, 0], [1 / 4, 1 / 3, 5 / 12, 0], [1 / 4, 0, 0, 3 / 4],
        ]
        for (found, expected) in zip(matrix.dense, expected.joined()) { #expect(abs(found - expected) < 1e-15) }
    }

    @Test func uniformWeightsNeedAsManyNeighbours() throws {
        for text in ["ring", "full", "torus:4x4", "exponential", "regular:4"] {
            #expect(try Self.network(text, 16).weights(.uniform).allSatisfy(\.isDoublyStochastic))
        }
        let error = #expect(throws: OverlayError.self) { try Self.network("star", 4).weights(.uniform) }
        // Node 0 gets 1/4 of its own and 1/2 of each of the others.
        #expect(
            error?.description == """
                the 'uniform' weights that others give to node 0 sum to 1.75 and not to 1, so that some nodes would count for \
                more than others; allowed: 'metropolis', or an overlay whose nodes have as many neighbours each
                """)
    }

    @Test(arguments: undirected + evenlyDirected) func sharesOfPushSumAreGivenAwayAsAWhole(_ text: String) throws {
        for matrix in try Self.network(text, 12).shares() {
            for sum in matrix.columnSums { #expect(abs(sum - 1) < 1e-14) }
        }
    }

    @Test(arguments: [
        ("rign", "unknown overlay 'rign'; did you mean 'ring'?"), ("torus:4", "two sides from 1 up"),
        ("torus:0x3", "two sides from 1 up"),
        ("torus:3x5", "does not fit 16 nodes; allowed are sides whose product is 16"),
        ("regular", "has no number of neighbours"), ("regular:x", "whole number from 1 up"),
        ("regular:16", "16 neighbours among 16 nodes; allowed are at most 15"),
        ("regular:1", "are pairs and not connected; allowed are 2 or more"), ("erdos-renyi", "has no probability"),
        ("erdos-renyi:1.5", "above 0 up to 1"), ("ring:3", "overlay 'ring' takes no '3'"),
        ("erdos-renyi:0.01", "none of 200 random graphs of 16 nodes"), ("nowhere.csv", "does not exist"),
        ("", "unknown overlay ''"),
    ]) func whatIsNoOverlayIsSaidWithWhatIsAllowed(_ text: String, _ words: String) {
        let error = #expect(throws: OverlayError.self) { try Self.network(text, 16) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["full", "cliques", "regular:500", "erdos-renyi:0.5"])
    func overlaysThatFitNoMemoryAreRefusedAtOnce(_ text: String) {
        let error = #expect(throws: OverlayError.self) { try Self.network(text, 1_000_000) }
        #expect(error?.description.contains("edges; allowed are up to 5000000") == true, "\(error?.description ?? "")")
    }

    @Test func oddNumbersOfEndsOfEdgesAreRefused() {
        let error = #expect(throws: OverlayError.self) { try Self.network("regular:3", 15) }
        #expect(error?.description.contains("15 nodes cannot have 3 neighbours each") == true)
    }
}

/// Files of edges.
@Suite struct OverlayFileTests {
    private func network(_ text: String, _ nodes: Int) throws -> OverlayNetwork {
        let network = try OverlayFile(text, name: "e.csv").network(of: nodes)
        if let node = network.graphs[0].separateNode { throw OverlayError("node \(node) is apart") }
        return network
    }

    @Test func edgesHaveADirectionOrNone() throws {
        let path = try network("0,1\n1,2\n", 3)
        #expect(path.graphs[0].successors == [[1], [0, 2], [1]] && !path.isDirected)
        #expect(try network("a,b\n1,0\n2,1", 3) == path)
        let cycle = try network("from,to\n0,1\n1,2\n2,0\n", 3)
        #expect(cycle.graphs[0].successors == [[1], [2], [0]] && cycle.isDirected)
    }

    @Test func weightsAreTheFilesAndTheRestIsANodesOwn() throws {
        let found = try network("a,b,weight\n0,1,0.5\n1,2,0.25\n", 3).weights(.metropolis)
        #expect(found[0].dense == [0.5, 0.5, 0, 0.5, 0.25, 0.25, 0, 0.25, 0.75])
        let own = try network("from,to,weight\n0,1,1\n1,0,0.5\n0,0,0.5\n1,1,0\n", 2)
        #expect(own.graphs[0].successors == [[1], [0]])
        let error = #expect(throws: OverlayError.self) { try own.weights(.metropolis) }
        #expect(error?.description.contains("give to node 0 sum to 1.5 and not to 1") == true)
    }

    @Test(arguments: [
        ("0,1\n1,x\n", "e.csv:2: 'x' is no node"), ("0,1\n\n2\n", "e.csv:3: 1 fields"),
        ("0,1\n1,1\n", "e.csv:2: an edge from node 1 to itself"),
        ("0,1\n1,0\n", "e.csv:2: edge 1,0 stands on line 1 already"),
        ("0,7\n", "e.csv:1: node 7 of 3; allowed are 0 to 2"), ("u,v\n0,1\n", "e.csv:1: columns 'u,v'"),
        ("", "e.csv: empty"),
        ("a,b\n", "no edges"), ("a,b,weight\n0,1,2\n", "e.csv:2: '2' is no weight; allowed are numbers from 0 to 1"),
        ("a,b,weight\n0,1,0.7\n0,2,0.7\n", "node 0 hears sum to 1.4; allowed are weights that sum to 1"),
        ("a,b,weight\n0,1,0.5\n0,0,0.2\n1,2,0.1\n", "node 0 hears sum to 0.7"), ("-1,0\n", "'-1' is no node"),
        ("0,1\n", "node 2 is apart"), ("a,b\n\"0,1\n", "e.csv:2: a quote that is not closed"),
    ]) func whatIsWrongInAFileIsSaidWithItsLine(_ text: String, _ words: String) {
        let error = #expect(throws: OverlayError.self) { try network(text, 3) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
