import Cluster
import Fabrics
import Kernel
import Locking
import Randomness
import Testing

@testable import Datasets
@testable import Strategies
@testable import Training

/// What ranks in several processes tell each other for the record of a run.
@Suite struct RecordsBetweenProcessesTests {
    @Test func lossesAreToldOnceAndArriveAsTheyWere() {
        let (log, other) = (LossLog(), LossLog())
        log.append(sum: 0.1, samples: 3)
        log.append(sum: .infinity, samples: 0)
        other.append(told: log.tell())
        #expect(log.tell() == [])
        log.append(sum: 1e-300, samples: 1_000_000_007)
        other.append(told: log.tell())
        #expect(other.entries.map(\.sum) == [0.1, .infinity, 1e-300])
        #expect(other.entries.map(\.samples) == [3, 0, 1_000_000_007])
        #expect(log.entries.count == 3, "they stay where they are")
    }

    @Test func lossesThatAreForgottenAreToldOnceToo() {
        let log = LossLog()
        log.append(sum: 1, samples: 2)
        #expect(log.tellAndForget() == [1, 2])
        #expect(log.entries.isEmpty && log.tellAndForget() == [])
        log.append(sum: 3, samples: 4)
        #expect(log.tellAndForget() == [3, 4])
    }

    /// A server of another process's clients gets vectors that it never gives out again.
    @Test func aPoolKeepsNoMoreVectorsThanItGaveOut() {
        let pool = VectorPool(count: 2)
        let (own, foreign) = (pool.take(), ParameterVector(count: 2))
        pool.giveBack(own)
        pool.giveBack(foreign)
        #expect(pool.take() === own)
        #expect(pool.take() !== foreign)
    }

    /// A rank of which the others are elsewhere: what it hears is what they would say.
    private final class FarRank: HarnessRank, @unchecked Sendable {
        let (index, count): (Int, Int)
        let others: [[Double]]
        private(set) var said: [[Double]] = []
        var decision: Double?

        init(_ index: Int, of count: Int, others: [[Double]]) {
            (self.index, self.count, self.others) = (index, count, others)
        }

        var sharesMemory: Bool { false }
        var now: VirtualTime { VirtualTime(nanoseconds: 0) }
        var totalBytesSent: Int { 0 }

        func exchange(_ numbers: [Double]) async throws -> [[Double]] {
            said.append(numbers)
            if let decision { return [[decision]] + (1..<count).map { _ in [1] } }
            return (0..<count).map { $0 == index ? numbers : others[$0] }
        }

        func offTheClock(
            _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void,
            finish: @escaping @Sendable () -> Void
        ) async throws {}

        func offTheClock(
            showing vector: ParameterVector, chunks: Int,
            _ body: @escaping @Sendable (Int, [ShownVector]) -> Void,
            finish: @escaping @Sendable ([ShownVector]) -> Void
        ) async throws { throw NotAsked() }

        struct NotAsked: Error {}
        func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws { throw NotAsked() }
        func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
            throw NotAsked()
        }
        func compute(
            _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
        ) async throws -> DeferredVector { throw NotAsked() }
        func send(_ message: Message, to receiver: Int) async throws { throw NotAsked() }
        func post(_ message: Message, to receiver: Int) throws { throw NotAsked() }
        func receive(from senders: Senders, until deadline: VirtualTime?) async throws -> Reception { throw NotAsked() }
        func sleep(until time: VirtualTime) async throws { throw NotAsked() }
        func allReduce(_ request: AllReduceRequest) async throws { throw NotAsked() }
        func collective(
            _ kind: CollectiveKind, _ vector: ParameterVector?, purpose: TrafficPurpose
        ) async throws -> CollectiveResult { throw NotAsked() }
    }

    private func trainingRun(ranks: Int) throws -> TrainingRun {
        let seeds = SeedSequence(1)
        return TrainingRun(
            network: TestRuns.network, data: try Digits.split(seeds: seeds, shuffles: true),
            configuration: TestRuns.configuration().shared,
            initialParameters: TestRuns.network.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: true,
            ranks: ranks, workspaces: WorkspacePool(for: TestRuns.network))
    }

    @Test func rankZeroAddsTheOthersLossesToItsOwn() async throws {
        let run = try trainingRun(ranks: 3)
        run.losses(of: 0, steps: 2).append(sum: 1, samples: 2)
        run.losses(of: 0, steps: 2).append(sum: 3, samples: 2)
        try await run.gatherLosses(on: FarRank(0, of: 3, others: [[], [5, 2, 7, 2], [9, 2, 11, 2]]))
        run.mergeSharedSteps(upTo: 2)
        // 1 + 5 + 9 and 3 + 7 + 11, each over six samples.
        let sums = [15.0, 21.0]
        #expect(run.result.stepLosses == sums.map { $0 / 6 })
    }

    @Test func anotherRankTellsItsLossesAndKeepsNoRecord() async throws {
        let run = try trainingRun(ranks: 2)
        run.losses(of: 1, steps: 1).append(sum: 4, samples: 2)
        let rank = FarRank(1, of: 2, others: [[], []])
        try await run.gatherLosses(on: rank)
        try await run.gatherLosses(on: rank)
        #expect(rank.said == [[4, 2], []])
    }

    /// A limit is known to rank 0 alone, which keeps the record.
    @Test(arguments: [1.0, 0.0]) func rankZeroDecidesForAllWhetherTrainingGoesOn(_ decision: Double) async throws {
        let run = try trainingRun(ranks: 2)
        let rank = FarRank(1, of: 2, others: [])
        rank.decision = decision
        let goesOn = try await run.evaluate(run.initialParameters, round: 0, samples: 0, on: rank, .allRanks)
        #expect(goesOn == (decision == 1))
    }
}
