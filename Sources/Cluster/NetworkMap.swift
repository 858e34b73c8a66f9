/// The directed links of a cluster and the way of a message from rank to rank.
///
/// On a switch, in racks and in sites, links 2r and 2r + 1 are rank r's port out and port in, and the latency of the
/// ports is a matter of the two nodes, not of the links; elsewhere there are only links between nodes or switches.
struct NetworkMap: Sendable {
    /// The links of a message's way, in order.
    struct Route: Sendable {
        let links: [Int32]
        /// The sum of the links' latencies, in seconds.
        let latencySeconds: Double
    }

    private(set) var bytesPerSecond: [Double] = []
    private(set) var latencySeconds: [Double] = []
    private let topology: Topology
    private let ranks: Int
    /// The shortest ways between sites or in a graph; empty for other topologies.
    private var paths = PathFinder(vertices: 0)
    private var siteOfRank: [Int] = []
    private var cache: [Int: Route] = [:]
    private var cachedLinks = 0
    /// Above this, the cache is emptied: 16 MB.
    private static let mostCachedLinks = 4_000_000

    /// - Parameter worker: the link of a ring, a torus or an edge that has no figures of its own.
    init(_ topology: Topology, nodes: [Node], worker: Link) {
        self.topology = topology
        ranks = nodes.count
        if topology.hasPorts {
            for node in nodes {
                _ = addLink(node.link.uplinkBytesPerSecond, 0)
                _ = addLink(node.link.downlinkBytesPerSecond, 0)
            }
        }
        switch topology {
        case .oneSwitch: break
        case .racks(let racks):
            let uplink = racks.uplink(of: worker)
            for _ in topology.groups(ranks: ranks) { _ = addTrunk(uplink) }
        case .sites(let lines): addSites(lines)
        case .ring: for _ in 0..<ranks { _ = addTrunk(Self.trunk(worker)) }
        case .torus(let rows, let columns): for _ in 0..<2 * rows * columns { _ = addTrunk(Self.trunk(worker)) }
        case .graph(let graph): addGraph(graph, worker)
        }
    }

    private static func trunk(_ link: Link) -> Topology.Trunk {
        Topology.Trunk(
            latencySeconds: link.latencySeconds, uplinkBytesPerSecond: link.uplinkBytesPerSecond,
            downlinkBytesPerSecond: link.downlinkBytesPerSecond)
    }

    private mutating func addLink(_ rate: Double, _ latency: Double) -> Int32 {
        bytesPerSecond.append(rate)
        latencySeconds.append(latency)
        return Int32(bytesPerSecond.count - 1)
    }

    /// Two links, there and back; returns the first.
    private mutating func addTrunk(_ trunk: Topology.Trunk) -> Int32 {
        let first = addLink(trunk.uplinkBytesPerSecond, trunk.latencySeconds)
        _ = addLink(trunk.downlinkBytesPerSecond, trunk.latencySeconds)
        return first
    }

    private mutating func addSites(_ lines: [Topology.SiteLine]) {
        let names = Topology.siteNames(lines)
        let vertices = Self.vertices(names)
        paths = PathFinder(vertices: names.count + 1)
        for line in lines {
            // The vertex behind the sites is the internet.
            let ends = (Self.vertex(line.site, vertices), line.other.map { Self.vertex($0, vertices) } ?? names.count)
            connect(ends, addTrunk(line.trunk), line.trunk.latencySeconds)
        }
        siteOfRank = (0..<names.count).flatMap { site in
            Topology.part(site, of: names.count, ranks).map { _ in site }
        }
    }

    private mutating func addGraph(_ graph: Topology.Graph, _ worker: Link) {
        let names = graph.nodes + graph.switches
        let vertices = Self.vertices(names)
        paths = PathFinder(vertices: names.count)
        for edge in graph.edges {
            let trunk = Topology.Trunk(
                latencySeconds: edge.latencySeconds ?? worker.latencySeconds,
                uplinkBytesPerSecond: edge.bytesPerSecond ?? worker.uplinkBytesPerSecond,
                downlinkBytesPerSecond: edge.bytesPerSecond ?? worker.downlinkBytesPerSecond)
            connect(
                (Self.vertex(edge.first, vertices), Self.vertex(edge.second, vertices)), addTrunk(trunk),
                trunk.latencySeconds)
        }
    }

