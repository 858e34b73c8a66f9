import Cluster
import Kernel
import Testing

@testable import Fabrics

/// Threads that act out a cluster take as long as the simulation says, and never less.
@Suite(.timeLimit(.minutes(30)), .serialized) struct EmulationTests {
    /// 1 MB/s and 10 ms.
    static let link = Link(latencySeconds: 10e-3, bytesPerSecond: 1e6, overheadSeconds: 1e-3)

    private func compare(
        ranks: Int, _ algorithm: AllReduceAlgorithm = .ring, _ program: @escaping RankProgram
    ) throws {
        let simulation = try run(simulated(ranks, link: Self.link, algorithm), program)
        var measured = 0.0
        // What else the machine does can only delay, for a while: one attempt that it leaves alone counts.
        for _ in 0..<10 {
            let threads = try run(emulated(ranks, link: Self.link, algorithm), program)
            #expect(threads.ledger.entries == simulation.ledger.entries)
            measured = threads.seconds
            // No message may be early; 1 µs is left to the rounding of each to a nanosecond.
            #expect(measured >= simulation.seconds - 1e-6, "\(ranks) ranks, \(algorithm)")
            if measured <= simulation.seconds * 1.5 + 20e-3 { return }
        }
        Issue.record("\(ranks) ranks, \(algorithm): \(measured) s for \(simulation.seconds) s")
    }

    @Test(arguments: allReduceVariants)
    func allReduceTakesAsLongAsInTheSimulation(algorithm: AllReduceAlgorithm) throws {
        for ranks in [2, 3, 4] {
            try compare(ranks: ranks, algorithm) { rank in
                try await rank.allReduce(ParameterVector(count: 1200), .sum, purpose: .gradient)
            }
        }
    }

    @Test func otherCollectivesTakeAsLongAsInTheSimulation() throws {
        try compare(ranks: 3) { rank in
            let vector = ParameterVector(count: 1200)
            _ = try await rank.reduceScatter(vector, .sum, purpose: .gradient)
            _ = try await rank.allGather(vector, purpose: .model)
            _ = try await rank.allToAll(vector, purpose: .model)
            _ = try await rank.scatter(vector, from: 1, purpose: .model)
        }
    }

    @Test func computingAndMessagesTakeAsLongAsInTheSimulation() throws {
        try compare(ranks: 3) { rank in
            // A server that hands out a model and collects it again.
            if rank.index == 0 {
                let model = ParameterVector(count: 2000)
                for client in 1...2 { try await rank.send(Message(model, purpose: .modelDown), to: client) }
                for client in 1...2 { _ = try await rank.receive(from: client) }
            } else if let message = try await rank.receive(from: 0) {
                try await rank.compute(.step(samples: 15 * rank.index)) {}
                try await rank.send(Message(message.vector, purpose: .modelUp), to: 0)
            }
        }
    }
}
