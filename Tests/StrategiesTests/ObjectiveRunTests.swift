import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Nodes with objectives of their own, on all fabrics.
@Suite(.timeLimit(.minutes(60)))
struct ObjectiveRunTests {
    enum Carrier: CaseIterable {
        case simulated, threads, emulated
    }

    private static let rules = ["iid", "rotations:3", "relabel:2", "labels:3"]
    private static let nodes = 6

    struct Outcome {
        let run: TrainingRun
        let record: TrainingRun.Record
        let objectives: [NodeObjective]
    }

    private func play(
        _ rule: String?, owning: Bool, on carrier: Carrier = .simulated, hostThreads: Int = 2, rounds: Double = 4
    ) throws -> Outcome {
        try BLAS.useOneThreadPerCaller()
        let seeds = SeedSequence(5)
        var configuration = TestRuns.configuration(
            clients: Self.nodes, fraction: 1, localEpochs: 1, partition: "dirichlet:0.5")
        configuration.shared.objectives = rule
        configuration.evaluateEveryEpochs = 0.5
        let data = try Digits.split(seeds: seeds, shuffles: true)
        let objectives = try data.nodeObjectives(
            rule, partition: "dirichlet:0.5", among: Self.nodes, seeds: seeds, shuffles: true)
        configuration.epochs =
            rounds * Double(objectives.reduce(0) { $0 + $1.shard.count }) / Double(data.training.count)
        let strategy: any Strategy =
            owning ? OwnNodes(nodes: Self.nodes, partition: "dirichlet:0.5") : FederatedAveraging(configuration)
        let run = TrainingRun(
            network: TestRuns.network, data: data, configuration: configuration.shared,
            initialParameters: TestRuns.network.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: true,
            ranks: strategy.rankCount, workspaces: WorkspacePool(for: TestRuns.network))
        let nodes = ClusterPresets.infiniband.nodes(
            ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds)
        let fabric: any Fabric =
            switch carrier {
            case .simulated:
                SimulatedFabric(
                    nodes: nodes, compute: TestRuns.compute, seeds: seeds, pool: HostPool(threads: hostThreads))
            case .threads: try ThreadFabric(ranks: strategy.rankCount)
            case .emulated:
                try ThreadFabric(
                    ranks: strategy.rankCount,
                    emulating: .init(nodes: nodes, jitter: .none, compute: TestRuns.compute, seeds: seeds))
            }
        _ = try fabric.run(try strategy.program(for: run))
        return Outcome(run: run, record: run.result, objectives: objectives)
    }

    /// Every test sample by itself, as a node sees it: its loss and whether it is right.
    private func judge(_ model: ParameterVector, _ run: TrainingRun, _ view: SampleView?) -> [(Double, Bool)] {
        let pool = WorkspacePool(for: run.network)
        return (0..<Int32(run.data.test.count)).map { sample in
            pool.withWorkspace(capacity: 1) { workspace in
                run.data.test.gather([sample], into: workspace.batch, seenAs: view)
                let (loss, correct) = run.network.lossAndCorrect(of: workspace, at: model)
                return (loss, correct == 1)
            }
        }
    }

    /// By hand: the mean, or where a node has classes of its own the sum over classes of p(c) times the mean of the class.
    private func score(_ judged: [(Double, Bool)], _ objective: NodeObjective, _ labels: [UInt8]) -> OwnScore {
        var (accuracy, loss) = (0.0, 0.0)
        for label in 0..<10 {
            let own = labels.indices.filter { labels[$0] == label }
            let weight = objective.classWeights?[label] ?? Double(own.count) / Double(labels.count)
            accuracy += weight * Double(own.count { judged[$0].1 }) / Double(own.count)
            loss += weight * own.reduce(0) { $0 + judged[$1].0 } / Double(own.count)
        }
        return OwnScore(accuracy: accuracy, loss: loss)
    }

