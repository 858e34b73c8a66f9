import Diagnostics

/// A number of a cluster that times depend on and that somebody could change: what a decision is tried against.
///
/// Figures of devices that are drawn, and of lines that differ, change in proportion, all by one factor.
package enum ClusterFigure: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    case latency
    /// The same number for both directions; only a cluster whose links are alike in both directions has this figure.
    case bandwidth
    case uplink
    case downlink
    case overhead
    case receiveOverhead = "receive-overhead"
    case speed
    case cores
    /// The parameter of the jitter: a uniform one's width or a log-normal one's sigma. Measured latencies are scaled
    /// together.
    case jitter
    case stragglerShare = "straggler-share"
    case stragglerSlowdown = "straggler-slowdown"
    case slowdownEvery = "slowdown-every"
    case slowdownLength = "slowdown-length"
    case slowdownFactor = "slowdown-factor"
    case loss
    case lossTimeout = "loss-timeout"
    /// The latency of what lies beyond the nodes' links: uplinks of racks, lines between sites, edges of a graph.
    case lineLatency = "line-latency"
    case lineBandwidth = "line-bandwidth"
    case serverLatency = "server-latency"
    case serverBandwidth = "server-bandwidth"
    case serverOverhead = "server-overhead"
    case serverSpeed = "server-speed"

    /// What a value is.
    package enum Unit: Sendable {
        case seconds
        case bytesPerSecond
        case share
        /// A factor, or a count.
        case plain
    }

    /// The unit of the figure in a cluster without log-normal jitter.
    package var unit: Unit { unit(jitter: .none) }

    package func unit(in spec: ClusterSpec) -> Unit { unit(jitter: spec.jitter) }

    private func unit(jitter: Jitter) -> Unit {
        switch self {
        case .latency, .overhead, .receiveOverhead, .slowdownEvery, .slowdownLength, .lossTimeout, .lineLatency,
            .serverLatency, .serverOverhead:
            .seconds
        case .bandwidth, .uplink, .downlink, .lineBandwidth, .serverBandwidth: .bytesPerSecond
        case .stragglerShare, .loss: .share
        case .speed, .cores, .stragglerSlowdown, .slowdownFactor, .serverSpeed: .plain
        case .jitter: if case .logNormal = jitter { .plain } else { .seconds }
        }
    }

    /// The figure's name in running text.
    package var words: String {
        switch self {
        case .latency, .bandwidth, .uplink, .downlink, .overhead, .cores, .jitter, .loss: rawValue
        // The bare word "speed" would be taken for a network's speed.
        case .speed: "speed of computing"
        case .receiveOverhead: "overhead of the receiver"
        case .stragglerShare: "share of stragglers"
        case .stragglerSlowdown: "slowdown of stragglers"
        case .slowdownEvery: "time between slowdowns"
        case .slowdownLength: "length of slowdowns"
        case .slowdownFactor: "factor of slowdowns"
        case .lossTimeout: "timeout of lost messages"
        case .lineLatency: "latency of the lines"
        case .lineBandwidth: "bandwidth of the lines"
        case .serverLatency: "latency of the server"
        case .serverBandwidth: "bandwidth of the server"
        case .serverOverhead: "overhead of the server"
        case .serverSpeed: "speed of the server's computing"
        }
    }

    /// Whether only whole numbers are values.
    package var isWhole: Bool { self == .cores }

    // MARK: Values

    /// The figure of a cluster; nil where the cluster has none, or none that could be changed. For drawn figures it is
    /// the median of the cluster's worker, and for several lines the first line's figure.
    package func value(in spec: ClusterSpec) -> Double? {
        let link = spec.worker.link
        let isSymmetric = link.uplinkBytesPerSecond == link.downlinkBytesPerSecond
        switch self {
        case .latency:
            if case .empirical = spec.jitter { return nil }
            return link.latencySeconds
        case .bandwidth: return isSymmetric ? link.uplinkBytesPerSecond : nil
        case .uplink: return isSymmetric ? nil : link.uplinkBytesPerSecond
        case .downlink: return isSymmetric ? nil : link.downlinkBytesPerSecond
        case .overhead: return positive(link.overheadSeconds)
        case .receiveOverhead: return positive(link.receiveOverheadSeconds)
        case .speed: return spec.worker.speed
        case .cores: return spec.worker.cores > 1 ? Double(spec.worker.cores) : nil
        case .jitter: return positive(spec.jitter.figure)
        case .stragglerShare: return positive(spec.stragglers?.fraction)
        case .stragglerSlowdown: return spec.stragglers?.slowdown.median
        case .slowdownEvery, .slowdownLength, .slowdownFactor:
            guard case .random(let every, let lasting, let factor)? = spec.slowdowns else { return nil }
            return (self == .slowdownEvery ? every : self == .slowdownLength ? lasting : factor).median
        case .loss: return positive(spec.interconnect?.loss?.probability)
        case .lossTimeout: return positive(spec.interconnect?.loss?.timeoutSeconds)
        case .lineLatency: return positive(spec.interconnect?.topology.lineLatency)
        case .lineBandwidth: return positive(spec.interconnect?.topology.lineBandwidth)
        case .serverLatency: return positive(spec.server?.link.latencySeconds)
        case .serverBandwidth:
            guard let link = spec.server?.link, link.uplinkBytesPerSecond == link.downlinkBytesPerSecond else {
                return nil
            }
            return link.uplinkBytesPerSecond
        case .serverOverhead: return positive(spec.server?.link.overheadSeconds)
        case .serverSpeed: return spec.server?.speed
        }
    }

    private func positive(_ value: Double?) -> Double? { value.flatMap { $0 > 0 ? $0 : nil } }

    /// All figures that a cluster has, in the order of their declaration.
    package static func all(of spec: ClusterSpec) -> [ClusterFigure] { allCases.filter { $0.value(in: spec) != nil } }

    /// The range of values that can be simulated.
    package var allowed: ClosedRange<Double> {
        switch self {
        case .latency, .lineLatency, .serverLatency, .overhead, .receiveOverhead, .serverOverhead, .lossTimeout:
            0...ClusterSpec.longestSeconds
        case .bandwidth, .uplink, .downlink, .lineBandwidth, .serverBandwidth: ClusterSpec.leastBytesPerSecond...1e18
        case .speed, .serverSpeed: ClusterSpec.speeds
        case .cores: ClusterSpec.coreCounts
        case .jitter: 0...3
        case .stragglerShare: 0...1
        case .stragglerSlowdown, .slowdownFactor: Slowdowns.factors
        case .slowdownEvery, .slowdownLength: Slowdowns.leastSeconds...Slowdowns.mostSeconds
        case .loss: Interconnect.Loss.probabilities
        }
    }

    /// The range in which crossovers are looked for: a thousandth to a thousand times the figure, as far as that can be
    /// simulated; for a latency of 0 s, from a nanosecond to a second.
    package func searched(in spec: ClusterSpec) -> ClosedRange<Double>? {
        guard let value = value(in: spec) else { return nil }
        guard value > 0 else { return 1e-9...1 }
        let low = max(allowed.lowerBound, value / 1000)
        let high = min(allowed.upperBound, value * 1000)
        return low < high ? low...high : nil
    }

    // MARK: Texts

    /// A value with its unit, as people read it.
    package func text(_ value: Double, in spec: ClusterSpec) -> String {
        switch unit(jitter: spec.jitter) {
        case .seconds: Format.seconds(value)
        case .bytesPerSecond: Format.bandwidth(value)
        case .share: "\(Format.significant(value * 100)) %"
        case .plain: Format.significant(value) + (isFactor ? "x" : "")
        }
    }

    /// Whether it says how many times something is as much as usual.
    private var isFactor: Bool {
        switch self {
        case .speed, .serverSpeed, .stragglerSlowdown, .slowdownFactor: true
        default: false
        }
    }

    /// A value as ``parse(_:in:)`` reads it back, with four significant digits.
    package func argument(_ value: Double, in spec: ClusterSpec) -> String {
        func digits(_ value: Double) -> Double { Double(Format.fourDigits(value)) ?? value }
        switch unit(jitter: spec.jitter) {
        case .seconds: return Quantity.text(seconds: digits(value))
        case .bytesPerSecond:
            let bits = digits(value * 8)
            let units = [("Gbit", 1e9), ("Mbit", 1e6), ("kbit", 1e3)]
            let (unit, scale) = units.first { bits >= $0.1 } ?? ("bit", 1)
            return Format.fourDigits(bits / scale) + unit
        case .share, .plain: return Format.fourDigits(value)
        }
    }

    /// - Throws: `Quantity.Failure` saying what is allowed.
    package func parse(_ text: String, in spec: ClusterSpec) throws(Quantity.Failure) -> Double {
        let value: Double
        switch unit(jitter: spec.jitter) {
        case .seconds: value = try Quantity.duration(text).inSeconds
        case .bytesPerSecond: value = try Quantity.bandwidth(text)
        case .share: value = try Quantity.fraction(text)
        case .plain:
            guard let number = Quantity.number(text) else {
                throw Quantity.Failure(description: "'\(text)' is no number for \(rawValue)")
            }
            value = number
        }
        guard allowed.contains(value) else {
            throw Quantity.Failure(
                description: """
                    a \(rawValue) of \(text); allowed is \(self.text(allowed.lowerBound, in: spec)) to \
                    \(self.text(allowed.upperBound, in: spec))
                    """)
        }
        return value
    }
}

