import Cluster
import Diagnostics
import Experiments
import Fabrics
import Kernel
import Randomness
import Strategies
import Training

/// Prices strategies for a model that is known only by its profile.
///
/// A strategy's own code determines what its ranks do: it trains a ``StandIn`` of a few thousand numbers that computes
/// nothing, and its recorded schedule is lifted to the profile's size (``LiftedSchedule``). The simulation that plays
/// all other runs then plays the schedule on the cluster, with the profile's times of a step. So every strategy,
/// all-reduce, overlap and network is priced by the code that runs it, and none is described a second time.
public struct Pricing: Sendable {
    private let request: PriceRequest
    private let pool = HostPool(threads: 1)

    /// - Throws: ``PricingError`` for a request of which nothing can be priced.
    public init(_ request: PriceRequest) throws(PricingError) {
        var request = request
        // The profile was measured on the whole device.
        request.cluster.worker.cores = 1
        request.cluster.server?.cores = 1
        request.cluster.devices = request.cluster.devices?.removing { $0 == .cores }.orNil
        self.request = request
        guard request.cluster.dropouts == nil else {
            throw PricingError(
                "cluster '\(request.cluster.name)': its machines leave, and a price is of ranks that stay; allowed are clusters without dropouts and lifetime"
            )
        }
        for workers in request.workers where !(1...PriceRequest.mostWorkers).contains(workers) {
            throw PricingError("\(workers) workers; allowed are 1 to \(PriceRequest.mostWorkers)")
        }
        guard (1...PriceRequest.mostRounds).contains(request.rounds) else {
            throw PricingError("\(request.rounds) rounds; allowed are 1 to \(PriceRequest.mostRounds)")
        }
        if request.goal != nil, case .perWorker = request.batch {
            throw PricingError(
                "a curve is of one global batch, and this request has a batch for each worker; allowed is a global batch, the one that the curve was trained with"
            )
        }
        for choice in request.choices { _ = try PricedPlan(request, choice, workers: 1).strategy }
    }

    /// Prices all rows, on one core.
    public func prices() throws(PricingError) -> Prices {
        var prices = Prices(rows: [], unpriced: [])
        var asked: [Int] = []
        for choice in request.choices {
            let isAlone = try PricedPlan(request, choice, workers: 1).isAlone
            for workers in isAlone ? [1] : request.workers {
                do throws(PricingError) {
                    let (price, cost) = try price(PricedPlan(request, choice, workers: workers))
                    prices.rows.append(price)
                    asked.append(workers)
                    for note in cost.unknown?.sentences(request.cluster.name) ?? [] where !prices.notes.contains(note) {
                        prices.notes.append(note)
                    }
                } catch {
                    // The row's name stands before the reason already.
                    var (reason, label) = (error.description[...], choice.label + ": ")
                    while reason.hasPrefix(label) { reason = reason.dropFirst(label.count) }
                    prices.unpriced.append(.init(label: choice.label, workers: workers, reason: String(reason)))
                }
            }
        }
        setBreakEvens(in: &prices, asked)
        return prices
    }

    /// The reference of a number of workers is the fastest row that keeps the arithmetic with that number.
    ///
    /// - Parameter asked: of each row, for how many workers it was asked, which are machines that one pays for: where clients
    ///   take turns, fewer train at the same time.
    private func setBreakEvens(in prices: inout Prices, _ asked: [Int]) {
        for (index, row) in prices.rows.enumerated() where !row.keepsArithmetic {
            let same = zip(prices.rows, asked).filter { $0.keepsArithmetic && $1 == asked[index] }.map(\.0)
            guard let reference = same.max(by: { $0.samplesPerSecond < $1.samplesPerSecond }) else {
                prices.notes.append(
                    """
                    No break-even of \(row.label) with \(asked[index]) workers: no row that keeps the arithmetic, such as sync, \
                    has as many
                    """)
                continue
            }
            prices.rows[index].breakEven = .init(
                ratio: row.samplesPerSecond / reference.samplesPerSecond, reference: reference.label)
        }
    }

    private func price(_ plan: PricedPlan) throws(PricingError) -> (Price, RunCost) {
        if let refusal = plan.refusal { throw PricingError(refusal) }
        let recorded = try plan.record(pool)
        let played = try play(plan, recorded.schedule)
        return price(plan, recorded.samples, played)
    }

    // MARK: Playing

