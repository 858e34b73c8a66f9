import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct SimulatedClockTests {
    /// Three ranks, the last at half speed; 1 µs a sample. A message of 21 floats and 16 bytes of framing is 100 bytes
    /// and takes 100 ns in a port; overhead 100 ns, latency 1000 ns.
    ///
    /// Computing 1, 2 and 3 samples ends at 1000, 2000 and 6000. Rank 1 sends to 0: leaves its port at
    /// 2000 + 100 + 100 = 2200, is there at 2000 + 100 + 1000 + 100 = 3200. Rank 2 likewise: 6200 and 7200.
    ///
    /// The barrier has two rounds, at distances 1 and 2, of messages that take 116 ns in the port and 1116 in all.
    /// Round 1: rank 1 sends to 2 at 2200, there at 3316. Rank 2 sends to 0 at 6200, there at 7316, and has what it
    /// waits for. Rank 0 sends to 1 at 7200, there at 8316.
    /// Round 2: rank 2 sends to 1 at 6200, but its port is busy until 6316: leaves at 6432, there at 7432. Rank 0 goes
    /// on at 7316 and sends to 2, there at 8432. Rank 1 goes on at 8316 and sends to 0, there at 9432, leaves the port at
    /// 8432; it has what it waits for.
    /// So the ranks leave the barrier at 9432, 8432 and 8432.
    @Test func smallScenarioTakesTheTimesWorkedOutByHand() throws {
        let times = Notes<[Int64]>()
        let nodes = [Node(link: roundLink), Node(link: roundLink), Node(link: roundLink, speed: 0.5)]
        let fabric = SimulatedFabric(
            nodes: nodes,
            compute: ComputeModel(calibrated: [.init(samples: 1, seconds: 1e-6)], secondsPerVectorElement: 0),
            seeds: SeedSequence(1), pool: HostPool(threads: 1))
        let report = try run(fabric) { rank in
            func note() { times.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) } }
            try await rank.compute(.step(samples: rank.index + 1)) {}
            note()
            if rank.index == 0 {
                for sender in 1...2 {
                    _ = try await rank.receive(from: sender)
                    note()
                }
            } else {
                try await rank.send(Message(ParameterVector(count: 21), purpose: .model), to: 0)
                note()
            }
            try await rank.barrier()
            note()
        }
        #expect(times.byRank == [[1000, 3200, 7200, 9432], [2000, 2200, 8432], [6000, 6200, 8432]])
        #expect(abs(report.seconds - 9432e-9) < 1e-15)

        // Communication counts from when all needed were ready: rank 0 from 2000 to 3200, from 6000 to 7200, and in the
        // barrier, which the last enters at 7200, to 9432: 1200 + 1200 + 2232. The others 200 for sending, and 7200 to 8432.
        let compute = report.accounts.map { ($0.computeSeconds * 1e9).rounded() }
        let communication = report.accounts.map { ($0.communicationSeconds * 1e9).rounded() }
        #expect(compute == [1000, 2000, 6000])
        #expect(communication == [4632, 1432, 1432])
    }

    @Test func computingCostsWhatTheModelSaysByTheNodesSpeed() throws {
        let times = Notes<Int64>()
        let nodes = [1.0, 0.25, 4].map { Node(link: roundLink, speed: $0) }
        let fabric = SimulatedFabric(
            nodes: nodes, compute: testCompute, seeds: SeedSequence(1), pool: HostPool(threads: 2))
        let report = try run(fabric) { rank in
            let sum = try await rank.compute(.step(samples: 8), returning: { 40 + 2 })
            #expect(sum == 42)
            try await rank.compute(.vector(elements: 1000)) {}
            times[rank.index] = rank.now.nanoseconds
        }
        #expect(times.byRank == [8_001_000, 32_004_000, 2_000_250])
        #expect(abs(report.seconds - 32_004e-6) < 1e-12)
        #expect(report.accounts.map(\.communicationSeconds) == [0, 0, 0])
        #expect(abs(report.accounts[1].computeSeconds - 32_004e-6) < 1e-12)
    }

    @Test func sendingReturnsWhenThePortIsFreeAndMessagesQueueInIt() throws {
        let times = Notes<[Int64]>()
        try run(simulated(2)) { rank in
            for _ in 0..<3 {
                if rank.index == 0 {
                    try await rank.send(Message(ParameterVector(count: 21), purpose: .model), to: 1)
                } else {
                    _ = try await rank.receive(from: 0)
                }
                times.update(rank.index, from: []) { [now = rank.now.nanoseconds] in $0.append(now) }
            }
        }
        #expect(times.byRank == [[200, 400, 600], [1200, 1400, 1600]])
    }

    @Test func rootLeavesABroadcastWithoutWaitingForTheOthers() throws {
        let times = Notes<Int64>()
        let report = try run(simulated(2)) { rank in
            if rank.index == 1 { try await rank.compute(.step(samples: 1)) {} }
            try await rank.broadcast(ParameterVector(count: 21), from: 0, purpose: .model)
            times[rank.index] = rank.now.nanoseconds
        }
        // The message was there at 1200, long before rank 1 asks for it.
        #expect(times.byRank == [200, 1_000_000])
        #expect(report.accounts.map { ($0.communicationSeconds * 1e9).rounded() } == [200, 0])
    }

    @Test func receivingWhatIsAlreadyThereCostsNothing() throws {
        let report = try run(simulated(2)) { rank in
            if rank.index == 0 {
                try await rank.send(Message(ParameterVector(count: 21), purpose: .model), to: 1)
            } else {
                try await rank.compute(.step(samples: 1)) {}
                _ = try await rank.receive(from: 0)
                #expect(rank.now.nanoseconds == 1_000_000)
            }
        }
        #expect(report.accounts[1].communicationSeconds == 0)
    }

    /// Ranks come after 1, 2, 3 and 4 ms. In what needs all of them, a rank waits until the last has come, and communicates
    /// from then on; in what does not, it communicates from when it comes, although it may wait for others' messages.
    @Test func waitingForOthersIsToldFromCommunicationWhereACollectiveNeedsAllRanks() throws {
        func accounts(_ kind: CollectiveKind) throws -> [TimeAccount] {
            try run(simulated(4)) { rank in
                try await rank.compute(.step(samples: 1 + rank.index)) {}
                try await ClosedForms.play(kind, rank, elements: 100)
            }.accounts
        }
        for kind in [CollectiveKind.allReduce(.sum), .allGather, .reduceScatter(.sum), .allToAll, .barrier] {
            let accounts = try accounts(kind)
            for (rank, account) in accounts.enumerated() {
                #expect(abs(account.waitingSeconds - Double(3 - rank) * 1e-3) < 1e-12, "\(kind), rank \(rank)")
                #expect(account.communicationSeconds > 0 && account.communicationSeconds < 1e-4, "\(kind)")
            }
        }
        for kind in [CollectiveKind.broadcast(root: 3), .scatter(root: 3)] {
            let accounts = try accounts(kind)
            #expect(accounts.allSatisfy { $0.waitingSeconds == 0 }, "\(kind)")
            #expect(accounts[0].communicationSeconds > 3e-3, "\(kind): rank 0 came 3 ms before the root")
        }
        let gathering = try accounts(.gather(root: 0))
        #expect(gathering.allSatisfy { $0.waitingSeconds == 0 } && gathering[0].communicationSeconds > 3e-3)
    }
}
