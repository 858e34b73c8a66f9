import Diagnostics
import Foundation

/// A figure in which the devices of a population may differ, under the name that files have for it.
public enum DeviceFigure: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    /// The speed of a core relative to the compute model's device.
    case speed
    /// The number of cores.
    case cores
    /// The memory that the job may use, in bytes.
    case memory
    /// The one-way latency of the link, in seconds.
    case latency
    /// The bandwidth of both directions, drawn once.
    case bandwidth
    /// Bytes a second into the network.
    case uplink
    /// Bytes a second from the network.
    case downlink
    /// USD per hour.
    case pricePerHour = "price_per_hour"
    /// Watts while the device computes.
    case wattsBusy = "watts_busy"
    /// Watts while the device waits.
    case wattsIdle = "watts_idle"

    /// Whether the figure is one of the node's link.
    var isOfLink: Bool { [.latency, .bandwidth, .uplink, .downlink].contains(self) }
    var isCost: Bool { [.pricePerHour, .wattsBusy, .wattsIdle].contains(self) }

    /// The values that can be simulated; a draw beyond the range is moved to its nearest end.
    var range: ClosedRange<Double> { form.range }

    /// How files write the figure.
    var form: FigureForm {
        switch self {
        case .speed:
            FigureForm(
                name: "speed", parse: Self.speed, range: ClusterSpec.speeds, rangeText: "0.0001 to 10000",
                defaultMedian: 1)
        case .cores:
            FigureForm(
                name: "number of cores", parse: Self.cores, range: ClusterSpec.coreCounts,
                rangeText: ClusterSpec.coresText, isWhole: true)
        case .memory:
            FigureForm(
                name: "memory", parse: { text throws(Quantity.Failure) in Double(try Quantity.bytes(text)) },
                range: 1...1e15, rangeText: "up to 1 PB")
        case .latency:
            FigureForm(
                name: "latency", parse: { text throws(Quantity.Failure) in try Quantity.duration(text).inSeconds },
                range: 0...ClusterSpec.longestSeconds, rangeText: "up to one hour")
        case .bandwidth, .uplink, .downlink:
            FigureForm(
                name: "bandwidth", parse: { text throws(Quantity.Failure) in try Quantity.bandwidth(text) },
                range: ClusterSpec.leastBytesPerSecond...(.greatestFiniteMagnitude), rangeText: "1 kbit/s or more")
        case .pricePerHour: Self.cost("price in USD", unit: "$", article: "a price in USD")
        case .wattsBusy, .wattsIdle: Self.cost("number of watts", unit: "W", article: "a number of watts")
        }
    }

    private static func cost(_ name: String, unit: String, article: String) -> FigureForm {
        FigureForm(
            name: name,
            parse: { text throws(Quantity.Failure) in try ClusterFile.amount(text, article, unit: unit) },
            range: 0...ClusterSpec.greatestCost, rangeText: "0 to 1000000")
    }

    @Sendable private static func speed(_ text: String) throws(Quantity.Failure) -> Double {
        guard let value = Quantity.number(text), value > 0 else {
            throw Quantity.Failure(
                description: """
                    '\(text)' is not a speed; allowed is a number above 0, uniform:LOW..HIGH, lognormal:[MEDIAN:]SIGMA or \
                    choice:VALUE[=WEIGHT],...
                    """)
        }
        return value
    }

    @Sendable private static func cores(_ text: String) throws(Quantity.Failure) -> Double {
        guard let value = Int(text), ClusterSpec.coreCounts.contains(Double(value)) else {
            throw Quantity.Failure(
                description: "'\(text)' is not a number of cores; allowed is \(ClusterSpec.coresText)")
        }
        return Double(value)
    }
}

extension Node {
    mutating func set(_ figure: DeviceFigure, _ value: Double) {
        switch figure {
        case .speed: speed = value
        case .cores: cores = Int(value.rounded())
        case .memory: memoryBytes = Int(value.rounded())
        case .latency: link.latencySeconds = value
        case .bandwidth: (link.uplinkBytesPerSecond, link.downlinkBytesPerSecond) = (value, value)
        case .uplink: link.uplinkBytesPerSecond = value
        case .downlink: link.downlinkBytesPerSecond = value
        case .pricePerHour: pricePerHour = value
        case .wattsBusy: wattsBusy = value
        case .wattsIdle: wattsIdle = value
        }
    }
}
