public import Cluster
public import Statistics
public import Training

/// One strategy over all seeds: a row of the table.
public struct StrategySummary: Hashable, Sendable {
    /// The name of the row.
    public let strategy: String
    /// With its options.
    public let plan: StrategyPlan
    /// In the order of seeds.
    public let runs: [RunRecord]
    /// What is to be reached.
    public let target: Target
    /// The machines whose prices and watts count.
    public let machines: ClusterSpec?

    /// - Parameter thisMachine: prices and watts where the plan has no cluster.
    public init(_ plan: StrategyPlan, runs: [RunRecord], target: Target, thisMachine: ClusterSpec? = nil) {
        precondition(!runs.isEmpty, "a summary of no runs")
        strategy = plan.name
        self.plan = plan
        self.runs = runs
        self.target = target
        machines = plan.machines(orThis: thisMachine)
    }

    /// One a seed; 0 for a run that diverged.
    public var finalAccuracies: [Double] { runs.map(\.finalAccuracy) }
    /// Over the seeds.
    public var finalAccuracy: SpreadSummary { SpreadSummary(finalAccuracies, within: 0...1) }
    /// What models are judged by.
    public var metric: Metric { target.metric }
    /// One a seed, of the metric; the worst there is for a run that diverged.
    public var finalValues: [Double] { runs.map { $0.finalValue(metric) } }
    /// Over the seeds.
    public var finalValue: SpreadSummary { SpreadSummary(finalValues, within: metric.bounds(of: finalValues)) }
    /// Seeds whose model was no number any more.
    public var divergedCount: Int { runs.filter { $0.outcome == .diverged }.count }
    /// Runs that ended since a rank left.
    public var stoppedCount: Int { runs.filter { $0.outcome == .stopped }.count }

    // MARK: Time

    /// The time of each run with the step between two evaluations in which it lies; infinite where the run never got
    /// there.
    package func timesToTarget(_ target: Target) -> [SteppedValue] {
        runs.map { TimeToTarget($0.evaluations, target: target).sustainedTime }
    }

    package var timesToTarget: [SteppedValue] { timesToTarget(target) }
    /// Seeds that reached the target and stayed there.
    public var seedsReached: Int { timesToTarget.filter(\.value.isFinite).count }
    /// Over all seeds, those that never got there counting as infinite: no median is made up from the ones that did.
    public var timeToTarget: SpreadSummary { SpreadSummary(timesToTarget, scale: .logarithmic) }
    /// Seconds until the target was first crossed, over the seeds.
    public var firstCrossing: SpreadSummary {
        SpreadSummary(
            runs.map { TimeToTarget($0.evaluations, target: target).firstCrossingSeconds ?? .infinity },
            scale: .logarithmic)
    }

    /// Of any figure of a run, over the seeds.
    public func spread(_ value: (RunRecord) -> Double) -> SpreadSummary { SpreadSummary(runs.map(value)) }

    /// The median idle time of the worker that was idle least; nil where that is not known of every run.
    public var leastIdleSeconds: Double? {
        let values = runs.compactMap(\.leastIdleSeconds)
        return values.count == runs.count ? Median.of(values) : nil
    }

    // MARK: Cost

    /// Of whole runs, one a seed.
    public var totalCosts: [RunCost] { runs.map { RunCost($0, plan, on: machines) } }

    /// What each run cost until the evaluation that found the target reached, and until the one before; nil where it never
    /// got there.
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

    /// Medians and intervals of one of a cost's figures; nil where it is not known.
    public func totalCost(_ figure: (RunCost) -> Double?) -> SpreadSummary? {
        let values = totalCosts.compactMap(figure)
        return values.count == runs.count ? SpreadSummary(values, scale: .logarithmic) : nil
    }

    /// As ``totalCost(_:)``, until the target was reached; infinite for runs that never got there.
    public func costToTarget(_ figure: (RunCost) -> Double?) -> SpreadSummary? {
        costsPerSeed(figure).map { SpreadSummary($0, scale: .logarithmic) }
    }

    /// The same of each run.
    package func costsPerSeed(_ figure: (RunCost) -> Double?) -> [SteppedValue]? {
        var values: [SteppedValue] = []
        for (toTarget, total) in zip(costsToTarget, totalCosts) {
            guard figure(total) != nil else { return nil }
            let reached = toTarget.flatMap { figure($0.reached) } ?? .infinity
            values.append(SteppedValue(reached, after: min(reached, toTarget.flatMap { figure($0.before) } ?? reached)))
        }
        return values
    }

    /// Bytes that all ranks of each run sent until the evaluation that found the target reached, with the step in which that
    /// lies; infinite where the run never got there.
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
    /// The price of both is the median of what they cost to the target over the median of their time, traffic included;
    /// nil where one of the two is not known or did not get there, and where the times are of different clocks: what is
    /// measured here is not that much faster or slower than a model of other machines.
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

    /// The median of a count; of an even number of runs the lower middle one, so that it is a count.
    public func count(_ value: (RunRecord) -> Int) -> Int {
        Median.count(of: runs.map(value))
    }

    /// The median of a count that some strategies do not have.
    public func optionalCount(_ value: (RunRecord) -> Int?) -> Int? {
        let present = runs.compactMap(value)
        return present.isEmpty ? nil : Median.count(of: present)
    }
}
