import Foundation
package import Statistics
import Training

/// Who gains in which coalition, which coalition structures last, and what each node's data are worth to all.
///
/// A node's payoff is its own accuracy, the mean over seeds; for another metric it is the mean of its value, negated
/// where lower is better, so that a larger payoff is always better. Only complete results can be analysed: what lasts
/// depends on every coalition that could have formed.
package struct CoalitionAnalysis: Sendable {
    package let game: HedonicGame
    package let metric: Metric
    package let stable: HedonicGame.Stable
    /// The value of each node's data (Shapley's value), in the payoffs' unit. When a node joins a coalition, the gains
    /// over being alone, summed over members, rise by some amount; this is that amount on average over all orders in
    /// which nodes can join. The values add up to the sum of all nodes' gains when all take part.
    package let valueOfData: [Double]
    /// The kind of each node; nil where kinds are not known or differ between seeds.
    package let kinds: [Int?]
    /// The standard error of a member's gain over being alone, the median of all; nil with one seed.
    package let standardError: Double?

    /// - Parameter margin: differences of accuracies, or of the metric's values, up to this one move nobody.
    /// - Returns: nil where coalitions are missing.
    package init?(_ results: CoalitionResults, margin: Double = 0) {
        guard results.isComplete else { return nil }
        let nodes = results.plan.nodes
        let byBits = Dictionary(uniqueKeysWithValues: results.coalitions.map { ($0.coalition.bits, $0) })
        let metric = results.plan.experiment.metric
        func payoffs(_ node: Int, _ coalition: Coalition) -> [Double] {
            guard let scores = byBits[coalition.bits], let place = scores.members.firstIndex(of: node) else {
                return []
            }
            return scores.values(place).map { metric.isHigherBetter ? $0 : -$0 }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        self.metric = metric
        game = HedonicGame(players: nodes, margin: margin) { mean(payoffs($0, $1)) }
        stable = game.stable()
        let game = game
        valueOfData = ShapleyValue.of(nodes) { coalition in
            coalition.members.reduce(0) {
                $0 + game.payoff($1, in: coalition) - game.payoff($1, in: Coalition([$1]))
            }
        }
        let kindsBySeed = (byBits[Coalition.all(of: nodes).bits]?.runs ?? []).map(\.kinds)
        let agree = kindsBySeed.allSatisfy { $0 == kindsBySeed.first }
        kinds = agree ? kindsBySeed.first ?? [] : Array(repeating: nil, count: nodes)
        let errors = results.coalitions.filter { $0.members.count > 1 }.flatMap { scores in
            scores.members.compactMap { node -> Double? in
                let gains = zip(payoffs(node, scores.coalition), payoffs(node, Coalition([node]))).map { $0 - $1 }
                guard gains.count > 1 else { return nil }
                let center = mean(gains)
                let variance = gains.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(gains.count - 1)
                return (variance / Double(gains.count)).squareRoot()
            }
        }
        standardError = errors.isEmpty ? nil : Median.of(errors)
    }

    package var nodes: Int { game.players }

    /// The value of a node in a coalition, in the metric's unit.
    package func value(of node: Int, in coalition: Coalition) -> Double {
        let payoff = game.payoff(node, in: coalition)
        return metric.isHigherBetter ? payoff : -payoff
    }

    package func aloneValue(of node: Int) -> Double { value(of: node, in: Coalition([node])) }

    /// By how much a node is better off in a coalition than alone.
    package func gain(of node: Int, in coalition: Coalition) -> Double {
        game.payoff(node, in: coalition) - game.payoff(node, in: Coalition([node]))
    }

    /// The coalition in which the node is best off; the one with the fewest members if several are equally good.
    package func best(for node: Int) -> Coalition {
        Coalition.everyOne(of: nodes).filter { $0.contains(node) }.reduce(Coalition([node])) { best, other in
            let (own, new) = (game.payoff(node, in: best), game.payoff(node, in: other))
            return new > own || new == own && other.count < best.count ? other : best
        }
    }

    /// Coalitions of several nodes of which no member is worse off than alone.
    package var rational: [Coalition] {
        Coalition.everyOne(of: nodes).filter { $0.count > 1 && game.isIndividuallyRational($0) }
    }

    /// The lasting structure with the largest sum of payoffs: among those in the core, or else among the individually
    /// stable ones; nil where none lasts.
    package var bestStable: CoalitionStructure? {
        let lasting = stable.core.isEmpty ? stable.individual : stable.core
        return lasting.max { game.welfare($0) < game.welfare($1) }
    }
}
