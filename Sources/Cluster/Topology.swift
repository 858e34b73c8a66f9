/// How the machines of a cluster are joined. Every physical link is full duplex: two directed links.
public enum Topology: Hashable, Codable, Sendable {
    /// All nodes on one switch that is never the bottleneck; a star, where the cluster has a server.
    case oneSwitch
    /// Racks of nodes around switches of their own, which uplinks join to a core.
    case racks(Racks)
    /// Groups of nodes, each on a switch of its own, joined by lines over a wide area.
    case sites([SiteLine])
    /// Every node has a link of the worker's figures to the next and to the previous one.
    case ring
    /// Every node has a link of the worker's figures to each of its four neighbours; rows and columns close to rings.
    case torus(rows: Int, columns: Int)
    /// Machines and switches with any links between them.
    case graph(Graph)

    /// A link beyond the nodes' own.
    public struct Trunk: Hashable, Codable, Sendable {
        /// One-way latency, in seconds.
        public var latencySeconds: Double
        /// Bytes a second out of the rack or site, or from the first end to the second.
        public var uplinkBytesPerSecond: Double
        /// Bytes a second into the rack or site, or from the second end to the first.
        public var downlinkBytesPerSecond: Double

        /// A line whose two directions differ.
        public init(latencySeconds: Double, uplinkBytesPerSecond: Double, downlinkBytesPerSecond: Double) {
            self.latencySeconds = latencySeconds
            self.uplinkBytesPerSecond = uplinkBytesPerSecond
            self.downlinkBytesPerSecond = downlinkBytesPerSecond
        }

        /// A line whose two directions are alike.
        public init(latencySeconds: Double, bytesPerSecond: Double) {
            self.init(
                latencySeconds: latencySeconds, uplinkBytesPerSecond: bytesPerSecond,
                downlinkBytesPerSecond: bytesPerSecond)
        }
    }

    /// Racks in the order of ranks, each with one uplink to a core that is never the bottleneck.
    public struct Racks: Hashable, Codable, Sendable {
        /// Consecutive ranks that share a switch.
        public var nodesPerRack: Int
        /// One-way latency of a rack's uplink, in seconds.
        public var latencySeconds: Double
        /// Bytes a second of a rack's uplink, in each direction; nil where `oversubscription` gives the rate.
        public var bytesPerSecond: Double?
        /// The bandwidth of a rack's nodes together, divided by its uplink's; nil where `bytesPerSecond` gives the
        /// rate.
        public var oversubscription: Double?

        /// Give the uplinks' rate, or by how much they are oversubscribed.
        public init(
            nodesPerRack: Int, latencySeconds: Double, bytesPerSecond: Double? = nil, oversubscription: Double? = nil
        ) {
            self.nodesPerRack = nodesPerRack
            self.latencySeconds = latencySeconds
            self.bytesPerSecond = bytesPerSecond
            self.oversubscription = oversubscription
        }

        /// The uplink of a full rack of such nodes.
        func uplink(of worker: Link) -> Trunk {
            let factor = Double(nodesPerRack) / (oversubscription ?? 1)
            return Trunk(
                latencySeconds: latencySeconds,
                uplinkBytesPerSecond: bytesPerSecond ?? factor * worker.uplinkBytesPerSecond,
                downlinkBytesPerSecond: bytesPerSecond ?? factor * worker.downlinkBytesPerSecond)
        }
    }

    /// A line from a site to the internet, which is never the bottleneck, or to another site.
    public struct SiteLine: Hashable, Codable, Sendable {
        /// One end.
        public var site: String
        /// The site at the other end; nil for the internet.
        public var other: String?
        /// The line.
        public var trunk: Trunk

        /// - Parameter other: the other end; nil for the internet.
        public init(site: String, to other: String? = nil, _ trunk: Trunk) {
            self.site = site
            self.other = other
            self.trunk = trunk
        }
    }

