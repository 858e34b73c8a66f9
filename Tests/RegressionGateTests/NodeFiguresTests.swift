import Testing

@testable import Experiments
@testable import RegressionGate
@testable import TestSupport

/// The accuracies of nodes against those of a baseline: none hides behind another.
@Suite struct NodeFiguresTests {
    private func made(_ right: [Int], processor: String? = nil) -> Results {
        let nodes = right.enumerated().map { node($0, answers(right: $1, of: 360), kind: 0) }
        var results = communityResults([record("dpsgd", nodes: nodes)], testSamples: 360)
        if let processor { results.machine.processor = processor }
        return results
    }

    private func figure(_ before: [Int], _ after: [Int], processor: String? = nil) throws -> Figure {
        let comparison = try Comparison(baseline: made(before), current: made(after, processor: processor))
        return try #require(comparison.figures.first { $0.name == "own accuracies of nodes" })
    }

    @Test func nodesThatAreAsTheyWereAreTheSame() throws {
        let figure = try figure([300, 310], [300, 310])
        #expect(figure.status == .same && figure.baseline == "2 nodes")
    }

    /// One node loses 3 of 360, another gains as many: their mean is what it was.
    @Test func aNodeThatLosesIsARegressionWhateverOthersGain() throws {
        let figure = try figure([300, 310, 320], [303, 310, 317])
        #expect(figure.status == .regression && figure.current == "88.06 % (node 2)", "\(figure)")
        #expect(figure.change == "-0.83 points; 2 of 3 nodes differ")
        #expect(try self.figure([300, 310], [301, 310]).status == .improvement)
    }

    /// At 1 % over 2 nodes the normal quantile is 2.81; the deviation of the difference of two shares of 5/6 is sqrt(2
    /// * 5/36 / 360) = 2.78 points.
    @Test func anotherProcessorHasATolerance() throws {
        #expect(try figure([300, 310], [274, 310], processor: "Another").status == .withinTolerance)
        let beyond = try figure([300, 310], [270, 310], processor: "Another")
        #expect(beyond.status == .regression && beyond.change == "-8.33 points; 1 of 2 nodes beyond their tolerance")
    }

    @Test func otherNodesAreARegression() throws {
        #expect(try figure([300, 310], [300]).status == .regression)
    }

    @Test func withoutNodesThereIsNoFigure() throws {
        let plain = results([record()], seeds: [1])
        #expect(
            try Comparison(baseline: plain, current: plain).figures.allSatisfy { $0.name != "own accuracies of nodes" })
    }
}
