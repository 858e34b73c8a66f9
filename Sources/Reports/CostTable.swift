import Diagnostics
import Experiments
import Statistics

/// Money and energy, in total and to the target.
enum CostTable {
    /// The strategy that price indices compare with, on one device; nil where it is not in the table.
    static func single(_ summaries: [StrategySummary]) -> StrategySummary? {
        summaries.first { $0.plan.roles.isSingleDevice }
    }

    /// The strategies that have no price index, since their times are not of the single device's clock.
    static func apart(_ summaries: [StrategySummary]) -> [StrategySummary] {
        guard let single = single(summaries) else { return [] }
        return summaries.filter { $0.clock.relation(to: single.clock) == .otherClock }
    }

    /// The table; nil where neither money nor energy is known of any strategy.
    static func table(_ summaries: [StrategySummary], target: String) -> TextTable? {
        var table = TextTable([
            ("strategy", .left), ("clock", .left), ("money to \(target)", .right), ("in total", .right),
            ("energy to \(target)", .right),
            ("in total", .right), ("price index", .right),
        ])
        var isEmpty = true
        let single = single(summaries)
        for summary in summaries {
            let cells = [
                text(summary.costToTarget(\.money), Format.money), text(summary.totalCost(\.money), Format.money),
                text(summary.costToTarget(\.wattHours), Format.energy),
                text(summary.totalCost(\.wattHours), Format.energy),
            ]
            isEmpty = isEmpty && cells.allSatisfy { $0 == "-" }
            let index = single.flatMap(summary.priceIndex).map(Format.significant) ?? "-"
            table.append([summary.strategy, summary.clock.title] + cells + [index])
        }
        return isEmpty ? nil : table
    }

    /// `-` where it is not known or was not reached by more than half of the seeds.
    private static func text(_ spread: SpreadSummary?, _ format: (Double) -> String) -> String {
        guard let spread, spread.median.isFinite else { return "-" }
        guard spread.low != spread.high else { return format(spread.median) }
        return
            "\(format(spread.median)) [\(format(spread.low)), \(spread.high.isFinite ? format(spread.high) : "never")]"
    }
}
