public import Experiments
import Randomness
public import Tasks
import Training

/// Everything that decides what a study tries: two studies of one plan differ in measured times only.
public struct StudyPlan: Hashable, Codable, Sendable {
    /// How trials are chosen.
    public enum Search: String, CaseIterable, Codable, Sendable {
        /// All combinations of the values.
        case grid
        /// Random draws, each option independently (J. Bergstra and Y. Bengio 2012, *Random Search for Hyper-Parameter
        /// Optimization*, JMLR).
        case random
    }

    /// What makes one trial better than another.
    public enum Metric: String, CaseIterable, Codable, Sendable {
        /// Accuracy at the end.
        case accuracy
        /// Cluster time to the sustained target; a trial that never reaches it is worse than all others.
        case time
        /// The task's metric at the end, in the metric's own direction. Plans have `accuracy` where the metric is
        /// accuracy.
        case final
    }

    /// What all trials share: the options that are not varied. Its epochs are those of a trial that is never stopped.
    public var experiment: ExperimentPlan
    /// How trials are chosen.
    public var search: Search
    /// What makes one trial better than another.
    public var metric: Metric
    /// What accuracy is measured on.
    public var selection: SelectionSet
    /// What is varied.
    public var dimensions: [SearchDimension]
    /// Successive halving keeps one of this many trials of a rung; nil where no trial is stopped.
    public var halving: Int?
    /// All trials, strategy by strategy, the same number for each.
    public var trials: [StudyTrial]

    private static let mostTrials = 10_000

    /// - Parameter trialCount: how many trials each strategy gets in a random search; a grid determines its own
    ///   number.
    /// - Throws: ``ExperimentError`` where an option has no effect, or strategies would have different numbers of
    ///   trials.
    public init(
        experiment: ExperimentPlan, search: Search, trialCount: Int?, dimensions: [SearchDimension],
        metric: Metric = .final, selection: SelectionSet = .validation, halving: Int? = nil
    ) throws(ExperimentError) {
        self.experiment = experiment
        // The options are about to be searched for, so earlier tuning does not apply.
        for index in self.experiment.strategies.indices { self.experiment.strategies[index].tuning = nil }
        self.search = search
        self.metric = metric == .final && experiment.metric == .accuracy ? .accuracy : metric
        self.selection = selection
        self.dimensions = dimensions
        self.halving = halving
        trials = []
        try checkDimensions()
        for strategy in self.experiment.strategies {
            let own = self.dimensions(of: strategy)
            trials += try search == .grid ? grid(strategy, own) : draws(strategy, own, trialCount ?? 0)
        }
        try checkTrials()
        try checkEffects()
    }

    // MARK: Derived

    /// The metric whose value at the end trials are chosen by; nil where they are chosen by time.
    package var endMetric: Training.Metric? {
        switch metric {
        case .accuracy: .accuracy
        case .final: experiment.metric
        case .time: nil
        }
    }

    /// The metric that tables show for a trial's end: the one that trials are chosen by, or else the task's.
    package var shownMetric: Training.Metric { endMetric ?? experiment.metric }

    /// What trials are chosen by, as one word: `time`, or the name of a metric.
    package var metricName: String { endMetric?.rawValue ?? Metric.time.rawValue }

    /// What trials are chosen by, as a phrase: `accuracy at the end`, or `time to the target`.
    package var metricWords: String { endMetric.map { "\($0.title) at the end" } ?? "time to the target" }

    /// How many trials each strategy has.
    public var trialCount: Int { trials.count / max(1, experiment.strategies.count) }

    /// The trials of one row, in their order.
    public func trials(of strategy: String) -> [StudyTrial] { trials.filter { $0.strategy == strategy } }

    package var rungs: [HalvingSchedule.Rung] {
        let epochs = experiment.strategies.map(\.configuration.epochs).max() ?? 0
        return HalvingSchedule(trials: trialCount, epochs: epochs, reduction: halving).rungs
    }

    /// The dimensions of a strategy. Where one dimension is for the strategy alone and another for all, the former
    /// counts.
    public func dimensions(of strategy: StrategyPlan) -> [SearchDimension] {
        dimensions.filter { dimension in
            guard uses(dimension.option, strategy) else { return false }
            guard dimension.strategy == nil else { return dimension.isOnly(for: strategy) }
            return !dimensions.contains { $0.option == dimension.option && $0.isOnly(for: strategy) }
        }
    }

    /// Whether an option has an effect in trials of a strategy; an option of some optimizer has one where optimizers
    /// are varied.
    func uses(_ option: StudyOption, _ strategy: StrategyPlan) -> Bool {
        guard !strategy.uses(option.rawValue) else { return true }
        let kinds = dimensions.filter {
            $0.option.rawValue == "optimizer" && ($0.strategy == nil || $0.isOnly(for: strategy))
        }
        return !kinds.isEmpty && PlanOptions.isOfAnOptimizer(option.rawValue)
    }

    /// The strategy with the trial's options.
    ///
    /// - Parameter epochs: the epochs of the trial's rung, at which a cosine schedule ends; nil for the plan's.
    public func strategy(_ trial: StudyTrial, epochs: Double? = nil) throws(ExperimentError) -> StrategyPlan {
        guard var plan = experiment.strategies.first(where: { $0.name == trial.strategy }) else {
            throw ExperimentError("a trial of '\(trial.strategy)', which is not among the study's strategies")
        }
        for choice in trial.choices { try choice.option.apply(choice.value, to: &plan) }
        if let epochs, epochs != plan.configuration.epochs {
            plan.configuration.epochs = epochs
            plan.configuration.schedule.totalEpochs = epochs
        }
        return plan
    }

    /// The experiment that makes these trials, of different strategies, side by side.
    func experiment(_ trials: [StudyTrial], epochs: Double? = nil) throws(ExperimentError) -> ExperimentPlan {
        var plan = experiment
        plan.strategies = []
        for trial in trials { plan.strategies.append(try strategy(trial, epochs: epochs)) }
        return plan
    }

    // MARK: Making trials

    /// All combinations of values; the first dimension changes slowest.
    private func grid(_ strategy: StrategyPlan, _ dimensions: [SearchDimension]) throws(ExperimentError) -> [StudyTrial]
    {
        var points: [[StudyTrial.Choice]] = [[]]
        for dimension in dimensions {
            guard case .list(let values) = dimension.values else {
                throw ExperimentError("\(dimension.name) is a range; a grid needs values, and a range --search random")
            }
            points = points.flatMap { point in values.map { point + [StudyTrial.Choice(dimension.option, $0)] } }
            guard points.count <= Self.mostTrials else {
                throw ExperimentError("a grid of more than \(Self.mostTrials) points for \(strategy.name)")
            }
        }
        return points.enumerated().map { StudyTrial(strategy: strategy.name, index: $0, choices: $1) }
    }

    private func draws(
        _ strategy: StrategyPlan, _ dimensions: [SearchDimension], _ count: Int
    ) throws(ExperimentError) -> [StudyTrial] {
        guard (1...Self.mostTrials).contains(count) else {
            throw ExperimentError("\(count) trials of a random search; allowed is 1 to \(Self.mostTrials)")
        }
        let seeds = SeedSequence(experiment.seeds[0])
        return (0..<count).map { index in
            StudyTrial(
                strategy: strategy.name, index: index,
                choices: dimensions.map { StudyTrial.Choice($0.option, $0.draw(trial: index, seeds)) })
        }
    }
}
