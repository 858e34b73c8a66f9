import Cluster

/// A cluster with one of its costs taken away: what a job takes there tells what that cost is worth.
public enum Idealization: String, CaseIterable, Codable, Sendable {
    /// Messages take no time on their way.
    case noLatency
    /// Bytes cost no time.
    case infiniteBandwidth
    /// No message occupies its sender or receiver beyond its bytes.
    case noOverhead
    /// No message is lost.
    case noLoss
    /// All workers compute as fast as the fastest, at all times; a server keeps its speed.
    case noStragglers
    /// Computations take no time.
    case freeComputation

    package var label: String {
        switch self {
        case .noLatency: "no latency"
        case .infiniteBandwidth: "infinite bandwidth"
        case .noOverhead: "no overhead"
        case .noLoss: "no loss"
        case .noStragglers: "no stragglers"
        case .freeComputation: "free computation"
        }
    }
}

extension SimulatedFabric {
    /// This cluster without one of its costs.
    ///
    /// - Parameter server: the rank of the server, which is no worker; nil where there is none.
    package func idealized(_ ideal: Idealization, server: Int?) -> SimulatedFabric {
        var fabric = self
        switch ideal {
        case .noLatency:
            fabric.hasLatency = false
            fabric.jitter = .none
        case .infiniteBandwidth:
            for rank in nodes.indices {
                fabric.nodes[rank].link.uplinkBytesPerSecond = Self.infiniteBytesPerSecond
                fabric.nodes[rank].link.downlinkBytesPerSecond = Self.infiniteBytesPerSecond
            }
            fabric.interconnect.topology.setBandwidths(Self.infiniteBytesPerSecond)
        case .noOverhead:
            for rank in nodes.indices {
                fabric.nodes[rank].link.overheadSeconds = 0
                fabric.nodes[rank].link.receiveOverheadSeconds = nil
            }
        case .noLoss: fabric.interconnect.loss = nil
        case .noStragglers:
            let workers = nodes.indices.filter { $0 != server }
            let fastest = workers.max {
                nodes[$0].speed * Double(nodes[$0].cores) < nodes[$1].speed * Double(nodes[$1].cores)
            }
            guard let fastest else { break }
            for rank in workers {
                fabric.nodes[rank].speed = nodes[fastest].speed
                fabric.nodes[rank].cores = nodes[fastest].cores
            }
            fabric.slowdowns = nil
        case .freeComputation:
            fabric.compute = ComputeModel(calibrated: [.init(samples: 1, seconds: 0)], secondsPerVectorElement: 0)
        }
        return fabric
    }

    /// A rate that carries any message within less than a nanosecond. It is finite, since shares of it are computed.
    private static let infiniteBytesPerSecond = 1e30
}
