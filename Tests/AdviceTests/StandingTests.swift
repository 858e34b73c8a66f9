import Cluster
import Experiments
import Foundation
import Randomness
import Statistics
import Testing

@testable import Advice
@testable import Reports

/// Who is said to be first, and when nobody is.
@Suite struct StandingTests {
    private func exact(_ values: [Double]) -> [SteppedValue] { values.map(SteppedValue.init(exact:)) }

    @Test func theFirstIsTheOneOfLeastMedianAndIsShownSeedBySeed() throws {
        let standing = Standing([exact([9, 10, 11]), exact([4, 5, 6]), exact([30, 31, 32])])
        #expect(standing.order == [1, 0, 2] && standing.isShown && standing.seedsAhead == 3)
        #expect(standing.factor(of: standing.next) == 2)
    }

    @Test func whoNeverGetsThereIsNotInTheOrder() {
        let standing = Standing([exact([.infinity, .infinity, 3]), exact([4, 5, 6])])
        #expect(standing.order == [1] && standing.next == nil && standing.opponent == nil)
        let nobody = Standing([exact([.infinity]), exact([.infinity])])
        #expect(nobody.first == nil && !nobody.isShown)
    }

    @Test func oneSeedShowsNoMoreThanItsSteps() {
        let close = Standing([[SteppedValue(4, after: 3)], [SteppedValue(4.5, after: 3.5)]])
        #expect(close.first == 0 && !close.isShown)
        let apart = Standing([[SteppedValue(4, after: 3)], [SteppedValue(9, after: 8)]])
        #expect(apart.isShown)
    }

    /// Steps and rounds of five seeds, both as spread out as can be: log-normal with sigma 1.5 around times that are the same.
    private func noise(_ trial: UInt64) -> PlantedRuns {
        var stream = SeedSequence(trial).stream(.search, 0)
        func drawn(_ median: Double, _ step: Int) -> Int {
            max(3, Int(median * exp(1.5 * stream.normal()) / Double(step))) * step
        }
        // A step takes 1.83 ms, a round 22.7 ms; evaluations are as far apart as that makes of a third of the median time.
        let steps = (0..<5).map { _ in drawn(124, 40) }
        let rounds = (0..<5).map { _ in drawn(10, 3) }
        return PlantedRuns(steps: steps, rounds: rounds, stepsPerEvaluation: 40, roundsPerEvaluation: 3)
    }

    @Test func noiseInWhichNothingCanBeCalledIsSaidToBeSoIn20Of20() throws {
        var called: [UInt64] = []
        for trial in 1...20 as ClosedRange<UInt64> {
            let planted = noise(trial)
            let prices = try planted.prices()
            let advice = try ClusterAdvice(
                prices, on: planted.cluster, arguments: [],
                evidence: Evidence(planted.cluster, compute: "reference", task: "digits"), isSearched: false,
                hasTornado: false)
            let results = AdviceResults(
                prices, task: "digits", leftOut: [], clusters: [advice], regret: nil, map: nil, machines: nil)
            let text = AdviceText(results, AdviceCommand(folder: "x"), parts: [.first]).terminal
            if !text.hasPrefix("On `planted`, no difference is shown between ") { called.append(trial) }
        }
        #expect(called.isEmpty, "called in \(called)")
    }

    @Test func evidenceNamesTheClassOfEveryCluster() throws {
        let preset = Evidence(ClusterPresets.ethernet1G, compute: "reference", task: "digits")
        #expect(preset.machines == .preset && preset.computation == .profile("reference"))
        #expect(preset.words.contains("a preset") && preset.words.contains("'reference'"))
        var described = ClusterPresets.ethernet1G
        described.worker.link.latencySeconds = 1e-3
        #expect(Evidence(described, compute: "calibrated", task: "digits").machines == .described)
        described.source = "bench calibrate, 2026-05-04, least squares over all-reduce"
        let calibrated = Evidence(described, compute: "calibrated", task: "digits")
        #expect(calibrated.machines == .calibrated && calibrated.computation == .measuredHere)
        // Whose figures were changed by hand is not calibrated any more.
        #expect(Evidence(described, compute: "calibrated", task: "digits", changed: true).machines == .described)
    }
}
