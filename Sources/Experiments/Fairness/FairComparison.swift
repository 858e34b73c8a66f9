import Diagnostics
import Foundation
import Tasks

/// What makes a table fair: which quantities were equal for all strategies, and which were not, in figures.
///
/// The harness enforces some of it while it runs (``check(_:_:budget:trainingSamples:)``, ``checkStart(_:_:)``): a run
/// that breaks such a rule ends the experiment. The rest is reported as it was. Every line is made from the records of
/// the runs, also the lines about enforced quantities.
public struct FairComparison: Sendable {
    /// One quantity over all strategies.
    public struct Line: Hashable, Sendable {
        /// Whether a quantity was the same for all.
        public enum Status: String, Sendable {
            /// The harness would have ended the experiment otherwise.
            case enforced = "equal, enforced"
            case equal = "equal"
            /// Times so close that no clock could tell them apart.
            case nearlyEqual = "equal within 2 %"
            case different = "not equal"
            /// Figures of different kinds, such as a measured and a simulated time.
            case notComparable = "not comparable"
            case unknown = "not known"
        }

        /// What is compared.
        public let quantity: String
        /// Whether it was the same for all.
        public let status: Status
        /// A text for each strategy, in the order of ``FairComparison/strategies``; one text where all are the same.
        public let values: [String]

        init(_ quantity: String, _ status: Status, _ values: [String]) {
            self.quantity = quantity
            self.status = status
            self.values = Set(values).count == 1 ? [values[0]] : values
        }
    }

    /// Names of the rows, in the order of each line's values.
    public let strategies: [String]
    /// What was equal, and what was not.
    public let lines: [Line]

    /// - Precondition: at least one finished run.
    public init(_ results: Results) {
        let summaries = results.summaries
        strategies = summaries.map(\.strategy)
        lines =
            [Line("task and data", .equal, [results.plan.task]), Self.seeds(summaries), Self.start(summaries)]
            + Self.samples(results, summaries)
            + [
                Self.counts("updates of the model", summaries, \.rounds), Self.bytes(summaries), Self.time(summaries),
                Self.trials(summaries),
            ] + Self.nodes(summaries) + Self.options(results, summaries)
    }

    // MARK: What was equal

    private static func seeds(_ summaries: [StrategySummary]) -> Line {
        let texts = summaries.map { summary in
            let seeds = summary.runs.map(\.seed)
            guard let first = seeds.first, let last = seeds.last, seeds.count > 2 else {
                return seeds.map(String.init).joined(separator: ", ")
            }
            let isRange = last - first == UInt64(seeds.count - 1)
            return isRange ? "\(first) to \(last)" : seeds.map(String.init).joined(separator: ", ")
        }
        return Line("seeds", Set(texts).count == 1 ? .equal : .different, texts)
    }

    /// The initial models are the same if their test losses before training are, to the last bit.
    private static func start(_ summaries: [StrategySummary]) -> Line {
        let quantity = "initial parameters, by the test loss before training"
        let starts = summaries.map { $0.runs.compactMap(\.evaluations.first) }
        guard zip(starts, summaries).allSatisfy({ $0.count == $1.runs.count }) else {
            return Line(quantity, .unknown, summaries.map { _ in "not known" })
        }
        let isSame = bySeed(summaries) { run in
            run.evaluations.first.map { [$0.testLoss.bitPattern, $0.testAccuracy.bitPattern, UInt64($0.samples)] }
        }
        let texts = starts.map { points in
            let losses = points.map { Format.significant($0.testLoss) }
            return Set(losses).count == 1 ? losses[0] : "\(losses[0]) (seed by seed)"
        }
        let isAtTheStart = starts.joined().allSatisfy { $0.samples == 0 }
        return Line(quantity, isSame && isAtTheStart ? .enforced : .different, texts)
    }

    /// The sample budgets are compared, since a last round can go beyond the budget.
    private static func samples(_ results: Results, _ summaries: [StrategySummary]) -> [Line] {
        let budgets = summaries.map {
            Int(($0.plan.configuration.epochs * Double(results.trainingSamples)).rounded())
        }
        let isLimited = summaries.contains { $0.plan.configuration.limits != nil }
        let hasEndedEarly = summaries.contains { $0.divergedCount + $0.stoppedCount > 0 }
        let isUsedUp = zip(summaries, budgets).allSatisfy { summary, budget in
            summary.runs.allSatisfy { $0.samples >= budget }
        }
        let isEnforced = isUsedUp && !isLimited && !hasEndedEarly
        let isEqual = Set(budgets).count == 1
        return [
            Line(
                isEnforced ? "sample budget, which every run used up" : "sample budget",
                isEqual ? (isEnforced ? .enforced : .equal) : .different, budgets.map(String.init)),
            counts("samples trained on, with the last round", summaries, \.samples),
        ]
    }

    private static func bytes(_ summaries: [StrategySummary]) -> Line {
        let shared = SentBytes.sharedMemory(summaries)
        let line = counts("bytes sent", summaries, \.traffic.bytesTotal) { Format.bytes(Double($0)) }
        guard !shared.isEmpty else { return line }
        let values = line.values.count == 1 ? summaries.map { _ in line.values[0] } : line.values
        return Line(
            line.quantity, .notComparable,
            zip(summaries, values).map { shared.contains($0.strategy) ? "\($1) in shared memory" : $1 })
    }

