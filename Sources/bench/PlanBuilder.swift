import ArgumentParser
import Cluster
import Diagnostics
import Experiments
import Fabrics
import Foundation
import Host
import Kernel
import Strategies
import Studies
import Tasks
import Training

/// Converts the command line into an ``ExperimentPlan``; what it leaves open comes from the task and the strategy.
struct PlanBuilder {
    let experiment: ExperimentOptions
    let training: TrainingOptions
    let cluster: ClusterOptions
    let settings: StrategySettings
    /// The folder of data sets.
    var data: String?
    /// The first seed where the command line gives none.
    var firstSeed: UInt64 = 1

    /// - Throws: `ValidationError` naming the option, what was found and what is allowed.
    func plan() throws -> ExperimentPlan {
        try checkRanges()
        let task = try TrainingTask.resolve(experiment.task)
        let compute = cluster.compute ?? "calibrated"
        if compute != "calibrated" { _ = try DeviceProfile.named(compute) }
        let strategies = try carriedStrategies().carried
        try checkDropouts(strategies.map(\.description))
        let first = experiment.firstSeed ?? firstSeed
        let metric = experiment.judgedBy ?? task.metric
        var plan = ExperimentPlan(
            task: task.name, taskFile: task.file, metric: metric, target: try target(of: task, metric),
            seeds: (0..<UInt64(experiment.seeds)).map { first + $0 }, shuffles: !training.noShuffle,
            initialization: training.initialization ?? .he, initialParametersFile: training.initialParameters,
            compute: compute,
            hostThreads: cluster.hostThreads ?? UsableCores.count,
            repetitions: experiment.repetitions, thisMachine: try thisMachine(),
            strategies: try strategies.map { try self.plan(for: $0, task) })
        plan.jobs = plan.jobs(asked: cluster.jobs)
        return plan
    }

    /// The target in the unit of the metric; the task's own where the command line has none.
    private func target(of task: TrainingTask, _ metric: Metric) throws -> Double {
        if let problem = metric.problem(of: task.network) {
            throw ValidationError("--judged-by \(metric.rawValue): \(problem)")
        }
        guard let text = experiment.target else {
            guard metric == task.metric else {
                throw ValidationError(
                    """
                    --judged-by \(metric.rawValue) is another metric than that of \(task.name), whose target is \
                    \(Target(task.target, of: task.metric).words); say with --target what to reach: \(metric.allowedTargets)
                    """)
            }
            return task.target
        }
        do throws(Quantity.Failure) {
            return try metric.target(parsing: text)
        } catch {
            throw ValidationError("--target, \(metric.oneOfThem): \(error)")
        }
    }

    /// Checks that some strategy is simulated where options or the cluster let ranks leave: threads of this machine do
    /// not leave.
    private func checkDropouts(_ strategies: [StrategyDescription]) throws {
        let choice = try cluster.fabricChoice()
        guard !strategies.contains(where: { choice.carrier(of: $0) == .fabric(.simulated) }) else { return }
        let options = [
            ("--dropout", !cluster.dropout.isEmpty), ("--lifetime", cluster.lifetime != nil),
            ("--failure-detection", cluster.failureDetection != nil),
        ]
        var found = options.first(where: \.1)?.0
        if found == nil, let name = cluster.cluster, try ClusterFile.resolve(name).dropouts != nil {
            found = "--cluster '\(name)' with dropouts"
        }
        guard let found else { return }
        throw ValidationError(
            """
            \(found): ranks can leave where they are simulated, and \(strategies.map(\.name).joined(separator: ", ")) \
            run\(strategies.count == 1 ? "s" : "") on \(choice == .mpi ? "processes of an MPI job" : "threads of this machine"); \
            allowed are strategies on a cluster, or --clock simulated
            """)
    }

    private func thisMachine() throws -> ClusterSpec {
        let name = cluster.machine ?? "workstation"
        let machine = try ClusterFile.resolve(name)
        try machine.validate()
        if machine.hasDifferentWorkers {
            throw ValidationError(
                "--machine '\(name)' has devices that differ, or stragglers; allowed is one kind of machine")
        }
        return machine
    }

    /// The chosen strategies that the chosen fabric can carry. The strategies of `all` that it cannot carry are
    /// returned with the reason.
    ///
    /// - Throws: `ValidationError` for a strategy that was named and cannot be carried, or where MPI is asked for and
    ///   not built in.
    func carriedStrategies() throws -> (carried: [StrategyChoice], others: [(name: String, reason: String)]) {
        let choice = try cluster.fabricChoice()
        if choice == .mpi { try MPILaunch.checkIsBuilt() }
        try checkObjectives()
        var carried: [StrategyChoice] = []
        var others: [(name: String, reason: String)] = []
        let chosen = try StrategyChoice.parse(experiment.strategy)
        try settings.check(chosen, countsNodes: countsNodes)
        for strategy in chosen {
            if experiment.objectives != nil, !strategy.description.hasNodes,
                StrategyChoice.namesGroup(experiment.strategy)
            {
                others.append((strategy.label, StrategyPlan.withoutNodes))
                continue
            }
            switch choice.carrier(of: strategy.description) {
            case .fabric: carried.append(strategy)
            case .none where strategy.isBaseline: break
            case .none(let reason): others.append((strategy.label, reason))
            }
        }
        if let first = others.first, !StrategyChoice.namesGroup(experiment.strategy) {
            let allowed = StrategyRegistry.all.filter {
                if case .fabric = choice.carrier(of: $0) { true } else { false }
            }
            throw ValidationError(
                """
                --fabric \(choice.rawValue) does not carry \(first.name): \(first.reason). It carries \
                \(allowed.map(\.name).joined(separator: ", ")).
                """)
        }
        guard !carried.isEmpty else {
            throw ValidationError("--strategy \(experiment.strategy): \(others.first?.reason ?? "no strategy")")
        }
        return (carried, others)
    }

