import Cluster
import Host
import Randomness

/// Runs every rank on an OS thread of its own, in shared memory, in real time.
///
/// Alone it is the workstation one has: collectives are loops over shared vectors between two barriers. With an
/// ``Emulation`` threads act out a cluster: they exchange the messages of its collectives, each held back until the time at
/// which the network model says that it is there, and computations last as long as the compute model says. What a thread is
/// late for, since this machine is slow or busy, it catches up with where it has to wait; so emulated time is never shorter
/// than simulated time, and longer only by what the machine cannot keep up with.
package struct ThreadFabric: Fabric {
    /// The cluster that threads act out in real time.
    package struct Emulation: Sendable {
        package var nodes: [Node]
        package var jitter: Jitter
        package var compute: ComputeModel
        package var allReduce: AllReduceAlgorithm
        /// Overrides `allReduce` for vectors of exactly these lengths, such as the buckets of a gradient.
        package var allReduceByLength: [Int: AllReduceAlgorithm]
        /// The cluster's racks or sites, of consecutive ranks; nil where it has none.
        package var groups: [Range<Int>]?
        package var seeds: SeedSequence

        package init(
            nodes: [Node], jitter: Jitter = .none, compute: ComputeModel, allReduce: AllReduceAlgorithm = .ring,
            allReduceByLength: [Int: AllReduceAlgorithm] = [:], groups: [Range<Int>]? = nil, seeds: SeedSequence
        ) {
            self.nodes = nodes
            self.jitter = jitter
            self.compute = compute
            self.allReduce = allReduce
            self.allReduceByLength = allReduceByLength
            self.groups = groups
            self.seeds = seeds
        }
    }

    package let ranks: Int
    package let emulation: Emulation?
    private let start: FabricSnapshot?

    /// - Parameter start: where the job goes on; nil for the beginning.
    /// - Throws: ``FabricError/tooManyRanks(_:)`` above ``maximumThreadRanks``.
    package init(ranks: Int, emulating emulation: Emulation? = nil, from start: FabricSnapshot? = nil) throws {
        precondition(ranks > 0, "a fabric of no ranks")
        precondition(start.map { $0.accounts.count == ranks } ?? true, "a snapshot of another number of ranks")
        precondition(emulation.map { $0.nodes.count == ranks } ?? true, "nodes for another number of ranks")
        guard ranks <= maximumThreadRanks else {
            throw FabricError.tooManyRanks(
                "\(ranks) ranks as threads of this machine; at most \(maximumThreadRanks), more can only be simulated")
        }
        self.ranks = ranks
        self.emulation = emulation
        self.start = start
    }

    package func run(_ program: @escaping RankProgram) throws -> FabricReport { try runKnowingTheEnd(program).report }

    /// Runs the program, and also says when an emulated job is over by its model, however late the threads were.
    ///
    /// - Parameter slowdown: seconds of this machine in one second of the job, so that a thread that the machine
    ///   keeps waiting is late by that much less.
    func runKnowingTheEnd(
        slowdown: Double = 1, _ program: @escaping RankProgram
    ) throws -> (report: FabricReport, due: VirtualTime) {
        let job = ThreadJob(ranks: ranks, emulation: emulation, from: start, slowdown: slowdown)
        let running = HelperCount()
        var failure: HostError?
        for index in 0..<ranks where failure == nil {
            running.enter()
            do throws(HostError) {
                try HostThread.start(named: "rank \(index)") {
                    job.runRank(index, program)
                    running.leave()
                }
            } catch {
                running.leave()
                // Ranks that have started would wait for all ranks at the barrier.
                job.barrier.abort()
                failure = error
            }
        }
        running.wait()
        if let failure { throw failure }
        return (try job.report(), job.dueEnd)
    }
}
