import ArgumentParser
import Cluster
import Datasets
import Diagnostics
import Experiments
import Fabrics
import Foundation
import Host
import Kernel
import Strategies
import Tasks
import Training

/// Turns the command line into an ``ExperimentPlan``: what it does not say comes from the task and the strategy.
struct PlanBuilder {
    let experiment: ExperimentOptions
    let training: TrainingOptions
    let cluster: ClusterOptions
    let federated: FederatedOptions
    /// The folder of data sets.
    var data: String?
    /// Where the command line names none.
    var firstSeed: UInt64 = 1

    /// - Throws: `ValidationError` naming the option, what was found and what is allowed.
    func plan() throws -> ExperimentPlan {
        try checkRanges()
        let task = try TrainingTask.named(experiment.task)
        _ = try Partitioners.parse(federated.partition ?? task.defaults.partition)
        let compute = cluster.compute ?? "calibrated"
        if compute != "calibrated" { _ = try DeviceProfile.named(compute) }
        let strategies = try carriedStrategies().carried
        try checkDropouts(strategies)
        let first = experiment.firstSeed ?? firstSeed
        var plan = ExperimentPlan(
            task: task.name, target: experiment.target ?? task.target,
            seeds: (0..<UInt64(experiment.seeds)).map { first + $0 }, shuffles: !training.noShuffle,
            initialization: training.initialization ?? .he, initialParametersFile: training.initialParameters,
            compute: compute,
            hostThreads: cluster.hostThreads ?? UsableCores.count,
            repetitions: experiment.repetitions, thisMachine: try thisMachine(),
            strategies: try strategies.map { try self.plan(for: $0, task) })
        plan.jobs = plan.jobs(asked: cluster.jobs)
        return plan
    }

    /// Nesterov's is a form of momentum: without any there is nothing for it to change, and PyTorch refuses it, too.
    func checkMomentum(_ plan: ExperimentPlan) throws {
        guard training.nesterov, plan.strategies.allSatisfy({ $0.configuration.optimizer.momentum == 0 }) else {
            return
        }
        throw ValidationError("--nesterov is for momentum, which is 0; add --momentum, such as 0.9, or leave it out")
    }

    /// Threads of this machine do not leave: options and clusters by which ranks do need a strategy that is simulated.
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

    /// The chosen strategies that the chosen fabric can carry, and of `all` the others, with the reason.
    ///
    /// - Throws: `ValidationError` for one that was named and cannot be carried, or where MPI is asked for and not built in.
    func carriedStrategies() throws -> (carried: [StrategyDescription], others: [(name: String, reason: String)]) {
        let choice = try cluster.fabricChoice()
        if choice == .mpi { try MPILaunch.checkIsBuilt() }
        var carried: [StrategyDescription] = []
        var others: [(name: String, reason: String)] = []
        for strategy in try Self.strategies(experiment.strategy) {
            switch choice.carrier(of: strategy) {
            case .fabric: carried.append(strategy)
            case .none(let reason): others.append((strategy.name, reason))
            }
        }
        if let first = others.first, !Self.namesAll(experiment.strategy) {
            let allowed = StrategyRegistry.all.filter {
                if case .fabric = choice.carrier(of: $0) { true } else { false }
            }
            throw ValidationError(
                """
                --fabric \(choice.rawValue) does not carry \(first.name): \(first.reason). It carries \
                \(allowed.map(\.name).joined(separator: ", ")).
                """)
        }
        return (carried, others)
    }

    private static func namesAll(_ list: String) -> Bool {
        list.split(separator: ",").contains { $0.trimmingCharacters(in: .whitespaces) == "all" }
    }

