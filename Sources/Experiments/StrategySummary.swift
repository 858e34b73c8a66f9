/// One strategy over all seeds: a row of the table.
public struct StrategySummary: Hashable, Sendable {
    public let strategy: String
    public let plan: StrategyPlan
    public let runs: [RunRecord]
    public let target: Double

    public init(_ plan: StrategyPlan, runs: [RunRecord], target: Double) {
        precondition(!runs.isEmpty, "a summary of no runs")
        strategy = plan.name
        self.plan = plan
        self.runs = runs
        self.target = target
    }

    public var finalAccuracy: SpreadSummary { spread(\.finalAccuracy) }
    public var divergedCount: Int { runs.filter { $0.outcome == .diverged }.count }

    private var timesToTarget: [TimeToAccuracy] { runs.map { TimeToAccuracy($0.evaluations, target: target) } }
    public var seedsReached: Int { timesToTarget.filter { $0.sustainedSeconds != nil }.count }
    /// Over all seeds, those that never got there counting as infinite: no median is made up from the ones that did.
    public var timeToTarget: SpreadSummary { SpreadSummary(timesToTarget.map { $0.sustainedSeconds ?? .infinity }) }
    public var firstCrossing: SpreadSummary {
        SpreadSummary(timesToTarget.map { $0.firstCrossingSeconds ?? .infinity })
    }

    public func spread(_ value: (RunRecord) -> Double) -> SpreadSummary { SpreadSummary(runs.map(value)) }

    /// The median of a count; of an even number of runs the lower middle one, so that it is a count.
    public func count(_ value: (RunRecord) -> Int) -> Int {
        let sorted = runs.map(value).sorted()
        return sorted[(sorted.count - 1) / 2]
    }

    /// The median of a count that some strategies do not have.
    public func optionalCount(_ value: (RunRecord) -> Int?) -> Int? {
        let present = runs.compactMap(value).sorted()
        return present.isEmpty ? nil : present[(present.count - 1) / 2]
    }
}
