import TrainingComparison

// Compares three strategies on the embedded digits, on a virtual cluster, and says what came of it.
try ProcessorCheck.run()
let task = try TrainingTask.named("digits")
let cluster = try ClusterPresets.named("ethernet-1g")

/// A row of the table, with the task's learning rate for the strategy.
func row(_ name: String, label: String? = nil, options: OptionValues = [:]) throws -> StrategyPlan {
    guard let strategy = StrategyRegistry.named(name) else { throw ExperimentError("no strategy '\(name)'") }
    let (epochs, defaults) = (10.0, task.defaults)
    return StrategyPlan(
        name, label: label, fabric: .simulated, cluster: cluster, allReduce: .ring,
        configuration: TrainingConfiguration(
            schedule: LearningRateSchedule(baseRate: defaults.rate(of: strategy), totalEpochs: epochs),
            optimizer: defaults.optimizer, epochs: epochs,
            evaluateEveryEpochs: defaults.evaluateEveryEpochs),
        options: options)
}

let plan = ExperimentPlan(
    task: task.name, target: task.target, seeds: [1, 2], shuffles: true, initialization: .he,
    initialParametersFile: nil, compute: "reference", hostThreads: 2,
    strategies: [
        try row("sync"), try row("local-sgd"),
        try row("local-sgd", label: "seldom", options: ["sync-every": 32]),
    ])
let results = try Experiment(plan, data: DataDirectory(nil)).run(machine: .current(arguments: CommandLine.arguments))
print(ComparisonTable.terminal(results))
for summary in results.summaries {
    print(summary.strategy, summary.seedsReached, "of", summary.runs.count, "seeds reached the target")
}
