import Cluster
import Diagnostics
import Strategies
import Training
public import Tasks
import Training

extension Results {
    /// Counts up to this are exact as floating-point numbers, and their sum over all runs does not overflow.
    var largestCount: Int { min(1 << 50, Int.max / (runs.count + 1)) }
    static let largestRanks = 1_000_000
    /// Epochs of so many samples still give a count that does not overflow.
    private static let largestSamples = 1 << 40
    private static let largestRepetitions = 1_000_000

    /// Checks everything that could be wrong in a well-formed file that was edited or damaged.
    ///
    /// - Throws: ``ExperimentError`` naming the figure, what was found and what is allowed.
    public func validate() throws(ExperimentError) {
        try require(
            !plan.seeds.isEmpty && Set(plan.seeds).count == plan.seeds.count, "plan.seeds", plan.seeds, "distinct seeds"
        )
        // Files of older programs may have a target of 0 for accuracy.
        try require(
            plan.metric.allows(target: plan.target) || plan.metric == .accuracy && plan.target == 0, "plan.target",
            plan.target, plan.metric == .accuracy ? "0 to 1" : plan.metric.allowedTargets)
        for (name, count) in [("trainingSamples", trainingSamples), ("testSamples", testSamples ?? 1)] {
            try require((1...Self.largestSamples).contains(count), name, count, "1 to \(Self.largestSamples)")
        }
        for (name, digest) in [("data.sha256", data?.sha256), ("initialParametersSHA256", initialParametersSHA256)] {
            guard let digest else { continue }
            let isDigest = digest.utf8.count == 64 && digest.allSatisfy { $0.isASCII && $0.isHexDigit }
            try require(isDigest, name, digest, "64 hexadecimal digits")
        }
        try require(
            (1...Self.largestRepetitions).contains(plan.repetitions), "plan.repetitions", plan.repetitions,
            "1 to \(Self.largestRepetitions)")
        do {
            try plan.thisMachine?.validate()
        } catch {
            throw ExperimentError("plan.thisMachine: \(error)")
        }
        let names = plan.strategies.map(\.name)
        try require(!names.isEmpty && Set(names).count == names.count, "plan.strategies", names, "distinct strategies")
        for strategy in plan.strategies { try validate(strategy) }
        if let problem = computeModel?.problem { throw ExperimentError("computeModel: \(problem)") }
        let seeds = Set(plan.seeds)
        var seen: Set<String> = []
        for run in runs {
            let name = "the run of \(run.strategy) with seed \(run.seed)"
            try require(names.contains(run.strategy), name, run.strategy, names.joined(separator: ", "))
            try require(seeds.contains(run.seed), name, run.seed, "a seed of the plan")
            try require(seen.insert("\(run.strategy) \(run.seed)").inserted, name, "it twice", "once")
            try validate(run, name)
        }
        guard isComplete else { return }
        let count = plan.strategies.count * plan.seeds.count
        try require(runs.count == count, "runs of a complete experiment", runs.count, "\(count)")
    }

    private func validate(_ strategy: StrategyPlan) throws(ExperimentError) {
        let name = strategy.name
        if let problem = strategy.configuration.problem { throw ExperimentError("\(name): \(problem)") }
        // For a strategy that this program does not have, only the file's own values can be checked.
        if strategy.description != nil { _ = try strategy.make() }
        try validateRoles(of: strategy)
        try validateChoices(of: strategy)
        do {
            try strategy.cluster?.validate()
        } catch {
            throw ExperimentError("\(name): \(error)")
        }
    }

    private func validateRoles(of strategy: StrategyPlan) throws(ExperimentError) {
        let (roles, most) = (strategy.roles, Self.largestRanks + 1)
        try require((1...most).contains(roles.ranks), "\(strategy.name): roles.ranks", roles.ranks, "1 to \(most)")
        try require(
            roles.servers.allSatisfy((0..<roles.ranks).contains) && Set(roles.servers).count == roles.servers.count
                && roles.servers.count < roles.ranks, "\(strategy.name): roles.servers", roles.servers,
            "distinct ranks, and some that are none")
        let workers = roles.ranks - roles.servers.count
        try require(roles.workers == workers, "\(strategy.name): roles.workers", roles.workers, "\(workers)")
        try require(
            (1...workers).contains(roles.concurrentWorkers), "\(strategy.name): roles.concurrentWorkers",
            roles.concurrentWorkers, "1 to \(workers)")
        try require(
            roles.stepBatch.map { (1...Allowed.largestCount).contains($0) } ?? true,
            "\(strategy.name): roles.stepBatch", roles.stepBatch ?? 0, "1 to \(Allowed.largestCount)")
    }

    /// Checks the all-reduces that were found to be the cheapest: one for all, or one for each length of bucket.
    private func validateChoices(of strategy: StrategyPlan) throws(ExperimentError) {
        let choices = (strategy.allReduceChoice.map { [$0] } ?? []) + (strategy.bucketChoices ?? [])
        for choice in choices {
            try require(
                !choice.candidates.isEmpty && choice.elements >= 0, "\(strategy.name): allReduceChoice",
                "\(choice.candidates.count) candidates for \(choice.elements) numbers", "one or more, for 0 or more")
            for seconds in choice.candidates.compactMap(\.seconds) {
                try require(
                    isTime(seconds), "\(strategy.name): allReduceChoice", seconds, "seconds, 0 or more")
            }
        }
        let lengths = (strategy.bucketChoices ?? []).map(\.elements)
        try require(
            Set(lengths).count == lengths.count, "\(strategy.name): bucketChoices", "buckets of \(lengths) numbers",
            "one choice for each length")
    }

