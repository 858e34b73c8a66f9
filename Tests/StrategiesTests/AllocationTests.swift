import CAllocationCounter
import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Locking
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// A training step allocates no heap memory after the first: what it needs is there, and is used again.
///
/// What is counted are the allocations of rank 0's thread from one evaluation to the next. An evaluation has some of its
/// own, so the same number must be counted however many steps lie between.
@Suite(.enabled(if: allocation_counter_is_available(), "counted on Linux, without a sanitizer"))
struct AllocationTests {
    @Test func theCounterCounts() {
        let before = allocation_counter_value()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 64)
        #expect(allocation_counter_value() == before + 1)
        memory.deallocate()
    }

    private static let intervals = 5
    private static let optimizers: [Optimizer.Configuration] = [.sgd(), .sgd(momentum: 0.9), .adam()]

    @Test(arguments: [1, 2], optimizers)
    func aStepOfDataParallelTrainingAllocatesNothing(workers: Int, optimizer: Optimizer.Configuration) throws {
        func allocations(stepsBetween: Int) throws -> [Int] {
            // So few of the 1,437 samples that all steps are in the first epoch: a new epoch draws a permutation.
            let batch = 8
            var configuration = TestRuns.configuration(
                batch: batch, epochs: Double(Self.intervals * stepsBetween * batch) / 1437, workers: workers)
            configuration.optimizer = optimizer
            configuration.evaluateEveryEpochs = Double(stepsBetween * batch) / 1437
            return try counts(SynchronousSGD(configuration, workers: workers), configuration) {
                try ThreadFabric(ranks: workers)
            }
        }
        let (few, many) = (try allocations(stepsBetween: 2), try allocations(stepsBetween: 30))
        // The least of the intervals, and not to the last one: on a busy machine a thread parks, which allocates. Were
        // there one allocation a step, there would be 28 more.
        let isCounted = few.count == Self.intervals - 1 && many.count == few.count
        #expect(isCounted && (many.min() ?? 0) < (few.min() ?? 0) + 14, "\(few) for 2 steps, \(many) for 30")
    }

    @Test(arguments: optimizers)
    func aLocalStepOfAFederatedClientAllocatesNothing(optimizer: Optimizer.Configuration) throws {
        func allocations(localEpochs: Int) throws -> [Int] {
            let round = Double(143 * 3 * localEpochs) / 1437
            var configuration = TestRuns.configuration(
                epochs: 3.5 * round, localEpochs: localEpochs, localBatch: 5)
            configuration.optimizer = optimizer
            configuration.evaluateEveryEpochs = 1e-6
            return try counts(FederatedAveraging(configuration), configuration) {
                SimulatedFabric(
                    nodes: ClusterPresets.phones4G.nodes(ranks: 11, server: 0, seeds: SeedSequence(1)), jitter: .none,
                    compute: TestRuns.compute, seeds: SeedSequence(1), pool: HostPool(threads: 1))
            }
        }
        let (few, many) = (try allocations(localEpochs: 1), try allocations(localEpochs: 10))
        // A round has allocations of its own, messages and tasks, which vary by one or two; 780 more steps have none.
        #expect(
            few.count > 2 && zip(few, many).allSatisfy { $1 <= $0 + 2 }, "\(few) for 1 local epoch, \(many) for 10")
    }

    @Test(arguments: optimizers)
    func aLocalStepOfANodeAllocatesNothing(optimizer: Optimizer.Configuration) throws {
        func allocations(syncEvery: Int) throws -> [Int] {
            var configuration = PeerRuns.configuration(
                rounds: 6, workers: 6, batch: 2, syncEvery: syncEvery)
            configuration.optimizer = optimizer
            configuration.evaluateEveryEpochs = 1e-6
            let strategy = DecentralizedSGD(configuration, workers: 6, syncEvery: syncEvery, batch: 2)
            return try counts(strategy, TestConfiguration(shared: configuration, steps: .init(), clients: .init())) {
                SimulatedFabric(
                    nodes: PeerRuns.nodes(6), jitter: .none, compute: TestRuns.compute, seeds: SeedSequence(1),
                    pool: HostPool(threads: 1))
            }
        }
        let (few, many) = (try allocations(syncEvery: 1), try allocations(syncEvery: 15))
        // Rounds have messages, which vary by one or two; 84 more steps have nothing of their own.
        #expect(few.count > 3 && zip(few, many).allSatisfy { $1 <= $0 + 6 }, "\(few) for 1 local step, \(many) for 15")
    }

    /// In each step a worker finds what its optimizer keeps by its name.
    @Test(arguments: optimizers)
    func aLocalStepBetweenAveragesAllocatesNothing(optimizer: Optimizer.Configuration) throws {
        func allocations(stepsBetween: Int) throws -> [Int] {
            let batch = 8
            var configuration = TestRuns.configuration(
                batch: batch, epochs: Double(Self.intervals * stepsBetween * batch) / 1437, workers: 1)
            configuration.optimizer = optimizer
            configuration.evaluateEveryEpochs = Double(stepsBetween * batch) / 1437
            var options = LocalSGD.Options()
            (options.steps, options.workers, options.syncEvery) = (configuration.steps.steps, 1, stepsBetween)
            return try counts(LocalSGD(configuration: configuration.shared, options: options), configuration) {
                try ThreadFabric(ranks: 1)
            }
        }
        let (few, many) = (try allocations(stepsBetween: 2), try allocations(stepsBetween: 30))
        let isCounted = few.count == Self.intervals - 1 && many.count == few.count
        #expect(isCounted && (many.min() ?? 0) < (few.min() ?? 0) + 14, "\(few) for 2 steps, \(many) for 30")
    }

    /// Allocations between evaluations, the first interval left out.
    private func counts(
        _ strategy: any Strategy, _ configuration: TestConfiguration, on fabric: () throws -> any Fabric
    ) throws -> [Int] {
        try BLAS.useOneThreadPerCaller()
        let seeds = SeedSequence(1)
        let marks = Guarded<[Int]>([])
        marks.withLock { $0.reserveCapacity(100) }
        let run = TrainingRun(
            network: TestRuns.network, data: try Digits.split(seeds: seeds, shuffles: true),
            configuration: configuration.shared,
            initialParameters: TestRuns.network.initialParameters(.he, seeds: seeds),
            seeds: seeds, shuffles: true, ranks: strategy.rankCount, workspaces: WorkspacePool(for: TestRuns.network)
        ) { _ in marks.withLock { $0.append(allocation_counter_value()) } }
        _ = try fabric().run(try strategy.program(for: run))
        let values = marks.withLock { $0 }
        return Array(zip(values.dropFirst(), values).map { $0 - $1 }.dropFirst())
    }
}
