import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// IFCA is as many runs of FedAvg as there are clusters, once nodes choose right.
@Suite(.timeLimit(.minutes(60)))
struct ServedClustersTests {
    private func strategy(_ configuration: TrainingConfiguration, _ options: Clustered.Options) -> ServedClusters {
        ServedClusters(configuration: configuration, options: options)
    }

    // MARK: One model

    /// Steps of a round are an epoch of every client: 36 batches of 10 of 359 or 360 samples, or one of all.
    @Test(arguments: [(10, 36, 0), (10, 36, 0.5), (nil, 1, 0)] as [(Int?, Int, Float)])
    func oneModelIsFederatedAveragingOfAllClients(batch: Int?, steps: Int, momentum: Float) throws {
        // A round trains on all 1,437 samples.
        let shared = ClusterRuns.configuration(
            rounds: 5, nodes: 1, samplesOfStep: 1437, momentum: momentum, evaluatesEveryRound: true)
        let options = ClusterRuns.options(.server, workers: 4, models: 1, syncEvery: steps, batch: batch)
        let clustered = try ClusterRuns.play(strategy(shared, options), shared, shuffles: true)
        let federated = try ClusterRuns.federated(shared, clients: 4, batch: batch, shuffles: true)
        let model = try #require(federated.record.finalParameters).values
        #expect(clustered.models == Array(repeating: model, count: 4))
        #expect(clustered.serverModels(1) == [model])
        #expect(clustered.record.evaluations.map(\.round) == [0, 1, 2, 3, 4, 5])
        #expect(clustered.record.evaluations.map(\.testLoss) == federated.record.evaluations.map(\.testLoss))
        #expect(clustered.record.evaluations.map(\.testAccuracy) == federated.record.evaluations.map(\.testAccuracy))
        #expect(clustered.choices == [0, 0, 0, 0])
    }

    /// Some nodes have more samples than others, and there are more nodes than a server adds up side by side.
    @Test(arguments: [(5, "quantity:0.5"), (45, "iid")])
    func oneModelWeighsNodesByTheirSamples(nodes: Int, partition: String) throws {
        let shared = ClusterRuns.configuration(rounds: 3, nodes: 1, samplesOfStep: 1437)
        let options = ClusterRuns.options(.server, workers: nodes, models: 1, partition: partition)
        let clustered = try ClusterRuns.play(strategy(shared, options), shared)
        let federated = try ClusterRuns.federated(shared, clients: nodes, partition: partition)
        #expect(clustered.serverModels(1) == [try #require(federated.record.finalParameters).values])
    }

    /// Sums of gradients of size 1 in another order, times a rate of 0.1, over 4 steps.
    @Test func gradientsOfOneModelAreFederatedAveragingOfSingleSteps() throws {
        let shared = ClusterRuns.configuration(rounds: 4, nodes: 1, samplesOfStep: 1437)
        var options = ClusterRuns.options(.server, workers: 5, models: 1, partition: "quantity:0.5")
        options.aggregation = .gradients
        let clustered = try ClusterRuns.play(strategy(shared, options), shared)
        let federated = try ClusterRuns.federated(shared, clients: 5, partition: "quantity:0.5")
        let model = try #require(federated.record.finalParameters).values
        #expect(TestRuns.distance(clustered.serverModels(1)[0], model) < 1e-5)
    }

    // MARK: Several

    private static let nodes = 6

    /// Three nodes of each kind, of which each has seen a third of all samples its own way.
    private func shared(rounds: Int, members: [Int]? = nil, rate: Double = 0.1) -> TrainingConfiguration {
        ClusterRuns.configuration(
            rounds: rounds, nodes: members?.count ?? Self.nodes, samplesOfStep: 479, objectives: "rotations:2",
            rate: rate, members: members, of: Self.nodes)
    }

    private static let members = [[0, 2, 4], [1, 3, 5]]