    func validate(_ curve: [TrainingRun.Evaluation], _ name: String) throws(ExperimentError) {
        for point in curve {
            try require((0...1).contains(point.testAccuracy), "\(name): testAccuracy", point.testAccuracy, "0 to 1")
            try requireAUC(point.testAUC, "\(name): testAUC")
            try require(
                isTime(point.clusterSeconds), "\(name): clusterSeconds", point.clusterSeconds, "seconds, 0 or more")
            for count in [point.samples, point.round, point.bytesSent] {
                try require(isCount(count), "\(name): a count", count, "0 to \(largestCount)")
            }
        }
        let isAscending = zip(curve, curve.dropFirst()).allSatisfy {
            $0.samples <= $1.samples && $0.clusterSeconds <= $1.clusterSeconds && $0.bytesSent <= $1.bytesSent
        }
        try require(isAscending, "\(name): evaluations", "samples, times or bytes that go back", "those that grow")
    }

    private func validate(_ run: RunRecord, _ name: String) throws(ExperimentError) {
        try require(!run.evaluations.isEmpty, "\(name): evaluations", "none", "one or more")
        for seconds in [
            run.clusterSeconds, run.computeSeconds, run.communicationSeconds, run.idleSeconds, run.hostSeconds,
            run.hiddenCommunicationSeconds ?? 0,
        ] {
            try require(isTime(seconds), "\(name): a time", seconds, "seconds, 0 or more")
        }
        for timing in run.timings {
            for seconds in [timing.clusterSeconds, timing.hostSeconds] + timing.segmentSeconds {
                try require(isTime(seconds), "\(name): a timing", seconds, "seconds, 0 or more")
            }
            for seconds in [timing.control.sgemmSeconds, timing.control.sweepSeconds] {
                try require(isTime(seconds) && seconds > 0, "\(name): a control", seconds, "seconds above 0")
            }
        }
        try require(
            isTime(run.serverComputeSeconds ?? 0), "\(name): serverComputeSeconds", run.serverComputeSeconds ?? 0,
            "seconds, 0 or more")
        try validate(run.evaluations, name)
        try validateNodes(of: run, name)
        try validatePartition(of: run, name)
        try require(
            (run.stoppedBy != nil) == (run.outcome == .stopped), "\(name): stoppedBy",
            run.stoppedBy.map { "rank \($0.rank)" } ?? "none", "a departure of a run that was stopped, and of no other")
        for departure in (run.departures ?? []) + (run.stoppedBy.map { [$0] } ?? []) {
            try require(
                (0..<Self.largestRanks).contains(departure.rank), "\(name): a rank that left", departure.rank,
                "0 to \(Self.largestRanks - 1)")
            try require(
                isTime(departure.seconds), "\(name): when a rank left", departure.seconds, "seconds, 0 or more")
        }
        try require(
            isCount(run.lostSamples ?? 0), "\(name): lostSamples", run.lostSamples ?? 0, "0 to \(largestCount)")
        try validateDevices(run, name)
        let traffic = run.traffic
        let totals = [
            traffic.bytesTotal, traffic.messagesTotal, traffic.bytesPerWorkerMax, traffic.bytesUplink ?? 0,
            traffic.bytesDownlink ?? 0,
        ]
        let entries = (traffic.entries ?? []).flatMap {
            [$0.bytesSent, $0.messagesSent, $0.bytesReceived, $0.messagesReceived]
        }
        // The sum of all entries must not overflow either.
        let most = min(largestCount, Int.max / (entries.count + 1))
        for count in totals + entries {
            try require((0...most).contains(count), "\(name): traffic", count, "0 to \(most)")
        }
    }

    private func validateDevices(_ run: RunRecord, _ name: String) throws(ExperimentError) {
        if let shortage = run.memoryShortage {
            try require(
                shortage.ranks > 0 && shortage.ranks < shortage.of, "\(name): clients left out", shortage.ranks,
                "1 to below \(shortage.of)")
            let need = shortage.need
            for count in [
                shortage.of, shortage.rank, shortage.memoryBytes, need.parameters, need.gradient, need.optimizerState,
                need.activations, need.batch, need.sum,
            ] {
                try require(isCount(count), "\(name): memoryShortage", count, "0 to \(largestCount)")
            }
        }
        guard let devices = run.devices else { return }
        for count in [devices.summary.count, devices.stragglers, devices.kinds ?? 0] {
            try require(isCount(count), "\(name): devices", count, "0 to \(largestCount)")
        }
        let departed = (devices.departed ?? []).flatMap { [$0.seconds, $0.pricePerHour, $0.wattsIdle] }
        for figure in [devices.pricePerHour, devices.wattsIdle, devices.busyJoules] + departed {
            try require(figure?.isFinite ?? true, "\(name): devices", figure ?? 0, "a number")
        }
    }

    func isTime(_ seconds: Double) -> Bool { (0...VirtualTime.longestSeconds).contains(seconds) }
    func isCount(_ count: Int) -> Bool { (0...largestCount).contains(count) }

    func require(_ isRight: Bool, _ figure: String, _ found: Any, _ allowed: String) throws(ExperimentError) {
        if !isRight { throw ExperimentError("\(figure): found \(found), allowed is \(allowed)") }
    }
}
