import Diagnostics

/// What a cluster's topology means for a job of so many ranks, and whether it can be simulated.
extension ClusterSpec {
    /// What lies between the nodes' links.
    package var network: Interconnect { interconnect ?? .plain }

    /// Ranks that are near each other, in order: the nodes of a rack, a site or a torus' row; one group of all where
    /// there is no such thing.
    package func groups(ranks: Int) -> [Range<Int>] { network.topology.groups(ranks: ranks) }

    /// Checks that every rank finds a machine.
    /// - Throws: ``ClusterFileError`` with the most that do.
    public func validate(ranks: Int) throws(ClusterFileError) {
        try validateDevices(ranks: ranks)
        guard let most = network.topology.mostRanks, ranks > most else { return }
        throw ClusterFileError(
            "cluster '\(name)' has \(most) machines, and the job \(ranks) ranks; allowed are up to \(most)")
    }

    /// Checks that threads can act the cluster out: they hold messages back as ports of one switch would.
    package func validateEmulation() throws(ClusterFileError) {
        guard dropouts == nil else {
            throw ClusterFileError(
                """
                cluster '\(name)' cannot be emulated: its machines leave, and threads do not; simulate it, or leave out \
                dropouts and lifetime
                """)
        }
        if slowdowns != nil {
            throw ClusterFileError(
                """
                cluster '\(name)' cannot be emulated: threads cannot act out 'slowdowns'; simulate it, or leave them out \
                ('stragglers' and 'devices' can be)
                """)
        }
        guard RoutedNetwork.isNeeded(network, [worker] + (server.map { [$0] } ?? [])) else { return }
        throw ClusterFileError(
            """
            cluster '\(name)' cannot be emulated: threads act out one switch with 'sharing: ports', no loss and no \
            receive_overhead; simulate it, or leave out topology, sharing, loss and receive_overhead
            """)
    }

    func validateInterconnect() throws(ClusterFileError) {
        if let problem = network.topology.problem {
            throw ClusterFileError("cluster '\(name)': \(problem)")
        }
        for trunk in network.topology.trunks(worker: worker.link) {
            try validate(
                rates: [trunk.uplinkBytesPerSecond, trunk.downlinkBytesPerSecond], seconds: [trunk.latencySeconds])
        }
        if let loss = network.loss {
            guard Interconnect.Loss.probabilities.contains(loss.probability) else {
                throw ClusterFileError(
                    "cluster '\(name)': a loss of \(loss.probability * 100) %; allowed is \(Interconnect.Loss.allowed)")
            }
            try validate(rates: [], seconds: [loss.timeoutSeconds])
        }
    }
}

extension Interconnect.Loss {
    /// Half of all lost is a network that nobody trains on.
    static let probabilities = 0...0.5
    static let allowed = "0 % to 50 %"
}

extension Topology {
    /// What makes it no network, with what is allowed; nil where it is one.
    var problem: String? {
        switch self {
        case .oneSwitch, .ring: nil
        case .racks(let racks): Self.problem(racks)
        case .torus(let rows, let columns): Self.problem(rows: rows, columns: columns)
        case .sites(let lines): Self.problem(lines)
        case .graph(let graph): Self.problem(graph)
        }
    }

    static let mostMachines = 1_000_000
    static let oversubscriptions = 0.01...1000.0

    private static func problem(_ racks: Racks) -> String? {
        guard (1...mostMachines).contains(racks.nodesPerRack) else {
            return "racks of \(racks.nodesPerRack) nodes; allowed are 1 to \(mostMachines)"
        }
        if let factor = racks.oversubscription, !oversubscriptions.contains(factor) {
            return "an oversubscription of \(Format.significant(factor)); allowed is 0.01 to 1000"
        }
        guard (racks.bytesPerSecond == nil) != (racks.oversubscription == nil) else {
            return "racks need either the 'bandwidth' of their uplinks or their 'oversubscription'"
        }
        return nil
    }

    private static func problem(rows: Int, columns: Int) -> String? {
        for (name, count) in [("rows", rows), ("columns", columns)] where !(1...1000).contains(count) {
            return "a torus of \(count) \(name); allowed are 1 to 1000"
        }
        return nil
    }

    private static func problem(_ lines: [SiteLine]) -> String? {
        let names = siteNames(lines)
        guard names.count > 1 else { return "\(names.count) sites; allowed are 2 or more" }
        for line in lines where line.site == line.other { return "a line from site '\(line.site)' to itself" }
        // The internet has no name that a site could have.
        let edges = lines.map { ($0.site, $0.other ?? "") }
        return unreachable(from: names[0], names, edges).map {
            "no line joins site '\($0)' to '\(names[0])'; every site needs a line of its own or one to another site"
        }
    }

    private static func problem(_ graph: Graph) -> String? {
        let names = graph.nodes + graph.switches
        guard !graph.nodes.isEmpty else { return "a graph without nodes; allowed are 1 or more" }
        if let twice = firstTwice(names) { return "'\(twice)' stands twice among nodes and switches" }
        let known = Set(names)
        for edge in graph.edges {
            for name in [edge.first, edge.second] where !known.contains(name) {
                return UnknownName.message("node or switch", found: name, allowed: names)
            }
            if edge.first == edge.second { return "an edge from '\(edge.first)' to itself" }
        }
        return unreachable(from: graph.nodes[0], graph.nodes, graph.edges.map { ($0.first, $0.second) }).map {
            "no way leads from '\(graph.nodes[0])' to '\($0)'; allowed are graphs whose edges join all nodes"
        }
    }

    static func firstTwice(_ names: [String]) -> String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }

    /// The first name that no way leads to.
    private static func unreachable(from start: String, _ names: [String], _ edges: [(String, String)]) -> String? {
        var neighbours: [String: [String]] = [:]
        for (first, second) in edges {
            neighbours[first, default: []].append(second)
            neighbours[second, default: []].append(first)
        }
        var reached: Set = [start]
        var open = [start]
        while let name = open.popLast() {
            for next in neighbours[name] ?? [] where reached.insert(next).inserted { open.append(next) }
        }
        return names.first { !reached.contains($0) }
    }

    /// Links beyond the nodes' own.
    func trunks(worker: Link) -> [Trunk] {
        switch self {
        case .oneSwitch, .ring, .torus: []
        case .racks(let racks): [racks.uplink(of: worker)]
        case .sites(let lines): lines.map(\.trunk)
        case .graph(let graph):
            graph.edges.map {
                Trunk(
                    latencySeconds: $0.latencySeconds ?? worker.latencySeconds,
                    bytesPerSecond: $0.bytesPerSecond ?? worker.uplinkBytesPerSecond)
            }
        }
    }
}