    /// Compared seed by seed: medians can agree where no seed does.
    private static func counts(
        _ quantity: String, _ summaries: [StrategySummary], _ value: (RunRecord) -> Int,
        text: (Int) -> String = { String($0) }
    ) -> Line {
        let isEqual = bySeed(summaries, value)
        func texts(_ text: (Int) -> String) -> [String] {
            summaries.map { summary in
                let values = summary.runs.map(value)
                let (least, most) = (text(values.min() ?? 0), text(values.max() ?? 0))
                return least == most ? least : "\(least) to \(most)"
            }
        }
        let short = texts(text)
        // Values that differ must not be written alike.
        return Line(
            quantity, isEqual ? .equal : .different,
            isEqual || Set(short).count > 1 ? short : texts { String($0) })
    }

    private static func time(_ summaries: [StrategySummary]) -> Line {
        let seconds = summaries.map { $0.spread(\.clusterSeconds).median }
        let clocks = summaries.map(\.clock)
        let isOneClock = clocks.allSatisfy { $0.relation(to: clocks[0]) != .otherClock }
        guard isOneClock else {
            let texts = zip(seconds, clocks).map { "\(Format.seconds($0)) \($1.title)" }
            return Line("cluster time", .notComparable, texts)
        }
        // Measured times are never equal to the digit.
        let (least, most) = (seconds.min() ?? 0, seconds.max() ?? 0)
        let isEqual = bySeed(summaries, \.clusterSeconds)
        return Line(
            "cluster time", isEqual ? .equal : most <= 1.02 * least ? .nearlyEqual : .different,
            seconds.map(Format.seconds))
    }

    private static func trials(_ summaries: [StrategySummary]) -> Line {
        let tunings = summaries.map(\.plan.tuning)
        let texts = tunings.map { $0?.trialsText ?? "not known" }
        guard !tunings.contains(nil) else { return Line("trials of tuning", .unknown, texts) }
        let counts = tunings.map { $0.map { $0.isTuned ? $0.trials : 0 } }
        return Line("trials of tuning", Set(counts).count == 1 ? .equal : .different, texts)
    }

    /// The options that change what is learned and whose values differ between rows, or from the defaults of the task
    /// or the paper.
    private static func options(_ results: Results, _ summaries: [StrategySummary]) -> [Line] {
        let defaults = (try? results.plan.trainingTask())?.defaults
        let usual = summaries.map { summary in
            summary.plan.description.flatMap { description in defaults?.values(of: description.options) } ?? [:]
        }
        return Set(summaries.flatMap(\.plan.options.keys)).sorted().compactMap { name in
            let effect = PlanOptions.named(name)?.effect ?? .onTheModel
            let values = summaries.map { $0.plan.options[name] }
            let isUsual = zip(values, usual).allSatisfy { $0 == nil || $0 == $1[name] }
            let isEqual = Set(values.compactMap(\.self)).count == 1
            guard effect == .onTheModel, !(isUsual && isEqual) else { return nil }
            let texts = values.map { $0?.description ?? "-" }
            return Line("option \(name)", isEqual ? .equal : .different, texts)
        }
    }

    /// Whether all strategies have the same value in every seed; a strategy that lacks a seed is not counted in it.
    private static func bySeed<Value: Hashable>(_ summaries: [StrategySummary], _ value: (RunRecord) -> Value) -> Bool {
        let bySeed = Dictionary(grouping: summaries.flatMap(\.runs), by: \.seed)
        return bySeed.values.allSatisfy { Set($0.map(value)).count == 1 }
    }

    // MARK: What is enforced

    /// Checks that a run used up its sample budget, and exceeded it by no more than a round.
    ///
    /// - Parameters:
    ///   - budget: in samples.
    ///   - trainingSamples: the size of the training set.
    /// - Throws: ``ExperimentError`` naming the strategy.
    static func check(
        _ run: RunRecord, _ plan: StrategyPlan, budget: Int, trainingSamples: Int
    ) throws(ExperimentError) {
        guard run.outcome == .completed, let last = run.evaluations.last else { return }
        let isAtLimit = plan.configuration.limits?.areReached(at: last) ?? false
        let longestRound = try plan.make().longestRound(trainingSamples: trainingSamples)
        let isRight = (last.samples >= budget || isAtLimit) && last.samples <= budget + longestRound
        guard isRight else {
            throw ExperimentError(
                """
                \(run.strategy) with seed \(run.seed) trained on \(last.samples) samples; its budget is \(budget), which a \
                comparison needs to be used
                """)
        }
    }

    /// Checks that a run began with the same model as the runs of other strategies with its seed: of those whose nodes have the
    /// same architectures. With others there is nothing to check, and what follows is said where the table is made.
    static func checkStart(_ run: RunRecord, _ others: [RunRecord], _ plan: ExperimentPlan) throws(ExperimentError) {
        let architectures = plan.architectures(of: run.strategy)
        guard let first = run.evaluations.first,
            let other = others.first(where: {
                $0.seed == run.seed && $0.strategy != run.strategy
                    && plan.architectures(of: $0.strategy) == architectures
            }),
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
