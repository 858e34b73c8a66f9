import Cluster
import Diagnostics
import Experiments
import Fabrics
import Kernel
import Randomness
import Strategies
import Training

/// A strategy with so many workers, and how its schedule is recorded.
struct PricedPlan {
    let choice: PriceRequest.Choice
    let description: StrategyDescription
    let plan: StrategyPlan
    let strategy: any Strategy
    /// Samples of one step of a worker; the largest number where workers differ.
    let localBatch: Int
    /// Samples of one step of a worker, on average over workers.
    let meanLocalBatch: Double
    /// Why no profile could price it, whatever the cluster is; nil where one could.
    let refusal: String?
    private let request: PriceRequest

    var roles: StrategyRoles { plan.roles }
    /// Whether the strategy uses one device, however many there are.
    var isAlone: Bool { description.isSingleDevice }

    /// Options that follow from the request and cannot be set.
    private static let fixed = ["workers", "clients", "batch", "local-batch", "partition"]

    /// - Throws: ``PricingError`` where an option is wrong, or does not go with the request.
    init(_ request: PriceRequest, _ choice: PriceRequest.Choice, workers: Int) throws(PricingError) {
        guard let description = StrategyRegistry.named(choice.strategy) else {
            throw PricingError(
                UnknownName.message("strategy", found: choice.strategy, allowed: StrategyRegistry.all.map(\.name)))
        }
        (self.request, self.choice, self.description) = (request, choice, description)
        let count = description.isSingleDevice ? 1 : workers
        let global: Int
        switch request.batch {
        case .perWorker(let batch): (global, localBatch, meanLocalBatch) = (batch * count, batch, Double(batch))
        case .global(let batch):
            (global, localBatch, meanLocalBatch) = (batch, (batch + count - 1) / count, Double(batch) / Double(count))
        }
        guard global >= count else {
            throw PricingError("a global batch of \(global) for \(count) workers; allowed is a sample for each or more")
        }
        plan = try Self.plan(request, choice, description, workers: count, global: global, local: localBatch)
        do { strategy = try plan.make() } catch { throw PricingError("\(error)") }
        refusal = Self.refusal(plan, strategy, description)
    }

    private static func refusal(
        _ plan: StrategyPlan, _ strategy: any Strategy, _ description: StrategyDescription
    ) -> String? {
        if let counterpart = description.counterpart {
            return
                "threads of one machine send nothing that a profile could price; allowed is \(counterpart), which does the same among machines"
        }
        guard !plan.hasFixedSchedule || strategy.messagesFollowNumbers else { return nil }
        return """
            \(strategy.messagesFollowNumbers ? "who sends to whom follows from how good models are" : "what it does depends on time"), \
            of which a profile knows nothing; allowed are strategies whose ranks do the same whatever the numbers are
            """
    }

    private static func plan(
        _ request: PriceRequest, _ choice: PriceRequest.Choice, _ description: StrategyDescription, workers: Int,
        global: Int, local: Int
    ) throws(PricingError) -> StrategyPlan {
        var plan = StrategyPlan(
            choice.strategy, label: choice.label, fabric: .simulated, cluster: request.cluster,
            allReduce: request.allReduce, configuration: .plain)
        func set(_ name: String, _ value: String) throws(PricingError) {
            do throws(OptionError) { try plan.set(name, to: value) } catch {
                throw PricingError("\(choice.label): \(error)")
            }
        }
        let values = [
            ("workers", "\(workers)"), ("clients", "\(workers)"), ("batch", "\(global)"), ("local-batch", "\(local)"),
            ("partition", "iid"),
        ]
        for (name, value) in values where description.has(name) { try set(name, value) }
        // All machines are paid for, so all of them take part.
        if description.has("fraction") { try set("fraction", "1") }
        for option in choice.options {
            guard !fixed.contains(option.name) else {
                throw PricingError(
                    "\(choice.label): '\(option.name)' follows from the numbers of workers and the batch of the request, and a profile has no labels to spread; allowed are all other options"
                )
            }
            if option.name == "bucket", case .buckets = request.profile.gradient {
                throw PricingError(
                    "\(choice.label): profile '\(request.profile.name)' has the buckets of the job that was recorded, and no tensors to fill others with; allowed is to leave 'bucket' out"
                )
            }
            try set(option.name, option.value)
        }
        return plan
    }

    // MARK: Recording

    /// Parameters of the stand-in models: enough for a coding that keeps a thousandth, and a multiple of the number of
    /// ranks.
    private var sizes: [Int] {
        let base = 1000 * (roles.ranks <= 64 ? roles.ranks : 1)
        return [base, 2 * base, 3 * base]
    }

