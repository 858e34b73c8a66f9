import Cluster
public import Fabrics
public import Kernel
public import Training

/// IFCA, the iterative federated clustering algorithm: algorithm 1 of A. Ghosh, J. Chung, D. Yin and K. Ramchandran 2020, *An
/// Efficient Framework for Clustered Federated Learning* (NeurIPS). The server has p models θ_1, ..., θ_p. Each round:
///
///     the server sends θ_1, ..., θ_p to all nodes
///     each node i:      ĵ ← argmin_j F_i(θ_j) on its own training samples
///         option I:     g_i ← ∇F_i(θ_ĵ), which is sent with ĵ
///         option II:    θ_i ← τ steps of SGD from θ_ĵ on, which is sent with ĵ
///     the server, for each j that somebody has chosen:
///         option I:     θ_j ← θ_j - γ Σ_{i: ĵ = j} n_i / n * g_i                  # n: samples of all nodes
///         option II:    θ_j ← Σ_{i: ĵ = j} n_i / n_j * θ_i                        # n_j: samples of those who chose j
///
/// The paper's nodes have the same number of samples, so its weights are 1 / m, and 1 over the number of nodes of a
/// cluster. All nodes take part in every round, as in the paper's experiments.
public struct ServedClusters: Strategy {
    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// Options of clustered strategies.
    public let options: Clustered.Options

    private var nodes: NodeOptions { options.nodes }
    private var models: Int { options.modelCount(configuration) }
    /// The state of each model's optimizer; empty where the server makes no steps itself.
    private var serverState: [StateDeclaration] {
        guard options.aggregation == .gradients else { return [] }
        return (0..<models).flatMap { model in
            StateDeclaration.state(of: configuration.optimizer, .server) { Self.name($0, ofModel: model) }
        }
    }
    private var serverStateVectors: Int {
        options.aggregation == .gradients ? models * configuration.optimizer.stateVectorCount : 0
    }

    private static func name(_ name: String, ofModel model: Int) -> String { "\(name) of cluster \(model)" }

    /// All nodes, and the server.
    public var rankCount: Int { nodes.workers + 1 }
    public var serverRanks: [Int] { [0] }
    public var modelsOfNodes: Bool { true }
    public var stepBatch: Int? { nodes.localBatch }
    public var dataOfRanks: DataOfRanks? { DataOfRanks(nodes.partition, ranks: 1..<rankCount) }
    public var hasFixedSchedule: Bool { true }
    public var state: [StateDeclaration] { ClusterRounds.state(models: models) + serverState }

    public func longestRound(trainingSamples: Int) -> Int {
        let samples = configuration.mostSamplesOfNodes(trainingSamples: trainingSamples)
        return nodes.syncEvery * min(nodes.workers * (nodes.localBatch ?? samples), samples)
    }

    /// The server sends all models in one message.
    public func longestMessage(parameters: Int) -> Int { max(models * parameters, parameters + 1) }

    /// The server's models and the message with all of them; every node's model; and, for the nodes whose updates the
    /// server adds up at once, an update and what its steps need.
    public var vectorCount: Int {
        let kept = configuration.optimizer.stateVectorCount
        let perNode = 2 + (kept == 0 ? 0 : 1 + kept)
        return 2 * models + serverStateVectors + 2 + nodes.workers + min(nodes.workers, 32) * perNode
    }

    /// A node that chooses holds all models, and keeps one of them.
    public func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed {
        guard rank != 0 else { return .averaging(network, keeping: 2 * models - 1 + serverStateVectors) }
        return .training(
            network, batch: min(nodes.localBatch ?? samples, samples),
            keeping: models + configuration.optimizer.stateVectorCount)
    }

    public func problem(seed: UInt64) -> String? { options.kindsProblem(configuration) }

    public func program(for run: TrainingRun) throws -> RankProgram {
        let state = NamedState(state, startingFrom: run.initialParameters)
        beginModels(of: run, state)
        return try program(for: run, state)
    }

    func beginModels(of run: TrainingRun, _ state: NamedState) {
        for model in 0..<models {
            state.begin(ClusterRounds.name(ofModel: model)) { _ in run.initialParameters(ofModel: model).snapshot() }
        }
    }

    /// - Parameter state: has what ``state`` declares, with the server's initial models.
    func program(for run: TrainingRun, _ state: NamedState) throws -> RankProgram {
        let rounds = try ClusterRounds(run, nodes, models: models, of: self)
        let kept = (0..<models).map { state.vector(ClusterRounds.name(ofModel: $0)) }
        switch options.aggregation {
        case .models:
            return try rounds.program(AverageOfModels(state: state, models: kept, optimizer: configuration.optimizer))
        case .gradients:
            let steps = kept.indices.map { model in
                state.optimizer(configuration.optimizer) { Self.name($0, ofModel: model) }
            }
            return try rounds.program(
                AverageOfGradients(
                    state: state, models: kept, steps: steps,
                    passes: 1 + configuration.optimizer.furtherVectorPasses))
        }
    }

    /// Option II
    private struct AverageOfModels: ClusterRule {
        let state: NamedState
        let models: [ParameterVector]
        let optimizer: Optimizer.Configuration

        /// θ_i ← τ steps of SGD from θ_ĵ on
        func update(_ node: NodeRound, _ model: ParameterVector) {
            node.trainLocally(model, by: Optimizer(optimizer, parameterCount: model.count))
        }

        /// n_i / n_j
        func weight(ofSamples samples: Int, ofModel: Int, ofAll: Int) -> Float { Float(samples) / Float(ofModel) }

        /// θ_j ← Σ_{i: ĵ = j} n_i / n_j * θ_i
        func serverStep(_ model: Int, _ sum: ParameterVector, rate: Float) { models[model].copy(from: sum) }
    }

    /// Option I
    private struct AverageOfGradients: ClusterRule {
        let state: NamedState
        let models: [ParameterVector]
        /// The optimizer of each model.
        let steps: [Optimizer]
        /// How many passes over a model's vectors a step makes.
        let passes: Double

        /// g_i ← ∇F_i(θ_ĵ)
        func update(_ node: NodeRound, _ model: ParameterVector) {
            node.withScratch { start in
                start.copy(from: model)
                node.differentiate(at: start, into: model)
            }
        }

        /// n_i / n
        func weight(ofSamples samples: Int, ofModel: Int, ofAll: Int) -> Float { Float(samples) / Float(ofAll) }

        /// θ_j ← θ_j - γ Σ_{i: ĵ = j} n_i / n * g_i
        func serverStep(_ model: Int, _ sum: ParameterVector, rate: Float) {
            steps[model].step(models[model], sum, rate: rate)
        }

        var serverWork: ComputeWork {
            .vector(elements: Int((Double(state.parameterCount * models.count) * passes).rounded()))
        }
    }
}
