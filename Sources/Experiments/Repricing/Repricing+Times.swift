package import Cluster
import Fabrics
import Randomness
package import Statistics
import Training

/// What advice asks of recorded runs many thousand times: only when they reach the target.
extension Repricing {
    /// The seeds of the recorded runs, in their order.
    package var seeds: [UInt64] { runs.map(\.record.seed) }

    /// When each run reaches the target on the cluster of `plan`: what ``price(_:)`` says, without playing what comes after
    /// the target and without any accounts. Runs whose ranks do the same, on a cluster where nothing is drawn by the seed,
    /// are played once.
    ///
    /// - Parameter seeds: nil for all.
    /// - Returns: in the order of ``seeds``, without those that are not asked for.
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

    /// The evaluations until the one that finds the target reached for good; 0 where none does. What models are worth is the
    /// same on every cluster.
    private func evaluationsToTarget(_ run: Run) -> Int {
        let evaluations = run.record.evaluations
        guard let point = TimeToTarget(evaluations, target: target).sustainedPoint else { return 0 }
        return (evaluations.firstIndex(of: point) ?? -1) + 1
    }

    private func time(_ run: Run, _ needed: Int, _ played: [ReplayReport.Evaluation]) -> SteppedValue {
        let moved = zip(run.record.evaluations.prefix(needed), played).map { $0.moved(to: $1) }
        return TimeToTarget(moved, target: target).sustainedTime
    }

    /// The records of full runs on the cluster of `plan`, with what each cost of that cluster is worth, so that tables, verdicts
    /// and costs can be made of them. What only a host has, such as its time, is that of the recorded runs.
    ///
    /// - Returns: also the plan, with the all-reduce that is the cheapest there where it leaves that open; prices of devices
    ///   are left out of it where clients had too little memory, since which of the devices those were is not recorded.
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

    /// What is left of a run's time without each of its cluster's costs; nil where that takes too many messages, as for a run
    /// that is recorded.
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

    /// How many messages a run plays until its target on the cluster of `plan`, the most of all seeds: what one price costs.
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
    /// Whether times on it depend on the run's seed.
    package var drawsBySeed: Bool {
        jitter != .none || hasDifferentWorkers || slowdowns != nil || network.loss != nil
    }
}
