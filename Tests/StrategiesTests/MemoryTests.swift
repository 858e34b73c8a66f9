import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

@Suite struct MemoryTests {
    /// 64-16-10: 1,210 parameters of four bytes.
    private static let model = 4840
    private func activations(_ samples: Int) -> Int { TestRuns.network.workspaceBytes(samples: samples) }

    @Test func aRankOfSyncHoldsModelGradientAndItsPartOfTheBatch() {
        let strategy = SynchronousSGD(TestRuns.configuration(batch: 66, workers: 4), workers: 4)
        let needs = (0..<4).map { strategy.memoryNeed(ofRank: $0, TestRuns.network, samples: 0) }
        #expect(needs.map(\.batch) == (0..<66).parts(4))
        for need in needs {
            #expect(need.parameters == Self.model && need.gradient == Self.model && need.optimizerState == 0)
            #expect(need.activations == activations(need.batch) && need.sum == 0)
            #expect(need.total == 2 * Self.model + activations(need.batch))
        }
    }

    @Test func momentumIsOneVectorMore() {
        let strategy = SynchronousSGD(TestRuns.configuration(momentum: 0.9), workers: 1)
        let need = strategy.memoryNeed(ofRank: 0, TestRuns.network, samples: 0)
        #expect(need.optimizerState == Self.model && need.total == 3 * Self.model + activations(64))
    }

    @Test func aClientHoldsItsLocalBatchAndTheServerModelAndSum() {
        func need(_ rank: Int, localBatch: Int?, samples: Int) -> MemoryNeed {
            FederatedAveraging(TestRuns.configuration(localBatch: localBatch))
                .memoryNeed(ofRank: rank, TestRuns.network, samples: samples)
        }
        #expect(need(0, localBatch: 10, samples: 0).total == 2 * Self.model)
        #expect(need(1, localBatch: 10, samples: 100).batch == 10)
        #expect(need(1, localBatch: 10, samples: 7).batch == 7)
        #expect(need(1, localBatch: nil, samples: 100).batch == 100)
    }

    private func run(_ memory: [Int?], hostThreads: Int = 2) throws -> (TestRuns.Outcome, FederatedAveraging) {
        let configuration = TestRuns.configuration(clients: 10, fraction: 0.3)
        let strategy = FederatedAveraging(configuration)
        return (
            try TestRuns.run(strategy, configuration, hostThreads: hostThreads, memoryBytes: memory), strategy
        )
    }

    private var enough: Int { 2 * Self.model + activations(10) }

    @Test func clientsThatCannotHoldItAreNeverSelectedAndCounted() throws {
        // Clients 2, 5 and 9 of 10, which are ranks 3, 6 and 10, lack one byte.
        let memory: [Int?] = (0...10).map {
            [3, 6, 10].contains($0) ? enough - 1 : $0.isMultiple(of: 2) ? nil : enough
        }
        let (outcome, _) = try run(memory)
        let shortage = try #require(outcome.record.memoryShortage)
        #expect((shortage.ranks, shortage.of, shortage.rank, shortage.memoryBytes) == (3, 10, 3, enough - 1))
        #expect(shortage.need.total == enough && outcome.record.ranksLeftOut == [3, 6, 10])
        let seconds = outcome.report.accounts.map(\.computeSeconds)
        for rank in [3, 6, 10] { #expect(seconds[rank] == 0, "rank \(rank)") }
        #expect(seconds.count { $0 > 0 } > 4, "the server and clients of two rounds")
        let received = outcome.report.ledger.entries.filter { [3, 6, 10].contains($0.rank) }
        #expect(received.allSatisfy { $0.bytesSent == 0 && $0.bytesReceived == 0 })
        #expect(try run(memory, hostThreads: 1).0.parameters == outcome.parameters)
    }

    @Test func withEnoughMemoryNothingChanges() throws {
        let (unasked, _) = try run([])
        let (enough, _) = try run(Array(repeating: enough, count: 11))
        #expect(enough.record.memoryShortage == nil && enough.parameters == unasked.parameters)
        #expect(enough.report.seconds == unasked.report.seconds)
    }

    @Test func fewerThanACohortAreAllSelected() throws {
        let memory: [Int?] = (0...10).map { $0 == 4 ? enough : 1 }
        let (outcome, _) = try run(memory)
        let options = TestRuns.configuration(clients: 10, fraction: 0.3).clients
        #expect(outcome.record.memoryShortage?.ranks == 9)
        #expect(outcome.report.accounts[4].computeSeconds > 0)
        #expect(options.cohort(ofRound: 0, SeedSequence(1)) { $0 == 3 } == [3])
        #expect(options.cohort(ofRound: 0, SeedSequence(1)).count == 3)
    }

    @Test func withoutAClientThereIsNoRun() throws {
        let error = #expect(throws: MemoryError.self) { try run(Array(repeating: 1, count: 11)) }
        #expect(error?.shortage.ranks == 10 && error?.shortage.need.total == enough)
    }
}

extension Range<Int> {
    fileprivate func parts(_ count: Int) -> [Int] { (0..<count).map { part($0, of: count).count } }
}
