public import Cluster
public import Statistics
public import Training

/// One strategy over all seeds: a row of the table.
public struct StrategySummary: Hashable, Sendable {
    /// The name of the row.
    public let strategy: String
    /// The strategy with its options.
    public let plan: StrategyPlan
    /// The runs in the order of seeds.
    public let runs: [RunRecord]
    /// The target of the times and costs to target.
    public let target: Target
    /// The machines whose prices and watts count.
    public let machines: ClusterSpec?

    /// - Parameter thisMachine: this machine's prices and watts, for plans without a cluster.
    public init(_ plan: StrategyPlan, runs: [RunRecord], target: Target, thisMachine: ClusterSpec? = nil) {
        precondition(!runs.isEmpty, "a summary of no runs")
        strategy = plan.name
        self.plan = plan
        self.runs = runs
        self.target = target
        machines = plan.machines(orThis: thisMachine)
    }

    /// Final accuracies, one for each seed; 0 for a run that diverged.
    public var finalAccuracies: [Double] { runs.map(\.finalAccuracy) }
    /// The final accuracy over seeds.
    public var finalAccuracy: SpreadSummary { SpreadSummary(finalAccuracies, within: 0...1) }
    /// What models are judged by.
    public var metric: Metric { target.metric }
    /// Final values of the metric, one for each seed; the metric's worst value for a run that diverged.
    public var finalValues: [Double] { runs.map { $0.finalValue(metric) } }
    /// The final value of the metric over seeds.
    public var finalValue: SpreadSummary { SpreadSummary(finalValues, within: metric.bounds(of: finalValues)) }
    /// How many runs diverged.
    public var divergedCount: Int { runs.filter { $0.outcome == .diverged }.count }
    /// How many runs ended because a rank left.
    public var stoppedCount: Int { runs.filter { $0.outcome == .stopped }.count }

    // MARK: Time

    /// The seconds in which each run reached the target, with the step between two evaluations in which that lies;
    /// infinite where a run never reached it.
    package func timesToTarget(_ target: Target) -> [SteppedValue] {
        runs.map { TimeToTarget($0.evaluations, target: target).sustainedTime }
    }

    package var timesToTarget: [SteppedValue] { timesToTarget(target) }
    /// How many seeds reached the target and stayed there.
    public var seedsReached: Int { timesToTarget.filter(\.value.isFinite).count }
    /// Seconds to the target over all seeds. Seeds that never reached it count as infinite: the median is not one of
    /// the successful seeds only.
    public var timeToTarget: SpreadSummary { SpreadSummary(timesToTarget, scale: .logarithmic) }
    /// Seconds until the target was first crossed, over seeds.
    public var firstCrossing: SpreadSummary {
        SpreadSummary(
            runs.map { TimeToTarget($0.evaluations, target: target).firstCrossingSeconds ?? .infinity },
            scale: .logarithmic)
    }

    /// Any figure of a run, over seeds.
    public func spread(_ value: (RunRecord) -> Double) -> SpreadSummary { SpreadSummary(runs.map(value)) }

    /// The median idle seconds of the worker with the least idle time; nil where that is not known for every run.
    public var leastIdleSeconds: Double? {
        let values = runs.compactMap(\.leastIdleSeconds)
        return values.count == runs.count ? Median.of(values) : nil
    }

    // MARK: Cost

    /// Costs of whole runs, one for each seed.
    public var totalCosts: [RunCost] { runs.map { RunCost($0, plan, on: machines) } }

    /// The cost of each run until the evaluation that found the target reached, and until the evaluation before; nil
    /// where the run never reached it.
    private var costsToTarget: [(before: RunCost, reached: RunCost)?] {
        runs.map { run in
            let time = TimeToTarget(run.evaluations, target: target)
            return time.sustainedPoint.map { point in
                (
                    RunCost(run, plan, on: machines, until: time.pointBefore ?? point),
                    RunCost(run, plan, on: machines, until: point)
                )
            }
        }
    }

    /// One figure of the runs' costs over seeds; nil where it is not known for every run.
    public func totalCost(_ figure: (RunCost) -> Double?) -> SpreadSummary? {
        let values = totalCosts.compactMap(figure)
        return values.count == runs.count ? SpreadSummary(values, scale: .logarithmic) : nil
    }

    /// One figure of the costs until the target was reached, over seeds; infinite for runs that never reached it. Nil
    /// where the figure is not known.
    public func costToTarget(_ figure: (RunCost) -> Double?) -> SpreadSummary? {
        costsPerSeed(figure).map { SpreadSummary($0, scale: .logarithmic) }
    }

    /// One figure of each run's cost until the target was reached; infinite for runs that never reached it. Nil where
    /// the figure is not known for every run.
    package func costsPerSeed(_ figure: (RunCost) -> Double?) -> [SteppedValue]? {
        var values: [SteppedValue] = []
        for (toTarget, total) in zip(costsToTarget, totalCosts) {
            guard figure(total) != nil else { return nil }
            let reached = toTarget.flatMap { figure($0.reached) } ?? .infinity
            values.append(SteppedValue(reached, after: min(reached, toTarget.flatMap { figure($0.before) } ?? reached)))
        }
        return values
    }

    /// Bytes that all ranks of each run sent until the evaluation that found the target reached, with the step in which
    /// that lies; infinite where the run never reached it.
    package var bytesToTarget: [SteppedValue] {
        runs.map { run in
            let time = TimeToTarget(run.evaluations, target: target)
            guard let point = time.sustainedPoint else { return .never }
            return SteppedValue(
                Double(point.bytesSent), after: Double((time.pointBefore ?? point).bytesSent))
        }
    }

    /// mlbench's price index against the strategy on one device: the increase in price over the increase in speed, to
    /// the target. 1 costs as much as the single device, 2 twice as much.
    ///
    /// The price of each is the median of the costs to the target over the median of the times, traffic included. Nil
    /// where one is not known or did not reach the target, and where the times are of different clocks: a time measured
    /// here cannot be compared with a model of other machines.
    public func priceIndex(against single: StrategySummary) -> Double? {
        guard clock.relation(to: single.clock) != .otherClock, let own = costToTarget(\.money)?.median,
            let other = single.costToTarget(\.money)?.median,
            own.isFinite, other.isFinite, other > 0
        else { return nil }
        let (time, otherTime) = (timeToTarget.median, single.timeToTarget.median)
        guard time > 0, otherTime > 0 else { return nil }
        let priceIncrease = (own / time) / (other / otherTime)
        let speedIncrease = otherTime / time
        return priceIncrease / speedIncrease
    }

    // MARK: Counts

    /// The median of a count; for an even number of runs the lower one of the two in the middle, so that it is a count
    /// that was seen.
    public func count(_ value: (RunRecord) -> Int) -> Int {
        Median.count(of: runs.map(value))
    }

    /// The median of a count over the runs that have it; nil where none does.
    public func optionalCount(_ value: (RunRecord) -> Int?) -> Int? {
        let present = runs.compactMap(value)
        return present.isEmpty ? nil : Median.count(of: present)
    }
}
