package import Experiments
package import Statistics
package import Tasks
import Training

/// What all coalitions of a community's nodes are trained with: one strategy and the whole community's nodes.
package struct CoalitionPlan: Hashable, Codable, Sendable {
    /// The experiment of all nodes together.
    package var experiment: ExperimentPlan

    /// How many nodes a community may have: for 10 there are 1,023 coalitions.
    package static let nodeCounts = 2...HedonicGame.mostPlayers

    /// Names of options that say how many nodes a strategy has.
    private static let nodeOptions = ["workers", "clients"]

    /// - Parameter experiment: the experiment of all nodes together.
    /// - Throws: ``ExperimentError`` unless it has exactly one strategy, whose nodes have data of their own and are
    ///   not too many.
    package init(_ experiment: ExperimentPlan) throws(ExperimentError) {
        self.experiment = experiment
        try check()
    }

    func check() throws(ExperimentError) {
        guard experiment.strategies.count == 1 else {
            throw ExperimentError(
                """
                coalitions are trained with one strategy; found are \(experiment.strategies.map(\.name).joined(separator: ", ")): \
                name one with --strategy
                """)
        }
        guard option != nil, Self.nodeCounts.contains(nodes) else {
            throw ExperimentError(
                """
                \(strategy.name) has \(nodes) node\(nodes == 1 ? "" : "s"); allowed are \(Self.nodeCounts.lowerBound) to \
                \(Self.nodeCounts.upperBound) (--\(option ?? Self.nodeOptions[0])), since each coalition is trained: 2 to the power \
                of their number, less 1
                """)
        }
        guard try strategy.make().dataOfRanks != nil else {
            throw ExperimentError(
                """
                the workers of \(strategy.name) draw from the whole training set, so that there is nothing that one of them brings; \
                allowed are strategies whose nodes have data of their own, such as dpsgd and federated
                """)
        }
        guard strategy.roles.modelsOfNodes || strategy.configuration.objectives != nil else {
            throw ExperimentError(
                """
                the nodes of \(strategy.name) share a model and are judged alike; allowed are strategies whose nodes have models of \
                their own, and others with --objectives
                """)
        }
        guard experiment.repetitions == 1 else {
            throw ExperimentError("coalitions are trained once; found are \(experiment.repetitions) repetitions")
        }
    }

    package var strategy: StrategyPlan { experiment.strategies[0] }
    package var nodes: Int {
        option.flatMap { strategy.options[$0] }.flatMap(Int.init(optionValue:)) ?? strategy.roles.workers
    }
    private var option: String? { Self.nodeOptions.first { strategy.options[$0] != nil } }

    /// Every coalition, in ascending order of their bits.
    package var coalitions: [Coalition] { Coalition.everyOne(of: nodes) }

    /// The experiment of a coalition. Each member trains as many samples as it does when all take part, so the budget,
    /// and everything in epochs of the whole training set, is the coalition's share of it.
    package func experiment(of coalition: Coalition) -> ExperimentPlan {
        let share = Double(coalition.count) / Double(nodes)
        var plan = experiment
        var configuration = strategy.configuration
        configuration.epochs *= share
        configuration.evaluateEveryEpochs *= share
        configuration.schedule.totalEpochs *= share
        configuration.schedule.warmupEpochs *= share
        if case .step(let epochs, let factor) = configuration.schedule.decay {
            configuration.schedule.decay = .step(epochs: epochs * share, factor: factor)
        }
        configuration.members = .init(nodes: coalition.members, of: nodes)
        plan.strategies[0].configuration = configuration
        if let option { plan.strategies[0].options[option] = coalition.count.optionValue }
        return plan
    }
}
