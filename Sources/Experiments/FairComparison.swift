import Diagnostics
import Foundation
import Strategies

/// What makes a table fair: which quantities were equal for all strategies, and which were not, in figures.
///
/// Some of it the harness enforces while it runs (``check(_:_:budget:trainingSamples:)``, ``checkStart(_:_:)``): a run that breaks it
/// ends the experiment. The rest is told as it was.
public struct FairComparison: Sendable {
    /// One quantity over all strategies.
    public struct Line: Hashable, Sendable {
        public enum Status: String, Sendable {
            /// The harness would have stopped otherwise.
            case enforced = "equal, enforced"
            case equal = "equal"
            case different = "not equal"
            case unknown = "not known"
        }

        public let quantity: String
        public let status: Status
        /// A text for each strategy, in the order of ``FairComparison/strategies``; one for all where all are the same.
        public let values: [String]
    }

    public let strategies: [String]
    public let lines: [Line]

    /// - Precondition: at least one finished run.
    public init(_ results: Results) {
        let summaries = results.summaries
        strategies = summaries.map(\.strategy)
        lines =
            [Self.start(results), Self.samples(results, summaries)] + Self.counts(summaries) + [Self.time(summaries)]
            + [Self.trials(summaries)]
    }

    // MARK: What was equal

    private static func start(_ results: Results) -> Line {
        Line(
            quantity: "task, data, initial parameters, seeds", status: .enforced,
            values: ["same"])
    }

    private static func samples(_ results: Results, _ summaries: [StrategySummary]) -> Line {
        let counts = summaries.map { $0.count(\.samples) }
        let budgets = Set(
            summaries.map { Int(($0.plan.configuration.epochs * Double(results.trainingSamples)).rounded()) })
        let isLimited = summaries.contains { $0.plan.configuration.limits != nil }
        let hasStopped = summaries.contains { $0.divergedCount + $0.stoppedCount > 0 }
        let texts = counts.map(String.init)
        if budgets.count == 1, let budget = budgets.first, !isLimited, !hasStopped {
            // The budget is what is equal; a last round goes beyond it where it is not full.
            let exact = Set(counts).count == 1
            return Line(
                quantity: "samples trained on (budget \(budget))", status: .enforced, values: exact ? [texts[0]] : texts
            )
        }
        return line("samples trained on", texts)
    }

    private static func counts(_ summaries: [StrategySummary]) -> [Line] {
        [
            line("updates of the model", summaries.map { String($0.count(\.rounds)) }),
            line(
                "bytes sent", summaries.map { Format.bytes(Double($0.count(\.traffic.bytesTotal))) },
                compared: summaries.map { String($0.count(\.traffic.bytesTotal)) }),
        ]
    }

    private static func time(_ summaries: [StrategySummary]) -> Line {
        let seconds = summaries.map { $0.spread(\.clusterSeconds).median }
        // Measured times are never equal to the digit.
        let (least, most) = (seconds.min() ?? 0, seconds.max() ?? 0)
        let isEqual = most <= 1.02 * least
        return Line(
            quantity: "cluster time", status: isEqual ? .equal : .different, values: seconds.map(Format.seconds))
    }

    private static func trials(_ summaries: [StrategySummary]) -> Line {
        let tunings = summaries.map(\.plan.tuning)
        let texts = tunings.map { $0.map { String($0.trials) } ?? "not known" }
        guard !tunings.contains(nil) else { return Line(quantity: "trials of tuning", status: .unknown, values: texts) }
        return line("trials of tuning", texts)
    }

    private static func line(_ quantity: String, _ texts: [String], compared: [String]? = nil) -> Line {
        let isEqual = Set(compared ?? texts).count <= 1
        return Line(
            quantity: quantity, status: isEqual ? .equal : .different,
            values: Set(texts).count == 1 ? [texts[0]] : texts)
    }

    // MARK: What is enforced

    /// Checks that a run used up the samples it had, and not more than its last round may.
    ///
    /// - Parameters:
    ///   - budget: samples.
    ///   - trainingSamples: the size of the training set.
    /// - Throws: ``ExperimentError`` naming the strategy.
    static func check(
        _ run: RunRecord, _ plan: StrategyPlan, budget: Int, trainingSamples: Int
    ) throws(ExperimentError) {
        guard run.outcome == .completed, let last = run.evaluations.last else { return }
        let isAtLimit = plan.configuration.limits?.areReached(at: last) ?? false
        let configuration = plan.configuration
        let longestRound =
            plan.description?.isFederated == true
            ? configuration.federated.localEpochs * trainingSamples : configuration.batch
        let isRight = (last.samples >= budget || isAtLimit) && last.samples <= budget + longestRound
        guard isRight else {
            throw ExperimentError(
                """
                \(run.strategy) with seed \(run.seed) trained on \(last.samples) samples; its budget is \(budget), which a \
                comparison needs to be used
                """)
        }
    }

    /// Checks that a run began with the same model as the runs of other strategies with its seed.
    static func checkStart(_ run: RunRecord, _ others: [RunRecord]) throws(ExperimentError) {
        guard let first = run.evaluations.first,
            let other = others.first(where: { $0.seed == run.seed && $0.strategy != run.strategy }),
            let otherFirst = other.evaluations.first
        else { return }
        let isSame =
            first.testAccuracy == otherFirst.testAccuracy
            && (first.testLoss == otherFirst.testLoss || first.testLoss.isNaN && otherFirst.testLoss.isNaN)
        guard isSame && first.samples == 0 && otherFirst.samples == 0 else {
            throw ExperimentError(
                """
                \(run.strategy) with seed \(run.seed) begins with a test loss of \(first.testLoss), \(other.strategy) with \
                \(otherFirst.testLoss); a comparison needs the same initial parameters and test set
                """)
        }
    }
}
