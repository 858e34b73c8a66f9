/// A node's attachment to the network: full duplex, one message at a time in each direction.
///
/// A message of S bytes between two nodes of the same link, alone on the network, takes
/// overhead + latency + S / bandwidth (Hockney 1994, with LogGP's o as the overhead).
public struct Link: Hashable, Codable, Sendable {
    /// One-way latency, in seconds. Between two nodes the larger of their latencies counts: the access network
    /// dominates.
    public var latencySeconds: Double
    /// Bytes a second from the node into the network.
    public var uplinkBytesPerSecond: Double
    /// Bytes a second from the network into the node.
    public var downlinkBytesPerSecond: Double
    /// The time for which every message occupies the sender beyond its bytes, in seconds.
    public var overheadSeconds: Double
    /// The time for which every message occupies the receiver after its last byte, in seconds; nil for none.
    public var receiveOverheadSeconds: Double?

    /// A link whose two directions differ.
    public init(
        latencySeconds: Double, uplinkBytesPerSecond: Double, downlinkBytesPerSecond: Double,
        overheadSeconds: Double = 0, receiveOverheadSeconds: Double? = nil
    ) {
        precondition(
            latencySeconds >= 0 && overheadSeconds >= 0 && receiveOverheadSeconds ?? 0 >= 0,
            "latency and overhead cannot be negative")
        precondition(uplinkBytesPerSecond > 0 && downlinkBytesPerSecond > 0, "bandwidth must be positive")
        self.latencySeconds = latencySeconds
        self.uplinkBytesPerSecond = uplinkBytesPerSecond
        self.downlinkBytesPerSecond = downlinkBytesPerSecond
        self.overheadSeconds = overheadSeconds
        self.receiveOverheadSeconds = receiveOverheadSeconds
    }

    /// A link with the same bandwidth in both directions.
    public init(latencySeconds: Double, bytesPerSecond: Double, overheadSeconds: Double = 0) {
        self.init(
            latencySeconds: latencySeconds, uplinkBytesPerSecond: bytesPerSecond,
            downlinkBytesPerSecond: bytesPerSecond, overheadSeconds: overheadSeconds)
    }
}