    @Test func rightChoicesAreSeparateRunsOfEveryCommunity() throws {
        let models = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        let options = ClusterRuns.options(.server, workers: Self.nodes, models: nil)
        let clustered = try ClusterRuns.play(strategy(shared(rounds: 4), options), shared(rounds: 4), models: models)
        #expect(clustered.choices == [0, 1, 0, 1, 0, 1])
        for (kind, members) in Self.members.enumerated() {
            let alone = shared(rounds: 4, members: members)
            let federated = try ClusterRuns.federated(alone, clients: 3, initial: models[kind])
            let model = try #require(federated.record.finalParameters).values
            #expect(model != models[kind].values)
            #expect(clustered.serverModels(2)[kind] == model)
            for node in members { #expect(clustered.models[node] == model) }
        }
    }

    /// Option I divides by all nodes: where half of them have chosen a model, it makes half a step.
    @Test func gradientsAreDividedByAllNodes() throws {
        let models = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        var options = ClusterRuns.options(.server, workers: Self.nodes, models: 2)
        options.aggregation = .gradients
        let clustered = try ClusterRuns.play(strategy(shared(rounds: 3), options), shared(rounds: 3), models: models)
        for (kind, members) in Self.members.enumerated() {
            let alone = shared(rounds: 3, members: members, rate: 0.05)
            let federated = try ClusterRuns.federated(alone, clients: 3, initial: models[kind])
            let model = try #require(federated.record.finalParameters).values
            #expect(TestRuns.distance(clustered.serverModels(2)[kind], model) < 1e-5)
            #expect(TestRuns.distance(clustered.serverModels(2)[kind], models[kind].values) > 1e-4)
        }
    }

    @Test func aModelThatNobodyChoosesStaysAsItIs() throws {
        let models = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        let bad = ParameterVector(models[0].values.map { -9 * $0 })
        let options = ClusterRuns.options(.server, workers: Self.nodes, models: 3)
        let clustered = try ClusterRuns.play(
            strategy(shared(rounds: 3), options), shared(rounds: 3), models: [models[0], bad, models[1]])
        #expect(clustered.choices == [0, 2, 0, 2, 0, 2])
        #expect(clustered.serverModels(3)[1] == bad.values)
        #expect(clustered.serverModels(3)[0] != models[0].values)
    }

    /// A model that has diverged is not chosen, and does not end the run of nodes that have chosen another.
    @Test func aModelThatHasDivergedIsNotChosen() throws {
        let models = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        let broken = ParameterVector(Array(repeating: Float.nan, count: models[0].count))
        let options = ClusterRuns.options(.server, workers: Self.nodes, models: 2)
        let clustered = try ClusterRuns.play(
            strategy(shared(rounds: 3), options), shared(rounds: 3), models: [broken, models[1]])
        #expect(clustered.choices == [1, 1, 1, 1, 1, 1])
        #expect(clustered.record.divergedAfterSamples == nil && clustered.record.evaluations.last?.round == 3)
    }

    /// 12 nodes of four kinds with a quarter turn each, from random models on.
    @Test func nodesFindTheirKinds() throws {
        try ClusterRuns.expectKindsFound(.server)
    }

    // MARK: What is noted

    /// Ranks are counted from the server on, and nodes behind it: what is noted of a node is its own, and the server's model is no
    /// part of their mean.
    @Test func theServerIsNoNode() throws {
        let known = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        let options = ClusterRuns.options(.server, workers: Self.nodes, models: 2)
        let outcome = try ClusterRuns.play(
            strategy(shared(rounds: 1), options), shared(rounds: 1), models: known)
        let objectives = try outcome.run.nodeObjectives(partition: "iid", among: Self.nodes)
        for (index, objective) in objectives.enumerated() {
            let node = outcome.record.nodes[index]
            #expect(node.rank == index + 1)
            // The node's one step began at the model of the node's kind.
            let loss = outcome.run.lossAndCorrect(
                of: known[index % 2], on: objective.shard[...], seenAs: objective.view
            ).loss
            let found = try #require(node.evaluations.last?.trainLoss)
            #expect(abs(found - loss / Double(objective.shard.count)) < 1e-5, "node \(index)")
        }
        let models = outcome.record.nodes.compactMap(\.finalParameters)
        let sum = models[0].copied()
        for model in models.dropFirst() { sum.add(model) }
        sum.scale(by: 1 / Float(models.count))
        let consensus = try #require(outcome.record.consensus.last)
        #expect(consensus.round == 1 && consensus.distance > 1e-3)
        #expect(abs(consensus.distance - ConsensusDistance.of(models, around: sum)) < 1e-6)
    }

    // MARK: Costs

    /// All models go down once more than there are rounds, since nodes have the last ones, too; one model and its
    /// number come up from each node.
    @Test(arguments: [1, 3]) func allModelsGoDownAndOneComesUp(models: Int) throws {
        let (rounds, nodes) = (5, 4)
        let shared = ClusterRuns.configuration(rounds: rounds, nodes: nodes, samplesOfStep: 10, syncEvery: 2)
        let options = ClusterRuns.options(.server, workers: nodes, models: models, syncEvery: 2, batch: 10)
        let ledger = try ClusterRuns.play(strategy(shared, options), shared).report.ledger
        let (down, up) = (nodes * (4 * models * 1210 + 16), nodes * (4 * (1210 + 1) + 16))
        #expect(ledger.totalBytes == (rounds + 1) * down + rounds * up)
        #expect(ledger.totalMessages == (2 * rounds + 1) * nodes)
        #expect(ledger.entries.filter { $0.rank == 0 }.reduce(0) { $0 + $1.bytesSent } == (rounds + 1) * down)
    }

    /// Choosing among p models is p forward passes over all that a node has, in every round and after the last one.
    @Test func choosingIsCharged() throws {
        let (rounds, nodes) = (4, 3)
        let shared = ClusterRuns.configuration(rounds: rounds, nodes: 1, samplesOfStep: 1437)
        func seconds(_ models: Int) throws -> [Double] {
            let options = ClusterRuns.options(.server, workers: nodes, models: models)
            return try ClusterRuns.play(strategy(shared, options), shared).report.accounts.map(\.computeSeconds)
        }
        let (one, three) = (try seconds(1), try seconds(3))
        let pass = TestRuns.compute.seconds(.forward(samples: 479, passes: 2))
        for rank in 1...nodes {
            #expect(abs(three[rank] - one[rank] - Double(rounds + 1) * pass) < 1e-8, "rank \(rank)")
        }
        #expect(one[0] == three[0] && one[0] > 0)
    }

    // MARK: Who leaves

    @Test func nodesThatLeaveAreMissingInSums() throws {
        let models = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        let options = ClusterRuns.options(.server, workers: Self.nodes, models: 2)
        let shared = shared(rounds: 6)
        let whole = try ClusterRuns.play(strategy(shared, options), shared, models: models)
        // Node 1 leaves in the first round, before the server has its update.
        let outcome = try ClusterRuns.play(
            strategy(shared, options), shared, models: models,
            departures: [Departure(rank: 2, seconds: whole.report.seconds / 30)])
        #expect(outcome.report.departures.map(\.rank) == [2])
        #expect(outcome.record.evaluations.last?.round == 6)
        #expect(outcome.serverModels(2)[0] == whole.serverModels(2)[0])
        let rest = ClusterRuns.configuration(
            rounds: 6, nodes: 2, samplesOfStep: 479, objectives: "rotations:2", members: [3, 5], of: Self.nodes)
        let federated = try ClusterRuns.federated(rest, clients: 2, initial: models[1])
        #expect(outcome.serverModels(2)[1] == (try #require(federated.record.finalParameters).values))
        #expect(outcome.record.lostSamples == 479)
    }

    /// What is lost with a node is its steps of the round, of which nobody gets to know.
    @Test func onlyTheStepsOfTheRoundAreLost() throws {
        let shared = ClusterRuns.configuration(rounds: 6, nodes: 4, samplesOfStep: 10, syncEvery: 2)
        let options = ClusterRuns.options(.server, workers: 4, models: 2, syncEvery: 2, batch: 10)
        let whole = try ClusterRuns.play(strategy(shared, options), shared)
        let outcome = try ClusterRuns.play(
            strategy(shared, options), shared, departures: [Departure(rank: 2, seconds: whole.report.seconds / 30)])
        #expect(outcome.report.departures.map(\.rank) == [2] && outcome.record.lostSamples == 20)
    }

    @Test func withoutTheServerTheRunEnds() throws {
        let options = ClusterRuns.options(.server, workers: Self.nodes, models: 2)
        let shared = shared(rounds: 6)
        let whole = try ClusterRuns.play(strategy(shared, options), shared)
        let outcome = try ClusterRuns.play(
            strategy(shared, options), shared, departures: [Departure(rank: 0, seconds: whole.report.seconds / 2)])
        #expect(outcome.record.stoppedBy?.rank == 0)
        #expect((outcome.record.evaluations.last?.round ?? 9) < 6)
    }

    // MARK: Options

    @Test func optionsThatDoNotGoTogetherAreRefused() throws {
        func problem(_ values: OptionValues) -> String? {
            do throws(OptionError) {
                _ = try Clustered.Options(values)
                return nil
            } catch { return "\(error)" }
        }
        #expect(problem([:]) == nil && problem(["models": "kinds"]) == nil && problem(["models": 1000]) == nil)
        #expect(problem(["models": 0])?.contains("models") == true)
        #expect(
            problem(["center": "none", "aggregation": "gradients"])?.contains("allowed with center 'none'") == true)
        #expect(problem(["initial-models": "local"])?.contains("allowed with center 'server'") == true)
        #expect(problem(["aggregation": "gradients"])?.contains("sync-every is 10") == true)
        #expect(problem(["aggregation": "gradients", "sync-every": 1]) == nil)
    }

    @Test func modelsAreAsManyAsKinds() throws {
        func models(_ objectives: String?, workers: Int = 6) -> (Int, String?) {
            let shared = ClusterRuns.configuration(
                rounds: 1, nodes: 1, samplesOfStep: 1437, objectives: objectives)
            let options = ClusterRuns.options(.server, workers: workers, models: nil)
            return (options.modelCount(shared), strategy(shared, options).problem(seed: 1))
        }
        for (objectives, count) in [
            (nil, 1), ("iid", 1), ("rotations:4", 4), ("rotations:3,2,1", 3), ("relabel:5", 5), ("speakers", 6),
        ] {
            #expect(models(objectives) == (count, nil), "\(objectives ?? "none")")
        }
        #expect(models("labels:2").1?.contains("allowed with them is a number (--models)") == true)
    }
}
