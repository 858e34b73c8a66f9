import Cluster

/// A cluster with one of its costs taken away: what a job takes there tells what that cost is worth.
public enum Idealization: String, CaseIterable, Codable, Sendable {
    case noLatency
    case infiniteBandwidth
    case noOverhead
    /// All workers compute as fast as the fastest; a server stays as it is.
    case noStragglers
    case freeComputation

    public var label: String {
        switch self {
        case .noLatency: "no latency"
        case .infiniteBandwidth: "infinite bandwidth"
        case .noOverhead: "no overhead"
        case .noStragglers: "no stragglers"
        case .freeComputation: "free computation"
        }
    }
}

extension SimulatedFabric {
    /// This cluster without one of its costs.
    ///
    /// - Parameter server: the rank that is no worker.
    package func idealized(_ ideal: Idealization, server: Int?) -> SimulatedFabric {
        var (nodes, jitter, compute) = (nodes, jitter, compute)
        switch ideal {
        case .noLatency:
            for rank in nodes.indices { nodes[rank].link.latencySeconds = 0 }
            jitter = .none
        case .infiniteBandwidth:
            for rank in nodes.indices {
                nodes[rank].link.uplinkBytesPerSecond = .infinity
                nodes[rank].link.downlinkBytesPerSecond = .infinity
            }
        case .noOverhead:
            for rank in nodes.indices { nodes[rank].link.overheadSeconds = 0 }
        case .noStragglers:
            let workers = nodes.indices.filter { $0 != server }
            let fastest = workers.map { nodes[$0].speed }.max() ?? 1
            for rank in workers { nodes[rank].speed = fastest }
        case .freeComputation:
            compute = ComputeModel(calibrated: [.init(samples: 1, seconds: 0)], secondsPerVectorElement: 0)
        }
        return SimulatedFabric(
            nodes: nodes, jitter: jitter, compute: compute, allReduce: allReduce, seeds: seeds, pool: pool)
    }
}
