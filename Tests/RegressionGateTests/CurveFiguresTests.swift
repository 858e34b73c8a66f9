import Testing

@testable import Experiments
@testable import RegressionGate
@testable import Strategies
@testable import TestSupport
@testable import Training

/// A curve against that of a baseline, evaluation by evaluation: what people read and plot.
@Suite struct CurveFiguresTests {
    private static let seeds: [UInt64] = [1, 2, 3]
    private static let accuracies = [0.1, 0.5, 0.96, 0.97, 0.98, 0.98]

    private func made(_ isMeasured: Bool = false) -> Results {
        var all = results(Self.seeds.map { record("sync", seed: $0, Self.accuracies) }, seeds: Self.seeds)
        if isMeasured {
            all.plan.strategies[0].fabric = .threads
            all.plan.strategies[0].cluster = nil
        }
        return all
    }

    /// The made-up results with another curve of one seed.
    private func changed(
        isMeasured: Bool = false, seed: Int = 1, _ change: ([TrainingRun.Evaluation]) -> [TrainingRun.Evaluation]
    ) -> Results {
        var all = made(isMeasured)
        all.runs[seed] = all.runs[seed].with(evaluations: change(all.runs[seed].evaluations))
        return all
    }

    private func regressions(_ current: Results, isMeasured: Bool = false) throws -> [String] {
        try Comparison(baseline: made(isMeasured), current: current).regressions.map(\.name)
    }

    @Test func aCurveAgainstItselfIsTheSame() throws {
        let comparison = try Comparison(baseline: made(), current: made())
        #expect(comparison.regressions.isEmpty && comparison.improvements.isEmpty)
    }

    @Test func evaluationsThatMoveToTheEndAreARegressionByName() throws {
        let current = changed { points in
            points.map { $0.with(round: 50, samples: 3200, clusterSeconds: 5, bytesSent: 5000) }
        }
        #expect(
            try regressions(current) == [
                "curve updates", "curve samples", "curve bytes", "curve times", "time to target",
            ])
    }

    @Test func oneByteOfOneEvaluationIsARegressionByName() throws {
        let current = changed { points in
            points.enumerated().map { $0 == 2 ? $1.with(bytesSent: $1.bytesSent + 1) : $1 }
        }
        let comparison = try Comparison(baseline: made(), current: current)
        #expect(comparison.regressions.map(\.name) == ["curve bytes"])
        let figure = try #require(comparison.regressions.first)
        #expect(figure.baseline == "2000" && figure.current == "2001")
        #expect(figure.change == "at evaluation 3 of 6, the first of 1 that differs; in seed 2")
        let less = changed { points in
            points.enumerated().map { $0 == 2 ? $1.with(bytesSent: $1.bytesSent - 1) : $1 }
        }
        #expect(try Comparison(baseline: made(), current: less).improvements.map(\.name) == ["curve bytes"])
    }

    @Test(arguments: [false, true]) func evaluationsThatAreTakenOutAreARegressionByName(_ isMeasured: Bool) throws {
        let current = changed(isMeasured: isMeasured) { points in Array(points.prefix(3)) + points.suffix(1) }
        let names = try regressions(current, isMeasured: isMeasured)
        #expect(names.prefix(2) == ["evaluations", "curve updates"] && names.contains("curve samples"), "\(names)")
        #expect(names.contains(isMeasured ? "samples to target" : "curve bytes"), "\(names)")
    }

    /// The whole takes as long as before.
    @Test func aTargetThatIsReachedLaterIsARegressionByName() throws {
        let later = changed { points in
            points.enumerated().map { $0 == 4 ? $1.with(clusterSeconds: 4.5) : $1 }
        }
        let comparison = try Comparison(baseline: made(), current: later)
        #expect(comparison.regressions.map(\.name) == ["curve times", "time to target"])
        let figure = try #require(comparison.regressions.last)
        #expect(figure.words.contains("4 s -> 4.5 s (+500 ms (+12.5 %); in seed 2)"), "\(figure.words)")
        let never = changed { points in points.map { $0.with(testAccuracy: min($0.testAccuracy, 0.9)) } }
        let lost = try #require(
            Comparison(baseline: made(), current: never).regressions.first { $0.name == "time to target" })
        #expect(lost.words.contains("4 s -> never (no longer reached; in seed 2)"), "\(lost.words)")
        let won = try #require(
            Comparison(baseline: never, current: made()).improvements.first { $0.name == "time to target" })
        #expect(won.words.contains("never -> 4 s (reached; in seed 2)"), "\(won.words)")
    }

    @Test func oneSampleClassifiedOtherwiseIsARegressionOnOneProcessorAndNotComparedOnAnother() throws {
        var current = changed { points in
            points.enumerated().map { $0 == 1 ? $1.with(testAccuracy: 0.499) : $1 }
        }
        #expect(try regressions(current) == ["curve accuracies"])
        current.machine.processor = "Another Processor"
        let elsewhere = try Comparison(baseline: made(), current: current)
        #expect(elsewhere.regressions.isEmpty)
        let names = elsewhere.notCompared.map(\.name)
        #expect(names.prefix(3) == ["curve accuracies", "curve losses", "time to target"], "\(names)")
        // What is the same bits on another processor is as good as the same.
        var same = made()
        same.machine.processor = "Another Processor"
        let others = try Comparison(baseline: made(), current: same).notCompared.map(\.name)
        #expect(!others.contains("curve accuracies") && !others.contains("time to target"), "\(others)")
    }

    @Test func calibratedTimesAndMeasuredBytesAreNoExactFigures() throws {
        var (baseline, current) = (made(), changed { points in points.map { $0.with(clusterSeconds: 3) } })
        (baseline.plan.compute, current.plan.compute) = ("calibrated", "calibrated")
        let calibrated = try Comparison(baseline: baseline, current: current)
        #expect(calibrated.regressions.isEmpty)
        #expect(calibrated.notCompared.contains { $0.name == "curve times" })
        #expect(calibrated.figures.contains { $0.name == "samples to target" })
        // On threads a rank may send while another evaluates.
        let measured = changed(isMeasured: true) { points in points.map { $0.with(bytesSent: 7) } }
        #expect(try regressions(measured, isMeasured: true).isEmpty)
    }
}
