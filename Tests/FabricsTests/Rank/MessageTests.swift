import Cluster
import Kernel
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct MessageTests {
    private static func message(_ weight: Int) -> Message {
        Message(ParameterVector([Float(weight)]), weight: weight, purpose: .model)
    }

    /// Who computed a vector and holds on to it may change it; who has looked at it sees nothing of that.
    @Test func aComputedVectorStaysAsItWas() {
        let held = ParameterVector([1])
        let seen = DeferredVector(count: 1) { held }.value
        held[0] = 5
        #expect(seen[0] == 1 && held[0] == 5)
    }

    @Test(arguments: FabricKind.allCases)
    func messagesOfAPairArriveInOrder(kind: FabricKind) throws {
        let received = Notes<[Int]>()
        try run(try kind.fabric(3)) { rank in
            guard rank.index == 0 else {
                for number in 0..<20 { try await rank.send(Self.message(100 * rank.index + number), to: 0) }
                return
            }
            // From the other sender first, although both send at once: one sender's messages do not hide another's.
            for sender in [2, 1] {
                for _ in 0..<20 {
                    let message = try await rank.receive(from: sender)
                    received.update(sender, from: []) { [weight = message?.weight ?? -1] in $0.append(weight) }
                    #expect(message?.vector[0] == message.map { Float($0.weight) })
                }
            }
        }
        #expect(received.byRank == [(100..<120).map { $0 }, (200..<220).map { $0 }])
    }

    @Test func messagesOfAPairArriveInOrderInSpiteOfJitter() throws {
        for seed in UInt64(1)...20 {
            let received = Notes<[Int]>()
            try run(simulated(2, jitter: .logNormal(sigma: 2), seed: seed)) { rank in
                for number in 0..<30 {
                    if rank.index == 0 {
                        try await rank.send(Self.message(number), to: 1)
                    } else {
                        let message = try await rank.receive(from: 0)
                        received.update(1, from: []) { [weight = message?.weight ?? -1] in $0.append(weight) }
                    }
                }
            }
            #expect(received[1] == (0..<30).map { $0 }, "seed \(seed)")
        }
    }

    @Test(arguments: FabricKind.allCases)
    func receivingIsNilAfterTheSenderEndedAndItsLastMessage(kind: FabricKind) throws {
        let received = Notes<[Int?]>()
        try run(try kind.fabric(2)) { rank in
            if rank.index == 1 {
                try await rank.send(Self.message(7), to: 0)
            } else {
                for _ in 0..<3 {
                    let message = try await rank.receive(from: 1)
                    received.update(0, from: []) { [weight = message?.weight] in $0.append(weight) }
                }
            }
        }
        #expect(received[0] == [7, nil, nil])
    }

    @Test(arguments: FabricKind.allCases)
    func nilPassesAlongAChainOfRanksThatEnd(kind: FabricKind) throws {
        let ended = Notes<Bool>()
        try run(try kind.fabric(8)) { rank in
            if rank.index > 0 {
                let message = try await rank.receive(from: rank.index - 1)
                #expect(message?.weight == nil)
            }
            ended[rank.index] = true
        }
        #expect(ended.count == 8)
    }

    /// A server ends early, and a client that computes for long does not keep the other from learning it.
    @Test func receiverLearnsOfTheEndWhenItHappens() throws {
        let times = Notes<Int64>()
        try run(simulated(3)) { rank in
            switch rank.index {
            case 0: try await rank.compute(.step(samples: 1)) {}
            case 1:
                let message = try await rank.receive(from: 0)
                #expect(message?.weight == nil)
            default: try await rank.compute(.step(samples: 1000)) {}
            }
            times[rank.index] = rank.now.nanoseconds
        }
        #expect(times.byRank == [1_000_000, 1_000_000, 1_000_000_000])
    }

    @Test func messageUnderWayIsNotLostWhenItsSenderEnds() throws {
        let slow = Link(latencySeconds: 1, bytesPerSecond: 1e3)
        let received = Notes<[Int?]>()
        for link in [roundLink, slow] {
            try run(simulated(2, link: link)) { rank in
                if rank.index == 1 {
                    for number in 0..<3 { try await rank.send(Self.message(number), to: 0) }
                } else {
                    received[0] = []
                    while let message = try await rank.receive(from: 1) {
                        received.update(0, from: []) { [weight = message.weight] in $0.append(weight) }
                    }
                }
            }
            #expect(received[0] == [0, 1, 2])
        }
    }

    @Test func deadlockIsAnErrorThatNamesRanks() throws {
        let error = #expect(throws: FabricError.self) {
            try run(simulated(3)) { rank in
                if rank.index < 2 { _ = try await rank.receive(from: 1 - rank.index) } else { try await rank.barrier() }
            }
        }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("deadlock: 3 of 3 ranks wait"), "\(text)")
        for part in ["rank 0 waits for rank 1", "rank 1 waits for rank 0", "rank 2 is in a collective"] {
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test(arguments: AllReduceAlgorithm.allCases)
    func collectiveThatOneRankMissesIsADeadlock(algorithm: AllReduceAlgorithm) throws {
        for missing in 0..<4 {
            let error = #expect(throws: FabricError.self) {
                try run(simulated(4, algorithm)) { rank in
                    if rank.index == missing { return }
                    try await rank.allReduce(ParameterVector(count: 8), .sum, purpose: .gradient)
                }
            }
            #expect(error?.description.hasPrefix("deadlock") == true, "rank \(missing): \(String(describing: error))")
        }
    }

    @Test(arguments: [FabricKind.threads, .emulatedThreads])
    func collectiveThatAThreadMissesIsAnErrorAndNotAHang(kind: FabricKind) throws {
        for missing in 0..<3 {
            let error = #expect(throws: FabricError.self) {
                try run(try kind.fabric(3)) { rank in
                    if rank.index == missing { return }
                    try await rank.barrier()
                }
            }
            #expect(error?.description.hasPrefix("deadlock") == true, "rank \(missing): \(String(describing: error))")
        }
    }
}
