import Diagnostics
import Foundation
import YAMLFiles
import Yams

/// A cluster description that cannot be used: names the file, the line, and what is allowed.
public struct ClusterFileError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    init(_ description: String) { self.description = ErrorText.message(description) }
}

/// Reads a cluster description in YAML:
///
///     name: two-sites
///     summary: workers in Zurich and Oslo        # optional
///     source: iperf3, 2026-05-04                 # optional
///     hardware: H100                             # optional: what a worker computes on; see `bench price`
///     latency: 18ms
///     bandwidth: 200Mbit                         # or uplink: and downlink:
///     overhead: 20us                             # optional, 0
///     receive_overhead: 20us                     # optional, 0
///     jitter: lognormal:0.2                      # optional, none; empirical:FILE.csv is relative to this file
///     topology: ring                             # optional, switch; see ``Topology`` and `ClusterFileTopology.swift`
///     sharing: max-min                           # optional: ports for a switch, max-min elsewhere
///     loss: 0.1%                                 # optional, 0; with timeout: 200ms
///     speed: 0.5                                 # optional, 1: relative to the compute model's device
///     cores: 4                                   # optional, 1: that share the samples of a step
///     memory: 4GB                                # optional: what the job may use of it
///     devices: phones.csv                        # optional: workers that differ; see `ClusterFileDevices.swift`
///     price_per_hour: 0.038                      # optional: USD of one node, while the job lasts
///     watts_busy: 3.5                            # optional: of one node while it computes
///     watts_idle: 0.74                           # optional: of one node while it waits
///     price_per_gb: 0.02                         # optional: USD per 1e9 bytes of traffic
///     watt_hours_per_gb: 1                       # optional
///     cost_source: the provider's price list     # optional
///     dropouts: [{rank: 3, at: 12s}]             # optional; see `ClusterFileDropouts.swift`, with lifetime:
///     compute: {digits: {steps: {32: 60us}, vector_element: 0.3ns}}   # optional; see `ClusterFileCompute.swift`
///     server:                                    # optional: links, speed, price and watts of the server rank
///       latency: 250us
///       bandwidth: 10Gbit
public struct ClusterFile: YAMLFile {
    package let file: String

