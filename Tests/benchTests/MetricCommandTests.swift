import Foundation
import Testing

/// `--judged-by`, from end to end on digits.
@Suite struct MetricCommandTests {
    private static let plan = [
        "--task", "digits", "--epochs", "4", "--seeds", "2", "--workers", "2", "--compute", "reference", "--clock",
        "simulated", "--strategy", "single,sync", "--judged-by", "perplexity", "--target", "2.5",
    ]

    @Test func anExperimentByPerplexity() async throws {
        try await withFolder { folder in
            let outcome = try await bench(Self.plan + ["--output", "a", "--log", "log.jsonl"], in: folder)
            #expect(
                outcome.code == 0 && outcome.output.contains("time to perplexity 2.5"), "\(outcome.testDescription)")
            #expect(outcome.output.contains("perplexity at the end (lower is better)"))
            let json = try folder.text("a/results.json")
            #expect(json.contains("\"metric\" : \"perplexity\"") && json.contains("\"schema\" : 7"))
            let rows = table(try folder.text("a/curves.csv"))
            let (value, loss) = (rows[0].firstIndex(of: "test_value"), rows[0].firstIndex(of: "test_loss"))
            for row in rows.dropFirst() {
                let (perplexity, nats) = (Double(row[value ?? 0]) ?? 0, Double(row[loss ?? 0]) ?? 1)
                #expect(abs(perplexity / exp(nats) - 1) < 1e-5)
            }
            #expect(try folder.text("log.jsonl").contains("\"metric\":\"perplexity\""))
            let again = try await bench(Self.plan + ["--output", "b"], in: folder)
            #expect(again.code == 0)
            let compared = try await bench(["compare", "a", "b"], in: folder)
            #expect(compared.code == 0 && compared.output.contains("No regression"), "\(compared.testDescription)")
            let history = try await bench(["history", "a", "--metric", "final_value_median"], in: folder)
            #expect(history.code == 0, "\(history.testDescription)")
            let report = try await bench(["report", "a"], in: folder)
            #expect(report.code == 0 && report.output.contains("perplexity"), "\(report.testDescription)")
        }
    }

    @Test func aStudyByPerplexity() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                [
                    "study", "--task", "digits", "--epochs", "2", "--seeds", "2", "--compute", "reference", "--clock",
                    "simulated", "--strategy", "single", "--judged-by", "perplexity", "--target", "2.5", "--vary",
                    "learning-rate=0.0001,0.2", "--output", "study",
                ], in: folder)
            #expect(outcome.code == 0 && outcome.output.contains("learning-rate 0.2"), "\(outcome.testDescription)")
            #expect(outcome.output.contains("validation perplexity (lower is better)"))
            let report = try await bench(["report", "study"], in: folder)
            #expect(report.code == 0, "\(report.testDescription)")
        }
    }

    @Test func whatATargetMayBeIsSaid() async throws {
        try await withFolder { folder in
            func error(_ arguments: [String]) async throws -> String {
                let outcome = try await bench(arguments, in: folder)
                #expect(outcome.code == 64, "\(outcome.testDescription)")
                return outcome.errors
            }
            let missing = try await error(["--judged-by", "loss"])
            #expect(
                missing.contains("--target") && missing.contains("a loss above 0") && missing.contains("95 %"),
                "\(missing)")
            let percent = try await error(["--judged-by", "perplexity", "--target", "97%"])
            #expect(percent.contains("'97%'") && percent.contains("a perplexity of 1 or more"), "\(percent)")
            let area = try await error(["--judged-by", "auc", "--target", "0.9"])
            #expect(area.contains("an AUC is of a model with one output, or two"), "\(area)")
            let unknown = try await error(["--judged-by", "f1"])
            #expect(unknown.contains("perplexity"), "\(unknown)")
        }
    }
}
