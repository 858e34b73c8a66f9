import Cluster
import Kernel
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct LedgerTests {
    private func allReduceLedger(_ fabric: any Fabric, elements: Int) throws -> TrafficLedger {
        try run(fabric) { rank in
            try await rank.allReduce(ParameterVector(count: elements), .sum, purpose: .gradient)
        }.ledger
    }

    @Test(arguments: allReduceVariants)
    func allReduceIsChargedAsItsScheduleAndFramingSay(algorithm: AllReduceAlgorithm) throws {
        for ranks in [2, 3, 4, 7, 8, 13] {
            let ledger = try allReduceLedger(simulated(ranks, algorithm), elements: 50)
            let play = AbstractPlay(algorithm.messages(ranks: ranks), ranks: ranks, elements: 50)
            #expect(ledger.totalMessages == play.messages, "\(ranks) ranks")
            #expect(ledger.totalBytes == play.bytes + 16 * play.messages, "\(ranks) ranks")
            for rank in 0..<ranks {
                let sent = ledger.entries.filter { $0.rank == rank }.reduce(0) { $0 + $1.bytesSent }
                let expected = play.bytesSent[rank] + 16 * play.messagesSent[rank]
                #expect(sent == expected, "\(ranks) ranks, rank \(rank)")
            }
        }
    }

    @Test(arguments: allReduceVariants)
    func emulatingThreadsAreChargedLikeTheSimulation(algorithm: AllReduceAlgorithm) throws {
        for ranks in [2, 3, 4] {
            let simulation = try allReduceLedger(simulated(ranks, algorithm), elements: 50)
            let threads = try allReduceLedger(emulated(ranks, algorithm), elements: 50)
            #expect(threads.entries == simulation.entries, "\(ranks) ranks")
        }
    }

    /// Shared memory has no framing: each rank reads the others' parts of its slice and writes its sum to them.
    @Test func threadsAreChargedForTheBytesThatPassThroughSharedMemory() throws {
        for ranks in [1, 2, 3, 5] {
            let ledger = try allReduceLedger(ThreadFabric(ranks: ranks), elements: 50)
            #expect(ledger.totalBytes == 2 * (ranks - 1) * 50 * 4, "\(ranks) ranks")
            #expect(ledger.totalMessages == 2 * (ranks - 1) * ranks, "\(ranks) ranks")
        }
    }

    @Test func threadsAreChargedForBroadcastAndGatherOnceARank() throws {
        let ledger = try run(ThreadFabric(ranks: 4)) { rank in
            let vector = ParameterVector(count: 50)
            try await rank.broadcast(vector, from: 1, purpose: .modelDown)
            _ = try await rank.gather(vector, to: 2, purpose: .modelUp)
        }.ledger
        let root = ledger.entries.filter { $0.rank == 1 && $0.purpose == .modelDown }
        #expect(root.map(\.bytesSent) == [600] && root.map(\.messagesSent) == [3])
        let gatherer = ledger.entries.filter { $0.rank == 2 && $0.purpose == .modelUp }
        #expect(gatherer.map(\.bytesReceived) == [600] && gatherer.map(\.messagesReceived) == [3])
        #expect(ledger.totalBytes == 1200)
    }

    /// All of another rank's vector, its part of this rank's slice, or a part of the root's.
    @Test func threadsAreChargedForWhatOtherCollectivesMoveThroughSharedMemory() throws {
        func bytes(_ collective: @escaping @Sendable (any Rank, ParameterVector) async throws -> Void) throws -> Int {
            try run(ThreadFabric(ranks: 4)) { try await collective($0, ParameterVector(count: 50)) }.ledger.totalBytes
        }
        #expect(try bytes { _ = try await $0.allGather($1, purpose: .model) } == 4 * 3 * 200)
        #expect(try bytes { _ = try await $0.reduceScatter($1, .sum, purpose: .model) } == 3 * 200)
        #expect(try bytes { _ = try await $0.allToAll($1, purpose: .model) } == 3 * 200)
        // Parts of 13, 13, 12 and 12 numbers; the root keeps its own.
        #expect(try bytes { _ = try await $0.scatter($1, from: 1, purpose: .model) } == 37 * 4)
    }

    @Test func otherCollectivesAreChargedAsTheirSchedulesSay() throws {
        for ranks in [2, 3, 4, 7, 8, 13] {
            let kinds: [(CollectiveKind, any CollectiveAlgorithm)] = [
                (.allGather, RecursiveDoublingAllGather()), (.reduceScatter(.sum), RecursiveHalvingReduceScatter()),
                (.allToAll, PairwiseAllToAll()), (.scatter(root: 1), BinomialScatter(root: 1)),
            ]
            for (kind, algorithm) in kinds {
                let play = AbstractPlay(algorithm, ranks: ranks, elements: 50)
                let ledger = try run(simulated(ranks)) { rank in
                    try await ClosedForms.play(kind, rank, elements: 50)
                }.ledger
                #expect(ledger.totalMessages == play.messages, "\(kind), \(ranks) ranks")
                #expect(ledger.totalBytes == play.bytes + 16 * play.messages, "\(kind), \(ranks) ranks")
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func messagesAreChargedWithFramingPurposeAndDirection(kind: FabricKind) throws {
        let ledger = try run(try kind.fabric(2)) { rank in
            if rank.index == 1 {
                let vector = ParameterVector(count: 21)
                try await rank.send(Message(vector, purpose: .modelUp, direction: .uplink), to: 0)
            } else {
                _ = try await rank.receive(from: 1)
            }
        }.ledger
        #expect(Message.framingBytes == 16)
        #expect(ledger.totalBytes == 100 && ledger.totalMessages == 1)
        #expect(ledger.entries.map(\.rank) == [0, 1])
        #expect(ledger.entries.map(\.bytesReceived) == [100, 0])
        #expect(ledger.entries.map(\.bytesSent) == [0, 100])
        #expect(ledger.entries.allSatisfy { $0.purpose == .modelUp && $0.direction == .uplink })
    }

    @Test func barrierIsChargedAsControl() throws {
        let ledger = try run(simulated(5)) { try await $0.barrier() }.ledger
        #expect(ledger.totalBytes == 5 * 3 * 16)
        #expect(ledger.entries.allSatisfy { $0.purpose == .control && $0.direction == .peer })
    }

    @Test(arguments: FabricKind.allCases)
    func ranksSeeWhatAllHaveSentSoFar(kind: FabricKind) throws {
        let seen = Notes<[Int]>()
        try run(try kind.fabric(2)) { rank in
            seen[rank.index] = [rank.totalBytesSent]
            // A vector for each from the other before either looks again.
            try await rank.send(Message(ParameterVector(count: 21), purpose: .model), to: 1 - rank.index)
            _ = try await rank.receive(from: 1 - rank.index)
            seen.update(rank.index, from: []) { [bytes = rank.totalBytesSent] in $0.append(bytes) }
        }
        // At the start the other may be ahead by its message.
        #expect(seen.byRank.allSatisfy { $0[0] <= 100 && $0[1] == 200 })
    }
}
