import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness

@testable import Strategies
@testable import Training

/// Runs of strategies without a server, whose state a test can look at and begin with.
enum PeerRuns {
    struct Outcome {
        let run: TrainingRun
        let record: TrainingRun.Record
        let report: FabricReport
        let state: NamedState

        /// Every node's model as the run left it.
        var models: [[Float]] { state.vectors(StateDeclaration.parametersName, ranks: run.rankCount) }
        /// The mean of all nodes' numbers of a name.
        func mean(_ name: String = StateDeclaration.parametersName) -> [Double] {
            PeerRuns.mean(state.vectors(name, ranks: run.rankCount))
        }
    }

    static func mean(_ vectors: [[Float]]) -> [Double] {
        vectors[0].indices.map { index in vectors.reduce(0) { $0 + Double($1[index]) } / Double(vectors.count) }
    }

    /// The norm of what all vectors are apart from their mean.
    static func spread(_ vectors: [[Float]]) -> Double {
        let mean = mean(vectors)
        return vectors.reduce(0) { sum, vector in
            zip(vector, mean).reduce(sum) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        }.squareRoot()
    }

    static func distance(_ first: [Double], _ second: [Double]) -> Double {
        zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    /// A cluster of equal machines on one switch.
    static func nodes(_ count: Int) -> [Node] {
        ClusterPresets.ethernet1G.nodes(ranks: count, server: nil, seeds: SeedSequence(1))
    }

    /// - Parameters:
    ///   - rounds: of steps with `batch` samples a node; the budget is so many.
    ///   - schedule: replaces the strategy's own; nil for that.
    ///   - prepare: changes the state that the run begins with.
    static func play(
        _ strategy: some PeerStrategy, _ configuration: TrainingConfiguration,
        network: any Objective = TestRuns.network,
        on carrier: TestRuns.Carrier = .simulated, shuffles: Bool = true, schedule: (any PeerSchedule)? = nil,
        departures: [Departure] = [], detectionSeconds: Double = 0, hostThreads: Int = 2,
        prepare: (NamedState) -> Void = { _ in }
    ) throws -> Outcome {
        try BLAS.useOneThreadPerCaller()
        let (seeds, ranks) = (SeedSequence(1), strategy.rankCount)
        let run = TrainingRun(
            network: network, data: try Digits.split(seeds: seeds, shuffles: shuffles), configuration: configuration,
            initialParameters: network.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: shuffles,
            ranks: ranks, workspaces: WorkspacePool(for: network), mayStop: !departures.isEmpty)
        let state = NamedState(strategy.state, startingFrom: run.initialParameters)
        prepare(state)
        let made = try schedule ?? strategy.schedule(seeds)
        let program = try PeerLoop(run, strategy.nodeOptions, of: strategy)
            .program(strategy.rule(for: run, state, made))
        let fabric: any Fabric =
            switch carrier {
            case .threads: try ThreadFabric(ranks: ranks)
            case .simulated:
                SimulatedFabric(
                    nodes: nodes(ranks), jitter: .none,
                    compute: ComputeModel(
                        .reference, flopsPerSample: network.trainingFlopsPerSample, parameters: network.parameterCount),
                    seeds: seeds, departures: departures, detectionSeconds: detectionSeconds,
                    pool: HostPool(threads: hostThreads))
            }
        let report = try fabric.run(program)
        return Outcome(run: run, record: run.result, report: report, state: state)
    }

    /// So many rounds of one step of `batch` samples on each of `workers` nodes, evaluated at both ends only.
    static func configuration(
        rounds: Int, workers: Int, batch: Int = 10, syncEvery: Int = 1, rate: Double = 0.1, momentum: Float = 0,
        weightDecay: Float = 0
    ) -> TrainingConfiguration {
        let epochs = Double(rounds * workers * batch * syncEvery) / 1437
        return TrainingConfiguration(
            schedule: LearningRateSchedule(baseRate: rate, totalEpochs: epochs),
            optimizer: SGD.Configuration(momentum: momentum, weightDecay: weightDecay), epochs: epochs,
            evaluateEveryEpochs: 2 * epochs)
    }

    /// A learning rate that is 0 in 32 bits, so that nothing is learned.
    static let noRate = 1e-60

    /// Gives every node numbers of its own: `scale(rank)` times the same random vector, in all that the names say.
    static func set(_ state: NamedState, ranks: Int, _ names: [String], _ scale: (Int) -> Float) {
        var stream = SeedSequence(77).stream(.test)
        let direction = (0..<state.parameterCount).map { _ in Float(stream.normal()) }
        for name in names {
            for rank in 0..<ranks {
                state.vector(name, ofRank: rank).copy(from: ParameterVector(direction.map { $0 * scale(rank) }))
            }
        }
    }
}

extension NamedState {
    func vectors(_ name: String, ranks: Int) -> [[Float]] { (0..<ranks).map { vector(name, ofRank: $0).values } }
}

extension DecentralizedSGD {
    init(
        _ configuration: TrainingConfiguration, workers: Int, overlay: String = "ring", mixing: Mixing = .metropolis,
        order: Order = .adaptThenCombine, correction: Correction = .none, syncEvery: Int = 1, batch: Int? = 10,
        partition: String = "iid"
    ) {
        var options = Options()
        options.nodes = NodeOptions(workers: workers, partition: partition, syncEvery: syncEvery, localBatch: batch)
        options.overlay = OverlayOptions(overlay: overlay, mixing: mixing)
        (options.order, options.correction) = (order, correction)
        self.init(configuration: configuration, options: options)
    }
}
