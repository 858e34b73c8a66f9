import Cluster
import Host
import Kernel
import Randomness

/// Runs ranks as tasks on a virtual clock, in one process: any cluster that a ``ClusterSpec`` describes, with results
/// that do not depend on the host.
package struct SimulatedFabric: Fabric {
    package internal(set) var nodes: [Node]
    package internal(set) var jitter: Jitter
    package internal(set) var interconnect: Interconnect
    package internal(set) var compute: ComputeModel
    /// Times in which ranks are slow; nil where all ranks keep their speed.
    package internal(set) var slowdowns: RankSlowdowns?
    package internal(set) var allReduce: AllReduceAlgorithm
    /// Overrides `allReduce` for vectors of exactly these lengths, such as the buckets of a gradient.
    package internal(set) var allReduceByLength: [Int: AllReduceAlgorithm]
    /// The cluster's racks or sites, of consecutive ranks, for a hierarchical all-reduce; nil where it has none.
    package let groups: [Range<Int>]?
    package let seeds: SeedSequence
    /// False for a network without latencies: messages still take the routes that latencies choose.
    var hasLatency = true
    /// Ranks that leave while the job runs; each at most once.
    package let departures: [Departure]
    /// How long the others take to notice that a rank has left.
    package let detectionSeconds: Double
    let pool: HostPool
    /// Collectives in rounds of at least so many messages are played as a whole where that is exact (``RoundPlay``).
    package var fewestMessagesPlayedInRounds = 4096
    /// Told what the ranks do, on the simulation's thread; nil costs nothing.
    package var observer: (any SimulationObserver)?

    /// - Parameters:
    ///   - nodes: one per rank.
    ///   - interconnect: what lies between their links.
    ///   - slowdowns: times in which ranks compute more slowly.
    ///   - seeds: the source of jitter, loss and slowdowns.
    ///   - departures: ranks that leave while the job runs.
    ///   - detectionSeconds: how long the others take to notice that a rank has left.
    ///   - pool: the threads that run the ranks' computations.
    package init(
        nodes: [Node], jitter: Jitter = .none, interconnect: Interconnect = .plain, compute: ComputeModel,
        slowdowns: RankSlowdowns? = nil, allReduce: AllReduceAlgorithm = .ring,
        allReduceByLength: [Int: AllReduceAlgorithm] = [:], groups: [Range<Int>]? = nil, seeds: SeedSequence,
        departures: [Departure] = [], detectionSeconds: Double = Dropouts.standardDetectionSeconds, pool: HostPool
    ) {
        precondition(!nodes.isEmpty, "a fabric of no ranks")
        for departure in departures {
            precondition(nodes.indices.contains(departure.rank), "rank \(departure.rank) of \(nodes.count) leaves")
        }
        self.nodes = nodes
        self.jitter = jitter
        self.interconnect = interconnect
        self.compute = compute
        self.slowdowns = slowdowns
        self.allReduce = allReduce
        self.allReduceByLength = allReduceByLength
        self.groups = groups
        self.seeds = seeds
        self.departures = departures
        self.detectionSeconds = detectionSeconds
        self.pool = pool
    }

    package var replaysTime: Bool { true }

    package func run(_ program: @escaping RankProgram) throws -> FabricReport {
        let simulation = Simulation(self, pool: pool)
        // A thread of its own: the caller may be a task, whose thread must not run the jobs of others.
        return try onThread(named: "simulation") { try simulation.run(program) }
    }
}

/// Runs `body` on a new thread and waits for it.
func onThread<Result: Sendable>(
    named name: String, _ body: @escaping @Sendable () throws -> Result
) throws -> Result {
    let running = HelperCount()
    let outcome = ResultBox<Swift.Result<Result, any Error>>()
    running.enter()
    try HostThread.start(named: name) {
        outcome.value = Swift.Result { try body() }
        running.leave()
    }
    running.wait()
    guard let value = outcome.value else { preconditionFailure("the thread '\(name)' ended without a result") }
    return try value.get()
}
