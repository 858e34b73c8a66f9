package import Cluster
import Foundation
internal import Statistics

/// Where a strategy becomes the first, or ceases to be, as one figure of the cluster changes and all others stay.
package struct FirstPlace: Hashable, Sendable {
    /// Of the median times.
    package let value: Double
    /// Whether the strategy is first above the value, or below it.
    package let isFirstAbove: Bool
    /// The same of each seed, in the order of seeds; nil where a seed has none.
    package let bySeed: [Double?]
    /// Between these no difference is shown between the strategy and the best of the others; nil where that goes on to the end
    /// of what was searched.
    package let closeFrom: Double?
    package let closeTo: Double?
    /// Who is first on the other side; nil where nobody reaches the target.
    package let other: Int?

    /// From the least to the greatest of the seeds that have one.
    package var seedRange: ClosedRange<Double>? {
        let values = bySeed.compactMap { $0 }
        return values.min().flatMap { low in values.max().map { low...$0 } }
    }
}

/// What one figure of a cluster would have to be for another strategy to be first.
package struct FigureSearch: Hashable, Sendable {
    package let figure: ClusterFigure
    /// What it is.
    package let value: Double
    /// Where changes were looked for.
    package let range: ClosedRange<Double>
    /// Points of the grid for each factor of ten.
    package let points: Int
    /// Of each strategy its changes, ascending.
    package let places: [[FirstPlace]]

    /// The nearest change of a strategy on each side of what the figure is, within which it stays first, or does not become it.
    package func nearest(_ strategy: Int) -> (below: FirstPlace?, above: FirstPlace?) {
        (places[strategy].last { $0.value <= value }, places[strategy].first { $0.value > value })
    }

    /// Up to where, from what the figure is, a change has not yet become too close to call; nil where it is already.
    package func shownEdge(of place: FirstPlace) -> Double? {
        place.value <= value
            ? place.closeTo.flatMap { $0 <= value ? $0 : nil } : place.closeFrom.flatMap { $0 >= value ? $0 : nil }
    }
}

