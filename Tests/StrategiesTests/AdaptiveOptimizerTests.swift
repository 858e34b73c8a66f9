import Cluster
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Strategies that train by Adam and AdamW, against plain loops and each other.
@Suite(.timeLimit(.minutes(60)))
struct AdaptiveOptimizerTests {
    /// Where the gradient is near zero the length of a step hangs on its sign; with this ε it does not.
    private static let adam = Optimizer.Configuration.adam(epsilon: 1e-3, weightDecay: 0.01)
    private static let adamw = Optimizer.Configuration.adamw(epsilon: 1e-3)

    private func configuration(
        _ optimizer: Optimizer.Configuration = adam, epochs: Double = 1, workers: Int = 4, batch: Int = 64
    ) -> TestConfiguration {
        var configuration = TestRuns.configuration(batch: batch, rate: 0.01, epochs: epochs, workers: workers)
        configuration.optimizer = optimizer
        return configuration
    }

    private func local(_ configuration: TestConfiguration, every steps: Int) -> LocalSGD {
        var options = LocalSGD.Options()
        (options.steps, options.workers) = (configuration.steps.steps, configuration.steps.workers)
        options.syncEvery = steps
        return LocalSGD(configuration: configuration.shared, options: options)
    }

    // MARK: Workers in lockstep