extension Jitter {
    /// The jitter in one number: a uniform one's width in seconds, a log-normal one's sigma, or the median of measured
    /// latencies, in seconds; nil where there is no jitter.
    var figure: Double? {
        switch self {
        case .none: nil
        case .uniform(let seconds): seconds
        case .logNormal(let sigma): sigma
        case .empirical(_, let seconds): DrawnFigure.choice(seconds.map { .init(value: $0) }).median
        }
    }
}

extension Topology {
    /// The latency, in seconds, of the first line that has a latency of its own; nil where no line has one.
    var lineLatency: Double? {
        switch self {
        case .oneSwitch, .ring, .torus: nil
        case .racks(let racks): racks.latencySeconds
        case .sites(let lines): lines.first?.trunk.latencySeconds
        case .graph(let graph): graph.edges.lazy.compactMap(\.latencySeconds).first
        }
    }

    /// The bandwidth, in bytes a second, of the first line that has a bandwidth of its own. Nil where no line has one,
    /// and for racks whose uplinks follow from their nodes' links.
    var lineBandwidth: Double? {
        switch self {
        case .oneSwitch, .ring, .torus: nil
        case .racks(let racks): racks.bytesPerSecond
        case .sites(let lines): lines.first?.trunk.uplinkBytesPerSecond
        case .graph(let graph): graph.edges.lazy.compactMap(\.bytesPerSecond).first
        }
    }
}