    /// The strategies of `all` or of a list with commas, each once, in the list's order.
    static func strategies(_ list: String) throws -> [StrategyDescription] {
        var chosen: [StrategyDescription] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.trimmingCharacters(in: .whitespaces)
            if name == "all" { return StrategyRegistry.all }
            guard let strategy = StrategyRegistry.named(name) else {
                throw ValidationError(
                    UnknownName.message("strategy", found: name, allowed: StrategyRegistry.all.map(\.name) + ["all"]))
            }
            if !chosen.contains(where: { $0.name == name }) { chosen.append(strategy) }
        }
        return chosen
    }

    private func plan(for strategy: StrategyDescription, _ task: TrainingTask) throws -> StrategyPlan {
        guard case .fabric(let fabric) = try cluster.fabricChoice().carrier(of: strategy) else {
            preconditionFailure("\(strategy.name) is not carried")
        }
        var machines: ClusterSpec?
        if fabric == .simulated || fabric == .emulated {
            let named = try ClusterFile.resolve(cluster.cluster ?? strategy.defaultCluster)
            machines = named.overridden(
                by: ClusterSpec.Overrides(
                    latencySeconds: cluster.latency?.inSeconds, bytesPerSecond: cluster.bandwidth,
                    jitter: cluster.jitter, stragglers: cluster.stragglers,
                    departures: cluster.dropout.isEmpty ? nil : cluster.dropout, lifetime: cluster.lifetime,
                    detectionSeconds: cluster.failureDetection?.inSeconds))
        }
        try machines?.validate()
        let configuration = try configuration(of: strategy, task)
        let isDefaultRate = training.learningRate == nil && training.scaleLearningRateFrom == nil
        return StrategyPlan(
            name: strategy.name, fabric: fabric, cluster: machines, allReduce: cluster.allReduce ?? .ring,
            configuration: configuration,
            // How a rate given on the command line was found is unknown.
            tuning: isDefaultRate ? task.tuning(of: strategy, usedWith: configuration, training.start) : nil)
    }

    func configuration(of strategy: StrategyDescription, _ task: TrainingTask) throws -> TrainingConfiguration {
        let defaults = task.defaults
        let batch = training.batch ?? defaults.batch
        let epochs = experiment.epochs ?? defaults.epochs
        let rate = training.learningRate ?? (strategy.isFederated ? defaults.localLearningRate : defaults.learningRate)
        let localBatch: Int? =
            switch federated.localBatch {
            case nil: defaults.localBatch
            case .all: nil
            case .samples(let count): count
            }
        return TrainingConfiguration(
            batch: batch,
            schedule: LearningRateSchedule(
                baseRate: rate,
                // The batch is not final before a study's choice is applied and the data are there.
                referenceBatch: strategy.isFederated ? nil : training.scaleLearningRateFrom,
                decay: training.schedule ?? .constant, warmupEpochs: training.warmup ?? 0, totalEpochs: epochs),
            optimizer: SGD.Configuration(
                momentum: training.momentum ?? defaults.momentum, nesterov: training.nesterov,
                weightDecay: training.weightDecay ?? 0),
            epochs: epochs, evaluateEveryEpochs: experiment.evaluateEvery ?? defaults.evaluateEveryEpochs,
            workers: strategy.isSingleDevice ? 1 : try workers(of: strategy),
            federated: TrainingConfiguration.Federated(
                clients: federated.clients ?? defaults.clients, fraction: federated.fraction ?? defaults.fraction,
                localEpochs: federated.localEpochs ?? defaults.localEpochs, localBatch: localBatch,
                partition: federated.partition ?? defaults.partition),
            overlap: strategy.isFederated || strategy.isSingleDevice ? nil : overlap, limits: limits,
            onDropout: strategy.isFederated || training.onDropout == .stop ? nil : training.onDropout)
    }

    private func workers(of strategy: StrategyDescription) throws -> Int {
        guard try cluster.fabricChoice() == .mpi, !strategy.isFederated else {
            return cluster.workers ?? strategy.defaultWorkers ?? UsableCores.count
        }
        let processes = try MPILaunch.processCount(patience: cluster.patience ?? ClusterOptions.standardPatience)
        if let workers = cluster.workers, workers != processes {
            throw ValidationError(
                """
                --workers \(workers): an MPI job has a worker for each of its processes, and this one has \(processes); leave \
                --workers out, or start 'mpirun -n \(workers)'
                """)
        }
        return processes
    }

    private var overlap: GradientOverlap? {
        cluster.overlap ? cluster.bucket.map(GradientOverlap.init) ?? GradientOverlap() : nil
    }

    private var limits: TrainingConfiguration.Limits? {
        let limits = TrainingConfiguration.Limits(
            clusterSeconds: experiment.limitTime?.inSeconds, bytesSent: experiment.limitBytes,
            updates: experiment.limitUpdates)
        return limits == TrainingConfiguration.Limits() ? nil : limits
    }

    // MARK: Values

    enum LocalBatch: Hashable {
        case all
        case samples(Int)
    }

    static func parseLocalBatch(_ text: String) throws -> LocalBatch {
        if text == "all" { return .all }
        guard let count = Int(text), count > 0 else {
            throw ValidationError("'\(text)' is not a batch; allowed is a whole number above 0, or 'all'")
        }
        return .samples(count)
    }

    static func parseAllReduce(_ text: String) throws -> AllReduceAlgorithm {
        guard let algorithm = AllReduceAlgorithm(rawValue: text) else {
            throw ValidationError(
                UnknownName.message("all-reduce algorithm", found: text, allowed: AllReduceAlgorithm.usages)
                    + " (SIZE ranks a group, COUNT servers: whole numbers from 1 to 1000000)")
        }
        return algorithm
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

    private func checkRanges() throws {
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
        // The last seed, too, is a number that every program reads.
        let lastFirst = UInt64(Int64.max) - UInt64(experiment.seeds - 1)
        try require(
            experiment.firstSeed.map { $0 <= lastFirst }, "first-seed", experiment.firstSeed ?? 0, "0 to \(lastFirst)")
        try requirePositive(experiment.epochs, "epochs")
        try require(experiment.epochs.map { $0 <= 1e6 }, "epochs", experiment.epochs ?? 0, "at most 1000000")
        try requirePositive(experiment.evaluateEvery, "evaluate-every")
        try requireCount(experiment.repetitions, "repetitions", most: 10_000)
        try require(experiment.limitTime.map { $0 > .zero }, "limit-time", experiment.limitTime ?? .zero, "above 0")
        try requireCount(experiment.limitUpdates, "limit-updates", most: 1_000_000_000)
        try requireCount(training.batch, "batch")
        try require(
            training.learningRate.map(TrainingConfiguration.learningRates.contains), "learning-rate",
            training.learningRate ?? 0, TrainingConfiguration.allowedLearningRates)
        try require(training.momentum.map { (0..<1).contains($0) }, "momentum", training.momentum ?? 0, "0 to below 1")
        try require(
            training.weightDecay.map { $0 >= 0 && $0.isFinite }, "weight-decay", training.weightDecay ?? 0, "0 or more")
        try require(training.warmup.map { $0 >= 0 && $0.isFinite }, "warmup", training.warmup ?? 0, "0 or more")
        if training.initialParameters != nil, training.initialization != nil {
            throw ValidationError(
                "--init and --initialization both say what parameters training starts from; leave one of them out")
        }
        try requireCount(training.scaleLearningRateFrom, "scale-learning-rate-from")
        try requireCount(cluster.workers, "workers")
        try require(cluster.patience.map { $0 > .zero }, "patience", cluster.patience ?? .zero, "above 0")
        try requireCount(cluster.hostThreads, "host-threads", most: 1024)
        try requireCount(cluster.jobs, "jobs", most: 1024)
        if cluster.bucket != nil, !cluster.overlap {
            throw ValidationError("--bucket is for gradients that are sent in buckets; add --overlap, or leave it out")
        }
        try require(cluster.bucket.map { $0 > 0 }, "bucket", "\(cluster.bucket ?? 0) bytes", "1 byte or more")
        try requireCount(federated.clients, "clients")
        try require(federated.fraction.map { $0 > 0 }, "fraction", federated.fraction ?? 0, "above 0 up to 1")
        try requireCount(federated.localEpochs, "local-epochs")
    }
}

extension TrainingOptions {
    /// How training begins and which order samples come in, as far as a task's rates were found with something else.
    fileprivate var start: [String] {
        [
            initialization.flatMap { $0 == .he ? nil : "initialisation \($0.rawValue) instead of he" },
            initialParameters == nil ? nil : "initial parameters from a file", noShuffle ? "no shuffling" : nil,
        ].compactMap(\.self)
    }
}
