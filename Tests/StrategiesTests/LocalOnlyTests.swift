import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Randomness
import Testing

@testable import Training

struct LocalOnly: Strategy {
    let options: StepOptions
    var rankCount: Int { options.workers }

    func program(for run: TrainingRun) throws -> RankProgram {
        let sampler = run.sampler(batch: options.batch)
        return { rank in
            let model = run.initialParameters.copied()
            let losses = run.losses(of: rank.index, steps: 100)
            var (step, before, samples) = (0, 0, 0)
            while true {
                if step == 0 || run.isEvaluationDue(from: before, to: samples) {
                    let goesOn = try await run.evaluate(
                        model, of: .eachRank, round: step, samples: samples, on: rank)
                    guard goesOn, samples < run.sampleBudget else { return }
                }
                (before, samples) = (samples, samples + sampler.count(ofStep: step))
                let own = sampler.indices(step: step, part: rank.index, of: rank.count)
                let rate = run.learningRate(from: before, to: samples)
                try await rank.compute(.step(samples: own.count)) {
                    let loss = run.descend(own, dividedBy: own.count, from: model, rate: rate, into: model)
                    losses.append(sum: loss, samples: own.count)
                }
                step += 1
            }
        }
    }
}

/// Ranks with models of their own, on all fabrics.
@Suite(.timeLimit(.minutes(60)))
struct LocalOnlyTests {
    enum Carrier: CaseIterable {
        case simulated, threads, emulated
    }

    private static let (workers, batch) = (3, 60)

    private func play(
        _ strategy: any Strategy, on carrier: Carrier, from start: ParameterVector? = nil,
        limits: TrainingConfiguration.Limits? = nil
    ) throws -> (run: TrainingRun, record: TrainingRun.Record) {
        try BLAS.useOneThreadPerCaller()
        let (seeds, ranks) = (SeedSequence(3), strategy.rankCount)
        var configuration = TestRuns.configuration(epochs: 600 / 1437.0)
        configuration.evaluateEveryEpochs = 240 / 1437.0
        configuration.limits = limits
        let run = TrainingRun(
            network: TestRuns.network, data: try Digits.split(seeds: seeds, shuffles: true),
            configuration: configuration.shared,
            initialParameters: start ?? TestRuns.network.initialParameters(.he, seeds: seeds), seeds: seeds,
            shuffles: true, ranks: ranks, workspaces: WorkspacePool(for: TestRuns.network))
        var nodes = ClusterPresets.infiniband.nodes(ranks: ranks, server: nil, seeds: seeds)
        for index in nodes.indices { nodes[index].speed /= Double(1 + index) }
        let fabric: any Fabric =
            switch carrier {
            case .simulated:
                SimulatedFabric(nodes: nodes, compute: TestRuns.compute, seeds: seeds, pool: HostPool(threads: 2))
            case .threads: try ThreadFabric(ranks: ranks)
            case .emulated:
                try ThreadFabric(
                    ranks: ranks,
                    emulating: .init(nodes: nodes, jitter: .none, compute: TestRuns.compute, seeds: seeds))
            }
        _ = try fabric.run(try strategy.program(for: run))
        return (run, run.result)
    }

    /// What a model is worth, by a run of one device that evaluates it and ends.
    private func evaluation(of model: ParameterVector) throws -> TrainingRun.Evaluation {
        struct EvaluatedOnce: Strategy {
            var rankCount: Int { 1 }
            func program(for run: TrainingRun) throws -> RankProgram {
                { rank in
                    _ = try await run.evaluate(
                        run.initialParameters, of: .shared, round: 0, samples: 0, on: rank)
                }
            }
        }
        return try #require(try play(EvaluatedOnce(), on: .simulated, from: model).record.evaluations.first)
    }

    /// Ten steps of 60 samples, of which every rank trains on 20, made again in a plain loop.
    private func models(_ run: TrainingRun) -> [(model: ParameterVector, losses: [Double])] {
        let sampler = run.sampler(batch: Self.batch)
        return (0..<Self.workers).map { rank in
            let model = run.initialParameters.copied()
            let losses = (0..<10).map { step in
                run.descend(
                    sampler.indices(step: step, part: rank, of: Self.workers), dividedBy: 20, from: model, rate: 0.3,
                    into: model)
            }
            return (model, losses)
        }
    }

