import Foundation

/// Finds where functions of one positive number change their sign: all of them that a grid on a log scale shows, each by
/// bisection.
///
/// Functions need not be monotone, and a pair of changes between two points of the grid shows in none of them. So where a
/// function comes near zero and turns back, the grid is refined around that point. What remains unseen is a pair that lies
/// within one step of the grid where the function does not turn visibly.
package struct CrossingSearch: Sendable {
    /// A change of sign.
    package struct Crossing: Hashable, Sendable {
        /// Where the sign changes, to within the relative precision.
        package let value: Double
        /// The sign below the value; `above` is the sign above it: -1, 0 or 1.
        package let below: Int
        package let above: Int
    }

    /// One value that is asked for.
    package struct Query: Hashable, Sendable {
        package let function: Int
        package let value: Double
    }

    package let range: ClosedRange<Double>
    /// The points of the grid, ascending; the first and the last are the range's ends.
    package let grid: [Double]
    /// The relative precision of a crossing.
    package let precision: Double

    /// - Parameters:
    ///   - range: of positive numbers.
    ///   - points: points of the grid for each factor of ten.
    ///   - through: a number of the range that the grid is to have, such as the present one.
    ///   - precision: relative precision of a crossing.
    package init(_ range: ClosedRange<Double>, points: Int, through: Double? = nil, precision: Double = 1e-4) {
        precondition(range.lowerBound > 0 && points > 0, "a grid of \(points) points a decade from \(range.lowerBound)")
        self.range = range
        self.precision = precision
        let decades = log10(range.upperBound / range.lowerBound)
        let count = max(2, Int((decades * Double(points)).rounded(.up)) + 1)
        var grid = (0..<count).map { index in
            index == count - 1
                ? range.upperBound
                : range.lowerBound * pow(10, decades * Double(index) / Double(count - 1))
        }
        if let through, range.contains(through), !grid.contains(through) {
            grid.append(through)
            grid.sort()
        }
        self.grid = grid
    }

    /// All changes of sign that the grid shows.
    ///
    /// - Parameters:
    ///   - count: functions that are searched side by side.
    ///   - evaluate: returns the values that are asked for, all at once, in their order. Infinite values have a
    ///     sign like others, and NaN counts as 0.
    /// - Returns: for each function its changes, ascending. A function that is 0 on several points of the grid
    ///   changes its sign where that begins and where it ends.
    package func crossings(
        of count: Int, _ evaluate: ([Query]) throws -> [Double]
    ) rethrows -> [[Crossing]] {
        var known = try values(of: count, at: grid, evaluate)
        try refine(&known, evaluate)
        var open: [Bracket] = []
        for (function, points) in known.enumerated() {
            for (low, high) in zip(points, points.dropFirst()) where Self.sign(low.y) != Self.sign(high.y) {
                open.append(Bracket(function: function, low: low, high: high))
            }
        }
        while open.contains(where: { !$0.isNarrow(precision) }) {
            let wide = open.indices.filter { !open[$0].isNarrow(precision) }
            let middles = wide.map { Query(function: open[$0].function, value: open[$0].middle) }
            for (index, y) in zip(wide, try evaluate(middles)) { open[index].halve(y) }
        }
        return (0..<count).map { function in
            Self.merged(open.filter { $0.function == function }.map(\.crossing), precision)
        }
    }

    /// A function that is 0 in one point only changes its sign once there, or not at all.
    private static func merged(_ crossings: [Crossing], _ precision: Double) -> [Crossing] {
        var merged: [Crossing] = []
        for crossing in crossings {
            guard let last = merged.last, last.above == 0, crossing.below == 0,
                crossing.value <= last.value * (1 + 2 * precision)
            else {
                merged.append(crossing)
                continue
            }
            merged.removeLast()
            if last.below != crossing.above {
                merged.append(Crossing(value: last.value, below: last.below, above: crossing.above))
            }
        }
        return merged
    }

    // MARK: Grid

    fileprivate struct Point {
        let x: Double
        let y: Double
    }

    private func values(of count: Int, at grid: [Double], _ evaluate: ([Query]) throws -> [Double]) rethrows
        -> [[Point]]
    {
        let queries = (0..<count).flatMap { function in grid.map { Query(function: function, value: $0) } }
        let found = try evaluate(queries)
        return (0..<count).map { function in
            grid.indices.map { Point(x: grid[$0], y: found[function * grid.count + $0]) }
        }
    }

    /// How often the grid is refined around a point where a function turns back.
    private static let refinements = 8

    private func refine(_ known: inout [[Point]], _ evaluate: ([Query]) throws -> [Double]) rethrows {
        for _ in 0..<Self.refinements {
            var queries: [Query] = []
            for (function, points) in known.enumerated() {
                for index in points.indices.dropFirst().dropLast() where Self.mayTouchZero(points, index) {
                    queries.append(
                        Query(function: function, value: (points[index - 1].x * points[index].x).squareRoot()))
                    queries.append(
                        Query(function: function, value: (points[index].x * points[index + 1].x).squareRoot()))
                }
            }
            guard !queries.isEmpty else { return }
            for (query, y) in zip(queries, try evaluate(queries)) {
                known[query.function].append(Point(x: query.value, y: y))
            }
            for function in known.indices { known[function].sort { $0.x < $1.x } }
        }
    }

    /// Whether the function turns back at a point so near to zero that it could cross it on the way: straight lines through
    /// the neighbours, which bound what is convex there, reach it.
    private static func mayTouchZero(_ points: [Point], _ index: Int) -> Bool {
        let (left, middle, right) = (points[index - 1].y, points[index].y, points[index + 1].y)
        guard [left, middle, right].allSatisfy(\.isFinite), sign(left) == sign(middle), sign(right) == sign(middle),
            middle != 0, abs(middle) <= abs(left), abs(middle) <= abs(right)
        else { return false }
        return abs(middle) < max(abs(left - middle), abs(right - middle))
    }

    fileprivate static func sign(_ value: Double) -> Int { value > 0 ? 1 : value < 0 ? -1 : 0 }
}

/// Two points between which a function changes its sign.
private struct Bracket {
    let function: Int
    var low: CrossingSearch.Point
    var high: CrossingSearch.Point
    /// The signs beyond the two points. They stay, whatever the function is at a point in between.
    let below: Int
    let above: Int

    init(function: Int, low: CrossingSearch.Point, high: CrossingSearch.Point) {
        (self.function, self.low, self.high) = (function, low, high)
        (below, above) = (CrossingSearch.sign(low.y), CrossingSearch.sign(high.y))
    }

    var crossing: CrossingSearch.Crossing { .init(value: middle, below: below, above: above) }

    var middle: Double { (low.x * high.x).squareRoot() }

    func isNarrow(_ precision: Double) -> Bool {
        high.x / low.x - 1 <= precision || middle <= low.x || middle >= high.x
    }

    mutating func halve(_ y: Double) {
        let point = CrossingSearch.Point(x: middle, y: y)
        if CrossingSearch.sign(y) == below { low = point } else { high = point }
    }
}
