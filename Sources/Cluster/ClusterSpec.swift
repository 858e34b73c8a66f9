import Diagnostics

/// A kind of machine and its link.
public struct Node: Hashable, Codable, Sendable {
    /// The node's link into the network.
    public var link: Link
    /// Compute speed relative to the compute model's device: 0.25 takes four times as long.
    public var speed: Double
    /// USD per hour of one node, for as long as the job lasts; nil where it is not known.
    public var pricePerHour: Double?
    /// Watts of one node while it computes; nil where it is not known.
    public var wattsBusy: Double?
    /// Watts of one node while it waits, as far as the job is the reason that it is on; nil where it is not known.
    public var wattsIdle: Double?
    /// Cores that share the samples of a training step; see ``ComputeModel/seconds(_:on:)``.
    public var cores: Int {
        get { coreCount ?? 1 }
        set { coreCount = newValue == 1 ? nil : newValue }
    }
    /// Nil for one core, so that clusters written before cores were known are read and written unchanged.
    private var coreCount: Int?
    /// Bytes of the machine's memory that the job may use; nil where memory is not checked.
    public var memoryBytes: Int?

    /// A node with a link. By default it has one core of the speed of the compute model's device, and nothing is known
    /// of its memory, price and power.
    public init(
        link: Link, speed: Double = 1, pricePerHour: Double? = nil, wattsBusy: Double? = nil, wattsIdle: Double? = nil,
        cores: Int = 1, memoryBytes: Int? = nil
    ) {
        precondition(speed > 0, "relative speed \(speed) must be positive")
        precondition(cores > 0, "a node of \(cores) cores")
        self.link = link
        self.speed = speed
        self.pricePerHour = pricePerHour
        self.wattsBusy = wattsBusy
        self.wattsIdle = wattsIdle
        self.memoryBytes = memoryBytes
        self.cores = cores
    }

    private enum CodingKeys: String, CodingKey {
        case link, speed, pricePerHour, wattsBusy, wattsIdle, memoryBytes
        case coreCount = "cores"
    }
}

/// What the machines and links of a job are: workers, equal where no population says otherwise, around one switch where
/// nothing else is said, and a server for the strategies that have one.
public struct ClusterSpec: Hashable, Codable, Sendable {
    /// The cluster's name as `--cluster` takes it.
    public var name: String
    /// The cluster in a few words, for lists.
    public var summary: String
    /// Where the figures come from.
    public var source: String
    /// Every worker of a cluster without `devices`. With them it gives the figures that neither a device's kind nor the
    /// population does; for figures that are drawn, their medians.
    public var worker: Node
    /// How workers differ from each other; nil where all are equal.
    public var devices: DevicePopulation?
    /// Workers that are slow for the whole job; nil for none.
    public var stragglers: Stragglers?
    /// Times in which ranks are slow; nil for none.
    public var slowdowns: Slowdowns?
    /// The rank that a strategy calls its server; a worker like the others where nil.
    public var server: Node?
    /// How latencies vary from message to message.
    public var jitter: Jitter
    /// What lies between the nodes' links; nil for one switch whose ports carry one message at a time.
    public var interconnect: Interconnect?
    /// Machines that leave while the job runs; nil where all stay.
    public var dropouts: Dropouts?
    /// USD per 1e9 bytes of traffic, each byte counted once, where it is sent; nil where it is not known.
    public var pricePerGB: Double?
    /// Watt hours per 1e9 bytes of traffic; nil where it is not known.
    public var wattHoursPerGB: Double?
    /// Where prices and watts come from.
    public var costSource: String?
    /// What a worker computes on, such as `H100`, in a word that a profile of it has, too; nil where nobody says.
    public var hardware: String?
    /// Step times of tasks, measured; nil where a compute model says what they are.
    public var compute: [MeasuredCompute]?

    /// Equal workers on one switch, unless other arguments are given.
    public init(
        name: String, summary: String, source: String, worker: Node, server: Node? = nil, jitter: Jitter = .none,
        interconnect: Interconnect? = nil, dropouts: Dropouts? = nil, pricePerGB: Double? = nil,
        wattHoursPerGB: Double? = nil, costSource: String? = nil, devices: DevicePopulation? = nil,
        stragglers: Stragglers? = nil, slowdowns: Slowdowns? = nil, compute: [MeasuredCompute]? = nil
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.worker = worker
        self.server = server
        self.jitter = jitter
        self.interconnect = interconnect
        self.dropouts = dropouts
        self.pricePerGB = pricePerGB
        self.wattHoursPerGB = wattHoursPerGB
        self.costSource = costSource
        self.devices = devices
        self.stragglers = stragglers
        self.slowdowns = slowdowns
        self.compute = compute
    }

