package import Experiments
internal import Foundation

/// The first line of a log: what will be run and by which process, so that a reader of the growing file knows what to
/// expect and whether more can come.
package struct EventLogHeader: Sendable {
    /// What kind of experiment the runs belong to.
    package enum Kind: String, Sendable {
        case run, study, coalitions
    }

    let kind: Kind
    let plan: ExperimentPlan
    /// How many runs each strategy of the plan has.
    let runsOfStrategies: [Int]
    /// Whether all runs of a strategy take about as long.
    let areAlike: Bool
    /// How many runs an earlier process finished.
    package let finishedRuns: Int

    /// - Parameters:
    ///   - runsOfStrategies: how many runs each strategy of the plan has; nil for one for each seed and repetition.
    ///   - areAlike: whether all runs of a strategy take about as long.
    ///   - finishedRuns: how many runs an earlier process finished.
    package init(
        _ kind: Kind, _ plan: ExperimentPlan, runsOfStrategies: [Int]? = nil, areAlike: Bool = true,
        finishedRuns: Int = 0
    ) {
        self.kind = kind
        self.plan = plan
        self.runsOfStrategies =
            runsOfStrategies ?? plan.strategies.map { _ in plan.seeds.count * plan.repetitions }
        self.areAlike = areAlike
        self.finishedRuns = finishedRuns
    }

    var values: [(String, EventLog.Value)] {
        let process = ProcessIdentity.current
        let clocks = plan.strategies.map(ClockClass.init)
        return [
            ("kind", .text(kind.rawValue)), ("metric", .text(plan.metric.rawValue)), ("target", .number(plan.target)),
            ("strategies", .list(plan.strategies.map { .text($0.name) })),
            ("clocks", .list(clocks.map { .text($0.title) })), ("machines", .list(clocks.map { .text($0.words) })),
            ("runs", .list(runsOfStrategies.map { .count($0) })), ("runs_are_alike", .flag(areAlike)),
            ("finished_runs", .count(finishedRuns)),
            ("seeds", .list(plan.seeds.map { .count(Int(clamping: $0)) })), ("repetitions", .count(plan.repetitions)),
            ("jobs", .count(plan.runsSideBySide)),
            ("host", .text(process.host)), ("pid", .count(Int(process.number))),
        ] + (process.began.map { [("process_began", .count($0))] } ?? [])
    }
}
