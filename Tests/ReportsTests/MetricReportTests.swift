import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport
@testable import Training

/// Reports and tables of results by a metric that is no accuracy.
@Suite struct MetricReportTests {
    private static let low = [27, 9, 4.4, 4.3, 4.2]
    private static let high = [27, 20, 12, 11, 10.5]

    private func made(_ metric: Metric = .perplexity, target: Double = 4.5) -> Results {
        let runs = [1, 2].flatMap { seed in
            [
                perplexityRecord("single", seed: UInt64(seed), Self.high),
                perplexityRecord("sync", seed: UInt64(seed), Self.low),
            ]
        }
        return results(runs, seeds: [1, 2]).judged(by: metric, target: target)
    }

    @Test func sentencesNameTheMetricAndItsDirection() {
        let report = MarkdownReport.render(made(target: 4.6))
        for words in [
            "| time to perplexity 4.6 |", "| perplexity at the end (lower is better) |",
            "`sync` is the first to reach a perplexity of 4.6", "at or below the target",
            "Target a perplexity of 4.6 (lower is better);", "Time to a perplexity of 4.6:",
            "Perplexity at the end (lower is better):", "sync ends below single in 2 of 2 seeds, 6.3",
            "Median cluster time to each test perplexity",
        ] {
            #expect(report.contains(words), "\(words) in \(report)")
        }
        #expect(!report.contains("accuracy at the end") && !report.contains("at or above"))
    }

    @Test func theLowestIsNamedAsTheBest() {
        var results = made()
        results.runs = results.runs.filter { $0.strategy == "sync" }
        #expect(MarkdownReport.summary(results).contains("The lowest median perplexity at the end is 4.2, of `sync`."))
    }

    @Test func accuraciesHaveTheTablesThatTheyHad() {
        let accuracies = results([record("single"), record("sync")], seeds: [1])
        let report = MarkdownReport.render(accuracies)
        #expect(report.contains("| accuracy at the end |") && report.contains("time to 95 % |"))
        #expect(!report.contains("higher is better") && report.contains("at or above the target"))
        for csv in [CurvesCSV.render(accuracies), SummaryCSV.render(accuracies), TargetsCSV.render(accuracies)] {
            let header = csv.prefix { $0 != "\n" }
            #expect(!header.contains("metric") && !header.contains("value"), "\(header)")
        }
    }

    @Test func filesHaveTheMetricBehindTheOtherColumns() throws {
        let results = made()
        let curve = fields(CurvesCSV.render(results), line: 3)
        #expect(curve["metric"] == "perplexity" && curve["test_value"] == "12.000000")
        #expect(curve["test_accuracy"] == "0.120000" && curve["test_loss"] == CSV.number(log(12)))
        let summary = fields(SummaryCSV.render(results), line: 2)
        #expect(summary["label"] == "sync" && summary["final_value_median"] == "4.200000")
        #expect(summary["target_value"] == "4.500000" && summary["target_accuracy"] == "")
        #expect(summary["seeds_reached"] == "2" && summary["time_to_target_seconds_median"] == "4.000000")
        #expect(fields(SummaryCSV.render(results), line: 1)["seeds_reached"] == "0")
        let targets = fields(TargetsCSV.render(results), line: 1)
        #expect(
            targets["metric"] == "perplexity" && targets["target"] == "25.000000" && targets["target_accuracy"] == "")
        let first = SummaryCSV.render(results).split(separator: "\n")[0]
        let known = SummaryCSV.columns.joined(separator: ",")
        #expect(first.hasPrefix(known + ",metric,final_value_median,"), "readers of older files find what they know")
    }

    /// A regression is never right about a sample, which is no accuracy of 0.
    @Test func whatHasNoAccuraciesHasNoneInItsFiles() {
        let runs = [record("sync", [0, 0, 0], losses: [9, 4, 1])]
        for metric in [Metric.rmse, .loss] {
            let results = results(runs, seeds: [1]).judged(by: metric, target: 1)
            let summary = fields(SummaryCSV.render(results), line: 1)
            for column in ["final_accuracy_median", "final_accuracy_low", "final_accuracy_high", "target_accuracy"] {
                #expect(summary[column] == "", "\(metric): \(column) is \(summary[column] ?? "missing")")
            }
            #expect(summary["final_value_median"] == "1.000000")
            let curve = fields(CurvesCSV.render(results), line: 2)
            #expect(curve["test_accuracy"] == "" && curve["test_loss"] == "4.000000")
        }
    }

    /// Of three evaluations the untrained one is among the last three, so that a run that ends at the target has not reached it.
    @Test func aRunThatEndsAtTheTargetTooSoonIsTold() {
        let early = results([perplexityRecord("sync", [23.46, 6, 2.272])], seeds: [1]).judged(
            by: .perplexity, target: 9)
        let words = Headline.words(early)
        #expect(
            words == """
                No strategy reached a perplexity of 9 with more than half of its seeds. The last evaluation of `sync` is at the \
                target in 1 of 1 seed, which does not count until the mean of the last three is there, too: train longer \
                (`--epochs`), or evaluate more often (`--evaluate-every`).
                """, "\(words)")
        for curve in [[23.46, 6, 2.272, 2.2], [23.46, 20, 9.1]] {
            let other = results([perplexityRecord("sync", curve)], seeds: [1]).judged(by: .perplexity, target: 9)
            #expect(!Headline.words(other).contains("last evaluation"), "\(Headline.words(other))")
        }
    }

    @Test func historyHasBothKindsOfResults() {
        let accuracies = results([record("sync", seed: 1)], seeds: [1])
        let entries = [HistoryTable.Entry(path: "a", accuracies), HistoryTable.Entry(path: "b", made())]
        let text = HistoryTable.render(
            entries, metrics: ["final_value_median", "target_value"], strategies: ["sync"], .csv)
        #expect(text.contains(",0.970000,0.950000,a\n") && text.contains(",4.200000,4.500000,b\n"), "\(text)")
    }

    @Test func nodesAreTold() throws {
        let alone = (0..<10).map { 1 + Float($0) / 8 }
        let results = communityResults(
            [
                record("alone", nodes: [node(0, losses: alone)]),
                record("dpsgd", nodes: [node(0, losses: alone.map { $0 - 0.5 })]),
            ], testSamples: 10
        ).judged(by: .loss, target: 1.2)
        let text = MarkdownReport.render(results)
        for words in [
            "1 of 1 node gains", "Fisher's randomisation test", "| own loss |", "| worst tenth |",
            "Losses (lower is better)",
            "+0.5 ",
        ] {
            #expect(text.contains(words), "\(words) in \(text)")
        }
        let row = fields(try #require(NodesCSV.render(results)), line: 1)
        #expect(row["verdict"] == "gains" || row["strategy"] == "alone")
        let joined = fields(try #require(NodesCSV.render(results)), line: 2)
        #expect(joined["metric"] == "loss" && joined["value_gain"] == "0.500000", "\(joined)")
        #expect(joined["value_gain_at_equal_time"] == "0.500000", "\(joined)")
    }
}
