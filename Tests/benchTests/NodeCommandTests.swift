import Foundation
import Testing

@testable import BenchCommands

/// Nodes that are judged one by one, from end to end.
@Suite(.timeLimit(.minutes(60)))
struct NodeCommandTests {
    /// Nodes of different architectures: a verdict where `alone` has them too, and else a word before training and no error.
    @Test func nodesOfOtherArchitecturesAreComparedWithTheSame() async throws {
        try await withFolder { folder in
            func run(_ alone: String) async throws -> Outcome {
                try await bench(
                    [
                        "--strategy",
                        "\(alone),community(shares=predictions,follows=all,hidden-units=64/0-1:16)", "--workers", "4",
                        "--epochs", "1", "--seeds", "1", "--compute", "reference", "--output", "out",
                    ], in: folder)
            }
            let without = try await run("alone")
            #expect(without.code == 0, "\(without.testDescription)")
            let note = "--hidden-units 64/0-1:16 and those of 'alone' all, so that they get no verdict"
            #expect(without.errors.contains(note) && without.output.contains(note), "\(without.testDescription)")
            #expect(!without.output.contains("at equal samples:"))
            let with = try await run("alone(label=alone,hidden-units=64/0-1:16)")
            #expect(with.code == 0 && !with.errors.contains("no verdict"), "\(with.testDescription)")
            #expect(with.output.contains("against `alone` at equal samples: "), "\(with.testDescription)")
        }
    }

    /// A community in which nobody hears anybody says so.
    @Test func aCommunityOfLonersIsTold() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "alone,community", "--workers", "3", "--follows", "nobody"], in: folder)
            let words = "`community`: no node follows another, so that every node trains alone and accepts nothing."
            #expect(outcome.code == 0 && outcome.output.contains(words), "\(outcome.testDescription)")
            #expect(try folder.text("results/report.md").contains("- " + words))
        }
    }

    @Test func whoGainsIsToldAndEveryNodeHasARow() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                [
                    "--strategy", "alone,dpsgd,federated", "--workers", "4", "--clients", "4", "--fraction", "1",
                    "--objectives", "rotations:2", "--epochs", "3", "--seeds", "2", "--compute", "reference",
                    "--output",
                    "out",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            for strategy in ["dpsgd", "federated"] {
                #expect(outcome.output.contains("`\(strategy)` against `alone` at equal samples:"), "\(outcome.output)")
            }
            let rows = table(try folder.text("out/nodes.csv"))
            #expect(rows.count == 1 + 3 * 2 * 4)
            func values(_ column: String, of strategy: String) -> [String] {
                guard let place = rows[0].firstIndex(of: column) else { return [] }
                return rows.dropFirst().filter { $0[0] == strategy }.map { $0[place] }
            }
            #expect(values("bytes_sent", of: "alone").allSatisfy { $0 == "0" })
            #expect(values("bytes_sent", of: "dpsgd").allSatisfy { (Int($0) ?? 0) > 0 })
            #expect(values("kind", of: "alone") == values("kind", of: "federated"))
            #expect(Set(values("verdict", of: "alone")) == [""] && !values("verdict", of: "dpsgd").contains(""))
            let report = try folder.text("out/report.md")
            for part in ["### The community", "### Node by node", "### Who listened to whom", "listened within kind"] {
                #expect(report.contains(part), "\(part)")
            }
            // A report that is made from the results file says the same.
            let again = try await bench(["report", "out"], in: folder)
            #expect(again.code == 0 && again.output.contains("`dpsgd` against `alone`"), "\(again.testDescription)")
            #expect(table(try folder.text("out/nodes.csv")) == rows)
        }
    }
}