    private func plan(for choice: StrategyChoice, _ task: TrainingTask) throws -> StrategyPlan {
        let strategy = choice.description
        let carrier = try cluster.fabricChoice()
        guard case .fabric(let fabric) = carrier.carrier(of: strategy) else {
            preconditionFailure("\(strategy.name) is not carried")
        }
        let machines = fabric == .simulated || fabric == .emulated ? try self.machines(of: strategy) : nil
        try machines?.validate()
        let processes =
            carrier == .mpi && strategy.has("workers")
            ? try MPILaunch.processCount(patience: cluster.patience ?? ClusterOptions.standardPatience) : nil
        var values = task.defaults.values(of: strategy.options)
        if strategy.has("workers") {
            values["workers"] = (processes ?? strategy.defaultWorkers ?? UsableCores.count).optionValue
        }
        try setNodes(in: &values, processes, task)
        var plan = StrategyPlan(
            strategy.name, label: choice.label, fabric: fabric, cluster: machines,
            allReduce: cluster.allReduce ?? .ring, configuration: configuration(of: strategy, task), options: values)
        plan.isBaseline = choice.isBaseline
        let isRateNamed = try set(choice, in: &plan) || training.learningRate != nil
        if !isRateNamed { try takeUsualRate(of: &plan, task) }
        if let processes, plan.options["workers"] != processes.optionValue {
            throw ValidationError(
                """
                --workers \(plan.options["workers"] ?? 0): an MPI job has a worker for each of its processes, and this one \
                has \(processes); leave --workers out, or start 'mpirun -n \(plan.options["workers"] ?? 0)'
                """)
        }
        if plan.roles.needsAllRanks, training.onDropout == .goOn { plan.configuration.onDropout = .goOn }
        // How a rate given on the command line was found is unknown.
        if !isRateNamed, training.scaleLearningRateFrom == nil {
            plan.tuning = task.tuning(
                of: strategy, usedWith: plan.configuration, plan.options, training.start)
        }
        return plan
    }

    private func machines(of strategy: StrategyDescription) throws -> ClusterSpec {
        try ClusterFile.resolve(cluster.cluster ?? strategy.defaultCluster).overridden(
            by: ClusterSpec.Overrides(
                latencySeconds: cluster.latency?.inSeconds, bytesPerSecond: cluster.bandwidth,
                jitter: cluster.jitter, stragglers: cluster.stragglers,
                departures: cluster.dropout.isEmpty ? nil : cluster.dropout, lifetime: cluster.lifetime,
                detectionSeconds: cluster.failureDetection?.inSeconds))
    }

    private func configuration(of strategy: StrategyDescription, _ task: TrainingTask) -> TrainingConfiguration {
        let defaults = task.defaults
        let epochs = experiment.epochs ?? defaults.epochs
        return TrainingConfiguration(
            schedule: LearningRateSchedule(
                baseRate: training.learningRate ?? defaults.rate(of: strategy),
                // The batch is final only after a study's choice is applied and the data are read.
                referenceBatch: strategy.has("batch") ? training.scaleLearningRateFrom : nil,
                decay: training.schedule ?? .constant, warmupEpochs: training.warmup ?? 0, totalEpochs: epochs),
            optimizer: optimizer(task),
            epochs: epochs, evaluateEveryEpochs: experiment.evaluateEvery ?? defaults.evaluateEveryEpochs,
            limits: limits, objectives: experiment.objectives)
    }

    // MARK: Options of strategies

    /// Sets the options of the command line: first those for all strategies, then those for this strategy, then those
    /// for this row.
    ///
    /// - Returns: whether a learning rate was among them.
    private func set(_ choice: StrategyChoice, in plan: inout StrategyPlan) throws -> Bool {
        let strategy = choice.description.name
        let names = choice.label == strategy ? [strategy] : [strategy, choice.label]
        let settings = try settings.settings()
        var isRateGiven = false
        func set(_ name: String, _ value: String, by word: String) throws {
            do throws(OptionError) {
                try plan.set(name, to: value, calling: word)
            } catch {
                if name == "overlay", Overlay.isFile(value) { throw OptionFileError(description: "\(error)") }
                throw ValidationError("\(error)")
            }
            isRateGiven = isRateGiven || name == StudyOption.learningRate.rawValue
        }
        for setting in settings where setting.strategy == nil && plan.has(setting.name) {
            try set(setting.name, setting.value, by: setting.word)
        }
        for name in names {
            for setting in settings where setting.strategy == name {
                try set(setting.name, setting.value, by: setting.word)
            }
        }
        for option in choice.options {
            try set(option.name, option.value, by: "--strategy \(choice.label): \(option.name)")
        }
        return isRateGiven
    }

