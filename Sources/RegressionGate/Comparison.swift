import Diagnostics
import Experiments
import Statistics

/// Results against a baseline of the same plan: three kinds of figures, each with a test of its own.
package struct Comparison: Sendable {
    /// How strict the tests are.
    package struct Settings: Hashable, Sendable {
        /// How much slower, relative to the control, a measured time may be: 0.1 for 10 %. The machine affects a
        /// program differently at each start, which repetitions within one start do not show; the margin is for this.
        package var timeMargin: Double
        /// The confidence of the interval that has to lie beyond the margin.
        package var timeConfidence: Double
        /// With fewer repetitions on either side, times are not compared.
        package var leastRepetitions: Int
        /// The most that the control's median time may be, relative to its least time, for times to be compared.
        package var calm: Double
        /// Which machines' measured times are compared with each other.
        package var times: TimeScope
        /// The two-sided level of the tolerances of accuracies and losses.
        package var toleranceLevel: Double

        package init(
            timeMargin: Double = 0.1, timeConfidence: Double = 0.99, leastRepetitions: Int = 10,
            calm: Double = 1.25, times: TimeScope = .sameMachine, toleranceLevel: Double = 0.01
        ) {
            self.calm = calm
            self.times = times
            self.timeMargin = timeMargin
            self.timeConfidence = timeConfidence
            self.leastRepetitions = leastRepetitions
            self.toleranceLevel = toleranceLevel
        }
    }

    package enum TimeScope: String, CaseIterable, Sendable {
        /// The same machine since its last start.
        case sameMachine = "same-machine"
        /// Any machine with the same type of processor and number of cores.
        case sameProcessor = "same-processor"
        case never
    }

    package let baseline: Results
    package let current: Results
    package let settings: Settings
    /// All figures by strategy, in the baseline's order.
    package let figures: [Figure]
    /// Notes on what only the current results have.
    package let notes: [String]

    /// - Parameter confirmations: further results of the same plan and program: a measured time is a regression, or
    ///   an improvement, only if it is one in all of them.
    /// - Throws: ``NotComparable`` naming every reason.
    package init(
        baseline: Results, current: Results, confirmations: [Results] = [], settings: Settings = Settings()
    ) throws(NotComparable) {
        for results in [current] + confirmations { try NotComparable.check(baseline, results) }
        self.baseline = baseline
        self.current = current
        self.settings = settings
        var figures: [Figure] = []
        for strategy in baseline.plan.strategies {
            let pair = StrategyPair(strategy, baseline, current, settings)
            figures += ExactFigures.compare(pair) + CurveFigures.compare(pair) + AccuracyFigures.compare(pair)
            figures += NodeFigures.compare(pair)
            let others = confirmations.map { StrategyPair(strategy, baseline, $0, settings) }
            figures += TimeFigures.compare(pair, confirmations: others)
        }
        self.figures = figures
        let known = Set(baseline.plan.strategies.map(\.name))
        notes = current.plan.strategies.filter { !known.contains($0.name) }
            .map { "\($0.name) is not in the baseline and was not compared; --accept takes it in" }
    }

    package var regressions: [Figure] { figures.filter { $0.status == .regression } }
    package var improvements: [Figure] { figures.filter { $0.status == .improvement } }
    package var notCompared: [Figure] { figures.filter { $0.status == .notCompared } }

    /// Whether there are regressions and all are of times, which another run may or may not confirm.
    package var isRegressionOfTimeOnly: Bool {
        !regressions.isEmpty && regressions.allSatisfy { $0.kind == .measured }
    }

    /// The verdict in a sentence.
    package var verdict: String {
        func names(_ figures: [Figure]) -> String {
            figures.map { "\($0.strategy)'s \($0.name)" }.joined(separator: ", ")
        }
        var parts: [String] = []
        if !regressions.isEmpty {
            parts.append("\(regressions.count) regression\(regressions.count == 1 ? "" : "s"): \(names(regressions))")
        } else {
            parts.append("No regression")
        }
        if !improvements.isEmpty {
            parts.append(
                "\(improvements.count) improvement\(improvements.count == 1 ? "" : "s"): \(names(improvements))")
        }
        let compared = figures.count - notCompared.count
        parts.append("\(compared) figures compared" + (notCompared.isEmpty ? "" : ", \(notCompared.count) not"))
        return parts.joined(separator: "; ") + "."
    }
}

/// The runs of one strategy on both sides, seed by seed.
struct StrategyPair {
    let strategy: StrategyPlan
    /// The baseline's runs, in the same order of seeds as the current ones.
    let baseline: [RunRecord]
    let current: [RunRecord]
    let baselineResults: Results
    let currentResults: Results
    let settings: Comparison.Settings

    init(_ strategy: StrategyPlan, _ baseline: Results, _ current: Results, _ settings: Comparison.Settings) {
        func runs(_ results: Results) -> [RunRecord] {
            results.runs.filter { $0.strategy == strategy.name }.sorted { $0.seed < $1.seed }
        }
        self.strategy = strategy
        self.baseline = runs(baseline)
        self.current = runs(current)
        baselineResults = baseline
        currentResults = current
        self.settings = settings
    }
}