    /// What the command line says instead; nil where it says nothing. Overrides the workers' links; the server's
    /// keep their own figures.
    public struct Overrides: Hashable, Codable, Sendable {
        /// One-way latency of every worker's link, in seconds.
        public var latencySeconds: Double?
        /// Bandwidth of every worker's link in both directions, in bytes a second.
        public var bytesPerSecond: Double?
        /// Replaces the cluster's jitter.
        public var jitter: Jitter?
        /// Replaces the cluster's stragglers.
        public var stragglers: Stragglers?
        /// Replaces the cluster's departures at given times.
        public var departures: [Departure]?
        /// How long a worker stays; replaces the cluster's lifetime.
        public var lifetime: Dropouts.Lifetime?
        /// Seconds until the others notice that a rank has left; replaces the cluster's.
        public var detectionSeconds: Double?

        /// Every argument that is nil leaves the cluster's own figure as it is.
        public init(
            latencySeconds: Double? = nil, bytesPerSecond: Double? = nil, jitter: Jitter? = nil,
            stragglers: Stragglers? = nil, departures: [Departure]? = nil, lifetime: Dropouts.Lifetime? = nil,
            detectionSeconds: Double? = nil
        ) {
            self.latencySeconds = latencySeconds
            self.bytesPerSecond = bytesPerSecond
            self.jitter = jitter
            self.stragglers = stragglers
            self.departures = departures
            self.lifetime = lifetime
            self.detectionSeconds = detectionSeconds
        }
    }

    /// This cluster with the figures that the command line gives in place of its own.
    public func overridden(by overrides: Overrides) -> ClusterSpec {
        var spec = self
        if let latency = overrides.latencySeconds {
            spec.worker.link.latencySeconds = latency
            spec.devices = spec.devices?.removing { $0 == .latency }.orNil
        }
        if let rate = overrides.bytesPerSecond {
            spec.devices = spec.devices?.removing { [.bandwidth, .uplink, .downlink].contains($0) }.orNil
            spec.worker.link.uplinkBytesPerSecond = rate
            spec.worker.link.downlinkBytesPerSecond = rate
        }
        if let jitter = overrides.jitter { spec.jitter = jitter }
        if let stragglers = overrides.stragglers { spec.stragglers = stragglers }
        var dropouts = dropouts ?? Dropouts()
        if let departures = overrides.departures { dropouts.departures = departures }
        if let lifetime = overrides.lifetime { dropouts.lifetime = lifetime }
        if let seconds = overrides.detectionSeconds { dropouts.detectionSeconds = seconds }
        spec.dropouts = dropouts.isEmpty ? nil : dropouts
        return spec
    }

    /// Beyond these, the times of long jobs would not fit the clock's 292 years.
    static let leastBytesPerSecond = 125.0
    static let speeds = 1e-4...1e4
    static let longestSeconds = 3600.0
    static let coreCounts = 1...1024.0
    static let coresText = "a whole number from 1 to 1024"
    /// The largest price and power: more than any node or network costs or draws.
    static let greatestCost = 1e6

    /// Checks that the figures are in the range that can be simulated.
    /// - Throws: ``ClusterFileError`` naming the figure and the range.
    public func validate() throws(ClusterFileError) {
        for node in [worker] + (server.map { [$0] } ?? []) {
            let link = node.link
            try validate(
                rates: [link.uplinkBytesPerSecond, link.downlinkBytesPerSecond],
                seconds: [link.latencySeconds, link.overheadSeconds, link.receiveOverheadSeconds ?? 0])
            for (figure, value) in [
                ("price per hour", node.pricePerHour), ("number of watts busy", node.wattsBusy),
                ("number of watts idle", node.wattsIdle),
            ] { try validateCost(figure, value) }
            guard Self.speeds.contains(node.speed) else {
                throw ClusterFileError("cluster '\(name)': a speed of \(node.speed); allowed is 0.0001 to 10000")
            }
            guard Self.coreCounts.contains(Double(node.cores)), node.memoryBytes.map({ $0 > 0 }) ?? true else {
                throw ClusterFileError(
                    """
                    cluster '\(name)': \(node.cores) cores and \(node.memoryBytes ?? 1) bytes of memory; allowed is \
                    \(Self.coresText), and 1 byte or more
                    """)
            }
        }
        try validateDevices()
        if let problem = jitter.problem { throw ClusterFileError("cluster '\(name)': \(problem)") }
        for problem in (compute ?? []).compactMap(\.problem) {
            throw ClusterFileError("cluster '\(name)': \(problem)")
        }
        try validateInterconnect()
        if let problem = dropouts?.problem { throw ClusterFileError("cluster '\(name)': \(problem)") }
        try validateCost("price per GB", pricePerGB)
        try validateCost("number of watt hours per GB", wattHoursPerGB)
    }

