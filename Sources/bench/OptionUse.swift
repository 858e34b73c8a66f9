import Cluster
import Experiments
import Strategies
import Studies
import Tasks
import Training

/// What an option of `bench run` and `bench study` affects, so that an option without an effect is reported.
///
/// ``all`` has a line for every option of `bench run`, which a test checks.
struct OptionUse: Sendable {
    /// The option's name without dashes.
    let name: String
    /// Whether the command line has the option, even with its default value.
    let isGiven: @Sendable (PlanBuilder) -> Bool
    /// Whether it changes anything for a strategy of the plan.
    let isUsed: @Sendable (StrategyPlan, ExperimentPlan) -> Bool
    /// Who uses the option, as the end of a sentence: "federated does".
    let users: String

    private init(
        _ name: String, _ isGiven: @escaping @Sendable (PlanBuilder) -> Bool, users: String,
        isUsed: @escaping @Sendable (StrategyPlan, ExperimentPlan) -> Bool
    ) {
        (self.name, self.isGiven, self.isUsed, self.users) = (name, isGiven, isUsed, users)
    }

    /// An option that always has an effect, or that is refused where it has none.
    private static func always(_ names: String...) -> [OptionUse] {
        names.map { name in always(name) { _ in false } }
    }

    private static func always(_ name: String, isGiven: @escaping @Sendable (PlanBuilder) -> Bool) -> OptionUse {
        OptionUse(name, isGiven, users: "all do") { _, _ in true }
    }

    /// An option that only some optimizers have.
    private static func ofOptimizers(
        _ name: String, users: String, isGiven: @escaping @Sendable (PlanBuilder) -> Bool
    ) -> OptionUse {
        OptionUse(name, isGiven, users: users) { plan, _ in plan.configuration.optimizer.kind.uses(name) }
    }

    private static let adaptive = "--optimizer adam and adamw do"

    // MARK: The table

    static let all: [OptionUse] = experiment + training + machines + network + strategies + files

    private static let experiment =
        always(
            "plan", "task", "strategy", "seeds", "first-seed", "judged-by", "target", "epochs", "evaluate-every",
            "repetitions",
            "limit-time", "limit-updates", "objectives")
        + [
            OptionUse("limit-bytes", { $0.experiment.limitBytes != nil }, users: "strategies of several ranks do") {
                plan, _ in plan.roles.ranks > 1
            }
        ]

    private static let training =
        always("nesterov", "warmup", "no-shuffle", "init", "initialization")
        + [
            always("learning-rate") { $0.training.learningRate != nil },
            always("weight-decay") { $0.training.weightDecay != nil },
            always("optimizer") { $0.training.optimizer != nil },
            ofOptimizers("momentum", users: "--optimizer sgd does") { $0.training.momentum != nil },
            ofOptimizers("beta1", users: adaptive) { $0.training.beta1 != nil },
            ofOptimizers("beta2", users: adaptive) { $0.training.beta2 != nil },
            ofOptimizers("epsilon", users: adaptive) { $0.training.epsilon != nil },
            OptionUse(
                "scale-learning-rate-from", { $0.training.scaleLearningRateFrom != nil },
                users: names { $0.has("batch") }
            ) { plan, _ in plan.roles.sharesBatch },
            OptionUse("schedule", { $0.training.schedule != nil }, users: "longer runs do") { plan, _ in
                let schedule = plan.configuration.schedule
                return switch schedule.decay {
                case .constant: true
                case .step(let epochs, _): epochs < plan.configuration.epochs
                case .cosine: schedule.warmupEpochs < plan.configuration.epochs
                }
            },
            OptionUse(
                "on-dropout", { $0.training.onDropout != nil },
                users:
                    "\(names { needingAllRanks.contains($0.name) }) on a simulated cluster that ranks leave (--dropout, --lifetime)"
            ) { plan, _ in plan.roles.needsAllRanks && plan.losesRanks },
        ]

