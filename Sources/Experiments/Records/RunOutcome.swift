import Cluster
import Fabrics
import Tasks
import Training

extension RunRecord {
    /// How a run ended, and which departure ended it, if one did.
    ///
    /// A run whose samples are used up, or that reached a limit, is complete even if ranks left. For any other run the
    /// strategy says which departure ended it; where no rank was left to say so, it was the server's or else the last
    /// one.
    static func ending(
        of run: TrainingRun, _ report: FabricReport, _ strategy: any Strategy
    ) -> (outcome: Outcome, stoppedBy: Departure?) {
        let result = run.result
        if result.divergedAfterSamples != nil { return (.diverged, nil) }
        let isComplete = (result.evaluations.last?.samples ?? 0) >= run.sampleBudget || result.isAtLimit
        guard !isComplete, let last = report.departures.last else { return (.completed, nil) }
        let server = report.departures.first { strategy.serverRanks.contains($0.rank) }
        return (.stopped, result.stoppedBy ?? server ?? last)
    }
}

extension ExperimentPlan {
    /// What a reader should know about strategies that the cluster's dropouts do not affect.
    public var dropoutNotes: [String] {
        guard strategies.contains(where: { $0.cluster?.dropouts != nil }) else { return [] }
        return strategies.compactMap { plan in
            guard plan.fabric == .simulated else {
                return "`\(plan.name)` is measured on this machine, which no rank leaves."
            }
            let ranks = plan.roles.ranks
            let beyond = plan.cluster?.dropouts(beyond: ranks) ?? []
            guard !beyond.isEmpty else { return nil }
            let names = beyond.map(String.init).joined(separator: ", ")
            return "`\(plan.name)` has \(ranks) rank\(ranks == 1 ? "" : "s") and no rank \(names) that could leave."
        }
    }

    /// Checks that each rank that is to leave exists in some simulated strategy.
    func checkDropouts() throws(ExperimentError) {
        var ranks: [(name: String, count: Int)] = []
        var departing: Set<Int> = []
        for plan in strategies where plan.fabric == .simulated {
            guard let dropouts = plan.cluster?.dropouts else { continue }
            ranks.append((plan.name, plan.roles.ranks))
            departing.formUnion(dropouts.departures.map(\.rank))
        }
        let most = ranks.map(\.count).max() ?? 0
        guard let unknown = departing.sorted().first(where: { $0 >= most }) else { return }
        let allowed = ranks.map { "\($0.name) has ranks 0 to \($0.count - 1)" }.joined(separator: ", ")
        throw ExperimentError("no strategy has a rank \(unknown) that could leave: \(allowed)")
    }
}
