package import Cluster
import Foundation

/// How far the first strategy is ahead where one figure of the cluster is smaller, and where it is larger.
package struct TornadoBar: Hashable, Sendable {
    /// How the figure was changed.
    package enum Change: String, Codable, Sendable {
        /// To a half, and to twice its value.
        case two
        /// By its standard error, downwards and upwards.
        case standardError = "standard error"
    }

    /// What happens at one of the two changed values.
    package struct End: Hashable, Sendable {
        package let value: Double
        /// The least median of all other strategies, divided by the median of the strategy that is first now; below 1
        /// where that strategy is no longer first.
        package let lead: Double
        /// The strategy that is first there; nil where none reaches the target.
        package let first: Int?
        /// Whether the lead of the first strategy there is shown.
        package let isShown: Bool
    }

    package let figure: ClusterFigure
    package let change: Change
    package let value: Double
    package let low: End
    package let high: End
    /// The largest less the smallest logarithm of the leads, now and at both ends.
    package let swing: Double

    /// Whether another strategy is first at an end.
    package func changesFirst(from first: Int) -> Bool { low.first != first || high.first != first }

    /// Whether the strategy is first at both ends, and at one of them its lead is not shown.
    package func leavesOpen(_ first: Int) -> Bool {
        !changesFirst(from: first) && !(low.isShown && high.isShown)
    }
}

extension TornadoBar {
    /// A bar for each figure that a cluster has, the longest first.
    ///
    /// - Parameters:
    ///   - first: the strategy whose lead the bars are about.
    ///   - errors: standard errors of calibrated figures; these figures are changed by their errors, all others by
    ///     a factor of two.
    /// - Throws: ``ExperimentError`` where a strategy cannot be on the cluster.
    package static func all(
        _ prices: PriceList, on cluster: ClusterSpec, first: Int, errors: [ClusterFigure: Double] = [:]
    ) throws -> [TornadoBar] {
        func end(_ figure: ClusterFigure, _ value: Double) throws -> End {
            let changed = figure.changed(
                cluster, to: min(max(value, figure.allowed.lowerBound), figure.allowed.upperBound))
            let standing = Standing(try prices.times(prices.strategies.indices.map { .init($0, on: changed) }))
            let others = standing.medians.indices.filter { $0 != first }.map { standing.medians[$0] }
            return End(
                value: figure.value(in: changed) ?? value,
                lead: (others.min() ?? .infinity) / standing.medians[first], first: standing.first,
                isShown: standing.isShown)
        }
        let bars = try ClusterFigure.all(of: cluster).compactMap { figure -> TornadoBar? in
            guard let value = figure.value(in: cluster), value > 0 else { return nil }
            let error = errors[figure].flatMap { $0 < value ? $0 : nil }
            let (low, high) = error.map { (value - $0, value + $0) } ?? (value / 2, value * 2)
            let (now, less, more) = (try end(figure, value), try end(figure, low), try end(figure, high))
            let leads = [now, less, more].map { log($0.lead) }.filter(\.isFinite)
            return TornadoBar(
                figure: figure, change: error == nil ? .two : .standardError, value: value, low: less, high: more,
                swing: (leads.max() ?? 0) - (leads.min() ?? 0))
        }
        return bars.enumerated().sorted { ($1.element.swing, $0.offset) < ($0.element.swing, $1.offset) }.map(\.element)
    }
}
