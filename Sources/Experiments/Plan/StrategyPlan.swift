public import Cluster
public import Fabrics
import Kernel
import Randomness
import Strategies
import Tasks
public import Training

/// One strategy of a plan: its options and what carries it. A plan may have a strategy several times, with other options.
public struct StrategyPlan: Hashable, Sendable {
    /// What carries a strategy's messages.
    public enum FabricKind: String, Codable, Sendable {
        /// Threads of this machine, measured.
        case threads
        /// The cluster on a virtual clock.
        case simulated
        /// The cluster acted out in real time by threads.
        case emulated
        /// Processes of an MPI job, measured.
        case mpi

        /// Whether times were taken with a clock.
        public var isMeasured: Bool { self != .simulated }
    }

    /// What its row is called, which no other of the plan has: the strategy's name, or the label of a variant.
    public var name: String
    /// The name that it is registered with.
    public internal(set) var strategy: String
    /// What carries its messages.
    public var fabric: FabricKind
    /// nil where threads of this machine, or the processes of an MPI job, are the cluster.
    public var cluster: ClusterSpec?
    /// As asked for.
    public var allReduce: AllReduceAlgorithm
    /// What was chosen where `auto` was asked for, and why; nil before it is, and elsewhere.
    public var allReduceChoice: AllReduceChoice?
    /// The same where gradients are sent in buckets: a choice for each length of bucket, in the order of sending.
    public var bucketChoices: [AllReduceChoice]?
    /// Rate, optimizer, budget and limits.
    public var configuration: TrainingConfiguration
    /// Every option of the strategy by its name, those with the default value among them: a default that changes later
    /// changes no plan that was made before.
    public var options: OptionValues { didSet { resolveRoles() } }
    /// What the strategy with these options says of itself.
    public internal(set) var roles: StrategyRoles
    /// How its options were found; nil where nobody knows.
    public var tuning: Tuning?
    /// Whether it is run for others to be compared with, and has no row in tables: nodes alone, where nobody asked for a row of
    /// them.
    public var isBaseline = false

    /// - Parameters:
    ///   - strategy: its registered name.
    ///   - label: nil for the same.
    ///   - options: those that are not at their published defaults.
    public init(
        _ strategy: String, label: String? = nil, fabric: FabricKind, cluster: ClusterSpec?,
        allReduce: AllReduceAlgorithm, configuration: TrainingConfiguration, options: OptionValues = [:],
        tuning: Tuning? = nil
    ) {
        name = label ?? strategy
        self.strategy = strategy
        self.fabric = fabric
        self.cluster = cluster
        self.allReduce = allReduce
        self.configuration = configuration
        let defaults = StrategyRegistry.named(strategy)?.options.init().values ?? [:]
        self.options = options.merging(defaults) { given, _ in given }
        roles = .unknown
        self.tuning = tuning
        resolveRoles()
    }

    /// Options that are not allowed leave the roles as they were; ``make()`` says what is wrong with them.
    private mutating func resolveRoles() {
        guard let description, let strategy = try? description.make(configuration, options) else { return }
        roles = StrategyRoles(strategy, of: description)
    }

    // MARK: The strategy

    /// Nil for a strategy that this program does not have.
    public var description: StrategyDescription? { StrategyRegistry.named(strategy) }

    /// The strategy with the plan's options.
    ///
    /// - Throws: ``ExperimentError`` for an unknown strategy or option, or a value that is not allowed.
    public func make() throws(ExperimentError) -> any Strategy {
        guard let description else { throw ExperimentError("unknown strategy '\(strategy)'") }
        do throws(OptionError) {
            return try description.make(configuration, options)
        } catch {
            throw ExperimentError("\(name): \(error)")
        }
    }

    /// A row's name as a part of file names: the label's letters, digits and `._=-`, and a dash for what lies between.
    package static func fileName(_ name: String) -> String {
        let words = name.split { !($0.isLetter || $0.isNumber || "._=-".contains($0)) }
        return words.isEmpty ? "-" : words.joined(separator: "-")
    }

    // MARK: All-reduce

    /// The all-reduce that is used, but for what ``bucketChoices`` says of a bucket.
    public var allReduceInUse: AllReduceAlgorithm {
        allReduceChoice?.algorithm ?? bucketChoices?.first?.algorithm ?? allReduce
    }

    /// Chooses the cheapest all-reduce for a network's gradient, or for each of its buckets, where the plan leaves that open,
    /// on the devices of a seed.
    func choosingAllReduce(of network: any Objective, seeds: SeedSequence) throws -> StrategyPlan {
        guard allReduce == .automatic, fabric != .threads, let cluster, roles.usesAllReduce else { return self }
        let ranks = roles.ranks
        // Of the fabric only the network counts, and no computation is made.
        let fabric = SimulatedFabric(
            nodes: cluster.nodes(ranks: ranks, server: nil, seeds: seeds), jitter: cluster.jitter,
            interconnect: cluster.network,
            compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 1), groups: cluster.groups(ranks: ranks),
            seeds: SeedSequence(0), pool: HostPool(threads: 1))
        var plan = self
        if let overlap, ranks > 1 {
            var lengths: [Int] = []
            for bucket in overlap.buckets(of: network) where !lengths.contains(bucket.range.count) {
                lengths.append(bucket.range.count)
            }
            plan.bucketChoices = try lengths.map { try AllReduceChoice(on: fabric, elements: $0) }
        } else {
            plan.allReduceChoice = try AllReduceChoice(on: fabric, elements: network.parameterCount)
        }
        return plan
    }

    /// How the strategy was asked to send gradients while they are computed, by the names that all strategies have for it;
    /// nil where it was not, or has no such option.
    public var overlap: GradientOverlap? {
        guard options["overlap"] == .flag(true) else { return nil }
        guard let bytes = options["bucket"].flatMap(Int.init(optionValue:)), bytes > 0 else { return GradientOverlap() }
        return GradientOverlap(bucketBytes: bytes)
    }

    /// How gradients are sent while they are computed; nil where they are not, also where that was asked for and threads of
    /// this machine have nothing to overlap.
    public var overlapInUse: GradientOverlap? { fabric != .threads && roles.ranks > 1 ? overlap : nil }

    /// What was chosen for buckets of these lengths.
    public var allReduceByLength: [Int: AllReduceAlgorithm] {
        Dictionary(uniqueKeysWithValues: (bucketChoices ?? []).map { ($0.elements, $0.algorithm) })
    }

    // MARK: Machines

    /// Whose prices and watts count: those of the machines that are simulated or emulated, or of the one that there is.
    public func machines(orThis machine: ClusterSpec?) -> ClusterSpec? {
        switch fabric {
        case .simulated, .emulated: cluster
        case .threads, .mpi: machine
        }
    }

    /// Whether a simulated run does the same on every cluster, so that its schedule can be recorded: not where a limit on
    /// time, or on bytes until an evaluation, ends it, and not where ranks leave.
    public var hasFixedSchedule: Bool {
        fabric == .simulated && configuration.limits?.clusterSeconds == nil && configuration.limits?.bytesSent == nil
            && cluster?.dropouts == nil && roles.hasFixedSchedule
    }
}

extension StrategyRoles {
    /// Of a strategy of which nothing is known.
    static let unknown = StrategyRoles(ranks: 1, workers: 1, concurrentWorkers: 1)
}