/// Looks for such changes.
package struct Neighbourhood: Sendable {
    private let prices: PriceList
    package let cluster: ClusterSpec
    /// Points of the grid for each factor of ten.
    package let points: Int

    /// - Throws: ``ExperimentError`` where a strategy cannot be on the cluster.
    package init(_ prices: PriceList, around cluster: ClusterSpec) throws {
        self.prices = prices
        self.cluster = cluster
        points = Self.points(messages: try prices.messagesPerPrice(on: cluster))
    }

    /// A grid that takes no longer where every price plays more messages, as it does on a cluster with jitter.
    private static func points(messages: Int) -> Int {
        switch messages {
        case ...20_000: 8
        case ...200_000: 4
        default: 2
        }
    }

    /// - Returns: nil where the cluster has no such figure, or only one value of it can be simulated.
    package func search(_ figure: ClusterFigure) throws -> FigureSearch? {
        guard let now = figure.value(in: cluster), let range = figure.searched(in: cluster) else { return nil }
        let search = CrossingSearch(range, points: points, through: now)
        // All seeds at once: what each seed's functions then ask for is known.
        _ = try prices.times(search.grid.flatMap { value in requests(figure, value, seed: nil) })
        let functions = prices.strategies.indices.flatMap { strategy in
            [Function(strategy: strategy, kind: .medians), Function(strategy: strategy, kind: .shown)]
                + prices.seeds.map { Function(strategy: strategy, kind: .seed($0)) }
        }
        let crossings = try search.crossings(of: functions.count) { try values(of: functions, figure, $0) }
        func found(_ strategy: Int, _ kind: Function.Kind) -> [CrossingSearch.Crossing] {
            functions.firstIndex(of: Function(strategy: strategy, kind: kind)).map { crossings[$0] } ?? []
        }
        let places = try prices.strategies.indices.map { strategy in
            try found(strategy, .medians).filter { max($0.below, $0.above) > 0 }.map { crossing in
                try place(
                    crossing, strategy, figure, within: range, shown: found(strategy, .shown),
                    seeds: prices.seeds.map { found(strategy, .seed($0)) })
            }
        }
        return FigureSearch(figure: figure, value: now, range: range, points: points, places: places)
    }

    // MARK: Functions

    /// Of a strategy: above 0 where it is first, below where another is.
    private struct Function: Hashable {
        enum Kind: Hashable {
            /// By how much the least median of the others exceeds its own, as a logarithm.
            case medians
            case seed(UInt64)
            /// 1 where it is shown to be ahead of all others, -1 where one is shown to be ahead of it.
            case shown
        }

        let strategy: Int
        let kind: Kind

        var seed: UInt64? { if case .seed(let seed) = kind { seed } else { nil } }
    }

    private func requests(_ figure: ClusterFigure, _ value: Double, seed: UInt64?) -> [PriceList.Request] {
        let changed = figure.changed(cluster, to: value)
        return prices.strategies.indices.map { PriceList.Request($0, on: changed, seed: seed) }
    }

    private func values(
        of functions: [Function], _ figure: ClusterFigure, _ queries: [CrossingSearch.Query]
    ) throws -> [Double] {
        let count = prices.strategies.count
        let times = try prices.times(
            queries.flatMap { requests(figure, $0.value, seed: functions[$0.function].seed) })
        return queries.indices.map { index in
            Self.value(functions[queries[index].function], Array(times[index * count..<(index + 1) * count]))
        }
    }

    private static func value(_ function: Function, _ times: [[SteppedValue]]) -> Double {
        let own = function.strategy
        let others = times.indices.filter { $0 != own }
        if function.kind == .shown {
            return Double(others.map { Standing.verdict(times[own], times[$0]) }.min() ?? 1)
        }
        let medians = times.map { Median.of($0.map(\.value)) }
        let least = others.map { medians[$0] }.min() ?? .infinity
        return log(least / medians[own])
    }

    // MARK: Places

    private func place(
        _ crossing: CrossingSearch.Crossing, _ strategy: Int, _ figure: ClusterFigure,
        within range: ClosedRange<Double>,
        shown: [CrossingSearch.Crossing], seeds: [[CrossingSearch.Crossing]]
    ) throws -> FirstPlace {
        let isAbove = crossing.above > 0
        func distance(_ other: CrossingSearch.Crossing) -> Double { abs(log(other.value / crossing.value)) }
        let bySeed = seeds.map { found in
            found.filter { isAbove ? $0.above > 0 : $0.below > 0 }.min { distance($0) < distance($1) }?.value
        }
        let close = Self.closeRange(around: crossing.value, shown)
        // As far beyond as bisection leaves open, and a little more.
        let beyond = crossing.value * (isAbove ? 1 - 1e-3 : 1 + 1e-3)
        let value = min(max(beyond, range.lowerBound), range.upperBound)
        let standing = Standing(try prices.times(requests(figure, value, seed: nil)))
        return FirstPlace(
            value: crossing.value, isFirstAbove: isAbove, bySeed: bySeed, closeFrom: close.low, closeTo: close.high,
            other: standing.order.first { $0 != strategy })
    }

    /// The stretch around a value on which no difference is shown; empty, with both ends at the value, where one is shown
    /// on either side of it.
    static func closeRange(
        around value: Double, _ shown: [CrossingSearch.Crossing]
    ) -> (low: Double?, high: Double?) {
        let below = shown.last { $0.value <= value * (1 + 1e-3) }
        let above = shown.first { $0.value >= value * (1 - 1e-3) }
        let isDecided = [below, above].contains { $0.map { $0.below * $0.above < 0 } ?? false }
        if isDecided { return (value, value) }
        return (
            shown.last { $0.value <= value && $0.above == 0 }?.value,
            shown.first { $0.value > value && $0.below == 0 }?.value
        )
    }
}