    /// 23 steps by a plain loop over the run's batches.
    @Test(arguments: [adam, adamw]) func oneDeviceMakesTheOptimizersSteps(_ optimizer: Optimizer.Configuration) throws {
        let configuration = configuration(optimizer)
        let outcome = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration)
        let (run, count) = (outcome.run, outcome.parameters.count)
        let sampler = run.sampler(batch: 64)
        let (model, gradient) = (run.initialParameters.copied(), ParameterVector(count: count))
        let adam = Adam(optimizer.adam, parameterCount: count)
        for step in 0..<23 {
            let indices = sampler.indices(step: step, part: 0, of: 1)
            _ = run.lossAndGradient(indices, dividedBy: indices.count, at: model, into: gradient)
            adam.step(model, gradient, rate: 0.01)
        }
        #expect(adam.stepCount.values == [23])
        #expect(outcome.parameters == model.values)
    }

    /// What differs is how sums of gradients round, some 1e-7 in a step of at most 0.01 * g / (√v + 1e-3), over 23 steps; the
    /// step count of a part or of another worker moves parameters by some 1e-3.
    @Test(arguments: [1, 2, 4], [adam, adamw]) func workersThatShareABatchAreOneDevice(
        _ workers: Int, _ optimizer: Optimizer.Configuration
    ) throws {
        let configuration = configuration(optimizer, workers: workers, batch: 65)
        let single = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration)
        for carrier in TestRuns.Carrier.allCases {
            let sync = try TestRuns.run(SynchronousSGD(configuration, workers: workers), configuration, on: carrier)
            let distance = TestRuns.distance(sync.parameters, single.parameters)
            #expect(workers == 1 ? distance == 0 : distance < 1e-4, "\(distance)")
            #expect(zip(sync.record.stepLosses, single.record.stepLosses).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        // One average of models after each step is none of gradients: moments are of the worker's own.
        let local = try TestRuns.run(local(configuration, every: 1), configuration)
        let distance = TestRuns.distance(local.parameters, single.parameters)
        #expect(workers == 1 ? distance == 0 : distance > 1e-3, "\(distance)")
    }

    @Test func bucketsThatAreStoppedWhileOthersAreComputedAreTheSameStep() throws {
        var configuration = configuration(.adam())
        let plain = try TestRuns.run(SynchronousSGD(configuration, workers: 4), configuration)
        configuration.overlap = GradientOverlap(bucketBytes: 1)
        for carrier in TestRuns.Carrier.allCases {
            let overlapped = try TestRuns.run(SynchronousSGD(configuration, workers: 4), configuration, on: carrier)
            #expect(overlapped.parameters == plain.parameters, "\(carrier)")
        }
    }

    /// Two rounds of three steps by two workers, made again in plain loops.
    @Test func momentsStayWithTheirWorkersWhenModelsAreAveraged() throws {
        let configuration = configuration(epochs: 384 / 1437.0, workers: 2)
        let outcome = try TestRuns.run(local(configuration, every: 3), configuration)
        let (run, count) = (outcome.run, outcome.parameters.count)
        let sampler = run.sampler(batch: 64)
        let models = [run.initialParameters.copied(), run.initialParameters.copied()]
        let optimizers = models.map { _ in Optimizer(Self.adam, parameterCount: count) }
        let gradient = ParameterVector(count: count)
        for step in 0..<6 {
            for (worker, model) in models.enumerated() {
                _ = run.lossAndGradient(
                    sampler.indices(step: step, part: worker, of: 2), dividedBy: 32, at: model, into: gradient)
                optimizers[worker].step(model, gradient, rate: 0.01)
            }
            guard step % 3 == 2 else { continue }
            let mean = models[0].copied()
            mean.add(models[1])
            mean.scale(by: 0.5)
            for model in models { model.copy(from: mean) }
        }
        #expect(TestRuns.distance(outcome.parameters, models[0].values) < 1e-5)
    }

    // MARK: Clients and nodes

    /// A client that is alone goes on from its own model, but not with its own moments.
    @Test func aClientsOptimizerStartsAnewInEachRound() throws {
        var configuration = TestRuns.configuration(
            rate: 0.01, epochs: 2, clients: 1, fraction: 1, localEpochs: 1, localBatch: nil)
        configuration.optimizer = Self.adam
        let outcome = try TestRuns.run(FederatedAveraging(configuration), configuration, shuffles: false)
        let (run, count) = (outcome.run, outcome.parameters.count)
        let (model, gradient) = (run.initialParameters.copied(), ParameterVector(count: count))
        let indices = Array(0..<Int32(run.data.training.count))
        for _ in 0..<2 {
            let optimizer = Optimizer(Self.adam, parameterCount: count)
            _ = run.lossAndGradient(indices[...], dividedBy: indices.count, at: model, into: gradient)
            optimizer.step(model, gradient, rate: 0.01)
        }
        #expect(TestRuns.distance(outcome.parameters, model.values) < 1e-6)
    }

    @Test func aNodeByItselfIsOneDevice() throws {
        var shared = PeerRuns.configuration(rounds: 60, workers: 1, batch: 64, rate: 0.01)
        shared.optimizer = Self.adamw
        var configuration = configuration()
        configuration.shared = shared
        let single = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration, shuffles: false)
        for order in DecentralizedSGD.Order.allCases {
            let strategy = DecentralizedSGD(shared, workers: 1, order: order, batch: 64)
            let peers = try PeerRuns.play(strategy, shared, shuffles: false)
            #expect(TestRuns.distance(peers.models[0], single.parameters) < 1e-5, "\(order)")
        }
        // q is the node's gradient.
        let tracking = DecentralizedSGD(shared, workers: 1, correction: .gradientTracking, batch: 64)
        #expect(
            TestRuns.distance(try PeerRuns.play(tracking, shared, shuffles: false).models[0], single.parameters) < 1e-3)
    }

    /// Full batches of nodes with different data that all talk to all: they come to the model that one device comes to,
    /// and all of them to the same. A step of Adam is not linear in the gradient, and the tracked gradient lags behind
    /// by a round. So the nodes' model is one device's except for a share of the distance from the start.
    @Test func trackedGradientsAreStepsOfOneDevice() throws {
        var shared = PeerRuns.configuration(rounds: 40, workers: 3, batch: 479, rate: 0.01)
        shared.optimizer = .adam(epsilon: 0.1)
        let strategy = DecentralizedSGD(
            shared, workers: 3, overlay: "full", mixing: .uniform, correction: .gradientTracking, batch: nil,
            partition: "shards:2")
        let nodes = try PeerRuns.play(strategy, shared, shuffles: false).models
        var configuration = configuration(batch: 1437)
        configuration.shared = shared
        let single = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration, shuffles: false)
        let start = single.run.initialParameters.values
        for node in nodes {
            let distance = TestRuns.distance(node, single.parameters)
            #expect(distance < 0.2 * TestRuns.distance(start, single.parameters), "\(distance)")
        }
    }

    /// The server's moments are of the nodes' mean gradient, which is the gradient of all samples.
    @Test func aServerOfGradientsIsOneDevice() throws {
        var shared = ClusterRuns.configuration(rounds: 6, nodes: 1, samplesOfStep: 1437, rate: 0.01)
        shared.optimizer = Self.adam
        var options = ClusterRuns.options(.server, workers: 5, models: 1, partition: "quantity:0.5")
        options.aggregation = .gradients
        let served = ServedClusters(configuration: shared, options: options)
        #expect(
            served.state.filter { $0.name.hasSuffix("of cluster 0") }.map(\.name) == [
                "model of cluster 0", "first moment of cluster 0", "second moment of cluster 0",
                "optimizer steps of cluster 0",
            ])
        let clustered = try ClusterRuns.play(served, shared)
        var configuration = configuration(batch: 1437)
        configuration.shared = shared
        let single = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration, shuffles: false)
        #expect(TestRuns.distance(clustered.serverModels(1)[0], single.parameters) < 1e-5)
    }

    /// A node that changes from one model to another begins its moments anew; one that stays goes on with them.
    @Test func momentsAreOfTheModelThatANodeHasChosen() throws {
        var shared = ClusterRuns.configuration(rounds: 3, nodes: 1, samplesOfStep: 1437, rate: 1e-60)
        shared.optimizer = .adam()
        let options = ClusterRuns.options(.none, workers: 1, models: 2)
        let strategy = DecentralizedClusters(configuration: shared, options: options)
        let better = try TestRuns.run(SynchronousSGD(TestRuns.configuration(), workers: 1), TestRuns.configuration())
        let models = [ParameterVector(better.parameters), better.run.initialParameters]
        for (first, steps) in [(0, Float(4)), (1, 3)] {
            let outcome = try ClusterRuns.play(strategy, shared, models: first == 0 ? models : models.reversed()) {
                // Whoever finds the better model in second place has changed its mind.
                $0.vector("optimizer steps", ofRank: 0)[0] = 1
            }
            #expect(outcome.state.vector("optimizer steps", ofRank: 0).values == [steps], "model \(first)")
        }
    }

    @Test func whatIsNotRightWithItIsRefused() throws {
        var shared = TestRuns.configuration().shared
        func problem(_ correction: Correction) -> String? {
            DecentralizedSGD(shared, workers: 8, correction: correction).problem(seed: 1)
        }
        var options = Community.Options()
        options.shares = "predictions"
        func community() -> String? { Community(configuration: shared, options: options).problem(seed: 1) }
        #expect(problem(.exactDiffusion) == nil && community() == nil)
        shared.optimizer = .adamw()
        #expect(problem(.none) == nil && problem(.gradientTracking) == nil)
        #expect(problem(.exactDiffusion)?.contains("each node's adamw scales steps by its own gradients") == true)
        #expect(community()?.hasSuffix("allowed with shares 'predictions' is --optimizer sgd") == true)
    }

    // MARK: What it needs and takes

    @Test func momentsAreTwoVectorsMore() throws {
        let model = 4 * TestRuns.network.parameterCount
        let configuration = configuration()
        for name in ["single", "sync", "local-sgd", "federated", "alone", "dpsgd"] {
            let description = try #require(StrategyRegistry.named(name))
            var plain = configuration
            plain.optimizer = .sgd()
            func need(_ configuration: TestConfiguration) throws -> MemoryNeed {
                let strategy = try configuration.make(description)
                return strategy.memoryNeed(ofRank: strategy.rankCount - 1, TestRuns.network, samples: 100)
            }
            let (adam, sgd) = (try need(configuration), try need(plain))
            #expect(
                adam.optimizerState == sgd.optimizerState + 2 * model && adam.total == sgd.total + 2 * model, "\(name)")
            #expect(try configuration.make(description).vectorCount > plain.make(description).vectorCount, "\(name)")
        }
    }

    /// Seven numbers moved for each parameter in place of three, on a device that moves three in a second.
    @Test func anUpdateIsChargedForWhatItMoves() throws {
        #expect(Optimizer.Configuration.adam().furtherVectorPasses == (7.0 - 3) / 3)
        let work = ComputeWork.epochs(2, samples: 25, batch: 10)
        #expect(work.updating(by: .sgd(momentum: 0.9), parameters: 300) == work)
        let adam = work.updating(by: .adamw(), parameters: 300)
        #expect(adam.vectorElements == 6 * 400 && adam.fullSteps == 4 && adam.shortSteps == 2)
        let (configuration, pass) = (configuration(), TestRuns.compute.secondsPerVectorElement * 1210)
        var plain = configuration
        plain.optimizer = .sgd()
        for name in ["sync", "local-sgd", "alone"] {
            let description = try #require(StrategyRegistry.named(name))
            func seconds(_ configuration: TestConfiguration) throws -> Double {
                let outcome = try TestRuns.run(configuration.make(description, ["workers": 2]), configuration)
                return outcome.report.accounts[0].computeSeconds
            }
            let steps = try TestRuns.run(configuration.make(description, ["workers": 2]), configuration)
                .record.stepLosses.count
            let speed = try #require(ClusterPresets.phones4G.nodes(ranks: 2, server: nil, seeds: SeedSequence(1)).first)
                .speed
            let further = Double(name == "alone" ? steps / 2 : steps) * pass * 4 / 3 / speed
            #expect(abs(try seconds(configuration) - seconds(plain) - further) < 0.01 * further, "\(name)")
        }
    }
}