    /// Machines and switches by name, and the links between them. Machines pass on what is not for them.
    public struct Graph: Hashable, Codable, Sendable {
        /// A cable between two nodes or switches.
        public struct Edge: Hashable, Codable, Sendable {
            /// The names of the two ends.
            public var first, second: String
            /// One-way latency, in seconds; nil for that of the worker's link.
            public var latencySeconds: Double?
            /// Bytes a second in each direction; nil for the worker's bandwidth.
            public var bytesPerSecond: Double?

            /// A cable; a figure that is nil is the worker's.
            public init(_ first: String, _ second: String, latencySeconds: Double? = nil, bytesPerSecond: Double? = nil)
            {
                self.first = first
                self.second = second
                self.latencySeconds = latencySeconds
                self.bytesPerSecond = bytesPerSecond
            }
        }

        /// Machines, in the order of ranks.
        public var nodes: [String]
        /// Names of what forwards messages and computes nothing.
        public var switches: [String]
        /// The cables.
        public var edges: [Edge]

        /// - Parameter nodes: names, in the order of ranks.
        public init(nodes: [String], switches: [String] = [], edges: [Edge]) {
            self.nodes = nodes
            self.switches = switches
            self.edges = edges
        }
    }

    /// The names of sites, in the order in which their lines name them first.
    static func siteNames(_ lines: [SiteLine]) -> [String] {
        var names: [String] = []
        var seen: Set<String> = []
        for line in lines {
            for name in [line.site, line.other].compactMap({ $0 }) where seen.insert(name).inserted {
                names.append(name)
            }
        }
        return names
    }

    /// Whether nodes hang on a switch by links of their own, and not directly on each other.
    var hasPorts: Bool {
        switch self {
        case .oneSwitch, .racks, .sites: true
        case .ring, .torus, .graph: false
        }
    }

    /// The most ranks that find a machine each; nil where the topology grows with the job.
    package var mostRanks: Int? {
        switch self {
        case .torus(let rows, let columns): rows * columns
        case .graph(let graph): graph.nodes.count
        case .oneSwitch, .racks, .sites, .ring: nil
        }
    }

    /// Ranks that are near each other, in order: the nodes of a rack, a site or a torus' row; one group of all where
    /// there is no such thing.
    package func groups(ranks: Int) -> [Range<Int>] {
        switch self {
        case .oneSwitch, .ring, .graph: [0..<ranks]
        case .racks(let racks): Self.chunks(ranks, of: racks.nodesPerRack)
        case .torus(_, let columns): Self.chunks(ranks, of: columns)
        case .sites(let lines): Self.parts(ranks, among: Self.siteNames(lines).count)
        }
    }

    private static func parts(_ ranks: Int, among count: Int) -> [Range<Int>] {
        (0..<count).map { part($0, of: count, ranks) }.filter { !$0.isEmpty }
    }

    private static func chunks(_ ranks: Int, of size: Int) -> [Range<Int>] {
        stride(from: 0, to: ranks, by: size).map { $0..<min($0 + size, ranks) }
    }

    /// Ranks are spread over sites as evenly as can be, neighbours together.
    static func part(_ index: Int, of parts: Int, _ ranks: Int) -> Range<Int> {
        ranks * index / parts..<ranks * (index + 1) / parts
    }
}

extension Topology {
    /// Gives all links beyond the nodes' own this bandwidth, each way.
    package mutating func setBandwidths(_ bytesPerSecond: Double) {
        switch self {
        case .oneSwitch, .ring, .torus: break
        case .racks(var racks):
            (racks.bytesPerSecond, racks.oversubscription) = (bytesPerSecond, nil)
            self = .racks(racks)
        case .sites(var lines):
            for index in lines.indices {
                lines[index].trunk.uplinkBytesPerSecond = bytesPerSecond
                lines[index].trunk.downlinkBytesPerSecond = bytesPerSecond
            }
            self = .sites(lines)
        case .graph(var graph):
            for index in graph.edges.indices { graph.edges[index].bytesPerSecond = bytesPerSecond }
            self = .graph(graph)
        }
    }
}
