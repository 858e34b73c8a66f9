import Diagnostics
import Randomness

/// How the workers of a job differ.
public struct DeviceSummary: Hashable, Codable, Sendable {
    /// A figure over the devices.
    public struct Spread: Hashable, Codable, Sendable {
        /// The least.
        public let least: Double
        /// The median; of an even number of devices, the lower of the two middle ones.
        public let median: Double
        /// The most.
        public let most: Double

        /// - Precondition: not of nothing.
        init(_ values: [Double]) {
            let sorted = values.sorted()
            (least, median, most) = (sorted[0], sorted[(sorted.count - 1) / 2], sorted[sorted.count - 1])
        }
    }

    /// How many devices there are.
    public let count: Int
    /// Compute speed of a core relative to the compute model's device.
    public let speed: Spread
    /// Cores of a device.
    public let cores: Spread
    /// Bytes of memory that the job may use; nil where that of any worker is not known.
    public let memoryBytes: Spread?
    /// One-way latency, in seconds.
    public let latencySeconds: Spread
    /// Bytes a second from a device into the network.
    public let uplinkBytesPerSecond: Spread
    /// Bytes a second from the network into a device.
    public let downlinkBytesPerSecond: Spread

    /// - Precondition: at least one worker.
    package init(of workers: [Node]) {
        count = workers.count
        speed = Spread(workers.map(\.speed))
        cores = Spread(workers.map { Double($0.cores) })
        let memories = workers.compactMap(\.memoryBytes).map(Double.init)
        memoryBytes = memories.count == workers.count ? Spread(memories) : nil
        latencySeconds = Spread(workers.map(\.link.latencySeconds))
        uplinkBytesPerSecond = Spread(workers.map(\.link.uplinkBytesPerSecond))
        downlinkBytesPerSecond = Spread(workers.map(\.link.downlinkBytesPerSecond))
    }

    /// Enough for a median and a range that people read.
    private static let sampleSize = 1_001

    /// The devices that a job would get: all of a list that is handed out in order; otherwise a sample, drawn from the
    /// same seed for all clusters. At most 100,000 devices are looked at, and stragglers are left out.
    init(sampleOf cluster: ClusterSpec) {
        var cluster = cluster
        cluster.stragglers = nil
        let count = cluster.devices?.deviceCount.map { max(1, min($0, 100_000)) } ?? Self.sampleSize
        self.init(of: cluster.nodes(ranks: count, server: nil, seeds: SeedSequence(0)))
    }

    /// The figures that differ, each with its range and median; nil where none does.
    package var figures: String? {
        func text(_ name: String, _ spread: Spread?, _ format: (Double) -> String) -> String? {
            guard let spread, spread.least < spread.most else { return nil }
            return "\(name) \(format(spread.least)) to \(format(spread.most)), median \(format(spread.median))"
        }
        let texts = [
            text("speed", speed, Format.significant), text("cores", cores, Format.significant),
            text("memory", memoryBytes, Format.bytes), text("latency", latencySeconds, Format.seconds),
            text("uplink", uplinkBytesPerSecond, Format.bandwidth),
            text("downlink", downlinkBytesPerSecond, Format.bandwidth),
        ].compactMap { $0 }
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }
}
