import Testing

@testable import Cluster

@Suite struct TopologyTests {
    private static let trunk = Topology.Trunk(latencySeconds: 1e-3, bytesPerSecond: 1e6)

    private func map(_ topology: Topology, ranks: Int) -> NetworkMap {
        NetworkMap(topology, nodes: Array(repeating: Node(link: byteLink), count: ranks), worker: byteLink)
    }

    private func links(_ topology: Topology, ranks: Int, _ from: Int, _ to: Int) -> [Int32] {
        var map = map(topology, ranks: ranks)
        return map.route(from: from, to: to).links
    }

    @Test func groupsAreRacksSitesAndRows() {
        let racks = Topology.racks(.init(nodesPerRack: 4, latencySeconds: 0, oversubscription: 2))
        #expect(racks.groups(ranks: 10) == [0..<4, 4..<8, 8..<10])
        let sites = Topology.sites([
            .init(site: "a", Self.trunk), .init(site: "b", Self.trunk), .init(site: "c", Self.trunk),
        ])
        #expect(sites.groups(ranks: 10) == [0..<3, 3..<6, 6..<10])
        #expect(sites.groups(ranks: 2) == [0..<1, 1..<2], "a site without ranks is no group")
        #expect(Topology.torus(rows: 2, columns: 3).groups(ranks: 6) == [0..<3, 3..<6])
        for topology in [Topology.oneSwitch, .ring] { #expect(topology.groups(ranks: 5) == [0..<5]) }
    }

    /// Ports 2r out and 2r + 1 in, then each rack's uplink out and in.
    @Test func routesBetweenRacksPassBothUplinks() {
        let racks = Topology.racks(.init(nodesPerRack: 2, latencySeconds: 1e-6, bytesPerSecond: 1e9))
        #expect(links(racks, ranks: 5, 0, 1) == [0, 3])
        #expect(links(racks, ranks: 5, 1, 4) == [2, 10, 15, 9])
        #expect(map(racks, ranks: 5).bytesPerSecond.count == 2 * 5 + 2 * 3)
    }

    @Test func ringGoesTheShorterWayAndForwardWhereBothAreAsLong() {
        #expect(links(.ring, ranks: 5, 0, 2) == [0, 2])
        #expect(links(.ring, ranks: 5, 0, 3) == [1, 9])
        #expect(links(.ring, ranks: 4, 1, 3) == [2, 4])
        #expect(links(.ring, ranks: 4, 3, 1) == [6, 0])
        #expect(links(.ring, ranks: 2, 0, 1) == [0])
        #expect(links(.ring, ranks: 2, 1, 0) == [2])
    }

    /// Node v has links 4v to the right, 4v + 1 to the left, 4v + 2 down and 4v + 3 up.
    @Test func torusGoesAlongTheRowThenAlongTheColumn() {
        let torus = Topology.torus(rows: 3, columns: 4)
        #expect(links(torus, ranks: 12, 0, 5) == [0, 6])
        #expect(links(torus, ranks: 12, 0, 3) == [1])
        #expect(links(torus, ranks: 12, 5, 11) == [20, 24, 30])
        #expect(links(torus, ranks: 12, 0, 8) == [3])
    }

    @Test func everyRouteIsAChainOfLinksThatLeadsToTheReceiver() {
        let torus = Topology.torus(rows: 3, columns: 5)
        let steps: [(Int, Int)] = [(0, 1), (0, -1), (1, 0), (-1, 0)]
        for from in 0..<15 {
            for to in 0..<15 where to != from {
                var row = from / 5
                var column = from % 5
                let way = links(torus, ranks: 15, from, to)
                for link in way.map(Int.init) {
                    #expect(link / 4 == row * 5 + column, "\(from) to \(to)")
                    let step = steps[link % 4]
                    row = (row + step.0 + 3) % 3
                    column = (column + step.1 + 5) % 5
                }
                #expect(row * 5 + column == to && way.count <= 3, "\(from) to \(to)")
            }
        }
    }

    /// Three sites in a row and the internet: the two lines are quicker than the internet from a to b, not from a to c.
    @Test func sitesAreJoinedByTheLeastLatency() {
        func line(_ milliseconds: Double) -> Topology.Trunk {
            Topology.Trunk(latencySeconds: milliseconds * 1e-3, bytesPerSecond: 1e6)
        }
        let sites = Topology.sites([
            .init(site: "a", to: "b", line(3)), .init(site: "b", to: "c", line(8)), .init(site: "a", line(5)),
            .init(site: "c", line(5)),
        ])
        #expect(links(sites, ranks: 3, 0, 1) == [0, 6, 3])
        #expect(links(sites, ranks: 3, 0, 2) == [0, 10, 13, 5])
        #expect(links(sites, ranks: 3, 1, 0) == [2, 7, 1])
        #expect(links(sites, ranks: 6, 0, 1) == [0, 3], "two ranks of a site")
    }

    @Test func equallyLongWaysAreTakenInTheOrderOfTheDescription() {
        func way(_ first: String, _ second: String) -> [Int32] {
            links(
                .graph(
                    .init(
                        nodes: ["x", "y"], switches: [first, second],
                        edges: [.init("x", "p"), .init("x", "q"), .init("p", "y"), .init("q", "y")])),
                ranks: 2, 0, 1)
        }
        #expect(way("p", "q") == [0, 4])
        #expect(way("q", "p") == [2, 6])
    }

    /// Three links of 500 ns lead there before the first of two links of 1400 and 100 does.
    @Test func fewerLinksWinAtEqualLatency() {
        let graph = Topology.Graph(
            nodes: ["x", "y"], switches: ["a", "b", "c"],
            edges: [
                .init("x", "a", latencySeconds: 500e-9), .init("a", "b", latencySeconds: 500e-9),
                .init("b", "y", latencySeconds: 500e-9), .init("x", "c", latencySeconds: 1400e-9),
                .init("c", "y", latencySeconds: 100e-9),
            ])
        #expect(links(.graph(graph), ranks: 2, 0, 1) == [6, 8])
    }

    @Test func oversubscriptionFollowsTheNodesLink() {
        let racks = Topology.Racks(nodesPerRack: 8, latencySeconds: 0, oversubscription: 4)
        #expect(racks.uplink(of: byteLink).uplinkBytesPerSecond == 2e9)
        let home = Link(latencySeconds: 0, uplinkBytesPerSecond: 1e6, downlinkBytesPerSecond: 5e6)
        let trunk = racks.uplink(of: home)
        #expect(trunk.uplinkBytesPerSecond == 2e6 && trunk.downlinkBytesPerSecond == 1e7)
        let cluster = ClusterSpec(
            name: "r", summary: "", source: "", worker: Node(link: byteLink), interconnect: Interconnect(.racks(racks)))
        #expect(cluster.overridden(by: .init(bytesPerSecond: 1e8)).figures.contains("uplink 0 s, 1.6 Gbit/s"))
    }

    @Test func switchesAreNoMachines() {
        let graph = Topology.Graph(nodes: ["x", "y"], switches: ["s"], edges: [.init("x", "s"), .init("s", "y")])
        #expect(Topology.graph(graph).mostRanks == 2)
        #expect(Topology.torus(rows: 2, columns: 5).mostRanks == 10)
        for topology in [Topology.oneSwitch, .ring] { #expect(topology.mostRanks == nil) }
    }

    @Test func figuresSayHowNodesAreJoined() {
        func figures(_ topology: Topology, sharing: Interconnect.Sharing? = nil) -> String? {
            Interconnect(topology, sharing: sharing).figures(worker: byteLink)
        }
        #expect(figures(.oneSwitch) == nil && figures(.oneSwitch, sharing: .ports) == nil)
        #expect(figures(.oneSwitch, sharing: .maxMin) == "sharing max-min")
        #expect(figures(.ring) == "ring of these links; sharing max-min")
        #expect(
            figures(.torus(rows: 2, columns: 3), sharing: .ports)
                == "torus of 2 x 3 with these links; sharing ports")
        let asymmetric = Topology.Trunk(latencySeconds: 1e-3, uplinkBytesPerSecond: 1e6, downlinkBytesPerSecond: 5e5)
        #expect(
            figures(
                .sites([
                    .init(site: "a", to: "b", Self.trunk), .init(site: "b", asymmetric), .init(site: "a", asymmetric),
                ]))
                    == """
                    2 sites: a to b 1 ms, 8 Mbit/s; b 1 ms, 8 Mbit/s out, 4 Mbit/s in; a 1 ms, 8 Mbit/s out, \
                    4 Mbit/s in; sharing max-min
                    """)
        #expect(
            figures(.racks(.init(nodesPerRack: 4, latencySeconds: 2e-6, bytesPerSecond: 1e9)))
                == "racks of 4, uplink 2 µs, 8 Gbit/s; sharing max-min")
        let graph = Topology.Graph(nodes: ["x", "y"], switches: ["s"], edges: [.init("x", "s"), .init("s", "y")])
        #expect(figures(.graph(graph)) == "graph of 2 nodes, 1 switches and 2 links; sharing max-min")
        #expect(
            Interconnect(loss: .init(probability: 0.25, timeoutSeconds: 1)).figures(worker: byteLink)
                == "loss 25 %, sent again after 1 s")
    }
}