    /// A schedule that was played on the cluster.
    private struct Played {
        let report: ReplayReport
        let nodes: [Node]
        let local: StepProfile.Step
        let allReduce: [String]
    }

    private func play(_ plan: PricedPlan, _ schedule: Schedule) throws(PricingError) -> Played {
        let (profile, strategy) = (request.profile, plan.strategy)
        for case .compute(let work) in schedule.operations {
            // Every number of samples that a strategy uses was measured, or lies between measured ones.
            for samples in [work.samplesPerStep, work.samplesPerShortStep] where samples > 0 {
                _ = try profile.step(of: samples)
            }
            guard work.forwardPasses == 0 else {
                throw PricingError("makes forward passes of its own, of which a profile knows no time")
            }
            guard work.equivalentSamples == 0 || profile.flopsPerSample != nil else {
                throw PricingError(
                    "its coding computes, at the rate of training, and profile '\(profile.name)' does not say what that is; allowed is a profile with 'flops_per_sample'"
                )
            }
        }
        let local = try profile.step(of: plan.localBatch)
        var (schedule, row) = (schedule, plan.plan)
        let numbers = profile.parameterCount
        let wire = LiftedSchedule.wireElements(numbers, bytesPerNumber: profile.bytesPerNumber)
        var lengths = [wire]
        if let overlap = row.overlap, row.roles.ranks > 1 {
            let buckets = profile.buckets(overlap, at: local).map {
                (
                    numbers: LiftedSchedule.wireElements($0.numbers, bytesPerNumber: profile.bytesPerNumber),
                    readyShare: $0.readyShare
                )
            }
            schedule = schedule.overlapped(elements: numbers, wire: wire, buckets: buckets)
            lengths = buckets.map(\.numbers)
        }
        let seeds = SeedSequence(request.seed)
        let model = ComputeModel(
            MeasuredCompute(
                task: profile.name, steps: profile.steps.map { .init(samples: $0.samples, seconds: $0.seconds) },
                secondsPerVectorElement: local.update / Double(numbers)))
        do {
            try request.cluster.validate()
            try request.cluster.validate(ranks: strategy.rankCount)
            try request.cluster.validate(workers: strategy.workerCount)
            let chosen = try chooseAllReduce(for: &row, lengths, model, seeds)
            let factory = FabricFactory(row, strategy, seeds)
            try checkMemory(of: factory.nodes)
            let report = try factory.simulated(on: request.cluster, model, pool).replay(schedule)
            return Played(report: report, nodes: factory.nodes, local: local, allReduce: chosen)
        } catch { throw PricingError("\(error)") }
    }

    /// What a step needs beside its model and its gradient no profile says, but less than these nobody can do with.
    private func checkMemory(of nodes: [Node]) throws(PricingError) {
        let least = 2 * request.profile.gradientBytes
        guard let memory = nodes.compactMap(\.memoryBytes).min(), memory < least else { return }
        throw PricingError(
            """
            a machine of cluster '\(request.cluster.name)' has \(Format.bytes(Double(memory))) of memory, and a model and its \
            gradient take \(Format.bytes(Double(least))); allowed are machines with that and what a step needs besides
            """)
    }

    /// The cheapest for each length where the request leaves that open.
    ///
    /// - Returns: the names of the algorithms in use.
    private func chooseAllReduce(
        for row: inout StrategyPlan, _ lengths: [Int], _ model: ComputeModel, _ seeds: SeedSequence
    ) throws -> [String] {
        guard row.roles.usesAllReduce, row.roles.ranks > 1 else { return [] }
        guard row.allReduce == .automatic else { return [row.allReduce.rawValue] }
        var distinct: [Int] = []
        for length in lengths where !distinct.contains(length) { distinct.append(length) }
        let fabric = SimulatedFabric(
            nodes: request.cluster.nodes(ranks: row.roles.ranks, server: nil, seeds: seeds),
            jitter: request.cluster.jitter, interconnect: request.cluster.network, compute: model,
            groups: request.cluster.groups(ranks: row.roles.ranks), seeds: SeedSequence(0), pool: pool)
        let choices = try distinct.map { try AllReduceChoice(on: fabric, elements: $0) }
        row.bucketChoices = choices
        var names: [String] = []
        for choice in choices where !names.contains(choice.algorithm.rawValue) {
            names.append(choice.algorithm.rawValue)
        }
        return names
    }

    // MARK: What it comes to