    private mutating func connect(_ ends: (Int, Int), _ first: Int32, _ seconds: Double) {
        paths.connect(ends.0, ends.1, link: first, seconds: seconds)
        paths.connect(ends.1, ends.0, link: first + 1, seconds: seconds)
    }

    /// The number of each name, in the order of the names.
    private static func vertices(_ names: [String]) -> [String: Int] {
        Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    private static func vertex(_ name: String, _ vertices: [String: Int]) -> Int {
        guard let vertex = vertices[name] else { preconditionFailure("no vertex '\(name)' among \(vertices.count)") }
        return vertex
    }

    // MARK: Ways

    /// Cached: a job's messages go the same ways again and again.
    mutating func route(from sender: Int, to receiver: Int) -> Route {
        let key = sender * ranks + receiver
        if let route = cache[key] { return route }
        let links = way(sender, receiver)
        let route = Route(links: links, latencySeconds: links.reduce(0) { $0 + latencySeconds[Int($1)] })
        if cachedLinks > Self.mostCachedLinks { (cache, cachedLinks) = ([:], 0) }
        cache[key] = route
        cachedLinks += links.count
        return route
    }

    private mutating func way(_ sender: Int, _ receiver: Int) -> [Int32] {
        precondition(sender != receiver, "rank \(sender) sends to itself")
        switch topology {
        case .oneSwitch, .racks, .sites:
            return [Int32(2 * sender)] + between(sender, receiver) + [Int32(2 * receiver + 1)]
        case .ring: return Self.around(sender, receiver, ranks).map { Int32(2 * $0.from + ($0.isForward ? 0 : 1)) }
        case .torus(let rows, let columns): return Self.across(sender, receiver, rows, columns)
        case .graph: return path(sender, receiver)
        }
    }

    /// The links between the port out and the port in.
    private mutating func between(_ sender: Int, _ receiver: Int) -> [Int32] {
        switch topology {
        case .racks(let racks):
            let (from, to) = (sender / racks.nodesPerRack, receiver / racks.nodesPerRack)
            return from == to ? [] : [Int32(2 * (ranks + from)), Int32(2 * (ranks + to) + 1)]
        case .sites: return path(siteOfRank[sender], siteOfRank[receiver])
        case .oneSwitch, .ring, .torus, .graph: return []
        }
    }

    private mutating func path(_ from: Int, _ to: Int) -> [Int32] {
        guard let path = paths.path(from: from, to: to) else {
            preconditionFailure("no way from vertex \(from) to \(to): the cluster was not validated")
        }
        return path
    }

    /// The steps of a ring of `count` from one to another, the shorter way round; forward, where both are as long.
    private static func around(_ from: Int, _ to: Int, _ count: Int) -> [(from: Int, isForward: Bool)] {
        let forward = (to - from + count) % count
        let isForward = 2 * forward <= count
        return (0..<(isForward ? forward : count - forward)).map {
            (isForward ? (from + $0) % count : (from - $0 + count) % count, isForward)
        }
    }

    /// First along the row, then along the column (dimension-order routing: Dally and Seitz 1987), each the shorter way
    /// round. Node v has the links 4v to 4v + 3: to the right, to the left, down and up.
    private static func across(_ sender: Int, _ receiver: Int, _ rows: Int, _ columns: Int) -> [Int32] {
        let row = sender / columns
        let column = receiver % columns
        return around(sender % columns, column, columns).map {
            Int32(4 * (row * columns + $0.from) + ($0.isForward ? 0 : 1))
        }
            + around(row, receiver / columns, rows).map {
                Int32(4 * ($0.from * columns + column) + ($0.isForward ? 2 : 3))
            }
    }
}
