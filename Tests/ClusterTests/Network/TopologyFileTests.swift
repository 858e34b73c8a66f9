import Foundation
import Testing

@testable import Cluster

/// What cluster files say of topology, sharing and loss.
@Suite struct TopologyFileTests {
    private static let base = "latency: 5us\nbandwidth: 1Gbit\n"

    private func parse(_ text: String) throws -> ClusterSpec {
        try ClusterFile(file: "lab/c.yaml").parse(Self.base + text)
    }

    private func interconnect(_ text: String) throws -> Interconnect {
        let spec = try parse(text)
        try spec.validate()
        let copy = try JSONDecoder().decode(ClusterSpec.self, from: JSONEncoder().encode(spec))
        #expect(copy == spec)
        return spec.network
    }

    @Test func switchAndStarAreWhatFilesWithoutTopologyMean() throws {
        let server = "server: {latency: 1ms, bandwidth: 10Gbit}\n"
        #expect(try parse("topology: switch\nsharing: ports\nloss: 0\ntimeout: 1s").interconnect == nil)
        #expect(try parse("topology: star\n" + server) == parse(server))
    }

    @Test func racksAreRead() throws {
        let sold = try interconnect("topology:\n  racks: {nodes_per_rack: 16, latency: 250us, oversubscription: 4:1}")
        #expect(
            sold
                == Interconnect(
                    .racks(.init(nodesPerRack: 16, latencySeconds: 250e-6, oversubscription: 4)), sharing: .maxMin))
        let measured = try interconnect(
            "sharing: ports\ntopology:\n  racks:\n    nodes_per_rack: 8\n    latency: 0\n    bandwidth: 8Gbit")
        #expect(
            measured
                == Interconnect(
                    .racks(.init(nodesPerRack: 8, latencySeconds: 0, bytesPerSecond: 1e9)), sharing: .ports))
    }

    @Test func sitesAreRead() throws {
        let found = try interconnect(
            """
            topology:
              sites:
                - {site: zurich, latency: 500us, bandwidth: 8Mbit}
                - {between: [zurich, oslo], latency: 18ms, uplink: 8Mbit, downlink: 16Mbit}
            """)
        let line = Topology.Trunk(latencySeconds: 18e-3, uplinkBytesPerSecond: 1e6, downlinkBytesPerSecond: 2e6)
        guard case .sites(let lines) = found.topology else { throw Wrong() }
        #expect(lines.map(\.site) == ["zurich", "zurich"] && lines.map(\.other) == [nil, "oslo"])
        #expect(lines.map(\.trunk.uplinkBytesPerSecond) == [1e6, 1e6])
        #expect(lines[1].trunk.downlinkBytesPerSecond == line.downlinkBytesPerSecond)
    }

    @Test func ringTorusAndGraphAreRead() throws {
        #expect(try interconnect("topology: ring").topology == .ring)
        #expect(try interconnect("topology: {torus: {rows: 3, columns: 4}}").topology == .torus(rows: 3, columns: 4))
        let graph = try interconnect(
            """
            topology:
              graph:
                nodes: [a, b]
                switches: [s]
                edges: [{between: [a, s]}, {between: [s, b], latency: 0, bandwidth: 8Gbit}]
            """)
        #expect(
            graph.topology
                == .graph(
                    .init(
                        nodes: ["a", "b"], switches: ["s"],
                        edges: [.init("a", "s"), .init("s", "b", latencySeconds: 0, bytesPerSecond: 1e9)])))
    }

    @Test func sharingLossAndReceiveOverheadAreRead() throws {
        let spec = try parse("sharing: max-min\nloss: 0.5%\ntimeout: 200ms\nreceive_overhead: 3us")
        #expect(
            spec.network
                == Interconnect(sharing: .maxMin, loss: .init(probability: 0.005, timeoutSeconds: 0.2)))
        #expect(spec.worker.link.receiveOverheadSeconds.map { ($0 * 1e9).rounded() } == 3000)
        #expect(
            spec.figures == "5 µs, 1 Gbit/s, 3 µs to receive one; sharing max-min; loss 0.5 %, sent again after 200 ms")
    }

    @Test func latencyFileIsReadRelativeToTheClusterFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("seconds,when\n0.001,now\n0.5e-3,later\n\n".utf8).write(to: folder.appending(path: "ping.csv"))
        let file = folder.appending(path: "c.yaml")
        try Data((Self.base + "jitter: empirical:ping.csv").utf8).write(to: file)
        let jitter = try ClusterFile.resolve(file.path).jitter
        #expect(jitter == .empirical(file: "ping.csv", seconds: [0.001, 0.0005]))
        #expect(jitter.description == "empirical:ping.csv")

        try Data("0.25\n\n 1 \n".utf8).write(to: folder.appending(path: "ping.csv"))
        #expect(try ClusterFile.resolve(file.path).jitter == .empirical(file: "ping.csv", seconds: [0.25, 1]))

        let many = String(repeating: "0.1\n", count: 100_001)
        for (text, says) in [
            (many, ": 100001 values; allowed are 1 to 100000"), ("0.1\n,0.2\n", "line 2: 2 fields"),
            ("seconds\n0.1\nfast\n", "line 3: 'fast'"), ("-1\n", "line 1: '-1'"), ("seconds\n", ": 0 values"),
            ("0.1\n4000\n", "0 to 3600"),
        ] {
            try Data(text.utf8).write(to: folder.appending(path: "ping.csv"))
            let error = #expect(throws: ClusterFileError.self) { try ClusterFile.resolve(file.path) }
            #expect(error?.description.hasPrefix("\(file.path):3: ") == true, "\(error?.description ?? "")")
            #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        }
        try Data([0xFF, 0xFE, 0x30]).write(to: folder.appending(path: "ping.csv"))
        let error = #expect(throws: ClusterFileError.self) { try ClusterFile.resolve(file.path) }
        #expect(error?.description.contains("ping.csv' is not UTF-8 text") == true, "\(error?.description ?? "")")
    }

    // MARK: Errors

    typealias Broken = ClusterFileErrorTests.Broken

    private static let racks = "topology:\n  racks:\n    "
    private static let sites = "topology:\n  sites:\n    "
    private static let graph = "topology:\n  graph:\n    "

    /// Lines count from the file's first, two above these.
    static let files = [
        Broken("unknown topology", "topology: rign", line: 3, "'rign'", "did you mean 'ring'?", "torus"),
        Broken("topology without its figures", "topology: racks", line: 3, "'racks' needs figures"),
        Broken("unknown kind", "topology:\n  rack: {}", line: 4, "'rack'", "did you mean 'racks'?", "graph"),
        Broken(
            "two kinds", "topology:\n  torus: {rows: 2, columns: 2}\n  racks: {}", line: 4, "2 topologies", "one of"),
        Broken("list of topologies", "topology: [ring]", line: 3, "keys of a topology", "racks, sites, torus, graph"),
        Broken("star without server", "topology: star", line: 3, "a star needs a 'server'"),
        Broken("server of a ring", "topology: ring\nserver: {latency: 0, bandwidth: 1Gbit}", line: 4, "first node"),
        Broken("unknown sharing", "sharing: fair", line: 3, "'fair'", "ports, max-min"),
        Broken("loss without timeout", "loss: 1%", line: 3, "'timeout'", "200ms"),
        Broken("timeout without loss", "timeout: 1s", line: 3, "without 'loss'"),
        Broken("loss too large", "loss: 60%\ntimeout: 1s", line: 3, "'60%'", "0 % to 50 %"),
        Broken("loss in no unit", "loss: 2\ntimeout: 1s", line: 3, "'2'", "such as 97% or 0.97"),
        Broken("loss not a number", "loss: some\ntimeout: 1s", line: 3, "'some'", "97% or 0.97"),
        Broken("timeout without unit", "loss: 1%\ntimeout: 1", line: 4, "'1'", "no unit"),
        Broken("receive overhead", "receive_overhead: -1us", line: 3, "'-1us'", "negative"),
        Broken("latency file missing", "jitter: empirical:none.csv", line: 3, "none.csv' does not exist"),
        Broken("latency file unnamed", "jitter: 'empirical:'", line: 3, "unknown jitter", "empirical:FILE.csv"),
        Broken("racks incomplete", racks + "latency: 1us", line: 5, "incomplete", "'nodes_per_rack'"),
        Broken("racks without uplink", racks + "{nodes_per_rack: 4, latency: 0}", line: 5, "'oversubscription'"),
        Broken(
            "racks with two uplinks", racks + "{nodes_per_rack: 4, latency: 0, bandwidth: 1Gbit, oversubscription: 2}",
            line: 5, "either the 'bandwidth'"),
        Broken(
            "rack of more than all", racks + "nodes_per_rack: 1000001\n    latency: 0", line: 5, "'1000001'",
            "1 to 1000000"),
        Broken("racks of none", racks + "nodes_per_rack: 0\n    latency: 0", line: 5, "'0'", "1 to 1000000"),
        Broken(
            "oversubscription zero", racks + "nodes_per_rack: 2\n    latency: 0\n    oversubscription: 0", line: 7,
            "'0'", "0.01 to 1000"),
        Broken("unknown key of racks", racks + "nodes: 2", line: 5, "'nodes'", "nodes_per_rack"),
        Broken("torus incomplete", "topology:\n  torus: {rows: 2}", line: 4, "'rows' and 'columns'"),
        Broken("torus of half a row", "topology:\n  torus: {rows: 1.5, columns: 2}", line: 4, "'1.5'", "1 to"),
        Broken("torus too large", "topology:\n  torus: {rows: 2000, columns: 2}", line: 4, "2000 rows", "1 to 1000"),
        Broken(
            "uplink of a torus", "topology:\n  torus: {rows: 2, columns: 2}\nuplink: 1Gbit", line: 5, "alike both ways"),
        Broken(
            "downlink of a ring", "topology: ring\ndownlink: 1Gbit\nuplink: 1Gbit", line: 5, "alike both ways"),
        Broken("only downlink of a torus", "topology: ring\ndownlink: 1Gbit", line: 4, "alike both ways"),
        Broken("sites no list", sites + "site: a", line: 5, "list of lines"),
        Broken("one site", sites + "- {site: a, latency: 0, bandwidth: 1Gbit}", line: 5, "1 sites", "2 or more"),
        Broken("line without bandwidth", sites + "- {site: a, latency: 0}", line: 5, "a line needs 'latency'"),
        Broken("line without ends", sites + "- {latency: 0, bandwidth: 1Gbit}", line: 5, "'site' or 'between'"),
        Broken(
            "line with both", sites + "- {site: a, between: [a, b], latency: 0, bandwidth: 1Gbit}", line: 5,
            "either 'site' or 'between'"),
        Broken(
            "line between three", sites + "- {between: [a, b, c], latency: 0, bandwidth: 1Gbit}", line: 5, "3 sites",
            "allowed are two"),
        Broken("line to itself", sites + "- {between: [a, a], latency: 0, bandwidth: 1Gbit}", line: 5),
        Broken(
            "site apart",
            sites + "- {between: [a, b], latency: 0, bandwidth: 1Gbit}\n    - {site: c, latency: 0, bandwidth: 1Gbit}",
            line: 5, "no line joins site 'c' to 'a'"),
        Broken("graph incomplete", graph + "nodes: [a]", line: 5, "'nodes' and 'edges'"),
        Broken("graph without nodes", graph + "nodes: []\n    edges: []", line: 5, "without nodes"),
        Broken(
            "node without a name", graph + "nodes:\n      - a\n      - ''\n    edges: []", line: 7, "a name is empty"),
        Broken("node twice", graph + "nodes:\n      - a\n      - a\n    edges: []", line: 7, "'a' stands twice"),
        Broken(
            "node that is a switch", graph + "nodes: [a, b]\n    switches: [b]\n    edges: []", line: 5,
            "'b' stands twice"),
        Broken(
            "edge to nowhere", graph + "nodes: [alpha, b]\n    edges:\n      - between: [alfa, b]", line: 7, "'alfa'",
            "did you mean 'alpha'?"),
        Broken("edge to itself", graph + "nodes: [a]\n    edges: [{between: [a, a]}]", line: 5, "to itself"),
        Broken("edge without ends", graph + "nodes: [a]\n    edges:\n      - latency: 1us", line: 7, "'between'"),
        Broken("node apart", graph + "nodes: [a, b]\n    edges: []", line: 5, "no way leads from 'a' to 'b'"),
        Broken(
            "edge without unit", graph + "nodes: [a, b]\n    edges:\n      - between: [a, b]\n        bandwidth: 5",
            line: 8, "'5'", "no unit"),
    ]

    @Test(arguments: files)
    func brokenFileIsExplained(_ broken: Broken) {
        let error = #expect(throws: ClusterFileError.self) { try parse(broken.text) }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("lab/c.yaml:\(broken.line ?? 0): "), "\(message)")
        for part in broken.parts { #expect(message.contains(part), "\(message)") }
    }

    @Test(arguments: [
        ("topology:\n  sites: [{between: [a, b], latency: 2h, bandwidth: 1Gbit}]", "up to one hour"),
        ("topology:\n  racks: {nodes_per_rack: 2, latency: 0, bandwidth: 8bit}", "1 kbit/s or more"),
        (
            "topology:\n  sites: [{between: [a, b], latency: 0, uplink: 1Gbit, downlink: 8bit}]", "1 kbit/s or more"
        ),
        ("loss: 1%\ntimeout: 2h", "up to one hour"),
    ])
    func whatCannotBeSimulatedIsRefused(_ text: String, _ says: String) throws {
        let spec = try parse(text)
        let error = #expect(throws: ClusterFileError.self) { try spec.validate() }
        #expect(error?.description.contains(says) == true)
    }

    @Test func moreRanksThanMachinesAreRefused() throws {
        let spec = try parse("topology: {torus: {rows: 2, columns: 3}}")
        try spec.validate(ranks: 6)
        let error = #expect(throws: ClusterFileError.self) { try spec.validate(ranks: 7) }
        #expect(error?.description == "cluster 'c' has 6 machines, and the job 7 ranks; allowed are up to 6")
    }

    @Test(arguments: ["topology: ring", "sharing: max-min", "loss: 1%\ntimeout: 1s", "receive_overhead: 1us"])
    func threadsRefuseToActOutWhatTheyCannot(_ text: String) throws {
        try parse("").validateEmulation()
        let error = #expect(throws: ClusterFileError.self) { try parse(text).validateEmulation() }
        #expect(error?.description.contains("cannot be emulated") == true)
    }

    @Test func receiveOverheadOfAServerIsNotActedOutEither() {
        let text = "server: {latency: 1ms, bandwidth: 1Gbit, receive_overhead: 1us}"
        let error = #expect(throws: ClusterFileError.self) { try parse(text).validateEmulation() }
        #expect(error?.description.contains("cannot be emulated") == true)
    }

    private static let trunk = Topology.Trunk(latencySeconds: 0, bytesPerSecond: 1e9)

    /// Clusters need not come from a file.
    @Test(arguments: [
        (Topology.racks(.init(nodesPerRack: 0, latencySeconds: 0, oversubscription: 2)), "racks of 0 nodes"),
        (.racks(.init(nodesPerRack: 2, latencySeconds: 0, oversubscription: 2000)), "an oversubscription of 2000"),
        (.racks(.init(nodesPerRack: 2, latencySeconds: 0)), "either the 'bandwidth'"),
        (.torus(rows: 0, columns: 2), "a torus of 0 rows"), (.torus(rows: 2, columns: 1001), "a torus of 1001 columns"),
        (
            .sites([.init(site: "a", to: "a", trunk), .init(site: "a", to: "b", trunk)]),
            "a line from site 'a' to itself"
        ),
        (.graph(.init(nodes: [], edges: [])), "a graph without nodes"),
        (.graph(.init(nodes: ["a", "a"], edges: [])), "'a' stands twice"),
        (.graph(.init(nodes: ["a", "b"], edges: [.init("a", "zebra")])), "'zebra'"),
        (.graph(.init(nodes: ["a", "b"], edges: [.init("a", "b"), .init("b", "b")])), "an edge from 'b' to itself"),
    ])
    func topologyThatIsNoneIsRefusedWhereverItComesFrom(_ topology: Topology, _ says: String) throws {
        var spec = try parse("")
        spec.interconnect = Interconnect(topology)
        let error = #expect(throws: ClusterFileError.self) { try spec.validate() }
        #expect(error?.description.hasPrefix("cluster 'c': ") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    @Test func lossOfMoreThanHalfIsRefusedWhereverItComesFrom() throws {
        var spec = try parse("")
        spec.interconnect = Interconnect(loss: .init(probability: 0.6, timeoutSeconds: 1))
        let error = #expect(throws: ClusterFileError.self) { try spec.validate() }
        #expect(error?.description.contains("a loss of 60.0 %; allowed is 0 % to 50 %") == true)
    }

    @Test func waysMayBeLongAndEdgesGivenEitherWayRoundAndSwitchesLeftOver() throws {
        var spec = try parse("")
        spec.interconnect = Interconnect(
            .graph(.init(nodes: ["a", "b", "c"], switches: ["s"], edges: [.init("b", "a"), .init("c", "b")])))
        try spec.validate()
    }

    private struct Wrong: Error {}
}
