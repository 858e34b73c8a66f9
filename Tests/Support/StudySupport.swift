import Datasets
import Experiments
import Studies

/// A quick study: two epochs of `digits` on simulated clusters of a reference device.
struct StudySetup {
    var setup = Setup()
    var search = StudyPlan.Search.grid
    var trials: Int?
    var vary = ["learning-rate=0.05,0.2,0.8"]
    var metric = StudyPlan.Metric.accuracy
    var selection = SelectionSet.validation
    var halving: Int?

    func plan() throws -> StudyPlan {
        try StudyPlan(
            experiment: setup.plan, search: search, trialCount: trials,
            dimensions: try vary.map { try SearchDimension(parsing: $0) }, metric: metric, selection: selection,
            halving: halving)
    }

    func run(jobs: Int? = nil) throws -> StudyResults {
        var plan = try plan()
        plan.experiment.jobs = jobs
        return try Study(plan, data: DataDirectory(nil)).run(machine: machine)
    }

    /// Why the plan cannot be; nil if it can.
    var error: String? {
        do {
            _ = try plan()
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// Results of trials that nothing was computed for: accuracies by strategy, trial and seed.
func made(
    _ accuracies: [[Double]], strategies: [String] = ["single"], vary: String = "learning-rate=0.1,0.2,0.4,0.8",
    metric: StudyPlan.Metric = .accuracy, seconds: [[Double?]]? = nil, diverged: Set<Int> = [], losses: [Double]? = nil,
    isComplete: Bool = true
) throws -> StudyResults {
    var setup = StudySetup(vary: [vary], metric: metric)
    setup.setup.strategies = strategies
    setup.setup.seeds = (1...UInt64(accuracies[0].count)).map { $0 }
    let plan = try setup.plan()
    let model = try Experiment(plan.experiment, data: DataDirectory(nil)).prepare().model
    var results = StudyResults(
        plan: plan, machine: machine, computeModel: model, trainingSamples: 1198, selectionSamples: 239)
    for (trial, values) in accuracies.enumerated() {
        for strategy in strategies {
            for (seed, accuracy) in values.enumerated() {
                var run = StudyRun(
                    record(strategy, seed: UInt64(seed + 1)), trial: trial, rung: 0, plan.experiment.strategies[0],
                    plan.experiment)
                run.accuracy = diverged.contains(trial) ? 0 : accuracy
                run.loss = losses?[trial] ?? 1
                run.outcome = diverged.contains(trial) ? .diverged : .completed
                run.secondsToTarget = diverged.contains(trial) ? nil : seconds?[trial][seed]
                run.secondsBeforeTarget = nil
                run.cost = StudyCost(
                    clusterSeconds: 2, hostSeconds: 0.5, bytesSent: 1000, messagesSent: 10, money: 0.25, wattHours: 4)
                results.runs.append(run)
            }
        }
    }
    results.isComplete = isComplete
    return results
}

extension StudyOption {
    static let momentum = StudyOption(rawValue: "momentum")
    static let batch = StudyOption(rawValue: "batch")
    static let localEpochs = StudyOption(rawValue: "local-epochs")
    static let localBatch = StudyOption(rawValue: "local-batch")
}