    private static let machines =
        always("fabric", "clock", "tuned")
        + [
            OptionUse("cluster", { $0.cluster.cluster != nil }, users: onClusters) { plan, _ in plan.hasCluster },
            OptionUse(
                "machine", { $0.cluster.machine != nil }, users: "strategies that are measured on this machine do"
            ) { plan, _ in !plan.hasCluster },
            OptionUse("stragglers", { $0.cluster.stragglers != nil }, users: onClusters) { plan, _ in plan.hasCluster },
            OptionUse("compute", { $0.cluster.compute != nil }, users: onClusters) { plan, _ in plan.hasCluster },
            OptionUse("dropout", { !$0.cluster.dropout.isEmpty }, users: onSimulatedClusters) { plan, _ in
                plan.losesRanks
            },
            OptionUse("lifetime", { $0.cluster.lifetime != nil }, users: onSimulatedClusters) { plan, _ in
                plan.losesRanks
            },
            OptionUse(
                "failure-detection", { $0.cluster.failureDetection != nil },
                users: "strategies on a simulated cluster that ranks leave do (--dropout, --lifetime)"
            ) { plan, _ in plan.losesRanks },
            OptionUse("host-threads", { $0.cluster.hostThreads != nil }, users: onSimulatedClusters) { plan, _ in
                plan.fabric == .simulated
            },
            OptionUse("jobs", { $0.cluster.jobs != nil }, users: onSimulatedClusters) { plan, _ in
                plan.fabric == .simulated
            },
            OptionUse("patience", { $0.cluster.patience != nil }, users: "an MPI job does (--fabric mpi)") { plan, _ in
                plan.fabric == .mpi
            },
        ]

    private static let network: [OptionUse] = [
        OptionUse("latency", { $0.cluster.latency != nil }, users: betweenRanks) { plan, _ in plan.hasNetwork },
        OptionUse("bandwidth", { $0.cluster.bandwidth != nil }, users: betweenRanks) { plan, _ in plan.hasNetwork },
        OptionUse("jitter", { $0.cluster.jitter != nil }, users: betweenRanks) { plan, _ in plan.hasNetwork },
        OptionUse(
            "allreduce", { $0.cluster.allReduce != nil },
            users: "\(names(Self.usesAllReduce)) on a simulated or emulated cluster"
        ) { plan, _ in plan.hasNetwork && plan.roles.usesAllReduce },
    ]

    /// Options in the strategies' tables. An option that none of the chosen strategies has is refused elsewhere.
    private static let strategies: [OptionUse] =
        always("set")
        + StrategyRegistry.optionInfos.map { info -> OptionUse in
            let isGiven: @Sendable (PlanBuilder) -> Bool = { $0.sets(info.name) }
            let users = names { $0.has(info.name) }
            guard info.name != "partition" else {
                return OptionUse(info.name, isGiven, users: "\(users) without --objectives, which say it") { plan, _ in
                    plan.configuration.objectives == nil
                }
            }
            switch info.effect {
            case .onTheModel, .onTheTime:
                guard let users = conditionalUsers(of: info.name) else { return always(info.name, isGiven: isGiven) }
                return OptionUse(info.name, isGiven, users: users) { plan, _ in plan.usesAsItIs(info.name) }
            case .onTheNetwork:
                return OptionUse(info.name, isGiven, users: "\(users) with several workers on a cluster") { plan, _ in
                    plan.uses(info.name)
                }
            case .beside(let flag):
                return OptionUse(info.name, isGiven, users: "\(users) with --\(flag) on a cluster") { plan, _ in
                    plan.uses(info.name)
                }
            }
        }

    private static let files =
        always(
            "output", "save", "trace-loss", "trace", "record", "log", "watch", "quiet", "checkpoint", "every", "resume")
        + [
            OptionUse("data", { $0.data != nil }, users: "tasks whose data are not embedded do") { _, experiment in
                !((try? TrainingTask.resolve(experiment.task))?.isEmbedded ?? false)
            }
        ]

    // MARK: Options that a study varies

    /// An option that the command line sets and a study varies, or has varied, for the same row, as the command line has it;
    /// nil where there is none.
    static func given(_ given: PlanBuilder, among studied: [SearchDimension]) throws -> (
        word: String, option: StudyOption
    )? {
        let rows = try StrategyChoice.parse(given.experiment.strategy).filter { !$0.isBaseline }
        for value in try GivenValue.all(of: given, rows) {
            let option = Self.studied(value.name)
            let isVaried = rows.contains { row in
                value.isFor(row)
                    && studied.contains { $0.option == option && $0.isFor(row.description.name, label: row.label) }
            }
            if isVaried { return (value.word, option) }
        }
        return nil
    }

    /// The study's option that the option of this name sets.
    static func studied(_ name: String) -> StudyOption {
        name == "scale-learning-rate-from" ? .learningRate : StudyOption(rawValue: name)
    }

    // MARK: Words

    private static let onClusters = "strategies on a simulated or emulated cluster do (--fabric simulated)"
    private static let onSimulatedClusters = "strategies on a simulated cluster do (--fabric simulated)"
    private static let betweenRanks = "strategies of several ranks on a simulated or emulated cluster do"

