import Testing

@testable import Experiments
@testable import TestSupport

@Suite struct CommunityTests {
    @Test func theCommunityIsTheMeanTheWorstAndTheLowestTenth() {
        // The lowest tenth of twelve nodes is that of ceil(12 / 10) = 2 nodes: the second from below.
        let curves = (0..<12).map { node in curve([0.1, 0.5 + Double(node) / 100]) }
        let points = CommunityPoint.curve(
            of: curves,
            [.init(round: 10, samples: 640, distance: 3, averageAccuracy: 0.75, averageLoss: 1)])
        #expect(points.count == 2)
        // All alike before training: to the last bit.
        #expect(points[0].meanAccuracy == 0.1 && points[0].consensusDistance == nil)
        #expect(abs(points[1].meanAccuracy - 0.555) < 1e-12)
        #expect(points[1].worstAccuracy == 0.5 && points[1].lowestTenthAccuracy == 0.51)
        #expect(points[1].consensusDistance == 3 && points[1].averageAccuracy == 0.75)
        #expect((1...10).allSatisfy { CommunityPoint.lowestTenth((0..<$0).map(Double.init)) == 0 })
        #expect(CommunityPoint.lowestTenth((0..<20).map(Double.init)) == 1)
    }

    @Test func curvesOfManyNodesAreThinnedWithTheirEnds() {
        #expect(CurveThinning.kept(100, nodes: 200) == Array(0..<100))
        #expect(CurveThinning.kept(101, nodes: 4000) == [0, 25, 50, 75, 100])
        #expect(CurveThinning.kept(101, nodes: 1_000_000) == [0, 100])
        #expect(CurveThinning.kept(1, nodes: 1_000_000) == [0])
    }

    @Test func theLastNodeIsTheOneThatReachesTheTargetLast() throws {
        let fast = node(0, answers(right: 40, of: 40), accuracies: [0.1, 0.9, 0.9, 0.9, 0.9])
        let slow = node(1, answers(right: 40, of: 40), accuracies: [0.1, 0.1, 0.1, 1, 1])
        let never = node(2, answers(right: 0, of: 40), accuracies: [0.1, 0.1, 0.1, 0.1, 0])
        #expect(record("dpsgd", nodes: [fast, slow]).lastNodeTime(to: .accuracy(0.5))?.value == 4)
        #expect(record("dpsgd", nodes: [fast]).lastNodeTime(to: .accuracy(0.5))?.value == 2)
        #expect(record("dpsgd", nodes: [fast, never]).lastNodeTime(to: .accuracy(0.5))?.value == .infinity)
        #expect(record("sync").lastNodeTime(to: .accuracy(0.5)) == nil)
    }

    @Test func whoIsListenedToIsCountedByKind() {
        let right = answers(right: 1, of: 8)
        let nodes = [
            node(0, right, kind: 0, listened: [0: 5, 1: 3, 2: 1], chosen: 1),
            node(1, right, kind: 0, listened: [0: 1], chosen: 1), node(2, right, kind: 1, chosen: 1),
            node(3, right, kind: 1, chosen: 0),
        ]
        let run = record("community", nodes: nodes)
        // A node's own model is no peer's: 3 + 1 of 5.
        #expect(run.shareListenedWithinKind == 0.8 && run.shareListenedWithinKind(0) == 0.75)
        #expect(run.shareListenedWithinKind(3) == nil)
        // 2 pairs and 2 pairs, of 12.
        #expect(abs((run.shareOfKindsByChance ?? 0) - 1.0 / 3) < 1e-12)
        // Model 1 stands for kind 0, model 0 for kind 1: three of four.
        #expect(run.clusterAccuracy == 0.75)
        #expect(record("community", nodes: [node(0, right)]).clusterAccuracy == nil)
    }

    @Test func bitsAreBytesInHexadecimal() {
        #expect(bits([true, false, false, false, false, false, false, true, true]) == "8101")
        #expect(HexadecimalBytes.decode("8101") == [0x81, 1] && HexadecimalBytes.encode([0x81, 1]) == "8101")
        #expect(HexadecimalBytes.decode("810") == nil && HexadecimalBytes.decode("8G") == nil)
        #expect(TestClasses.text([0, 9, 10, 35]) == "09az" && TestClasses.text([36]) == nil)
        #expect(TestClasses.labels("09az") == [0, 9, 10, 35] && TestClasses.labels("A") == nil)
    }
}
