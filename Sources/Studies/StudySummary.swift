public import Experiments
import Foundation
internal import Statistics

/// A study's result for one strategy.
public struct StudySummary: Sendable {
    /// The strategy with its options.
    public let strategy: StrategyPlan
    /// The outcome of each trial in its last rung, in the order of trials; trials without all their seeds are left out.
    public let outcomes: [TrialOutcome]
    /// The outcomes from best to worst: trials that came to a later rung first, then by
    /// ``TrialOutcome/isBetter(than:)``.
    public let ranked: [TrialOutcome]
    /// Every trial in every rung, for tables.
    public let allOutcomes: [TrialOutcome]
    /// The cost of the whole search, trials that were stopped included.
    public let cost: StudyCost
    /// Samples that all trials together trained on.
    public let samples: Int
    /// Runs of all trials.
    public let runCount: Int
    private let plan: StudyPlan

    /// Nil unless a trial is finished.
    init?(_ results: StudyResults, of strategy: StrategyPlan) {
        plan = results.plan
        self.strategy = strategy
        let rungs = results.plan.rungs.indices
        let byTrial = StudyRunsByTrial(results)
        let all = results.plan.trials(of: strategy.name).map { trial in
            rungs.compactMap { TrialOutcome(trial, rung: $0, byTrial) }
        }
        allOutcomes = all.flatMap(\.self)
        outcomes = all.compactMap(\.last)
        ranked = outcomes.sorted { $0.rung == $1.rung ? $0.isBetter(than: $1) : $0.rung > $1.rung }
        guard !outcomes.isEmpty else { return nil }
        let runs = results.runs.filter { $0.strategy == strategy.name }
        cost = runs.reduce(.zero) { $0 + $1.cost }
        samples = runs.reduce(0) { $0 + $1.samples }
        runCount = runs.count
    }

    /// The first of ``ranked``.
    public var best: TrialOutcome { ranked[0] }

    /// Trials of the best one's rung that are not shown to be worse than the best: any of them may be the better
    /// choice.
    public var rivals: [TrialOutcome] {
        ranked.dropFirst().filter { $0.rung == best.rung && !$0.isShownWorse(than: best) }
    }

    // MARK: After k trials

    /// What the best of k trials is worth, if the k are drawn at random, without replacement, from the trials that were
    /// made.
    public struct AfterTrials: Sendable {
        /// k, the number of trials.
        public let trials: Int
        /// The expected best value of the metric; for times to the target, which can be infinite, the median. The worst
        /// possible value where a draw may contain nothing better.
        public let best: Double
        /// The lower end of the interval that holds the best of k in nine of ten draws. For times it begins at the
        /// evaluation before the one that found the target reached.
        public let low: Double
        /// The upper end of that interval: nine of ten draws lie within.
        public let high: Double
        /// What k trials cost, on average.
        public let cost: StudyCost
    }

    /// An entry for each number of trials from 1 to all. Trials that were stopped by halving count with their values at
    /// that time.
    public var afterTrials: [AfterTrials] {
        let values = outcomes.map(\.value)
        return (1...values.count).map { k in
            let share = Double(k) / Double(values.count)
            let cost = cost.scaled(by: share)
            guard let metric = plan.endMetric else {
                return AfterTrials(
                    trials: k, best: ExpectedBest.medianMinimum(of: values, trials: k),
                    low: ExpectedBest.quantile(
                        ofMinimumOf: outcomes.map(\.earliestValue), trials: k, probability: 0.05),
                    high: ExpectedBest.quantile(ofMinimumOf: values, trials: k, probability: 0.95), cost: cost)
            }
            guard metric.isHigherBetter else {
                return AfterTrials(
                    trials: k, best: -ExpectedBest.maximum(of: values.map { -$0 }, trials: k),
                    low: ExpectedBest.quantile(ofMinimumOf: values, trials: k, probability: 0.05),
                    high: ExpectedBest.quantile(ofMinimumOf: values, trials: k, probability: 0.95), cost: cost)
            }
            return AfterTrials(
                trials: k, best: ExpectedBest.maximum(of: values, trials: k),
                low: ExpectedBest.quantile(ofMaximumOf: values, trials: k, probability: 0.05),
                high: ExpectedBest.quantile(ofMaximumOf: values, trials: k, probability: 0.95), cost: cost)
        }
    }

    // MARK: Ties

    /// Other trials of the best one's rung that came to the same as it in every figure of every seed: nothing was chosen among them.
    public var ties: [TrialOutcome] {
        ranked.dropFirst().filter { $0.rung == best.rung && $0.isSame(as: best) }
    }

    // MARK: The edge

    /// A best value at the edge of what was tried: a better value may lie beyond.
    public struct Edge: Hashable, Sendable {
        /// The option that was varied.
        public let option: StudyOption
        /// The best value, as written.
        public let value: String
        /// Whether the value was the largest of those tried, and not the smallest.
        public let isLargest: Bool
    }

    /// The share of a range at each end that counts as its edge.
    private static let edgeShare = 0.1

    /// Best values at the end of what was tried, beyond which a better one may lie: none of an option whose other values came to
    /// the same.
    public var edges: [Edge] {
        let ties = ties
        return plan.dimensions(of: strategy).compactMap { dimension in
            guard let value = best.trial.value(of: dimension.option), let number = dimension.option.number(value),
                !dimension.option.naturalEnds.contains(number),
                !ties.contains(where: { $0.trial.value(of: dimension.option) != value })
            else { return nil }
            switch dimension.values {
            case .list(let values):
                let numbers = values.compactMap(dimension.option.number)
                guard let least = numbers.min(), let most = numbers.max(), least < most,
                    number == least || number == most
                else { return nil }
                return Edge(option: dimension.option, value: value, isLargest: number == most)
            case .range(let low, let high, let scale):
                let position = scale.share(of: number, low, high)
                guard position < Self.edgeShare || position > 1 - Self.edgeShare else { return nil }
                // Where no value can lie beyond the end of a range, there is no edge.
                let end = position < Self.edgeShare ? low : high
                guard !dimension.option.naturalEnds.contains(end) else { return nil }
                return Edge(option: dimension.option, value: value, isLargest: position > 0.5)
            }
        }
    }
}

extension StudyCost {
    func scaled(by share: Double) -> StudyCost {
        StudyCost(
            clusterSeconds: clusterSeconds * share, hostSeconds: hostSeconds * share,
            bytesSent: Int((Double(bytesSent) * share).rounded()),
            messagesSent: Int((Double(messagesSent) * share).rounded()), money: money.map { $0 * share },
            wattHours: wattHours.map { $0 * share })
    }
}
