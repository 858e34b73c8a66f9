public import Cluster
import Fabrics
import Strategies

/// The devices that a run's workers were, and what they are worth together: each has its own price and watts. Workers that
/// were left out are no part of it.
public struct DrawnDevices: Hashable, Codable, Sendable {
    public let summary: DeviceSummary
    /// Kinds in the population; nil without.
    public let kinds: Int?
    /// Workers that are slow for the whole job.
    public let stragglers: Int
    /// Of all together, USD; nil where one's is not known.
    public let pricePerHour: Double?
    /// Of all together, while they wait; nil where one's is not known.
    public let wattsIdle: Double?
    /// What their computations drew beyond that, in joules; nil where one's watts are not known.
    public let busyJoules: Double?

    init(
        summary: DeviceSummary, kinds: Int?, stragglers: Int, pricePerHour: Double?, wattsIdle: Double?,
        busyJoules: Double?
    ) {
        self.summary = summary
        self.kinds = kinds
        self.stragglers = stragglers
        self.pricePerHour = pricePerHour
        self.wattsIdle = wattsIdle
        self.busyJoules = busyJoules
    }

    /// Nil where all workers are equal.
    ///
    /// - Parameters:
    ///   - nodes: by rank.
    ///   - accounts: by rank.
    ///   - ranks: of the workers that took part.
    init?(
        _ nodes: [Node], _ accounts: [TimeAccount], workers ranks: [Int], _ cluster: ClusterSpec?, stragglers: Int
    ) {
        guard let cluster, cluster.hasDifferentWorkers, !ranks.isEmpty else { return nil }
        func sum(_ figure: (Int) -> Double?) -> Double? {
            ranks.reduce(0.0) { total, rank in total.flatMap { total in figure(rank).map { total + $0 } } }
        }
        self.init(
            summary: DeviceSummary(of: ranks.map { nodes[$0] }), kinds: cluster.devices.map { max(1, $0.kinds.count) },
            stragglers: stragglers, pricePerHour: sum { nodes[$0].pricePerHour },
            wattsIdle: sum { nodes[$0].wattsIdle },
            busyJoules: sum { rank in
                guard let busy = nodes[rank].wattsBusy, let idle = nodes[rank].wattsIdle else { return nil }
                return accounts[rank].computeSeconds * (busy - idle)
            })
    }

    /// Watt hours of the first `seconds` of the job, in which `shareOfWork` of all its computations were made.
    func wattHours(_ seconds: Double, shareOfWork: Double) -> Double? {
        guard let wattsIdle, let busyJoules else { return nil }
        return (wattsIdle * seconds + busyJoules * shareOfWork) / 3600
    }
}
