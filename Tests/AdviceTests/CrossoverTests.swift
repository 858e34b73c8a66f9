import Cluster
import Foundation
import Statistics
import Testing

@testable import Advice

/// Crossovers of planted runs against closed forms, and of functions whose zeros are known.
@Suite struct CrossoverTests {
    private static let planted = PlantedRuns(steps: [100, 110, 120, 130, 140], rounds: [20, 20, 21, 22, 22])

    private func isNear(_ value: Double?, _ expected: Double, _ precision: Double = 5e-4) -> Bool {
        value.map { abs($0 / expected - 1) <= precision } ?? false
    }

    @Test func plantedTimesAreThoseOfTheClosedForm() throws {
        let (planted, prices) = (Self.planted, try Self.planted.prices())
        for latency in [0, 100e-6, 3e-3] {
            let cluster = ClusterFigure.latency.changed(planted.cluster, to: latency)
            let times = try prices.times([.init(0, on: cluster), .init(1, on: cluster)])
            for seed in planted.steps.indices {
                #expect(isNear(times[0][seed].value, planted.syncSeconds(planted.steps[seed], latency: latency), 1e-6))
                #expect(
                    isNear(times[1][seed].value, planted.federatedSeconds(planted.rounds[seed], latency: latency), 1e-6)
                )
            }
        }
    }

    @Test func theLatencyAtWhichTwoStrategiesCrossIsFoundToThreeDigitsInEverySeed() throws {
        let planted = Self.planted
        let search = try #require(
            try Neighbourhood(try planted.prices(), around: planted.cluster).search(.latency))
        let place = try #require(search.nearest(0).above)
        #expect(search.places[0].count == 1 && !place.isFirstAbove && place.other == 1)
        // The medians are those of the third seed.
        #expect(isNear(place.value, planted.crossing(120, 21)), "\(place.value), \(planted.crossing(120, 21))")
        for seed in planted.steps.indices {
            let expected = planted.crossing(planted.steps[seed], planted.rounds[seed])
            #expect(isNear(place.bySeed[seed], expected), "seed \(seed): \(place.bySeed[seed] ?? 0), \(expected)")
        }
        // Federated becomes first where sync ceases to be.
        let other = try #require(search.nearest(1).above)
        #expect(other.isFirstAbove && isNear(other.value, place.value))
        // No difference is shown near the crossing, and one is further away on both sides.
        let (low, high) = (try #require(place.closeFrom), try #require(place.closeTo))
        #expect(low < place.value && place.value < high && high < 4 * low, "\(low), \(high)")
        // Up to the nearer end it is shown who is first; where the figure is in between, that is open already.
        #expect(search.shownEdge(of: place) == low && search.value < low)
        let moved = try Neighbourhood(
            try planted.prices(), around: ClusterFigure.latency.changed(planted.cluster, to: (low + place.value) / 2))
        let nearer = try #require(try moved.search(.latency))
        #expect(nearer.shownEdge(of: try #require(nearer.nearest(0).above)) == nil)
    }

    /// The same two strategies cross at a bandwidth and at a speed, too.
    @Test func theBandwidthAndTheSpeedAtWhichTheyCrossAreTheClosedForms() throws {
        var planted = PlantedRuns(steps: [120], rounds: [21])
        planted.cluster = ClusterFigure.latency.changed(planted.cluster, to: 3e-3)
        let prices = try planted.prices()
        let neighbourhood = try Neighbourhood(prices, around: planted.cluster)
        // At a latency of 3 ms federated is first at every bandwidth: 720 round trips against 42.
        #expect(try #require(try neighbourhood.search(.bandwidth)).places.allSatisfy(\.isEmpty))
        // 120 (c/s + 6 (L + m/B)) = 21 (4 M/B + 2 L + w/s) at s = (21 w - 120 c) / (120 * 6 (L + m/B) - 21 (4 M/B + 2 L)).
        let network = planted.syncSeconds(120, latency: 3e-3) - 120e-3
        let models = planted.federatedSeconds(21, latency: 3e-3) - 21 * 20e-3
        let speed = (21 * 20e-3 - 120e-3) / (network - models)
        let search = try #require(try neighbourhood.search(.speed))
        let place = try #require(search.nearest(1).below)
        #expect(isNear(place.value, speed), "\(place.value), \(speed)")
        #expect(place.isFirstAbove)
    }

    @Test func theLeastChangeNamesTheFigureThatIsNearest() throws {
        let planted = Self.planted
        let advice = try ClusterAdvice(
            try planted.prices(), on: planted.cluster, arguments: [],
            evidence: Evidence(planted.cluster, compute: "reference", task: "digits"))
        #expect(advice.standing.first == 0 && advice.standing.isShown)
        let change = try #require(advice.leastChange(for: 1))
        let latency = try #require(advice.searches.first { $0.figure == .latency }?.nearest(1).above)
        let factor = advice.searches.compactMap { search -> Double? in
            let (below, above) = search.nearest(1)
            return [below, above].compactMap { $0 }.map { max($0.value / search.value, search.value / $0.value) }.min()
        }.min()
        #expect(change.factor == factor && change.factor <= latency.value / 100e-6)
        #expect(advice.leastChange(for: 0) == nil)
    }

    // MARK: Functions

    private func zeros(
        _ function: @escaping (Double) -> Double, _ range: ClosedRange<Double> = 1e-3...1e3, points: Int = 4
    ) -> [CrossingSearch.Crossing] {
        CrossingSearch(range, points: points).crossings(of: 1) { $0.map { function($0.value) } }[0]
    }

    @Test func allChangesOfAFunctionThatIsNotMonotoneAreFound() {
        let found = zeros { log($0 / 0.02) * log($0 / 1.7) * log($0 / 300) }
        #expect(found.count == 3)
        for (crossing, expected) in zip(found, [0.02, 1.7, 300]) { #expect(isNear(crossing.value, expected)) }
        #expect(found.map(\.above) == [1, -1, 1])
    }

    @Test func aPairOfChangesBetweenTwoPointsOfTheGridIsFoundWhereTheFunctionTurns() {
        // Below 0 only between 1.9 and 2.1, which lie between the grid's 1.78 and 3.16.
        let found = zeros { log($0 / 1.9) * log($0 / 2.1) }
        #expect(found.count == 2)
        #expect(isNear(found.first?.value, 1.9) && isNear(found.last?.value, 2.1))
        // Nowhere below 0, however near.
        #expect(zeros { pow(log($0 / 2), 2) + 1e-3 }.isEmpty)
    }

    @Test func aStretchOfZerosBeginsAndEndsAndOnePointDoesNot() {
        let flat = zeros { $0 < 0.5 ? 1 : $0 < 40 ? 0 : -1 }
        #expect(flat.map(\.below) == [1, 0] && flat.map(\.above) == [0, -1])
        #expect(isNear(flat.first?.value, 0.5) && isNear(flat.last?.value, 40))
        // Exactly 0 on a point of the grid.
        let point = zeros({ $0 == 1 ? 0 : log($0) }, 0.01...100, points: 1)
        #expect(point.count == 1 && point.first?.below == -1 && point.first?.above == 1)
        #expect(zeros({ $0 == 1 ? 0 : 1 }, 0.01...100, points: 1).isEmpty)
    }

    @Test func infiniteValuesHaveSignsAndNoNumberHasNone() {
        #expect(zeros { $0 < 3 ? .infinity : -.infinity }.count == 1)
        #expect(zeros { _ in .nan }.isEmpty)
    }

    @Test func theBandIsWhereNothingIsShown() {
        func crossing(_ value: Double, _ below: Int, _ above: Int) -> CrossingSearch.Crossing {
            .init(value: value, below: below, above: above)
        }
        let band = Neighbourhood.closeRange(around: 5, [crossing(3, 1, 0), crossing(8, 0, -1)])
        #expect(band.low == 3 && band.high == 8)
        let open = Neighbourhood.closeRange(around: 5, [crossing(3, 1, 0)])
        #expect(open.low == 3 && open.high == nil)
        let none = Neighbourhood.closeRange(around: 5, [crossing(5, 1, -1)])
        #expect(none.low == 5 && none.high == 5)
        let everywhere = Neighbourhood.closeRange(around: 5, [])
        #expect(everywhere.low == nil && everywhere.high == nil)
    }
}
