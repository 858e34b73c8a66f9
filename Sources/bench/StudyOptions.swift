import ArgumentParser
import Experiments
import Studies
import Tasks

/// What to vary, and how to search.
struct StudyOptions: ParsableArguments {
    @Option(
        parsing: .unconditional, help: ArgumentHelp("grid or random. (default: grid)", valueName: "name"),
        transform: choice("search"))
    var search: StudyPlan.Search = .grid

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            What to vary: [STRATEGY.]OPTION=V1,V2,... or, for a random search, [STRATEGY.]OPTION=LOW..HIGH[:log|:linear]. \
            Options: \(StudyOption.all.map(\.rawValue).joined(separator: ", ")). May stand several times. (default: \
            learning-rate, 0.05 to 1.6, of adam and adamw 0.0003 to 0.1)
            """, valueName: "option=values"))
    var vary: [String] = []

    @Option(
        parsing: .unconditional,
        help: "Trials of every strategy in a random search; a grid has as many as points. (default: 8)")
    var trials: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Successive halving: from rung to rung keep the best one of so many, and train it so many times as long.",
            valueName: "factor"))
    var halving: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            What trials are chosen by: final (the task's metric at the end, see --judged-by), accuracy (at the end) or time (to \
            the target). (default: final)
            """, valueName: "name"),
        transform: choice("metric"))
    var metric: StudyPlan.Metric = .final

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            What they are chosen on: validation (a sixth of the training set, held out) or test, whose figures are then too \
            good. (default: validation)
            """,
            valueName: "name"), transform: choice("selection set"))
    var chosenOn: SelectionSet = .validation

    private static let defaultTrials = 8
    private static let defaultRates = (
        grid: "learning-rate=0.05,0.1,0.2,0.4,0.8,1.6", random: "learning-rate=0.05..1.6"
    )
    /// Default rates around PyTorch's 0.001.
    private static let adaptiveRates = (
        grid: "learning-rate=0.0003,0.001,0.003,0.01,0.03,0.1", random: "learning-rate=0.0003..0.1"
    )

    /// Seeds for tuning begin here, so that no report uses them.
    static let firstSeed: UInt64 = 101

    /// - Throws: `ValidationError` naming the option, what was found and what is allowed.
    func plan(_ given: PlanBuilder) throws -> StudyPlan {
        var experiment = try given.plan()
        // Every strategy of a study has trials, but a baseline is run only for comparison and has none.
        experiment.strategies.removeAll(where: \.isBaseline)
        if given.experiment.repetitions != 1 {
            throw ValidationError("--repetitions is for 'bench run'; a study makes each run once")
        }
        if search == .grid, trials != nil {
            throw ValidationError("--trials is for --search random; a grid has as many trials as points")
        }
        let isAdaptive = experiment.strategies.allSatisfy { $0.configuration.optimizer.kind.isAdaptive }
        let rates = isAdaptive ? Self.adaptiveRates : Self.defaultRates
        let texts = vary.isEmpty ? [search == .grid ? rates.grid : rates.random] : vary
        do {
            let dimensions = try texts.map { text throws(ExperimentError) in try SearchDimension(parsing: text) }
            if let (word, varied) = try OptionUse.given(given, among: dimensions) {
                throw ValidationError("\(word) sets what --vary \(varied.rawValue) varies; leave one of them out")
            }
            try given.checkRates(of: dimensions)
            if !dimensions.contains(where: { $0.option.rawValue == "momentum" }) { try given.checkMomentum(experiment) }
            var plan = try StudyPlan(
                experiment: experiment, search: search, trialCount: trials ?? Self.defaultTrials,
                dimensions: dimensions,
                metric: metric, selection: chosenOn, halving: halving)
            plan.experiment.jobs = experiment.jobs(asked: given.cluster.jobs, trials: plan.trialCount)
            return plan
        } catch let error as ExperimentError {
            throw ValidationError("\(error)")
        }
    }
}
