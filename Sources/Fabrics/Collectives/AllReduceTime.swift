import Cluster
import Kernel
import Randomness

/// What the simulator says that an all-reduce takes on equal nodes around one switch that are otherwise idle.
package enum AllReduceTime {
    /// Cluster time until the last rank is done, in seconds.
    ///
    /// - Parameter elements: 32-bit numbers in the vector; none is moved.
    package static func simulated(
        _ algorithm: AllReduceAlgorithm, ranks: Int, elements: Int, link: Link
    ) throws -> Double {
        let fabric = SimulatedFabric(
            nodes: Array(repeating: Node(link: link), count: ranks),
            compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 1), allReduce: algorithm,
            seeds: SeedSequence(0), pool: HostPool(threads: 1))
        return try fabric.playAllReduce(elements: elements).seconds
    }
}

extension SimulatedFabric {
    /// One all-reduce of all ranks, for its time and its messages only.
    func playAllReduce(elements: Int) throws -> FabricReport {
        try run { rank in
            guard let rank = rank as? SimulatedRank else { preconditionFailure("a rank of another fabric") }
            try await rank.play(.allReduce(.sum), elements: elements)
        }
    }
}