    private func expectScores(_ outcome: Outcome, models: [ParameterVector]) throws {
        let (run, labels) = (outcome.run, outcome.run.data.test.labels)
        #expect(outcome.record.nodes.count == Self.nodes)
        for (index, node) in outcome.record.nodes.enumerated() {
            let objective = outcome.objectives[index]
            #expect(node.rank == run.rankCount - Self.nodes + index && node.kind == objective.kind)
            #expect(node.classWeights == objective.classWeights)
            #expect(node.own.count == node.evaluations.count && node.own.count == outcome.record.evaluations.count)
            let judged = judge(models[index], run, objective.view)
            let (expected, found) = (score(judged, objective, labels), try #require(node.own.last))
            // Losses of batches round otherwise than losses of one.
            #expect(abs(found.accuracy - expected.accuracy) < 1e-12 && abs(found.loss - expected.loss) < 1e-5)
            let right = labels.indices.map { node.finalCorrect[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
            let own = labels.map { (objective.classWeights?[Int($0)] ?? 1) > 0 }
            #expect(right == zip(judged, own).map { $0.1 && $1 })
            // Everybody's data are the mixture of what the nodes want.
            let everybody = outcome.objectives.map { score(judge(models[index], run, $0.view), $0, labels) }
            let mean = everybody.reduce(0) { $0 + $1.accuracy } / Double(Self.nodes)
            #expect(abs(try #require(node.evaluations.last).testAccuracy - mean) < 1e-12)
        }
        for (index, point) in outcome.record.evaluations.enumerated() {
            let mean = outcome.record.nodes.reduce(0) { $0 + $1.own[index].accuracy } / Double(Self.nodes)
            #expect(abs(point.testAccuracy - mean) < 1e-12)
        }
    }

    @Test(arguments: rules, Carrier.allCases)
    func theServersModelIsJudgedByWhatEveryNodeWants(_ rule: String, _ carrier: Carrier) throws {
        let outcome = try play(rule, owning: false, on: carrier)
        let model = try #require(outcome.record.finalParameters)
        try expectScores(outcome, models: Array(repeating: model, count: Self.nodes))
        #expect(outcome.record.nodes.map(\.trainedSamples) == outcome.objectives.map { 4 * $0.shard.count })
        #expect(outcome.record.nodes.allSatisfy { $0.finalParameters == nil })
    }

    @Test(arguments: rules, Carrier.allCases)
    func everyNodesModelIsJudgedByWhatTheNodeWants(_ rule: String, _ carrier: Carrier) throws {
        let outcome = try play(rule, owning: true, on: carrier)
        try expectScores(outcome, models: try outcome.record.nodes.map { try #require($0.finalParameters) })
        #expect(outcome.record.nodes.map(\.trainedSamples) == outcome.objectives.map { 4 * $0.shard.count })
    }

    /// A node that sees images turned trains on turned images.
    @Test func nodesTrainOnWhatTheySee() throws {
        let outcome = try play("rotations:3", owning: true)
        for (node, objective) in zip(outcome.record.nodes, outcome.objectives) {
            let model = outcome.run.initialParameters.copied()
            let batch = Workspaces.gathered(outcome.run, objective)
            for _ in 0..<4 {
                _ = outcome.run.network.descend(
                    batch, dividedBy: objective.shard.count, from: model, rate: 0.5, into: model)
            }
            #expect(node.finalParameters?.values == model.values)
        }
    }

    @Test func clientsTrainOnWhatTheySee() throws {
        let turned = try play("rotations:3", owning: false)
        let plain = try play("iid", owning: false)
        #expect(turned.record.finalParameters?.values != plain.record.finalParameters?.values)
        // One kind, of which all see images as they are, is what the partition alone gives.
        #expect(turned.record.evaluations[0].testLoss != plain.record.evaluations[0].testLoss)
    }

    @Test func withoutObjectivesNodesAreJudgedByTheWholeTestSet() throws {
        let outcome = try play(nil, owning: true)
        for node in outcome.record.nodes {
            #expect(node.own.map(\.accuracy) == node.evaluations.map(\.testAccuracy))
            #expect(node.own.map(\.loss) == node.evaluations.map(\.testLoss))
            let right = node.finalCorrect.reduce(0) { $0 + $1.nonzeroBitCount }
            #expect(Double(right) / 360 == node.evaluations.last?.testAccuracy)
        }
        // A server's model has one curve and no nodes.
        #expect(try play(nil, owning: false).record.nodes.isEmpty)
    }

    @Test(arguments: rules, [true, false]) func hostThreadsChangeNoBit(_ rule: String, _ owning: Bool) throws {
        let (one, two) = (
            try play(rule, owning: owning, hostThreads: 1).record, try play(rule, owning: owning, hostThreads: 2).record
        )
        #expect(one.evaluations == two.evaluations)
        for (one, two) in zip(one.nodes, two.nodes) {
            #expect(one.evaluations == two.evaluations && one.own == two.own && one.finalCorrect == two.finalCorrect)
            #expect(one.finalParameters?.values == two.finalParameters?.values)
        }
        #expect(one.finalParameters?.values == two.finalParameters?.values)
    }

    /// Before training all nodes have one model, so that a table's strategies begin with the same loss to the last bit.
    @Test(arguments: rules) func ownModelsAndTheServersBeginAlike(_ rule: String) throws {
        let (own, shared) = (try play(rule, owning: true), try play(rule, owning: false))
        #expect(own.record.evaluations[0].testLoss == shared.record.evaluations[0].testLoss)
        #expect(own.record.evaluations[0].testAccuracy == shared.record.evaluations[0].testAccuracy)
    }

    /// Images that nodes of three kinds see are trained on by each kind, so that a round is three times as long.
    @Test(arguments: [("rotations:3", 3), ("rotations:4,1,1", 3), ("relabel:2", 2), ("labels:3", 1), ("iid", 1)])
    func aRoundIsNoLongerThanTheStrategySays(_ rule: String, _ times: Int) throws {
        var configuration = TestRuns.configuration(clients: Self.nodes, fraction: 1, localEpochs: 2)
        configuration.shared.objectives = rule
        let longest = FederatedAveraging(configuration).longestRound(trainingSamples: 1437)
        #expect(longest == 2 * times * 1437)
        let samples = try play(rule, owning: true).objectives.reduce(0) { $0 + $1.shard.count }
        #expect(2 * samples <= longest)
    }

    @Test func forwardPassesCountWhatAModelGetsRightOfSamplesAsTheyAreSeen() throws {
        let run = try play("rotations:3", owning: true).run
        let view = SampleView(quarterTurns: 1, of: run.data.training.shape)
        // More than are computed at once.
        let indices = [Int32](100..<1300)[...]
        let found = run.lossAndCorrect(of: run.initialParameters, on: indices, seenAs: view)
        var expected = (loss: 0.0, correct: 0)
        WorkspacePool(for: run.network).withWorkspace(capacity: 1) { workspace in
            for sample in indices {
                run.data.training.gather([sample], into: workspace.batch, seenAs: view)
                let (loss, correct) = run.network.lossAndCorrect(of: workspace, at: run.initialParameters)
                expected.loss += loss
                expected.correct += correct
            }
        }
        #expect(found.correct == expected.correct && abs(found.loss - expected.loss) < 1e-3)
        #expect(run.lossAndCorrect(of: run.initialParameters, on: []) == (0, 0))
    }

    private enum Workspaces {
        /// The node's samples as it sees them.
        static func gathered(_ run: TrainingRun, _ objective: NodeObjective) -> Workspace {
            WorkspacePool(for: run.network).withWorkspace(capacity: objective.shard.count) { workspace in
                run.data.training.gather(objective.shard[...], into: workspace.batch, seenAs: objective.view)
                return workspace
            }
        }
    }
}