    /// The cluster that `argument` of `--cluster` means: a path that ends in .yaml or .yml, or a preset's name.
    public static func resolve(_ argument: String) throws(ClusterFileError) -> ClusterSpec {
        guard argument.hasSuffix(".yaml") || argument.hasSuffix(".yml") else {
            return try ClusterPresets.named(argument)
        }
        guard let data = FileManager.default.contents(atPath: argument) else {
            throw ClusterFileError("cluster file '\(argument)' does not exist or cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ClusterFileError("\(argument): not UTF-8 text")
        }
        let spec = try ClusterFile(file: argument).parse(text)
        // Whoever asks for it, for a run, a list or a price: what cannot be simulated is no cluster.
        do throws(ClusterFileError) { try spec.validate() } catch { throw ClusterFileError("\(argument): \(error)") }
        return spec
    }

    /// - Parameter file: the name for error messages.
    init(file: String) { self.file = file }

    package static func failure(_ message: String) -> ClusterFileError { ClusterFileError(message) }

    private static let nodeKeys = [
        "latency", "bandwidth", "uplink", "downlink", "overhead", "speed", "price_per_hour", "watts_busy", "watts_idle",
        "receive_overhead", "cores", "memory",
    ]
    private static let clusterKeys =
        ["name", "summary", "source", "hardware"] + nodeKeys + [
            "jitter", "server", "topology", "sharing", "loss", "timeout", "price_per_gb", "watt_hours_per_gb",
            "cost_source",
        ] + dropoutKeys + deviceKeys + ["compute"]

    func parse(_ text: String) throws(ClusterFileError) -> ClusterSpec {
        guard let root = try compose(text) else {
            throw ClusterFileError("\(file): empty; a cluster needs \(Self.required)")
        }
        let values = try fields(of: root, allowed: Self.clusterKeys, what: "a cluster")
        let interconnect = try interconnect(values)
        try checkLinks(of: interconnect.topology, values)
        var spec = ClusterSpec(
            name: try string(values["name"]) ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent,
            summary: try string(values["summary"]) ?? "", source: try string(values["source"]) ?? file,
            worker: try node(values, at: root),
            server: try values["server"].map { server throws(ClusterFileError) in
                let values = try fields(of: server, allowed: Self.nodeKeys, what: "a server")
                try checkIsOne(values, "a server")
                return try node(values, at: server)
            },
            jitter: try parsed(values["jitter"]) { text throws(Quantity.Failure) in
                try Jitter(parsing: text, in: URL(fileURLWithPath: file).deletingLastPathComponent())
            } ?? .none,
            interconnect: interconnect == .plain ? nil : interconnect,
            dropouts: try dropouts(values),
            pricePerGB: try amount(values["price_per_gb"], "a price in USD", unit: "$"),
            wattHoursPerGB: try amount(values["watt_hours_per_gb"], "a number of watt hours", unit: "Wh"),
            costSource: try string(values["cost_source"]),
            devices: try population(values, topology: interconnect.topology), stragglers: try stragglers(values),
            slowdowns: try slowdowns(values), compute: try compute(values["compute"]))
        spec.hardware = try string(values["hardware"])
        return spec
    }

    private func amount(_ node: Yams.Node?, _ what: String, unit: String) throws(ClusterFileError) -> Double? {
        try parsed(node) { text throws(Quantity.Failure) in try Self.amount(text, what, unit: unit) }
    }

    /// A number from 0 up, with or without its unit, which stands before it (`$`) or behind it.
    static func amount(_ text: String, _ what: String, unit: String) throws(Quantity.Failure) -> Double {
        var number = text
        if unit == "$", number.hasPrefix(unit) { number.removeFirst(unit.count) }
        if unit != "$", number.hasSuffix(unit) { number.removeLast(unit.count) }
        guard let value = Quantity.number(number.trimmingCharacters(in: .whitespaces)), value >= 0 else {
            throw Quantity.Failure(description: "'\(text)' is not \(what); allowed is a number from 0 up")
        }
        return value
    }

    private static let required = "'latency' and 'bandwidth' (or 'uplink' and 'downlink')"

    func rate(_ node: Yams.Node?) throws(ClusterFileError) -> Double? {
        try parsed(node) { text throws(Quantity.Failure) in try Quantity.bandwidth(text) }
    }

    func seconds(_ node: Yams.Node?) throws(ClusterFileError) -> Double? {
        try parsed(node) { text throws(Quantity.Failure) in try Quantity.duration(text).inSeconds }
    }

    /// Latency and bandwidth of a link, which each must be there.
    ///
    /// - Parameter what: that has the link, for error messages.
    func trunk(
        _ values: [String: Yams.Node], of what: String, at place: Yams.Node
    ) throws(ClusterFileError) -> Topology.Trunk {
        try trunk(values, of: what, at: place) { figure throws(ClusterFileError) in
            let node = values[figure.rawValue]
            return figure == .latency ? try seconds(node) : try rate(node)
        }
    }

    private func trunk(
        _ values: [String: Yams.Node], of what: String, at place: Yams.Node,
        figure: (DeviceFigure) throws(ClusterFileError) -> Double?
    ) throws(ClusterFileError) -> Topology.Trunk {
        let both = try figure(.bandwidth)
        if both != nil, let extra = values["uplink"] ?? values["downlink"] {
            throw error(at: extra, "either 'bandwidth' or 'uplink' and 'downlink', not both")
        }
        guard let latency = try figure(.latency), let uplink = try figure(.uplink) ?? both,
            let downlink = try figure(.downlink) ?? both
        else { throw error(at: place, "incomplete: \(what) needs \(Self.required)") }
        return Topology.Trunk(
            latencySeconds: latency, uplinkBytesPerSecond: uplink, downlinkBytesPerSecond: downlink)
    }

    /// A worker or a server; of figures that are drawn, their medians.
    private func node(_ values: [String: Yams.Node], at place: Yams.Node) throws(ClusterFileError) -> Node {
        let trunk = try trunk(values, of: "a node", at: place) { figure throws(ClusterFileError) in
            try self.figure(figure, values)?.median
        }
        return Node(
            link: Link(
                latencySeconds: trunk.latencySeconds, uplinkBytesPerSecond: trunk.uplinkBytesPerSecond,
                downlinkBytesPerSecond: trunk.downlinkBytesPerSecond,
                overheadSeconds: try seconds(values["overhead"]) ?? 0,
                receiveOverheadSeconds: try seconds(values["receive_overhead"])),
            speed: try figure(.speed, values)?.median ?? 1, pricePerHour: try figure(.pricePerHour, values)?.median,
            wattsBusy: try figure(.wattsBusy, values)?.median, wattsIdle: try figure(.wattsIdle, values)?.median,
            cores: try figure(.cores, values).map { max(1, Int($0.median)) } ?? 1,
            memoryBytes: try figure(.memory, values).map { Int($0.median) })
    }
}
