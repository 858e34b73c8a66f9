import Cluster
import Fabrics
import Training

extension RunRecord {
    /// The record of a run that has ended.
    init(_ run: TrainingRun, _ report: FabricReport, _ observed: ObservedRun, _ timing: Timing) {
        let (strategy, result) = (observed.execution.strategy, run.result)
        let leftOut = result.memoryShortage?.ranks ?? 0
        let account = TimeAccount(ofOneWorker: report.accounts, strategy, leftOut: leftOut)
        let idle = max(0, report.seconds - account.computeSeconds - account.communicationSeconds)
        self.strategy = observed.execution.plan.name
        seed = observed.execution.identity.seed
        (outcome, stoppedBy) = Self.ending(of: run, report, strategy)
        evaluations = result.evaluations
        clusterSeconds = timing.clusterSeconds
        computeSeconds = account.computeSeconds.toTheNanosecond
        communicationSeconds = account.communicationSeconds.toTheNanosecond
        idleSeconds = idle.toTheNanosecond
        hiddenCommunicationSeconds = account.hiddenCommunicationSeconds.toTheNanosecond
        waitingSeconds = observed.waitingSeconds(account, leftOut: leftOut)?.toTheNanosecond
        leastIdleSeconds = report.leastIdleSeconds(strategy)?.toTheNanosecond
        hostSeconds = timing.hostSeconds
        timings = [timing]
        serverComputeSeconds =
            strategy.serverRanks.isEmpty
            ? nil : strategy.serverRanks.reduce(0) { $0 + report.accounts[$1].computeSeconds }.toTheNanosecond
        traffic = Traffic(report.ledger, ranks: strategy.rankCount, servers: strategy.serverRanks)
        partitionSkew = result.partitionSkew
        devices = observed.execution.devices(report, without: Set(result.ranksLeftOut))
        memoryShortage = result.memoryShortage
        departures = report.departures.isEmpty ? nil : report.departures
        lostSamples = result.lostSamples > 0 ? result.lostSamples : nil
        guard !result.nodes.isEmpty else { return }
        let curves = result.nodes.map(\.judged)
        community = CommunityPoint.curve(of: curves, result.consensus, by: run.metric)
        nodes = NodeResult.all(
            result.nodes, report, strategy, hasObjectives: run.configuration.objectives != nil)
        if run.metric == .auc || result.nodes.contains(where: { $0.classWeights != nil }) {
            testClasses = TestClasses.text(run.data.test.labels)
        }
    }
}

extension RunExecution {
    /// The devices that the run's workers were; nil where they do not differ.
    fileprivate func devices(_ report: FabricReport, without leftOut: Set<Int>) -> DrawnDevices? {
        guard let cluster = plan.cluster, plan.fabric != .threads else { return nil }
        let workers = fabrics.nodes.indices.filter { !strategy.serverRanks.contains($0) && !leftOut.contains($0) }
        return DrawnDevices(
            fabrics.nodes, report.accounts, workers: workers, cluster,
            stragglers: cluster.stragglerCount(among: workers, seeds: seeds), departures: report.departures)
    }
}

extension Strategy {
    /// How many workers work at the same time.
    func workingWorkers(leftOut: Int) -> Int { min(concurrentWorkers, workerCount - leftOut) }
}

extension TimeAccount {
    /// The account of a worker that trains, on average over the workers that train at the same time.
    init(ofOneWorker accounts: [TimeAccount], _ strategy: any Strategy, leftOut: Int) {
        self.init()
        let working = Double(strategy.workingWorkers(leftOut: leftOut))
        for (rank, part) in accounts.enumerated() where !strategy.serverRanks.contains(rank) {
            computeSeconds += part.computeSeconds / working
            communicationSeconds += part.communicationSeconds / working
            hiddenCommunicationSeconds += part.hiddenCommunicationSeconds / working
            waitingSeconds += part.waitingSeconds / working
        }
    }
}

extension Double {
    /// Seconds rounded to what a clock can tell; files get no digits beyond that.
    var toTheNanosecond: Double { (self * 1e9).rounded() / 1e9 }
}
