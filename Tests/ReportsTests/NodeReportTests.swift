import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport
@testable import Training

@Suite struct NodeReportTests {
    /// Three nodes of 40 test samples: one gains 15 of them, one loses 15, one has the same as alone.
    private func results(withAlone: Bool = true) -> Results {
        let same = answers(right: 20, of: 40)
        let alone = [
            node(0, answers(right: 15, of: 40), kind: 0), node(1, answers(right: 30, of: 40), kind: 1),
            node(2, same, kind: 0),
        ]
        let joined = [
            node(0, answers(right: 30, of: 40), kind: 0, listened: [1: 1, 2: 3]),
            node(1, answers(right: 15, of: 40), kind: 1, staleness: 2), node(2, same, kind: 0),
        ]
        var run = record("dpsgd", nodes: joined)
        run.community = CommunityPoint.curve(
            of: joined.map(\.ownCurve),
            (0..<5).map {
                .init(round: 10 * $0, samples: 640 * $0, distance: Double($0), averageAccuracy: 0.5, averageLoss: 1)
            })
        return communityResults((withAlone ? [record("alone", nodes: alone)] : []) + [run], testSamples: 40)
    }

    /// Cells without the spaces that fill columns.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { String($0).replacing(#/ +/#, with: " ") }
    }

    @Test func theTerminalSaysHowManyGainAndLose() throws {
        let words = try #require(NodeSection.words(results()))
        #expect(
            words == """
                `dpsgd` against `alone` at equal samples: 1 of 3 nodes gains, 1 loses, 1: no difference shown. At equal cluster \
                time, 1 of 3 nodes gains, 1 loses, 1: no difference shown.

                """)
    }

    @Test func withoutTheBaselineItSaysWhatIsMissing() throws {
        let words = try #require(NodeSection.words(results(withAlone: false)))
        #expect(words.contains("is not known without `alone` in the same table: add it to --strategy"), "\(words)")
        let report = MarkdownReport.render(results(withAlone: false))
        #expect(report.contains("### Node by node") && !report.contains("| verdict"))
    }

    @Test func withoutNodesThereIsNoSection() {
        let plain = TestSupport.results([record()], seeds: [1])
        #expect(NodeSection.words(plain) == nil && NodesCSV.render(plain) == nil)
        #expect(!MarkdownReport.render(plain).contains("Who gains"))
    }

    @Test func aReportHasTheCommunityTheNodesAndWhoListenedToWhom() {
        let report = MarkdownReport.render(results())
        let rows = lines(report)
        #expect(rows.contains("## Who gains by taking part"))
        // Community: mean 65 of 120; worst 15 of 40, which of three is the lowest tenth as well.
        let community = rows.first { $0.hasPrefix("| dpsgd | 3 | 54.17 % | 37.50 % | 37.50 % | 1 (33 %) | 1 (33 %) |") }
        #expect(community != nil, "\(report)")
        // The average model, and the last distance.
        #expect(community?.contains("| 50.00 % | 4 |") == true, "\(community ?? "")")
        #expect(rows.contains("| dpsgd | 0 | 1 | 2 | 3 | 4 |"), "\(report)")
        // 2 / 2^15 for three nodes.
        #expect(
            rows.contains {
                $0.hasPrefix("| 0 | 0 | 75.00 % | 1.5 | 37.50 % | 37.50 % | +37.50 | gains | 0.000183 | 1 up, ")
                    && $0.contains(" 0 down | +37.50 | gains | 1 kB | 2 kB |")
            }, "\(report)")
        #expect(
            rows.contains {
                $0.hasPrefix("| 1 | 1 | 37.50 % | 1.5 | 18.75 % | 75.00 % | -37.50 | loses |") && $0.hasSuffix("| 2 |")
            },
            "\(report)")
        #expect(
            rows.contains { $0.hasPrefix("| node | kind | own accuracy | own loss | everybody's | alone | gain |") })
        #expect(report.contains("*everybody's* on the mixture of all nodes' distributions"))
        #expect(rows.contains("| 0 | 0 | . | 25 | 75 |"), "\(report)")
        #expect(report.contains("statement about these two models"))
    }

    @Test func aFileHasARowForEachNode() throws {
        let text = try #require(NodesCSV.render(results()))
        #expect(text.split(separator: "\n").count == 1 + 6)
        let row = fields(text, line: 4)
        let expected = [
            "strategy": "dpsgd", "seed": "1", "node": "0", "rank": "0", "kind": "0", "trained_samples": "640",
            "own_accuracy": "0.750000", "own_loss": "1.500000", "accuracy": "0.375000", "loss": "1.250000",
            "gain_at_equal_time": "0.375000", "alone_accuracy": "0.375000",
            "gain": "0.375000", "verdict": "gains", "p_value_adjusted": "0.000183105", "verdict_at_equal_time": "gains",
            "cluster_seconds": "4.000000", "bytes_sent": "1000", "bytes_received": "2000",
            "compute_seconds": "2.000000", "communication_seconds": "1.000000", "waiting_seconds": "0.500000",
            "staleness": "", "listened_within_kind": "0.750000", "chosen_model": "", "label": "dpsgd",
        ]
        for (column, value) in expected { #expect(row[column] == value, "\(column): \(row[column] ?? "")") }
        #expect(fields(text, line: 1)["verdict"] == "")
    }

    /// Where nodes can hear nobody, nobody would find it in their figures.
    @Test func whatFollowsFromAPolicyIsTold() throws {
        func words(_ options: OptionValues) throws -> String {
            var results = results()
            results.plan.strategies[1] = StrategyPlan(
                "community", label: "dpsgd", fabric: .simulated, cluster: results.plan.strategies[1].cluster,
                allReduce: .ring, configuration: results.plan.strategies[1].configuration,
                options: options.merging(["workers": 3]) { own, _ in own })
            return try #require(NodeSection.words(results))
        }
        #expect(try !words([:]).contains("alone and"))
        #expect(
            try words(["follows": "nobody"]).contains(
                "`dpsgd`: no node follows another, so that every node trains alone and accepts nothing.\n"))
        #expect(try words(["shares": "nothing"]).contains("`dpsgd`: no node shares anything, so that every node"))
        #expect(try words(["follows": "all/1:nobody"]).contains("node 1 hears nobody and trains alone"))
        #expect(try words(["shares": "nothing/1:model"]).contains("node 1 hears nobody and trains alone"))
    }

    /// Eigenvalues of many nodes take long, and a report says that it has none for that reason.
    @Test(arguments: [(512, ", second eigenvalue"), (513, "bench list --overlay"), (3000, "of up to 512.")])
    func anOverlayOfManyNodesSaysWhyItHasNoEigenvalues(_ nodes: Int, _ text: String) throws {
        let configuration = results().plan.strategies[0].configuration
        let plan = StrategyPlan(
            "dpsgd", fabric: .simulated, cluster: nil, allReduce: .ring, configuration: configuration,
            options: ["workers": nodes.optionValue, "overlay": "star"])
        let sentence = try #require(OverlayText.sentence(plan, firstSeed: 1))
        #expect(sentence.hasPrefix("Overlay: star, ") && sentence.contains(text), "\(sentence)")
        #expect(sentence.contains("take time as the cube") == (nodes > 512))
    }

    @Test(arguments: [(1, "these two models"), (3, "6 are the fewest"), (6, "the seeds agree")])
    func theReportSaysWhatSoManySeedsCanShow(_ seeds: Int, _ text: String) {
        let nodes = [node(0, answers(right: 3, of: 8))]
        let runs = (1...UInt64(seeds)).flatMap { seed in
            ["alone", "dpsgd"].map { record($0, seed: seed, nodes: nodes) }
        }
        let report = MarkdownReport.render(communityResults(runs, testSamples: 8))
        #expect(report.contains(text), "\(report)")
    }

    @Test func manyNodesAreShownAtBothEnds() {
        let nodes = { (right: Int) in (0..<100).map { node($0, answers(right: right + $0 / 10, of: 40)) } }
        let report = MarkdownReport.render(
            communityResults([record("alone", nodes: nodes(5)), record("dpsgd", nodes: nodes(7))], testSamples: 40))
        #expect(report.contains("Of 100 nodes the 40 that gain least and most."))
    }
}
