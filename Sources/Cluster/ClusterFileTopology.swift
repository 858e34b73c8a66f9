import Diagnostics
import Yams

/// The part of a cluster file that says how nodes are joined. `topology:` is a word or one of these:
///
///     topology: switch                           # or star, which needs a server; or ring
///
///     topology:
///       racks:
///         nodes_per_rack: 16
///         latency: 1us                           # of a rack's uplink
///         oversubscription: 4                    # or bandwidth: 100Gbit, of a rack's uplink
///
///     topology:
///       torus: {rows: 4, columns: 4}
///
///     topology:
///       sites:                                   # ranks are spread evenly, in the order of the names
///         - {site: zurich, latency: 5ms, bandwidth: 1Gbit}              # a line to the internet, or
///         - {between: [zurich, oslo], latency: 18ms, bandwidth: 200Mbit}  # one between two sites
///
///     topology:
///       graph:
///         nodes: [a, b, c]                       # in the order of ranks
///         switches: [s]                          # optional
///         edges:                                 # latency and bandwidth: the cluster's, where left out
///           - {between: [a, s], latency: 1us, bandwidth: 10Gbit}
///           - {between: [b, s]}
///           - {between: [c, s]}
extension ClusterFile {
    private static let words = ["switch", "star", "ring"]
    private static let kinds = ["racks", "sites", "torus", "graph"]
    /// - Parameter values: the keys of the cluster.
    func interconnect(_ values: [String: Yams.Node]) throws(ClusterFileError) -> Interconnect {
        var topology = Topology.oneSwitch
        if let node = values["topology"] { topology = try self.topology(node, values) }
        let sharing = try parsed(values["sharing"]) { text throws(Quantity.Failure) in
            guard let sharing = Interconnect.Sharing(rawValue: text) else {
                throw Quantity.Failure(
                    description: UnknownName.message(
                        "sharing", found: text, allowed: Interconnect.Sharing.allCases.map(\.rawValue)))
            }
            return sharing
        }
        return Interconnect(topology, sharing: sharing, loss: try loss(values))
    }

    private func loss(_ values: [String: Yams.Node]) throws(ClusterFileError) -> Interconnect.Loss? {
        guard let place = values["loss"] else {
            if let timeout = values["timeout"] { throw error(at: timeout, "a 'timeout' without 'loss'") }
            return nil
        }
        let probability =
            try parsed(place) { text throws(Quantity.Failure) in
                let value = try Quantity.fraction(text)
                guard Interconnect.Loss.probabilities.contains(value) else {
                    throw Quantity.Failure(
                        description: "'\(text)' is not a loss; allowed is \(Interconnect.Loss.allowed), such as 0.1%")
                }
                return value
            } ?? 0
        guard let timeout = try seconds(values["timeout"]) else {
            throw error(at: place, "'loss' needs a 'timeout' after which a message is sent again, such as 200ms")
        }
        return probability > 0 ? Interconnect.Loss(probability: probability, timeoutSeconds: timeout) : nil
    }

    private func topology(
        _ node: Yams.Node, _ values: [String: Yams.Node]
    ) throws(ClusterFileError) -> Topology {
        if let word = node.scalar?.string {
            switch word {
            case "switch": return .oneSwitch
            case "ring": return .ring
            case "star":
                if values["server"] != nil { return .oneSwitch }
                throw error(at: node, "a star needs a 'server' with links of its own")
            case _ where Self.kinds.contains(word):
                throw error(
                    at: node, "'\(word)' needs figures: write '\(word):' on a line of its own under 'topology:'")
            default:
                throw error(at: node, UnknownName.message("topology", found: word, allowed: Self.words + Self.kinds))
            }
        }
        let fields = try fields(of: node, allowed: Self.kinds, what: "a topology")
        guard fields.count == 1, let (kind, figures) = fields.first else {
            throw error(at: node, "\(fields.count) topologies; allowed is one of \(Self.kinds.joined(separator: ", "))")
        }
        let topology: Topology
        switch kind {
        case "racks": topology = try racks(figures)
        case "torus": topology = try torus(figures)
        case "sites": topology = try sites(figures)
        default: topology = try graph(figures)
        }
        if let problem = topology.problem { throw error(at: figures, problem) }
        return topology
    }

    /// Keys that stand for links that the topology does not have.
    func checkLinks(of topology: Topology, _ values: [String: Yams.Node]) throws(ClusterFileError) {
        guard !topology.hasPorts else { return }
        if let server = values["server"] {
            throw error(
                at: server, "a server of its own needs a switch, racks or sites; here the server is the first node")
        }
        if let extra = values["uplink"] ?? values["downlink"] {
            throw error(at: extra, "the links of a ring, torus or graph are alike both ways; allowed is 'bandwidth'")
        }
    }

    // MARK: Kinds

