import Cluster
import Fabrics
import Foundation
import Kernel
import Randomness

// Prints a CSV line for each collective and number of ranks: what a job of three rounds takes, acted out by threads and on the
// virtual clock. Each rank computes for a time of its own between two collectives, so that ranks come and go one by one.
// Benchmarks/emulation.py makes a table of it.

/// 20 ms and 1 MB/s: messages that take long beside what a thread is late.
let link = Link(latencySeconds: 20e-3, bytesPerSecond: 1e6, overheadSeconds: 100e-6)
let compute = ComputeModel(calibrated: [.init(samples: 1, seconds: 1e-3)], secondsPerVectorElement: 1e-9)
/// 10 ms of bytes in a vector.
let elements = 2500
let rounds = 3

typealias Collective = @Sendable (_ rank: any Rank, _ vector: ParameterVector, _ round: Int) async throws -> Void

let allReduce: Collective = { rank, vector, _ in try await rank.allReduce(vector, .sum, purpose: .gradient) }

let others: [(name: String, call: Collective)] = [
    ("broadcast", { try await $0.broadcast($1, from: $2 % $0.count, purpose: .model) }),
    ("gather", { _ = try await $0.gather($1, to: $2 % $0.count, purpose: .model) }),
    ("scatter", { _ = try await $0.scatter($1, from: $2 % $0.count, purpose: .model) }),
    ("reduce-scatter", { rank, vector, _ in _ = try await rank.reduceScatter(vector, .sum, purpose: .gradient) }),
    ("all-gather", { rank, vector, _ in _ = try await rank.allGather(vector, purpose: .model) }),
    ("all-to-all", { rank, vector, _ in _ = try await rank.allToAll(vector, purpose: .model) }),
    ("barrier", { rank, _, _ in try await rank.barrier() }),
    (
        "server and clients",
        { rank, vector, _ in
            if rank.index == 0 {
                for client in 1..<rank.count { try await rank.send(Message(vector, purpose: .modelDown), to: client) }
                for client in 1..<rank.count { _ = try await rank.receive(from: client) }
            } else if let message = try await rank.receive(from: 0) {
                try await rank.compute(.step(samples: 5 * rank.index)) {}
                try await rank.send(Message(message.vector, purpose: .modelUp), to: 0)
            }
        }
    ),
]

/// Seconds on both clocks.
func measure(
    ranks: Int, _ algorithm: AllReduceAlgorithm, _ collective: @escaping Collective
) throws -> (emulated: Double, virtual: Double) {
    let program: RankProgram = { rank in
        let vector = ParameterVector(count: elements)
        for round in 0..<rounds {
            try await rank.compute(.step(samples: 1 + (rank.index * 7 + round * 3) % 5)) {}
            try await collective(rank, vector, round)
        }
    }
    let nodes = Array(repeating: Node(link: link), count: ranks)
    let groups = stride(from: 0, to: ranks, by: 3).map { $0..<min($0 + 3, ranks) }
    let emulation = ThreadFabric.Emulation(
        nodes: nodes, compute: compute, allReduce: algorithm, groups: groups, seeds: SeedSequence(1))
    let simulation = SimulatedFabric(
        nodes: nodes, compute: compute, allReduce: algorithm, groups: groups, seeds: SeedSequence(1),
        pool: HostPool(threads: 1))
    return (
        try ThreadFabric(ranks: ranks, emulating: emulation).run(program).seconds, try simulation.run(program).seconds
    )
}

let algorithms = AllReduceAlgorithm.allCases.filter { $0 != .automatic } + [.servers(count: 2)]
let rows = algorithms.map { ($0.rawValue, $0, allReduce) } + others.map { ($0.name, .ring, $0.call) }
print("collective,ranks,emulated_seconds,virtual_seconds")
for (name, algorithm, call) in rows {
    for ranks in 2...8 {
        let times = try measure(ranks: ranks, algorithm, call)
        print("\(name),\(ranks),\(times.emulated),\(times.virtual)")
        fflush(nil)
    }
}
