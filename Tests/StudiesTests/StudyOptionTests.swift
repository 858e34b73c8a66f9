import Experiments
import Tasks
@testable import TestSupport
import Testing

@testable import Studies

/// Options of studies by their names.
@Suite struct StudyOptionTests {
    /// The streams decide what a seed tries: they never change.
    @Test func anOptionDrawsFromTheStreamOfItsName() {
        let first = [
            "learning-rate", "momentum", "weight-decay", "batch", "local-epochs", "local-batch", "fraction",
            "allreduce", "bucket",
        ]
        #expect(first.map { StudyOption(rawValue: $0).stream } == Array(0..<9))
        // FNV-1a of 64 bits, computed apart: h = (h xor byte) * 0x100000001b3 from 0xcbf29ce484222325.
        #expect(StudyOption(rawValue: "mu").stream == 624_116_917_892_822_391)
    }

    @Test func momentaAreDrawnByTheirDistanceFromOne() throws {
        let dimension = try SearchDimension(parsing: "momentum=0.9..0.999:one-minus")
        let values = (0..<400).compactMap { Double(dimension.draw(trial: $0, .init(7))) }
        #expect(values.count == 400 && values.allSatisfy { (0.9...0.999).contains($0) })
        // Half of the draws lie beyond the middle of the logarithms, 1 - 0.01: within 10 % by five standard deviations.
        let share = Double(values.count { $0 > 0.99 }) / 400
        #expect(abs(share - 0.5) < 0.125, "\(share)")
        #expect(throws: ExperimentError.self) { try SearchDimension(parsing: "weight-decay=0.1..1:one-minus") }
    }

    @Test func aDimensionIsForAStrategyOrForOneRow() throws {
        #expect(
            try SearchDimension(parsing: "federated(fraction=0.5).local-epochs=1,5").strategy
                == "federated(fraction=0.5)")
        var plan = Setup(strategies: ["federated"]).plan
        var other = plan.strategies[0]
        other.name = "other"
        plan.strategies.append(other)
        func names(_ vary: [String]) throws -> [String] {
            let dimensions = try vary.map { text throws(ExperimentError) in try SearchDimension(parsing: text) }
            let study = try StudyPlan(experiment: plan, search: .grid, trialCount: nil, dimensions: dimensions)
            return study.trials.map { "\($0.strategy) \($0.words)" }
        }
        #expect(
            try names(["federated.local-epochs=1,2"]) == [
                "federated local-epochs 1", "federated local-epochs 2", "other local-epochs 1", "other local-epochs 2",
            ])
        #expect(
            try names(["local-epochs=1,2", "other.local-epochs=3,4"]) == [
                "federated local-epochs 1", "federated local-epochs 2", "other local-epochs 3", "other local-epochs 4",
            ])
    }
}