    func validate(rates: [Double], seconds: [Double]) throws(ClusterFileError) {
        for rate in rates where !(rate >= Self.leastBytesPerSecond && rate.isFinite) {
            throw ClusterFileError(
                "cluster '\(name)': a bandwidth of \(rate * 8) bit/s; allowed is 1 kbit/s or more")
        }
        for seconds in seconds where !(0...Self.longestSeconds).contains(seconds) {
            throw ClusterFileError(
                "cluster '\(name)': a latency or overhead of \(seconds) s; allowed is up to one hour")
        }
    }

    private func validateCost(_ figure: String, _ value: Double?) throws(ClusterFileError) {
        guard let value, !(0...Self.greatestCost).contains(value) else { return }
        throw ClusterFileError(
            "cluster '\(name)': a \(figure) of \(value); allowed is 0 to \(Format.fixed(Self.greatestCost, 0))")
    }

    /// Prices and watts in a line; nil where none is known.
    package var costFigures: String? {
        func describe(_ node: Node) -> [String] {
            var parts: [String] = []
            if let price = node.pricePerHour { parts.append("\(Format.significant(price)) USD/h") }
            if let busy = node.wattsBusy { parts.append("\(Format.significant(busy)) W busy") }
            if let idle = node.wattsIdle { parts.append("\(Format.significant(idle)) W idle") }
            return parts
        }
        var groups: [String] = []
        let own = describe(worker)
        if !own.isEmpty { groups.append("a node " + own.joined(separator: ", ")) }
        if let server, describe(server) != own {
            groups.append("the server " + describe(server).joined(separator: ", "))
        }
        let traffic = [
            pricePerGB.map { "\(Format.significant($0)) USD" }, wattHoursPerGB.map { "\(Format.significant($0)) Wh" },
        ].compactMap { $0 }
        if !traffic.isEmpty { groups.append("traffic " + traffic.joined(separator: " and ") + " a GB") }
        return groups.isEmpty ? nil : groups.joined(separator: "; ")
    }

    /// The links in a line, for lists and reports.
    package var figures: String {
        func describe(_ node: Node) -> String {
            let link = node.link
            let rate =
                link.uplinkBytesPerSecond == link.downlinkBytesPerSecond
                ? Format.bandwidth(link.uplinkBytesPerSecond)
                : "\(Format.bandwidth(link.uplinkBytesPerSecond)) up, \(Format.bandwidth(link.downlinkBytesPerSecond)) down"
            var text = "\(Format.seconds(link.latencySeconds)), \(rate)"
            if link.overheadSeconds > 0 { text += ", \(Format.seconds(link.overheadSeconds)) a message" }
            if let overhead = link.receiveOverheadSeconds, overhead > 0 {
                text += ", \(Format.seconds(overhead)) to receive one"
            }
            if node.speed != 1 { text += ", speed \(Format.significant(node.speed))" }
            if node.cores != 1 { text += ", \(node.cores) cores" }
            if let memory = node.memoryBytes { text += ", \(Format.bytes(Double(memory))) of memory" }
            return text
        }
        var text = describe(worker)
        if let server { text += "; server \(describe(server))" }
        if let figures = network.figures(worker: worker.link) { text += "; \(figures)" }
        if jitter != .none { text += "; jitter \(jitter)" }
        if let dropouts { text += "; \(dropouts.figures)" }
        if let compute { text += "; step times of \(compute.map(\.task).joined(separator: ", "))" }
        return text + devicesFigures
    }
}