    private var limits: TrainingConfiguration.Limits? {
        let limits = TrainingConfiguration.Limits(
            clusterSeconds: experiment.limitTime?.inSeconds, bytesSent: experiment.limitBytes,
            updates: experiment.limitUpdates)
        return limits == TrainingConfiguration.Limits() ? nil : limits
    }

    // MARK: Values

    static func parseAllReduce(_ text: String) throws -> AllReduceAlgorithm {
        do throws(ExperimentError) {
            return try PlanOptions.algorithm(text)
        } catch { throw ValidationError("\(error)") }
    }

    static func parseDecay(_ text: String) throws -> LearningRateSchedule.Decay {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts[0] {
        case "constant" where parts.count == 1: return .constant
        case "cosine" where parts.count == 1: return .cosine
        case "step":
            if parts.count == 3, let epochs = Double(parts[1]), let factor = Double(parts[2]), epochs > 0,
                epochs.isFinite,
                factor > 0, factor.isFinite
            {
                return .step(epochs: epochs, factor: factor)
            }
        default: break
        }
        throw ValidationError(
            "'\(text)' is not a schedule; allowed are constant, cosine, step:EPOCHS:FACTOR such as step:10:0.1")
    }

    private static let largestCount = 1_000_000

    func checkRanges() throws {
        func require(_ isAllowed: Bool?, _ option: String, _ found: Any, _ allowed: String) throws {
            guard isAllowed != false else { throw ValidationError("--\(option) is \(found); allowed is \(allowed)") }
        }
        func requireCount(_ value: Int?, _ option: String, most: Int = Self.largestCount) throws {
            guard let value else { return }
            try require((1...most).contains(value), option, value, "1 to \(most)")
        }
        func requirePositive(_ value: Double?, _ option: String) throws {
            guard let value else { return }
            try require(value > 0 && value.isFinite, option, value, "a number above 0")
        }
        try requireCount(experiment.seeds, "seeds", most: 1000)
        // The last seed must also be a number that every program can read.
        let lastFirst = UInt64(Int64.max) - UInt64(experiment.seeds - 1)
        try require(
            experiment.firstSeed.map { $0 <= lastFirst }, "first-seed", experiment.firstSeed ?? 0, "0 to \(lastFirst)")
        try requirePositive(experiment.epochs, "epochs")
        try require(experiment.epochs.map { $0 <= 1e6 }, "epochs", experiment.epochs ?? 0, "at most 1000000")
        try requirePositive(experiment.evaluateEvery, "evaluate-every")
        try requireCount(experiment.repetitions, "repetitions", most: 10_000)
        try require(experiment.limitTime.map { $0 > .zero }, "limit-time", experiment.limitTime ?? .zero, "above 0")
        try requireCount(experiment.limitUpdates, "limit-updates", most: 1_000_000_000)
        try require(
            training.learningRate.map(TrainingConfiguration.learningRates.contains), "learning-rate",
            training.learningRate ?? 0, TrainingConfiguration.allowedLearningRates)
        try require(training.momentum.map { (0..<1).contains($0) }, "momentum", training.momentum ?? 0, "0 to below 1")
        try require(
            training.weightDecay.map { $0 >= 0 && $0.isFinite }, "weight-decay", training.weightDecay ?? 0, "0 or more")
        try checkOptimizerRanges(require)
        try require(training.warmup.map { (0...1e6).contains($0) }, "warmup", training.warmup ?? 0, "0 to 1000000")
        if training.initialParameters != nil, training.initialization != nil {
            throw ValidationError(
                "--init and --initialization both say what parameters training starts from; leave one of them out")
        }
        try requireCount(training.scaleLearningRateFrom, "scale-learning-rate-from")
        try require(cluster.patience.map { $0 > .zero }, "patience", cluster.patience ?? .zero, "above 0")
        try requireCount(cluster.hostThreads, "host-threads", most: 1024)
        try requireCount(cluster.jobs, "jobs", most: 1024)
    }
}

/// A file that an option names and that is missing or wrong: a failure, and no wrong command line.
struct OptionFileError: Error, CustomStringConvertible {
    let description: String
}

extension TrainingOptions {
    /// How the start of training and the order of samples differ from those with which the task's rates were found.
    fileprivate var start: [String] {
        [
            initialization.flatMap { $0 == .he ? nil : "initialisation \($0.rawValue) instead of he" },
            initialParameters == nil ? nil : "initial parameters from a file", noShuffle ? "no shuffling" : nil,
        ].compactMap(\.self)
    }
}