    private func price(_ plan: PricedPlan, _ samples: [Int], _ played: Played) -> (Price, RunCost) {
        let (strategy, report, evaluations) = (plan.strategy, played.report, played.report.evaluations)
        // The first update may include work that occurs once, such as sending the model to all ranks.
        let warm = evaluations.count > 2 ? 1 : 0
        let (first, last) = (evaluations[warm], evaluations[evaluations.count - 1])
        let updates = Double(evaluations.count - 1 - warm)
        let perUpdate = Double(samples[samples.count - 1] - samples[warm]) / updates
        let seconds = (last.seconds - first.seconds) / updates
        // All updates count: at an evaluation, ranks that are ahead have already sent some bytes of the next update.
        let bytes = Double(report.bytes) / Double(evaluations.count - 1)
        var account = TimeAccount()
        var serverBusy = 0.0
        let working = Double(strategy.concurrentWorkers)
        for (rank, part) in report.accounts.enumerated() {
            guard !strategy.serverRanks.contains(rank) else {
                serverBusy += part.computeSeconds
                continue
            }
            account.computeSeconds += part.computeSeconds / working
            account.communicationSeconds += part.communicationSeconds / working
            account.hiddenCommunicationSeconds += part.hiddenCommunicationSeconds / working
        }
        let all = account.communicationSeconds + account.hiddenCommunicationSeconds
        let workers = plan.roles.concurrentWorkers
        // Without a network every device would go on at its own pace.
        let speeds = played.nodes.indices.filter { !strategy.serverRanks.contains($0) }.map { played.nodes[$0].speed }
        let speed = speeds.reduce(0, +) / Double(speeds.count)
        let ideal = Double(workers) * Double(plan.meanLocalBatch) * speed / played.local.seconds
        // For a million samples.
        let jobs = 1e6 / Double(samples[samples.count - 1])
        let cost = cost(plan, played, seconds: seconds * Double(samples[samples.count - 1]) / perUpdate, serverBusy)
        let keeps = plan.description.family == .dataParallel
        var price = Price(
            label: plan.choice.label, strategy: plan.choice.strategy, workers: workers, localBatch: plan.localBatch,
            samplesPerUpdate: perUpdate, secondsPerUpdate: seconds,
            computeShare: account.computeSeconds / report.seconds,
            communicationShare: account.communicationSeconds / report.seconds,
            hiddenShare: all > 0 ? account.hiddenCommunicationSeconds / all : nil,
            efficiency: perUpdate / seconds / ideal, bytesPerUpdate: bytes,
            messagesPerUpdate: Double(report.messages) / Double(evaluations.count - 1),
            moneyPerMillionSamples: cost.money.map { $0 * jobs },
            wattHoursPerMillionSamples: cost.wattHours.map { $0 * jobs }, keepsArithmetic: keeps,
            allReduce: played.allReduce)
        if keeps, let goal = request.goal {
            let needed = goal.curve.samples(to: goal.target)
            // The number of steps is rounded up to whole steps.
            let steps = needed.map { (Double($0) / perUpdate).rounded(.up) }
            let millions = steps.map { $0 * perUpdate / 1e6 }
            price.toTarget = .init(
                samples: needed, seconds: steps.map { $0 * seconds },
                money: millions.flatMap { millions in price.moneyPerMillionSamples.map { $0 * millions } },
                wattHours: millions.flatMap { millions in price.wattHoursPerMillionSamples.map { $0 * millions } })
        }
        return (price, cost)
    }

    /// What the job that was played costs, at the pace of its later updates.
    private func cost(_ plan: PricedPlan, _ played: Played, seconds: Double, _ serverBusy: Double) -> RunCost {
        let (strategy, cluster, report) = (plan.strategy, request.cluster, played.report)
        let ranks = played.nodes.indices.filter { !strategy.serverRanks.contains($0) }
        return RunCost(
            RunCost.Use(
                seconds: seconds, bytes: report.bytes, workers: strategy.workerCount,
                workersBusySeconds: ranks.reduce(0) { $0 + report.accounts[$1].computeSeconds },
                servers: strategy.serverRanks.count, serversBusySeconds: serverBusy,
                devices: DrawnDevices(
                    played.nodes, report.accounts, workers: ranks, cluster,
                    stragglers: cluster.stragglerCount(among: ranks, seeds: SeedSequence(request.seed)))), on: cluster)
    }
}
