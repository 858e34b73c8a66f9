public import Cluster
public import Fabrics
public import Kernel
import Randomness
import Strategies
public import Tasks
public import Training

/// Everything that decides what an experiment computes; two runs of one plan differ in measured times only.
public struct ExperimentPlan: Hashable, Codable, Sendable {
    public var task: String
    /// Test accuracy to reach, a fraction.
    public var target: Double
    public var seeds: [UInt64]
    public var shuffles: Bool
    public var initialization: Initialization
    /// The safetensors file that training starts from, instead of random numbers.
    public var initialParametersFile: String?
    /// `calibrated`, or the name of a device profile.
    public var compute: String
    /// Threads for the numerics of simulated ranks, of all runs that are made at the same time.
    public var hostThreads: Int
    /// Simulated runs that are made side by side; nil for one after the other, and in older files.
    public var jobs: Int?
    /// How often each run is made, to measure its time; its results are the same each time, which is checked.
    public var repetitions: Int
    /// Prices and watts of this machine, for the strategies measured on it; nil in files of schema 1.
    public var thisMachine: ClusterSpec?
    public var strategies: [StrategyPlan]

    public init(
        task: String, target: Double, seeds: [UInt64], shuffles: Bool, initialization: Initialization,
        initialParametersFile: String?, compute: String, hostThreads: Int, repetitions: Int = 1,
        thisMachine: ClusterSpec? = nil, strategies: [StrategyPlan]
    ) {
        self.task = task
        self.target = target
        self.seeds = seeds
        self.shuffles = shuffles
        self.initialization = initialization
        self.initialParametersFile = initialParametersFile
        self.compute = compute
        self.hostThreads = hostThreads
        self.repetitions = repetitions
        self.thisMachine = thisMachine
        self.strategies = strategies
    }
}

/// One strategy of a plan: its options and what carries it.
public struct StrategyPlan: Hashable, Codable, Sendable {
    public enum FabricKind: String, Codable, Sendable {
        /// Threads of this machine, measured.
        case threads
        /// The cluster on a virtual clock.
        case simulated
        /// The cluster acted out in real time by threads.
        case emulated
        /// Processes of an MPI job, measured.
        case mpi

        public var isMeasured: Bool { self != .simulated }
    }

    public var name: String
    public var fabric: FabricKind
    /// nil where threads of this machine, or the processes of an MPI job, are the cluster.
    public var cluster: ClusterSpec?
    /// As asked for.
    public var allReduce: AllReduceAlgorithm
    /// What was chosen where `auto` was asked for, and why; nil before it is, and elsewhere.
    public var allReduceChoice: AllReduceChoice?
    /// The same where gradients are sent in buckets: a choice for each length of bucket, in the order of sending.
    public var bucketChoices: [AllReduceChoice]?
    public var configuration: TrainingConfiguration
    /// How its options were found; nil where nobody knows.
    public var tuning: Tuning?

    public init(
        name: String, fabric: FabricKind, cluster: ClusterSpec?, allReduce: AllReduceAlgorithm,
        configuration: TrainingConfiguration, tuning: Tuning? = nil
    ) {
        self.name = name
        self.fabric = fabric
        self.cluster = cluster
        self.allReduce = allReduce
        self.configuration = configuration
        self.tuning = tuning
    }

    /// The all-reduce that is used, but for what ``bucketChoices`` says of a bucket.
    public var allReduceInUse: AllReduceAlgorithm {
        allReduceChoice?.algorithm ?? bucketChoices?.first?.algorithm ?? allReduce
    }

    /// Chooses the cheapest all-reduce for a network's gradient, or for each of its buckets, where the plan leaves that open,
    /// on the devices of a seed.
    func choosingAllReduce(of network: Network, seeds: SeedSequence) throws -> StrategyPlan {
        guard allReduce == .automatic, fabric != .threads, let cluster, let description, !description.isFederated
        else { return self }
        let ranks = description.make(configuration).rankCount
        // Of the fabric only the network counts, and no computation is made.
        let fabric = SimulatedFabric(
            nodes: cluster.nodes(ranks: ranks, server: nil, seeds: seeds), jitter: cluster.jitter,
            interconnect: cluster.network,
            compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 1), groups: cluster.groups(ranks: ranks),
            seeds: SeedSequence(0), pool: HostPool(threads: 1))
        var plan = self
        if let overlap = configuration.overlap, ranks > 1 {
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

    /// How gradients are sent while they are computed; nil where they are not, also where that was asked for and threads of
    /// this machine have nothing to overlap.
    public var overlapInUse: GradientOverlap? {
        guard fabric != .threads, let description, description.make(configuration).rankCount > 1 else { return nil }
        return configuration.overlap
    }

    /// What was chosen for buckets of these lengths.
    public var allReduceByLength: [Int: AllReduceAlgorithm] {
        Dictionary(uniqueKeysWithValues: (bucketChoices ?? []).map { ($0.elements, $0.algorithm) })
    }

    public var description: StrategyDescription? { StrategyRegistry.named(name) }

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
            && cluster?.dropouts == nil && description?.make(configuration).hasFixedSchedule == true
    }
}
