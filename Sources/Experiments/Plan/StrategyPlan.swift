public import Cluster
public import Fabrics
import Kernel
import Randomness
import Strategies
import Tasks
public import Training

/// One strategy of a plan: its options and its fabric, which carries its messages. A plan may have a strategy several
/// times, with different options.
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

        /// Whether times are measured with a real clock.
        public var isMeasured: Bool { self != .simulated }
    }

    /// The name of the row, unique in the plan: the strategy's name, or the label of a variant.
    public var name: String
    /// The strategy's registered name.
    public internal(set) var strategy: String
    /// What carries its messages.
    public var fabric: FabricKind
    /// Nil where threads of this machine, or the processes of an MPI job, are the cluster.
    public var cluster: ClusterSpec?
    /// The all-reduce that was asked for; may be `auto`.
    public var allReduce: AllReduceAlgorithm
    /// What was chosen for `auto`, and why; nil before the choice, and where an algorithm was named.
    public var allReduceChoice: AllReduceChoice?
    /// What was chosen for `auto` where gradients are sent in buckets: a choice for each length of bucket, in the order
    /// of sending.
    public var bucketChoices: [AllReduceChoice]?
    /// Rate, optimizer, budget and limits.
    public var configuration: TrainingConfiguration
    /// Every option of the strategy by its name, including those at their defaults: a default that changes later does
    /// not change plans that were made before.
    public var options: OptionValues { didSet { resolveRoles() } }
    /// The strategy's roles with these options, such as its numbers of workers and servers.
    public internal(set) var roles: StrategyRoles
    /// How the options were found; nil where that is not known.
    public var tuning: Tuning?
    /// Whether the row is run only for comparison and not shown in tables: nodes alone, where nobody asked for a row of
    /// them.
    public var isBaseline = false

    /// - Parameters:
    ///   - strategy: the registered name.
    ///   - label: the name of the row; nil for the registered name.
    ///   - options: those that differ from the published defaults.
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

    /// The registered description; nil for a strategy that this program does not have.
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

    /// The all-reduce in use; where gradients are sent in buckets, ``bucketChoices`` has that of each bucket.
    public var allReduceInUse: AllReduceAlgorithm {
        allReduceChoice?.algorithm ?? bucketChoices?.first?.algorithm ?? allReduce
    }

    /// Chooses the cheapest all-reduce for a network's gradient, or for each of its buckets, where the plan leaves that open,
    /// on the devices of a seed.
    func choosingAllReduce(of network: any Objective, seeds: SeedSequence) throws -> StrategyPlan {
        guard allReduce == .automatic, fabric != .threads, let cluster, roles.usesAllReduce else { return self }
        let ranks = roles.ranks
        // Only the fabric's network matters here; nothing is computed.
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

    /// How gradients are to be sent while they are computed, by the option names that all strategies share; nil where
    /// the strategy has no such option or it is off.
    public var overlap: GradientOverlap? {
        guard options["overlap"] == .flag(true) else { return nil }
        guard let bytes = options["bucket"].flatMap(Int.init(optionValue:)), bytes > 0 else { return GradientOverlap() }
        return GradientOverlap(bucketBytes: bytes)
    }

    /// How gradients are sent while they are computed; nil where they are not. That includes runs on threads of this
    /// machine, which have nothing to overlap even if it was asked for.
    public var overlapInUse: GradientOverlap? { fabric != .threads && roles.ranks > 1 ? overlap : nil }

    /// The all-reduce for buckets, by their length in numbers.
    public var allReduceByLength: [Int: AllReduceAlgorithm] {
        Dictionary(uniqueKeysWithValues: (bucketChoices ?? []).map { ($0.elements, $0.algorithm) })
    }

    // MARK: Machines

    /// The machines whose prices and watts count: the cluster that is simulated or emulated, else `machine`.
    public func machines(orThis machine: ClusterSpec?) -> ClusterSpec? {
        switch fabric {
        case .simulated, .emulated: cluster
        case .threads, .mpi: machine
        }
    }

    /// Whether a simulated run does the same on every cluster, so that its schedule can be recorded. Not so where a
    /// limit on time or on bytes ends the run, or where ranks leave.
    public var hasFixedSchedule: Bool {
        fabric == .simulated && configuration.limits?.clusterSeconds == nil && configuration.limits?.bytesSent == nil
            && cluster?.dropouts == nil && roles.hasFixedSchedule
    }
}

extension StrategyRoles {
    /// Placeholder for the roles of a strategy of which nothing is known.
    static let unknown = StrategyRoles(ranks: 1, workers: 1, concurrentWorkers: 1)
}
