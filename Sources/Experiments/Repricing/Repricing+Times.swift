package import Cluster
import Fabrics
import Randomness
package import Statistics
import Training

/// What advice asks of recorded runs many thousands of times: only when they reach the target.
extension Repricing {
    /// The seeds of the recorded runs, in their order.
    package var seeds: [UInt64] { runs.map(\.record.seed) }

    /// When each run reaches the target on the cluster of `plan`. The times are those of ``price(_:)``, but what comes
    /// after the target is not played and no accounts are kept. Runs whose ranks do the same, on a cluster where
    /// nothing depends on the seed, are played once.
    ///
    /// - Parameter seeds: nil for all.
    /// - Returns: the times in the order of ``seeds``, without seeds that are not asked for.
    /// - Throws: ``ExperimentError`` as ``price(_:)``.
    package func timesToTarget(_ plan: StrategyPlan, seeds: Set<UInt64>? = nil) throws -> [SteppedValue] {
        let plan = try choosingAllReduce(plan)
        let asked = runs.filter { seeds?.contains($0.record.seed) ?? true }
        let draws = plan.cluster?.drawsBySeed ?? false
        var played: [(schedule: Schedule, evaluations: [ReplayReport.Evaluation])] = []
        return try asked.map { run in
            let needed = evaluationsToTarget(run)
            guard needed > 0 else { return .never }
            if !draws, let same = played.first(where: { $0.schedule == run.schedule }) {
                return time(run, needed, same.evaluations)
            }
            let alike = draws ? [run] : asked.filter { $0.schedule == run.schedule }
            let most = alike.map(evaluationsToTarget).max() ?? needed
            let (fabric, _) = try fabric(for: run, plan)
            let evaluations = try replayed(run, plan) { () throws(FabricError) in
                try fabric.evaluations(of: run.schedule, first: most)
            }
            if !draws { played.append((run.schedule, evaluations)) }
            return time(run, needed, evaluations)
        }
    }

    /// How many evaluations there are until the one that finds the target reached for good; 0 where none does. The
    /// values of the models are the same on every cluster.
    private func evaluationsToTarget(_ run: Run) -> Int {
        let evaluations = run.record.evaluations
        guard let point = TimeToTarget(evaluations, target: target).sustainedPoint else { return 0 }
        return (evaluations.firstIndex(of: point) ?? -1) + 1
    }

    private func time(_ run: Run, _ needed: Int, _ played: [ReplayReport.Evaluation]) -> SteppedValue {
        let moved = zip(run.record.evaluations.prefix(needed), played).map { $0.moved(to: $1) }
        return TimeToTarget(moved, target: target).sustainedTime
    }

    /// The records of full runs on the cluster of `plan`, including the attribution of time to that cluster's costs, so
    /// that tables, verdicts and costs can be made from them. Figures of the host, such as its time, are those of the
    /// recorded runs.
    ///
    /// - Returns: also the plan, with the cheapest all-reduce on that cluster where the plan says `auto`. Prices of
    ///   devices are left out where clients had too little memory, since it is not recorded which devices those were.
    /// - Throws: ``ExperimentError`` as ``price(_:)``.
    package func records(_ plan: StrategyPlan) throws -> (plan: StrategyPlan, runs: [RunRecord]) {
        var plan = try choosingAllReduce(plan)
        let records = try runs.map { try record($0, plan) }
        if plan.cluster?.hasDifferentWorkers == true, records.contains(where: { $0.memoryShortage != nil }) {
            plan.cluster?.worker.pricePerHour = nil
            plan.cluster?.worker.wattsBusy = nil
        }
        return (plan, records)
    }

    private func record(_ run: Run, _ plan: StrategyPlan) throws -> RunRecord {
        let (fabric, strategy) = try fabric(for: run, plan)
        let report = try replayed(run, plan) { () throws(FabricError) in try fabric.replay(run.schedule) }
        let leftOut = run.record.memoryShortage?.ranks ?? 0
        let account = TimeAccount(ofOneWorker: report.accounts, strategy, leftOut: leftOut)
        var traffic = run.record.traffic
        if report.bytes != traffic.bytesTotal {
            traffic = RunRecord.Traffic(
                bytesTotal: report.bytes, messagesTotal: report.messages, bytesPerWorkerMax: 0, bytesUplink: nil,
                bytesDownlink: nil, entries: nil)
        }
        let servers = strategy.serverRanks
        var record = RunRecord(
            strategy: run.record.strategy, seed: run.record.seed, outcome: run.record.outcome,
            evaluations: zip(run.record.evaluations, report.evaluations).map { $0.moved(to: $1) },
            clusterSeconds: report.seconds.toTheNanosecond, computeSeconds: account.computeSeconds.toTheNanosecond,
            communicationSeconds: account.communicationSeconds.toTheNanosecond,
            idleSeconds: max(0, report.seconds - account.computeSeconds - account.communicationSeconds).toTheNanosecond,
            hiddenCommunicationSeconds: account.hiddenCommunicationSeconds.toTheNanosecond,
            hostSeconds: run.record.hostSeconds,
            serverComputeSeconds: servers.isEmpty
                ? nil : servers.reduce(0) { $0 + report.accounts[$1].computeSeconds }.toTheNanosecond,
            traffic: traffic, partitionSkew: run.record.partitionSkew, timings: [],
            memoryShortage: run.record.memoryShortage)
        if let cluster = plan.cluster, leftOut == 0 {
            let workers = fabric.nodes.indices.filter { !servers.contains($0) }
            record.devices = DrawnDevices(
                fabric.nodes, report.accounts, workers: workers, cluster,
                stragglers: cluster.stragglerCount(among: workers, seeds: SeedSequence(run.record.seed)))
        }
        record.attribution = try attribution(run, plan, fabric, strategy.serverRank)
        return record
    }

    /// The run's time without each one of its cluster's costs; nil where that takes too many messages, by the same
    /// limit as for runs that are recorded.
    private func attribution(
        _ run: Run, _ plan: StrategyPlan, _ fabric: SimulatedFabric, _ server: Int?
    ) throws -> [RunRecord.Attribution]? {
        var entries: [RunRecord.Attribution] = []
        for ideal in Idealization.allCases where ideal != .noLoss || fabric.interconnect.loss != nil {
            let report = try replayed(run, plan) { () throws(FabricError) in
                try fabric.idealized(ideal, server: server).replay(run.schedule, most: Self.mostMessages / runs.count)
            }
            guard let report else { return nil }
            entries.append(RunRecord.Attribution(ideal: ideal, clusterSeconds: report.seconds.toTheNanosecond))
        }
        return entries
    }

    private static let mostMessages = 500_000

    /// How many messages a replay of the whole first run takes on the cluster of `plan`, which estimates the effort of
    /// pricing one run; 0 without runs.
    package func messagesPlayed(_ plan: StrategyPlan) throws -> Int {
        let plan = try choosingAllReduce(plan)
        return try runs.prefix(1).map { run in
            let (fabric, _) = try fabric(for: run, plan)
            return try replayed(run, plan) { () throws(FabricError) in
                try fabric.replay(run.schedule).playedMessages
            }
        }.max() ?? 0
    }
}

extension ClusterSpec {
    /// Whether times on this cluster depend on the run's seed.
    package var drawsBySeed: Bool {
        jitter != .none || hasDifferentWorkers || slowdowns != nil || network.loss != nil
    }
}
