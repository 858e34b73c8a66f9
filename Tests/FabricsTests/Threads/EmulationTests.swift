import Cluster
import Foundation
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Emulation acts out the model that the simulation computes: by the model's own clock both are over at the same nanosecond,
/// whatever the machine does meanwhile, and ranks leave a collective when their own part is over.
@Suite(.timeLimit(.minutes(60)), .serialized) struct EmulationTests {
    /// 1 MB/s and 3 ms: a message of 1,200 floats takes longer than threads are late.
    private static let link = Link(latencySeconds: 3e-3, bytesPerSecond: 1e6, overheadSeconds: 100e-6)

    private func compare(
        _ ranks: Int, _ algorithm: AllReduceAlgorithm = .ring, jitter: Jitter = .none, groups: [Range<Int>]? = nil,
        _ program: @escaping RankProgram
    ) throws {
        let nodes = (0..<ranks).map { Node(link: Self.link, speed: $0 == 1 ? 0.5 : 1) }
        let simulation = try run(
            SimulatedFabric(
                nodes: nodes, jitter: jitter, compute: testCompute, allReduce: algorithm, groups: groups,
                seeds: SeedSequence(1), pool: HostPool(threads: 1)), program)
        let emulation = ThreadFabric.Emulation(
            nodes: nodes, jitter: jitter, compute: testCompute, allReduce: algorithm, groups: groups,
            seeds: SeedSequence(1))
        _ = try emulate(emulation, as: simulation, program)
    }

    /// Ranks of different speed, and steps of different size, so that each rank enters and leaves at a time of its own.
    @Test(arguments: allReduceVariants, [2, 3, 6])
    func trainingEndsAtTheNanosecondOfTheSimulation(algorithm: AllReduceAlgorithm, ranks: Int) throws {
        try compare(ranks, algorithm, groups: unequalGroups(ranks: ranks)) { rank in
            let vector = ParameterVector(count: 1200)
            for step in 0..<3 {
                try await rank.compute(.step(samples: (rank.index * 7 + step * 3) % 5)) {}
                try await rank.allReduce(vector, .sum, purpose: .gradient)
            }
        }
    }

    /// 1 MB/s and 10 ms.
    static let slowLink = Link(latencySeconds: 10e-3, bytesPerSecond: 1e6, overheadSeconds: 1e-3)

    @Test(arguments: [2, 5]) func soDoAllOtherCollectives(ranks: Int) throws {
        try compare(ranks, jitter: .logNormal(sigma: 0.5)) { rank in
            let vector = ParameterVector(count: 600)
            for root in [0, rank.count - 1] {
                try await rank.broadcast(vector, from: root, purpose: .model)
                try await rank.compute(.step(samples: rank.index)) {}
                _ = try await rank.gather(vector, to: root, purpose: .model)
                _ = try await rank.scatter(vector, from: root, purpose: .model)
            }
            _ = try await rank.reduceScatter(vector, .sum, purpose: .gradient)
            _ = try await rank.allGather(vector, purpose: .model)
            try await rank.barrier()
            _ = try await rank.allToAll(vector, purpose: .model)
            try await rank.offTheClock(.allRanksTogether, chunks: 1, { _ in }, finish: {})
        }
    }

    /// A server that hands out a model to clients which take different times, and collects it; and who waits for one that
    /// has ended goes on when it has.
    @Test func soDoMessages() throws {
        try compare(4) { rank in
            let model = ParameterVector(count: 900)
            if rank.index == 0 {
                for client in 1...3 { try await rank.send(Message(model, purpose: .modelDown), to: client) }
                for client in 1...3 { _ = try await rank.receive(from: client) }
                #expect(try await rank.receive(from: 1) == nil)
            } else if let message = try await rank.receive(from: 0) {
                try await rank.compute(.step(samples: 4 - rank.index)) {}
                try await rank.send(Message(message.vector, purpose: .modelUp), to: 0)
                if rank.index == 1 { try await rank.compute(.step(samples: 20)) {} }
            }
        }
    }

    /// By hand: three gradients of 4.816 ms, one after another at the server's port in, the first 3 ms after it was sent; then
    /// three sums at its port out, the last of which is there 3 ms after it has left.
    @Test func aParameterServerTakesWhatHandArithmeticSays() throws {
        let program: RankProgram = { rank in
            try await rank.allReduce(ParameterVector(count: 1200), .sum, purpose: .gradient)
        }
        let link = Link(latencySeconds: 3e-3, bytesPerSecond: 1e6, overheadSeconds: 0)
        let hand = VirtualTime(nanoseconds: 2 * (3_000_000 + 3 * 4_816_000))
        #expect(try run(simulated(4, link: link, .parameterServer), program).seconds == hand.seconds)
        var end = VirtualTime.zero
        // As in `emulate`, a thread that is late can lose its turn.
        for attempt in 0..<10 where end != hand {
            end = try withDeadline {
                try emulated(4, link: link, .parameterServer)
                    .runKnowingTheEnd(slowdown: pow(2, Double(attempt)), program).due
            }
        }
        #expect(end == hand)
    }

    /// In a tree of three, rank 0 has sent its last message when rank 2 has still to get it; nobody waits for that.
    @Test func aRankLeavesACollectiveWhenItsOwnPartIsOver() throws {
        let link = Link(latencySeconds: 60e-3, bytesPerSecond: 1e6, overheadSeconds: 0)
        var order = Notes<Double>()
        // The clock runs on while a busy machine keeps the root waiting; the slower it is, the less that counts.
        for attempt in 0..<10 where order[0].map({ $0 >= 60e-3 }) ?? true {
            let notes = Notes<Double>()
            let fabric = try emulated(3, link: link)
            _ = try withDeadline {
                try fabric.runKnowingTheEnd(slowdown: pow(2, Double(attempt))) { rank in
                    try await rank.broadcast(ParameterVector(count: 10), from: 0, purpose: .model)
                    notes[rank.index] = rank.now.seconds
                }
            }
            order = notes
        }
        #expect(order[0] ?? 1 < 60e-3, "the root has nothing to wait for")
        #expect((order[1] ?? 0) >= 60e-3 && (order[2] ?? 0) >= 60e-3)
    }

    /// A machine that is slower than the model makes a job late, and not each of its steps.
    @Test func latenessIsMadeUpForInTheNextWait() throws {
        try compare(2) { rank in
            let vector = ParameterVector(count: 10)
            for _ in 0..<3 {
                // 1 ms by the model.
                try await rank.compute(.step(samples: 1)) { Thread.sleep(forTimeInterval: 2e-3) }
                try await rank.allReduce(vector, .sum, purpose: .gradient)
            }
        }
    }

    /// Whoever waits for an hour of the cluster's time ends when another rank fails.
    @Test func aFailureEndsWaitsThatWouldTakeHours() throws {
        let link = Link(latencySeconds: 3600, bytesPerSecond: 1e6, overheadSeconds: 0)
        #expect(throws: Boom(rank: 1)) {
            try run(emulated(3, link: link)) { rank in
                if rank.index == 1 { throw Boom(rank: 1) }
                if rank.index == 2 { try await rank.send(Message(ParameterVector(count: 1), purpose: .model), to: 0) }
                if rank.index == 0 { _ = try await rank.receive(from: 2) }
                try await rank.barrier()
            }
        }
    }
}