    /// Samples of the stand-in's training set: whole batches, so that no step has a size that was not measured.
    func sampleCount() throws(PricingError) -> Int {
        guard let data = strategy.dataOfRanks else { return (strategy.stepBatch ?? localBatch) * 4 }
        // Nodes that exchange after a number of steps do not depend on how many samples they have.
        guard description.has("local-epochs") else { return data.ranks.count * localBatch * 4 }
        guard let all = request.trainingSamples ?? request.profile.trainingSamples else {
            throw PricingError(
                "\(choice.label) makes epochs over its clients' samples, and nobody says how many there are; allowed is a profile with 'training_samples', or --samples"
            )
        }
        let batches = all / data.ranks.count / localBatch
        guard batches > 0 else {
            throw PricingError(
                "\(choice.label): \(all) training samples among \(data.ranks.count) clients are less than a batch of \(localBatch) each; allowed are \(data.ranks.count * localBatch) samples or more"
            )
        }
        return data.ranks.count * batches * localBatch
    }

    /// The schedule for the profile's model, and the samples at each of its evaluations.
    func record(_ pool: HostPool) throws(PricingError) -> (schedule: Schedule, samples: [Int]) {
        let samples = try sampleCount()
        // A client may have thousands of batches, whose steps are all alike.
        let ranks = strategy.dataOfRanks?.ranks.count ?? 1
        let batches = description.has("local-epochs") ? samples / ranks / localBatch : 1
        let recorded = batches > 2 ? ranks * localBatch : samples
        do {
            let recordings = try sizes.map { size in
                let (schedule, samples) = try record(parameters: size, samples: recorded, pool)
                return (parameters: size, schedule: schedule, samples: samples)
            }
            var lift = LiftedSchedule(
                recordings: recordings.map { ($0.parameters, $0.schedule) },
                parameters: request.profile.parameterCount, bytesPerNumber: request.profile.bytesPerNumber)
            guard batches > 2 else { return (try lift.lifted(), recordings[0].samples) }
            let (two, twice) = try record(parameters: sizes[0], samples: 2 * recorded, pool)
            (lift.withTwoBatches, lift.batches) = (two, batches)
            let evaluations = zip(recordings[0].samples, twice).map { $0 + (batches - 1) * ($1 - $0) }
            return (try lift.lifted(), evaluations)
        } catch { throw error as? PricingError ?? PricingError("\(choice.label): \(error)") }
    }

    /// What a strategy does for a stand-in model of so many parameters, and the samples at its evaluations.
    func record(
        parameters: Int, samples: Int, _ pool: HostPool
    ) throws -> (Schedule, [Int]) {
        var plain = plan
        // The profile's buckets are inserted afterwards.
        if plain.overlap != nil { plain.options["overlap"] = .flag(false) }
        let updates = request.rounds + 1
        let budget = updates * strategy.longestRound(trainingSamples: samples)
        plain.configuration = TrainingConfiguration(
            schedule: .init(baseRate: 0.1, totalEpochs: 1), optimizer: .init(),
            epochs: Double(budget) / Double(samples), evaluateEveryEpochs: 1e-9)
        let strategy = try plain.make()
        let network = StandIn(parameters: parameters, flopsPerSample: request.profile.flopsPerSample ?? 1)
        let seeds = SeedSequence(request.seed)
        let run = TrainingRun(
            network: network, data: StandIn.data(samples: samples), configuration: plain.configuration,
            initialParameters: ParameterVector(count: parameters), seeds: seeds, shuffles: true,
            ranks: strategy.rankCount, workspaces: WorkspacePool(for: network))
        // Only the order of operations matters, and it is the same on every network; a tree has the fewest messages.
        var fabric = SimulatedFabric(
            nodes: Array(
                repeating: Node(link: Link(latencySeconds: 0, bytesPerSecond: 1e9)), count: strategy.rankCount),
            compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 1), allReduce: .tree, seeds: seeds,
            pool: pool)
        let recorder = ScheduleRecorder(ranks: strategy.rankCount)
        fabric.observer = recorder
        _ = try fabric.run(try strategy.program(for: run))
        guard let schedule = recorder.schedule else {
            throw PricingError(
                "\(choice.label): \(recorder.dependenceOnTime ?? "more than \(Schedule.mostOperations) operations"), so that it has no schedule to price"
            )
        }
        return (schedule, run.result.evaluations.map(\.samples))
    }
}
