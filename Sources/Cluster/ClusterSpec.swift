import Diagnostics

/// A kind of machine and its link.
public struct Node: Hashable, Codable, Sendable {
    public var link: Link
    /// Compute speed relative to the compute model's device: 0.25 takes four times as long.
    public var speed: Double

    public init(link: Link, speed: Double = 1) {
        precondition(speed > 0, "relative speed \(speed) must be positive")
        self.link = link
        self.speed = speed
    }
}

/// What the machines and links of a job are: equal workers around one switch, and a server for the strategies that
/// have one.
public struct ClusterSpec: Hashable, Codable, Sendable {
    public var name: String
    public var summary: String
    /// Where the figures come from.
    public var source: String
    public var worker: Node
    /// The rank that a strategy calls its server; a worker like the others where nil.
    public var server: Node?
    public var jitter: Jitter

    public init(
        name: String, summary: String, source: String, worker: Node, server: Node? = nil, jitter: Jitter = .none
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.worker = worker
        self.server = server
        self.jitter = jitter
    }

    /// The node of every rank.
    public func nodes(ranks: Int, server serverRank: Int?) -> [Node] {
        (0..<ranks).map { $0 == serverRank ? server ?? worker : worker }
    }

    /// What the command line says instead; nil where it says nothing. Overrides the workers' links; the server's
    /// keep their own figures.
    public struct Overrides: Hashable, Codable, Sendable {
        public var latencySeconds: Double?
        public var bytesPerSecond: Double?
        public var jitter: Jitter?

        public init(latencySeconds: Double? = nil, bytesPerSecond: Double? = nil, jitter: Jitter? = nil) {
            self.latencySeconds = latencySeconds
            self.bytesPerSecond = bytesPerSecond
            self.jitter = jitter
        }
    }

    public func overridden(by overrides: Overrides) -> ClusterSpec {
        var spec = self
        if let latency = overrides.latencySeconds { spec.worker.link.latencySeconds = latency }
        if let rate = overrides.bytesPerSecond {
            spec.worker.link.uplinkBytesPerSecond = rate
            spec.worker.link.downlinkBytesPerSecond = rate
        }
        if let jitter = overrides.jitter { spec.jitter = jitter }
        return spec
    }

    /// Beyond these, the times of long jobs would not fit the clock's 292 years.
    private static let leastBytesPerSecond = 125.0
    private static let speeds = 1e-4...1e4
    private static let longestSeconds = 3600.0

    /// Checks that the figures are in the range that can be simulated.
    /// - Throws: ``ClusterFileError`` naming the figure and the range.
    public func validate() throws(ClusterFileError) {
        for node in [worker] + (server.map { [$0] } ?? []) {
            for rate in [node.link.uplinkBytesPerSecond, node.link.downlinkBytesPerSecond]
            where !(rate >= Self.leastBytesPerSecond && rate.isFinite) {
                throw ClusterFileError(
                    "cluster '\(name)': a bandwidth of \(rate * 8) bit/s; allowed is 1 kbit/s or more")
            }
            for seconds in [node.link.latencySeconds, node.link.overheadSeconds]
            where !(0...Self.longestSeconds).contains(seconds) {
                throw ClusterFileError(
                    "cluster '\(name)': a latency or overhead of \(seconds) s; allowed is up to one hour")
            }
            guard Self.speeds.contains(node.speed) else {
                throw ClusterFileError("cluster '\(name)': a speed of \(node.speed); allowed is 0.0001 to 10000")
            }
        }
        if case .uniform(let seconds) = jitter, seconds > Self.longestSeconds {
            throw ClusterFileError("cluster '\(name)': a jitter of \(seconds) s; allowed is up to one hour")
        }
    }

    /// The links in a line, for lists and reports.
    public var figures: String {
        func describe(_ node: Node) -> String {
            let link = node.link
            let rate =
                link.uplinkBytesPerSecond == link.downlinkBytesPerSecond
                ? Format.bandwidth(link.uplinkBytesPerSecond)
                : "\(Format.bandwidth(link.uplinkBytesPerSecond)) up, \(Format.bandwidth(link.downlinkBytesPerSecond)) down"
            var text = "\(Format.seconds(link.latencySeconds)), \(rate)"
            if link.overheadSeconds > 0 { text += ", \(Format.seconds(link.overheadSeconds)) a message" }
            if node.speed != 1 { text += ", speed \(Format.significant(node.speed))" }
            return text
        }
        var text = describe(worker)
        if let server { text += "; server \(describe(server))" }
        if jitter != .none { text += "; jitter \(jitter)" }
        return text
    }
}
