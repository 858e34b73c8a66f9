public import Cluster
import Foundation
import Kernel
public import Randomness

/// Runs ranks as tasks on a virtual clock, in one process: any cluster that a ``ClusterSpec`` describes, with results
/// that do not depend on the host.
public struct SimulatedFabric: Fabric {
    public let nodes: [Node]
    public let jitter: Jitter
    public let compute: ComputeModel
    public let allReduce: AllReduceAlgorithm
    public let seeds: SeedSequence
    let pool: HostPool
    /// Told what the ranks do, on the simulation's thread; nil costs nothing.
    package var observer: (any SimulationObserver)?

    /// - Parameters:
    ///   - nodes: one per rank.
    ///   - seeds: the source of jitter.
    ///   - pool: the threads that run the ranks' computations.
    public init(
        nodes: [Node], jitter: Jitter = .none, compute: ComputeModel, allReduce: AllReduceAlgorithm = .ring,
        seeds: SeedSequence, pool: HostPool
    ) {
        precondition(!nodes.isEmpty, "a fabric of no ranks")
        self.nodes = nodes
        self.jitter = jitter
        self.compute = compute
        self.allReduce = allReduce
        self.seeds = seeds
        self.pool = pool
    }

    public func run(_ program: @escaping RankProgram) throws -> FabricReport {
        let simulation = Simulation(self, pool: pool)
        // A thread of its own: the caller may be a task, whose thread must not run the jobs of others.
        return try onThread(named: "simulation") { try simulation.run(program) }
    }
}

/// Runs `body` on a new thread and waits for it.
func onThread<Result: Sendable>(
    named name: String, _ body: @escaping @Sendable () throws -> Result
) throws -> Result {
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome<Result>()
    let thread = Thread {
        outcome.value = Swift.Result { try body() }
        done.signal()
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
    done.wait()
    guard let value = outcome.value else { preconditionFailure("the thread '\(name)' ended without a result") }
    return try value.get()
}

/// `@unchecked Sendable`: written by one thread before it signals, read by another after it waited.
private final class Outcome<Value>: @unchecked Sendable {
    var value: Result<Value, any Error>?
}
