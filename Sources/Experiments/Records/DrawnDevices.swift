public import Cluster
import Fabrics

/// The devices that a run's workers were, and their prices and watts, which may differ. Workers that were left out are
/// not included.
public struct DrawnDevices: Hashable, Codable, Sendable {
    /// The devices' figures in summary.
    public let summary: DeviceSummary
    /// How many kinds the population has; nil without kinds.
    public let kinds: Int?
    /// How many workers are slow for the whole job.
    public let stragglers: Int
    /// US dollars for all devices together; nil where the price of one is not known.
    public let pricePerHour: Double?
    /// Watts of all devices together while they wait; nil where those of one are not known.
    public let wattsIdle: Double?
    /// Joules that computations took beyond the idle watts, all devices together; nil where the watts of one are not
    /// known.
    public let busyJoules: Double?
    /// Workers that left, and cost nothing afterwards; nil for none.
    public let departed: [Departed]?

    /// A device that left.
    public struct Departed: Hashable, Codable, Sendable {
        /// When the worker left, in cluster time.
        public let seconds: Double
        /// US dollars for an hour, until the device left.
        public let pricePerHour: Double?
        /// Watts while the device waited.
        public let wattsIdle: Double?
    }

    init(
        summary: DeviceSummary, kinds: Int?, stragglers: Int, pricePerHour: Double?, wattsIdle: Double?,
        busyJoules: Double?, departed: [Departed]? = nil
    ) {
        self.summary = summary
        self.kinds = kinds
        self.stragglers = stragglers
        self.pricePerHour = pricePerHour
        self.wattsIdle = wattsIdle
        self.busyJoules = busyJoules
        self.departed = departed
    }

    /// Nil where all workers are equal.
    ///
    /// - Parameters:
    ///   - nodes: the node of each rank.
    ///   - accounts: the time account of each rank.
    ///   - ranks: the workers that took part.
    ///   - departures: the ranks that left.
    package init?(
        _ nodes: [Node], _ accounts: [TimeAccount], workers ranks: [Int], _ cluster: ClusterSpec?, stragglers: Int,
        departures: [Departure] = []
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
            },
            departed: departures.isEmpty
                ? nil
                : departures.filter { ranks.contains($0.rank) }.map {
                    let node = nodes[$0.rank]
                    return Departed(seconds: $0.seconds, pricePerHour: node.pricePerHour, wattsIdle: node.wattsIdle)
                })
    }

    /// US dollars for the first `seconds` of the job.
    func money(_ seconds: Double) -> Double? {
        present(pricePerHour, seconds) { $0.pricePerHour }.map { $0 / 3600 }
    }

    /// Watt hours of the first `seconds` of the job, in which `shareOfWork` of all its computations were made.
    func wattHours(_ seconds: Double, shareOfWork: Double) -> Double? {
        guard let idleJoules = present(wattsIdle, seconds, { $0.wattsIdle }), let busyJoules else { return nil }
        return (idleJoules + busyJoules * shareOfWork) / 3600
    }

    /// A figure of all devices times the seconds for which each was there.
    private func present(_ total: Double?, _ seconds: Double, _ figure: (Departed) -> Double?) -> Double? {
        total.map { total in
            (departed ?? []).reduce(total * seconds) { $0 - max(0, seconds - $1.seconds) * (figure($1) ?? 0) }
        }
    }
}