    private func racks(_ node: Yams.Node) throws(ClusterFileError) -> Topology {
        let values = try fields(
            of: node, allowed: ["nodes_per_rack", "latency", "bandwidth", "oversubscription"], what: "racks")
        guard let nodes = try count(values["nodes_per_rack"]), let latency = try seconds(values["latency"]) else {
            throw error(
                at: node,
                "incomplete: racks need 'nodes_per_rack', 'latency', and 'bandwidth' or 'oversubscription'")
        }
        let factor = try parsed(values["oversubscription"]) { text throws(Quantity.Failure) in
            // "4:1" is how it is sold.
            let number = text.hasSuffix(":1") ? String(text.dropLast(2)) : text
            guard let value = Quantity.number(number), Topology.oversubscriptions.contains(value) else {
                throw Quantity.Failure(
                    description: "'\(text)' is not an oversubscription; allowed is 0.01 to 1000, such as 4 or 4:1")
            }
            return value
        }
        return .racks(
            Topology.Racks(
                nodesPerRack: nodes, latencySeconds: latency, bytesPerSecond: try rate(values["bandwidth"]),
                oversubscription: factor))
    }

    private func torus(_ node: Yams.Node) throws(ClusterFileError) -> Topology {
        let values = try fields(of: node, allowed: ["rows", "columns"], what: "a torus")
        guard let rows = try count(values["rows"]), let columns = try count(values["columns"]) else {
            throw error(at: node, "incomplete: a torus needs 'rows' and 'columns'")
        }
        return .torus(rows: rows, columns: columns)
    }

    private func sites(_ node: Yams.Node) throws(ClusterFileError) -> Topology {
        var lines: [Topology.SiteLine] = []
        for entry in try list(node, of: "lines with 'site' or 'between', 'latency' and 'bandwidth'") {
            let values = try fields(
                of: entry, allowed: ["site", "between", "latency", "bandwidth", "uplink", "downlink"],
                what: "a site's line")
            let trunk = try trunk(values, of: "a line", at: entry)
            switch (try string(values["site"]), values["between"]) {
            case (let name?, nil): lines.append(Topology.SiteLine(site: name, trunk))
            case (nil, let pair?):
                let ends = try ends(pair, of: "sites")
                lines.append(Topology.SiteLine(site: ends.0, to: ends.1, trunk))
            default: throw error(at: entry, "a line needs either 'site' or 'between'")
            }
        }
        return .sites(lines)
    }

    private func graph(_ node: Yams.Node) throws(ClusterFileError) -> Topology {
        let values = try fields(of: node, allowed: ["nodes", "switches", "edges"], what: "a graph")
        guard let nodes = values["nodes"], let edges = values["edges"] else {
            throw error(at: node, "incomplete: a graph needs 'nodes' and 'edges'")
        }
        var graph = Topology.Graph(
            nodes: try names(nodes), switches: try values["switches"].map(names) ?? [], edges: [])
        let names = graph.nodes + graph.switches
        let known = Set(names)
        for entry in try list(edges, of: "edges with 'between'") {
            let values = try fields(of: entry, allowed: ["between", "latency", "bandwidth"], what: "an edge")
            guard let pair = values["between"] else { throw error(at: entry, "an edge needs 'between'") }
            let ends = try ends(pair, of: "nodes or switches")
            for name in [ends.0, ends.1] where !known.contains(name) {
                throw error(at: pair, UnknownName.message("node or switch", found: name, allowed: names))
            }
            graph.edges.append(
                Topology.Graph.Edge(
                    ends.0, ends.1, latencySeconds: try seconds(values["latency"]),
                    bytesPerSecond: try rate(values["bandwidth"])))
        }
        return .graph(graph)
    }

    // MARK: Values

    private func count(_ node: Yams.Node?) throws(ClusterFileError) -> Int? {
        try parsed(node) { text throws(Quantity.Failure) in
            guard let value = Int(text), (1...Topology.mostMachines).contains(value) else {
                throw Quantity.Failure(
                    description: "'\(text)' is not a number of nodes; allowed is 1 to \(Topology.mostMachines)")
            }
            return value
        }
    }

    private func names(_ node: Yams.Node) throws(ClusterFileError) -> [String] {
        var names: [String] = []
        var seen: Set<String> = []
        for entry in try list(node, of: "names") {
            guard let name = try string(entry), !name.isEmpty else { throw error(at: entry, "a name is empty") }
            guard seen.insert(name).inserted else { throw error(at: entry, "'\(name)' stands twice") }
            names.append(name)
        }
        return names
    }

    private func ends(_ node: Yams.Node, of what: String) throws(ClusterFileError) -> (String, String) {
        let entries = try list(node, of: "two \(what)")
        guard entries.count == 2, let first = try string(entries[0]), let second = try string(entries[1]) else {
            throw error(at: node, "'between' names \(entries.count) \(what); allowed are two")
        }
        return (first, second)
    }
}
