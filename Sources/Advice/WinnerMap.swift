package import Cluster
import Foundation

/// Who is first at each latency and bandwidth of the workers' links, all else being as on one cluster.
package struct WinnerMap: Hashable, Sendable {
    package struct Cell: Hashable, Sendable {
        /// The strategy with the least median time; nil where none reaches the target.
        package let first: Int?
        /// The strategy with the next median time; nil where no other reaches the target.
        package let next: Int?
        /// The next strategy's median divided by the first's; nil without a next one.
        package let margin: Double?
        /// Whether the first is shown to be ahead.
        package let isShown: Bool
    }

    /// A cluster's place on the map, by its links.
    package struct Place: Hashable, Sendable {
        package let name: String
        package let latencySeconds: Double
        /// The geometric mean of the bandwidths of both directions, in bytes a second.
        package let bytesPerSecond: Double
        /// Whether it is the cluster that the map is of.
        package let isOwn: Bool
    }

    /// The cluster from which all figures come except latency and bandwidth.
    package let cluster: ClusterSpec
    /// The latencies of the map's rows, ascending, in seconds.
    package let latencies: [Double]
    /// The bandwidths of the map's columns, ascending, in bytes a second.
    package let bandwidths: [Double]
    /// The cells, by latency and then by bandwidth.
    package let cells: [[Cell]]
    package let places: [Place]

    package static let standardLatencies = 100e-9...100e-3
    /// 1 Mbit/s to 1 Tbit/s.
    package static let standardBandwidths = 125e3...125e9
    package static let standardCount = 40

    /// Rows and columns of a map. The more messages a price plays, as it does on a cluster with jitter, the fewer they
    /// are, so that a map takes no longer.
    package static func count(messages: Int) -> Int {
        switch messages {
        case ...20_000: standardCount
        case ...200_000: 20
        default: 8
        }
    }

    /// The margins at which contours are drawn.
    package static let contours = [1.1, 2, 10]

    /// - Parameters:
    ///   - cluster: gives all figures except latency and bandwidth.
    ///   - others: clusters that are to be marked, too.
    ///   - told: called with the share of the map that is done, row by row.
    /// - Throws: ``ExperimentError`` where a strategy cannot be on the cluster.
    package init(
        _ prices: PriceList, of cluster: ClusterSpec, latencies: ClosedRange<Double> = standardLatencies,
        bandwidths: ClosedRange<Double> = standardBandwidths, columns: Int = standardCount, rows: Int = standardCount,
        marking others: [ClusterSpec] = [], told: (Double) -> Void = { _ in }
    ) throws {
        self.cluster = cluster
        let (down, across) = (Self.scale(latencies, rows), Self.scale(bandwidths, columns))
        (self.latencies, self.bandwidths) = (down, across)
        let count = prices.strategies.count
        cells = try down.enumerated().map { row, latency in
            let points = across.map { cluster.overridden(by: .init(latencySeconds: latency, bytesPerSecond: $0)) }
            let times = try prices.times(points.flatMap { point in (0..<count).map { .init($0, on: point) } })
            told(Double(row + 1) / Double(rows))
            return points.indices.map { Cell(Standing(Array(times[$0 * count..<($0 + 1) * count]))) }
        }
        places = ([cluster] + others.filter { $0.name != cluster.name }).map { spec in
            let link = spec.worker.link
            return Place(
                name: spec.name, latencySeconds: link.latencySeconds,
                bytesPerSecond: (link.uplinkBytesPerSecond * link.downlinkBytesPerSecond).squareRoot(),
                isOwn: spec.name == cluster.name)
        }
    }

    /// So many numbers from one end to the other, evenly on a log scale.
    static func scale(_ range: ClosedRange<Double>, _ count: Int) -> [Double] {
        let step = log(range.upperBound / range.lowerBound) / Double(max(1, count - 1))
        return (0..<count).map { index in
            index == 0
                ? range.lowerBound
                : index == count - 1 ? range.upperBound : range.lowerBound * exp(step * Double(index))
        }
    }

    /// The share of the cells in which a strategy is shown to be first.
    package func share(of strategy: Int) -> Double { share { $0.first == strategy && $0.isShown } }

    /// The share of the cells in which none is shown to be first.
    package var undecidedShare: Double { share { !$0.isShown } }

    private func share(_ isSuch: (Cell) -> Bool) -> Double {
        let all = cells.joined()
        return all.isEmpty ? 0 : Double(all.count(where: isSuch)) / Double(all.count)
    }

    /// The row and column of the cell next to a place; nil beyond the map.
    package func cell(at place: Place) -> (row: Int, column: Int)? {
        func index(_ value: Double, _ values: [Double]) -> Int? {
            guard let low = values.first, let high = values.last, values.count > 1 else { return nil }
            let step = (high / low).nthRoot(values.count - 1).squareRoot()
            guard value > 0, (low / step...high * step).contains(value) else { return nil }
            return values.indices.min { abs(log(values[$0] / value)) < abs(log(values[$1] / value)) }
        }
        guard let row = index(place.latencySeconds, latencies), let column = index(place.bytesPerSecond, bandwidths)
        else { return nil }
        return (row, column)
    }
}

extension WinnerMap.Cell {
    init(_ standing: Standing) {
        self.init(
            first: standing.first, next: standing.next, margin: standing.factor(of: standing.next),
            isShown: standing.first != nil && standing.isShown)
    }
}

extension Double {
    fileprivate func nthRoot(_ n: Int) -> Double { pow(self, 1 / Double(n)) }
}