    /// The strategies that cannot go on without any of their ranks unless they are told to.
    static let needingAllRanks = StrategyRegistry.all.filter { strategy in
        (try? strategy.make(.plain, [:])).map { StrategyRoles($0, of: strategy).needsAllRanks } ?? false
    }.map(\.name)

    /// Whether several workers of a strategy add by an all-reduce.
    private static func usesAllReduce(_ strategy: StrategyDescription) -> Bool {
        strategy.has("workers") && (try? strategy.make(.plain, [:]))?.usesAllReduce == true
    }

    /// Who uses an option that not all who have it use whatever their other options are; nil for one that they do.
    private static func conditionalUsers(of option: String) -> String? {
        let having = StrategyRegistry.all.filter { $0.has(option) }
        func condition(_ strategy: StrategyDescription) -> String? {
            strategy.optionInfos.first { $0.name == option }?.usedWith
        }
        var conditions: [String?] = []
        for strategy in having where !conditions.contains(condition(strategy)) {
            conditions.append(condition(strategy))
        }
        guard conditions != [nil] else { return nil }
        return conditions.map { words in
            let users = names { $0.has(option) && condition($0) == words }
            return words.map { "\(users) with \($0)" } ?? users
        }.joined(separator: ", ")
    }

    /// The strategies that are such, and a verb for them.
    private static func names(_ isSuch: (StrategyDescription) -> Bool) -> String {
        let names = StrategyRegistry.all.filter(isSuch).map(\.name)
        let last = names.last ?? "none"
        return names.count > 1 ? "\(names.dropLast().joined(separator: ", ")) and \(last) do" : "\(last) does"
    }

    /// A line for each option of the command line that no strategy of the plan uses.
    ///
    /// - Parameter trials: of a study, whose choices may be what an option needs to have an effect.
    static func notes(
        _ given: PlanBuilder, _ plan: ExperimentPlan, trials: [StrategyPlan] = []
    ) -> [String] {
        let names = all.filter { use in use.isGiven(given) && !trials.contains { use.isUsed($0, plan) } }.map(\.name)
        let unused = unused(names, plan)
        return notesOfRows(given, besides: Set(unused.map(\.name))) + unused.map { note(on: $0, plan) }
    }

    /// Rows that were written twice, and what every row that it is for says otherwise by itself.
    ///
    /// - Parameter unused: the options that no row uses whoever sets them.
    private static func notesOfRows(_ given: PlanBuilder, besides unused: Set<String>) -> [String] {
        // What is wrong with them was answered when the plan was made.
        guard let rows = try? StrategyChoice.parse(given.experiment.strategy),
            let repetitions = try? StrategyChoice.repetitions(in: given.experiment.strategy),
            let values = try? GivenValue.all(of: given, rows.filter({ !$0.isBaseline }))
        else { return [] }
        return repetitions
            + GivenValue.withoutEffect(values, on: rows.filter { !$0.isBaseline })
            .filter { !unused.contains($0.value.name) }
            .map { value, rows in
                """
                \(value.word) has no effect: every chosen strategy that has it says its own: \
                \(rows.joined(separator: ", "))
                """
            }
    }

    /// A line for each of these options that no strategy of the plan uses.
    static func notes(_ given: [String], _ plan: ExperimentPlan) -> [String] {
        unused(given, plan).map { note(on: $0, plan) }
    }

    private static func unused(_ given: [String], _ plan: ExperimentPlan) -> [OptionUse] {
        all.filter { use in given.contains(use.name) && !plan.strategies.contains { use.isUsed($0, plan) } }
    }

    private static func note(on use: OptionUse, _ plan: ExperimentPlan) -> String {
        let names = plan.strategies.map(\.name)
        let nobody =
            names.count == 1 ? "\(names[0]) does not use it" : "none of \(names.joined(separator: ", ")) uses it"
        return "--\(use.name) has no effect: \(nobody); \(use.users)"
    }
}

extension StrategyPlan {
    /// Whether the plan is for described machines, and not for the machines at hand.
    fileprivate var hasCluster: Bool { fabric == .simulated || fabric == .emulated }
    fileprivate var hasNetwork: Bool { hasCluster && roles.ranks > 1 }
    fileprivate var losesRanks: Bool { fabric == .simulated && cluster?.dropouts != nil }
}

extension PlanBuilder {
    /// Whether the command line sets an option of strategies, for all of them or for some.
    fileprivate func sets(_ name: String) -> Bool {
        let isSet = (try? settings.settings())?.contains { $0.name == name } ?? false
        return isSet
            || (try? StrategyChoice.parse(experiment.strategy))?.contains { $0.options.contains { $0.name == name } }
                ?? false
    }
}
