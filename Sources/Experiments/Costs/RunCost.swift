public import Cluster
public import Training

/// What a run costs in money and energy, from the prices and watts of its machines.
public struct RunCost: Hashable, Sendable {
    /// US dollars; nil where a price is not known.
    public let money: Double?
    /// Watt hours of energy; nil where a wattage is not known.
    public let wattHours: Double?
    /// Why one of the two is not known; nil without machines.
    package let unknown: UnknownCosts?

    /// The cost of a whole run; see ``init(_:_:on:until:)`` for a part of one.
    ///
    /// - Parameter machines: prices and watts; nil where they are not known.
    public init(_ run: RunRecord, _ plan: StrategyPlan, on machines: ClusterSpec?) {
        self.init(
            run, plan, on: machines, seconds: run.clusterSeconds, bytes: run.traffic.bytesTotal, shareOfWork: 1)
    }

    /// The cost until the run was at `point`: the time and the bytes until then, and computing in proportion to samples.
    public init(
        _ run: RunRecord, _ plan: StrategyPlan, on machines: ClusterSpec?, until point: TrainingRun.Evaluation
    ) {
        self.init(
            run, plan, on: machines, seconds: point.clusterSeconds, bytes: point.bytesSent,
            shareOfWork: run.samples == 0 ? 0 : Double(point.samples) / Double(run.samples))
    }

    private init(
        _ run: RunRecord, _ plan: StrategyPlan, on machines: ClusterSpec?, seconds: Double, bytes: Int,
        shareOfWork: Double
    ) {
        let roles = plan.roles
        let workers = roles.workers - (run.memoryShortage?.ranks ?? 0)
        // Threads add up gradients with their own arithmetic; on a network, cards do most of the work.
        let busy = run.computeSeconds + (plan.fabric == .threads ? run.communicationSeconds : 0)
        self.init(
            Use(
                seconds: seconds, bytes: bytes, workers: workers,
                workersBusySeconds: busy * Double(min(roles.concurrentWorkers, workers)) * shareOfWork,
                workersAbsentSeconds: Self.absentSeconds(run, seconds) { !roles.servers.contains($0) },
                servers: roles.servers.count, serversBusySeconds: (run.serverComputeSeconds ?? 0) * shareOfWork,
                serversAbsentSeconds: Self.absentSeconds(run, seconds) { roles.servers.contains($0) },
                devices: run.devices, shareOfWork: shareOfWork), on: machines)
    }

    /// What a job takes of machines and their network.
    package struct Use: Sendable {
        /// How long the job, or its part, lasts.
        package var seconds: Double
        /// Bytes that all ranks sent.
        package var bytes: Int
        package var workers: Int
        /// Seconds in which workers computed, all of them together.
        package var workersBusySeconds: Double
        /// Seconds in which workers had already left, all of them together.
        package var workersAbsentSeconds = 0.0
        package var servers: Int
        package var serversBusySeconds: Double
        package var serversAbsentSeconds = 0.0
        /// Workers that differ, each with its own price and watts; nil where all are equal.
        package var devices: DrawnDevices?
        /// The share of the work of `devices` that counts.
        package var shareOfWork = 1.0

        /// A job whose machines stay.
        package init(
            seconds: Double, bytes: Int, workers: Int, workersBusySeconds: Double, workersAbsentSeconds: Double = 0,
            servers: Int, serversBusySeconds: Double, serversAbsentSeconds: Double = 0, devices: DrawnDevices?,
            shareOfWork: Double = 1
        ) {
            (self.seconds, self.bytes, self.devices, self.shareOfWork) = (seconds, bytes, devices, shareOfWork)
            (self.workers, self.workersBusySeconds) = (workers, workersBusySeconds)
            self.workersAbsentSeconds = workersAbsentSeconds
            (self.servers, self.serversBusySeconds) = (servers, serversBusySeconds)
            self.serversAbsentSeconds = serversAbsentSeconds
        }
    }

    /// - Parameter machines: prices and watts; nil where they are not known.
    package init(_ use: Use, on machines: ClusterSpec?) {
        guard let machines else {
            (money, wattHours, unknown) = (nil, nil, nil)
            return
        }
        unknown = UnknownCosts(of: use, on: machines)
        let gigabytes = Double(use.bytes) / 1e9
        let traffic = (
            money: machines.pricePerGB.map { $0 * gigabytes }, wattHours: machines.wattHoursPerGB.map { $0 * gigabytes }
        )
        let server: Group? =
            use.servers == 0
            ? nil
            : Group(
                node: machines.server ?? machines.worker,
                presentSeconds: Double(use.servers) * use.seconds - use.serversAbsentSeconds,
                busySeconds: use.serversBusySeconds)
        if let devices = use.devices {
            // Each device has its own price and watts.
            let ofServer = server.map { [$0] } ?? []
            money = Self.sum([devices.money(use.seconds)] + ofServer.map(\.money) + [traffic.money])
            wattHours = Self.sum(
                [devices.wattHours(use.seconds, shareOfWork: use.shareOfWork)] + ofServer.map(\.wattHours)
                    + [traffic.wattHours])
            return
        }
        var groups = [
            Group(
                node: machines.worker, presentSeconds: Double(use.workers) * use.seconds - use.workersAbsentSeconds,
                busySeconds: use.workersBusySeconds)
        ]
        if let server { groups.append(server) }
        money = Self.sum(groups.map(\.money) + [traffic.money])
        wattHours = Self.sum(groups.map(\.wattHours) + [traffic.wattHours])
    }

    /// Seconds that departed ranks were missing, all of them together, of a job of `seconds`: a rank that has left
    /// costs nothing.
    private static func absentSeconds(_ run: RunRecord, _ seconds: Double, _ isOne: (Int) -> Bool) -> Double {
        (run.departures ?? []).filter { isOne($0.rank) }.reduce(0) { $0 + max(0, seconds - $1.seconds) }
    }

    /// Nodes of one kind.
    private struct Group {
        let node: Node
        /// Seconds that the nodes were there, all of them together.
        let presentSeconds: Double
        let busySeconds: Double

        var money: Double? { node.pricePerHour.map { $0 * presentSeconds / 3600 } }

        var wattHours: Double? {
            guard let busyWatts = node.wattsBusy, let idleWatts = node.wattsIdle else { return nil }
            let idleSeconds = max(0, presentSeconds - busySeconds)
            return (busySeconds * busyWatts + idleSeconds * idleWatts) / 3600
        }
    }

    /// The sum, or nil where a part is not known: a sum without that part would be too small.
    private static func sum(_ parts: [Double?]) -> Double? {
        parts.reduce(0.0) { sum, part in sum.flatMap { sum in part.map { sum + $0 } } }
    }
}