    @Test(arguments: Carrier.allCases) func everyRankHasItsOwnModelAndItsOwnCurve(_ carrier: Carrier) throws {
        let (run, record) = try play(
            LocalOnly(options: StepOptions(batch: Self.batch, workers: Self.workers)), on: carrier)
        let expected = models(run)
        #expect(Set(expected.map(\.model.values)).count == Self.workers)
        #expect(record.finalParameters == nil && record.nodes.count == Self.workers)
        for (node, expected) in zip(record.nodes, expected) {
            #expect(node.finalParameters?.values == expected.model.values)
            #expect(node.evaluations.map(\.round) == [0, 4, 8, 10])
            #expect(node.evaluations.map(\.samples) == [0, 240, 480, 600])
            let last = try #require(node.evaluations.last)
            let alone = try evaluation(of: expected.model)
            #expect(last.testAccuracy == alone.testAccuracy && last.testLoss == alone.testLoss)
            // Two steps of 20 samples since the evaluation before.
            #expect(last.trainLoss == expected.losses.suffix(2).reduce(0, +) / 40)
            #expect(node.evaluations[0].trainLoss == nil)
        }
        // How far apart they are, and what their mean is worth.
        let mean = expected[0].model.copied()
        for other in expected.dropFirst() { mean.add(other.model) }
        mean.scale(by: 1 / Float(Self.workers))
        let squares = expected.map {
            zip($0.model.values, mean.values).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
        }
        let consensus = try #require(record.consensus.last)
        // The mean of equal numbers is rounded.
        #expect(record.consensus.map(\.round) == [0, 4, 8, 10] && record.consensus[0].distance < 1e-5)
        #expect(abs(consensus.distance / (squares.reduce(0, +) / 3).squareRoot() - 1) < 1e-6)
        #expect(consensus.averageAccuracy == (try evaluation(of: mean)).testAccuracy)
        // The run's curve is the mean, and its steps are the ranks', evaluation by evaluation in the order of ranks.
        for (index, point) in record.evaluations.enumerated() {
            let points = record.nodes.map { $0.evaluations[index] }
            #expect(point.testAccuracy == points.reduce(0) { $0 + $1.testAccuracy } / 3)
            #expect(point.testLoss == points.reduce(0) { $0 + $1.testLoss } / 3)
            #expect(point.clusterSeconds == points.map(\.clusterSeconds).max())
        }
        let steps = [0..<4, 4..<8, 8..<10].flatMap { range in expected.flatMap { $0.losses[range] } }
        #expect(record.stepLosses == steps.map { $0 / 20 })
        if carrier == .simulated {
            // Computation at a half and a third of the first one's speed; every time is rounded to a nanosecond a step.
            let times = record.nodes.map { $0.evaluations[3].clusterSeconds }
            #expect(abs(times[1] - 2 * times[0]) < 2e-8 && abs(times[2] - 3 * times[0]) < 3e-8, "\(times)")
        }
    }

    @Test(arguments: Carrier.allCases) func theAverageOfAllModelsIsEvaluated(_ carrier: Carrier) throws {
        struct Spread: Strategy {
            var rankCount: Int { 3 }
            func program(for run: TrainingRun) throws -> RankProgram {
                { rank in
                    let model = run.initialParameters.copied()
                    for index in 0..<100 { model[7 * index] += Float(rank.index) }
                    _ = try await run.evaluate(model, of: .average, round: 0, samples: 0, on: rank)
                }
            }
        }
        let (run, record) = try play(Spread(), on: carrier)
        let mean = run.initialParameters.copied()
        // (0 + 1 + 2) / 3
        for index in 0..<100 { mean[7 * index] += 1 }
        let expected = try evaluation(of: mean)
        let found = try #require(record.evaluations.first)
        #expect(record.evaluations.count == 1 && record.nodes.isEmpty)
        // Sums of three parameters of size 1 round by 1e-7; a model of one rank alone is another by far.
        #expect(found.testAccuracy == expected.testAccuracy && abs(found.testLoss - expected.testLoss) < 1e-5)
        #expect(abs(try evaluation(of: run.initialParameters).testLoss - expected.testLoss) > 1e-2)
        #expect(TestRuns.distance(record.finalParameters?.values ?? [], mean.values) < 1e-6)
    }

    /// A limit ends all ranks at the same evaluation, though only the last to come there knows.
    @Test(arguments: Carrier.allCases) func aLimitEndsAllRanksAtTheSameEvaluation(_ carrier: Carrier) throws {
        let strategy = LocalOnly(options: StepOptions(batch: Self.batch, workers: Self.workers))
        let record = try play(strategy, on: carrier, limits: .init(updates: 5)).record
        #expect(record.isAtLimit && record.evaluations.map(\.round) == [0, 4, 8])
        for node in record.nodes { #expect(node.evaluations.map(\.round) == [0, 4, 8]) }
        // Had a rank trained on, its losses would be more.
        #expect(record.stepLosses.count == 8 * Self.workers)
    }

    /// Four models that are 1 and 3 away from their mean, in two of three directions.
    @Test func theConsensusDistanceIsTheRootOfTheMeanSquare() {
        let models = [[3, 0, 7], [-3, 0, 7], [0, 1, 7], [0, -1, 7]].map { ParameterVector($0.map(Float.init)) }
        let center = ParameterVector([0, 0, 7])
        #expect(ConsensusDistance.of(models, around: center) == 5.0.squareRoot())
        #expect(ConsensusDistance.of([center], around: center) == 0)
    }

    @Test func theExampleInTheDocumentationIsThisOne() throws {
        let own = try lines(of: URL(fileURLWithPath: #filePath))
        let first = try #require(own.firstIndex(of: "struct LocalOnly: Strategy {"))
        let last = try #require(own[first...].firstIndex(of: "}"))
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let documented = try lines(of: package.appendingPathComponent("Sources/Training/Strategy.swift"))
            .filter { $0.hasPrefix("///     ") || $0 == "///" }.map { String($0.dropFirst(8)) }
        #expect(documented.joined(separator: "\n").contains(own[first...last].joined(separator: "\n")))
    }

    private func lines(of url: URL) throws -> [String] {
        try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
    }
}
