import Foundation
import Testing

@Suite struct OutputFileTests {
    private static let derived =
        ["summary.csv", "curves.csv", "targets.csv", "nodes.csv", "report.md", "report.html"]
        + [
            "time-to-target", "accuracy-time", "time-shares", "node-gains", "listening-1", "accuracy-bytes",
            "accuracy-money", "accuracy-rounds", "partition", "partition-2",
        ].flatMap { ["figures/\($0)-light.svg", "figures/\($0)-dark.svg"] }

    /// Scripts read these columns by name; new ones go to the end.
    private static let columns = """
        task,strategy,fabric,clock,workers,seeds,samples,rounds,\
        final_accuracy_median,final_accuracy_low,final_accuracy_high,target_accuracy,seeds_reached,\
        time_to_target_seconds_median,time_to_target_seconds_low,time_to_target_seconds_high,\
        cluster_seconds_median,compute_seconds_median,communication_seconds_median,idle_seconds_median,\
        host_seconds_median,bytes_sent_total,bytes_sent_per_worker_max,bytes_uplink,bytes_downlink,messages_total
        """

    @Test func aRunWritesItsResultsAndNothingElse() async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(folder.files == (Self.derived + ["results.json"]).map { "results/\($0)" }.sorted())
            #expect(outcome.output.contains("results/"))
            let rows = table(try folder.text("results/summary.csv"))
            #expect(rows[0].prefix(26).joined(separator: ",") == Self.columns)
            #expect(rows.dropFirst().map { $0[1] } == ["single", "threads", "sync", "federated", "community"])
            #expect(rows.allSatisfy { $0.count == rows[0].count })
            let curves = table(try folder.text("results/curves.csv"))
            // Before training and after the one epoch.
            #expect(curves.dropFirst().map { $0[0] } == rows.dropFirst().flatMap { [$0[1], $0[1]] })
            #expect(try folder.text("results/report.md").hasPrefix("# "))
        }
    }

    /// A path of one letter made Foundation's NSString.deletingLastPathComponent trap.
    @Test(arguments: ["r", "r/", "./r", "r//s", "."])
    func anyWayToWriteARelativeFolderWillDo(_ path: String) async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick + ["--strategy", "single", "--output", path], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(folder.exists("\(path)/results.json"), "\(folder.files)")
        }
    }

    @Test func theTableOnStandardOutputHasARowForEveryStrategy() async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick, in: folder)
            let starts = outcome.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
            for strategy in ["single", "threads", "sync", "federated", "community"] {
                #expect(starts.filter { $0 == strategy }.count == 1, "\(outcome.output)")
            }
        }
    }

    @Test func reportMakesTheDerivedFilesAgainByteForByte() async throws {
        try await withFolder { folder in
            let first = try await bench(quick, in: folder)
            let before = try Self.derived.map { try folder.read("results/\($0)") }
            for name in Self.derived {
                try FileManager.default.removeItem(at: folder.url.appendingPathComponent("results/\(name)"))
            }
            let second = try await bench(["report", "results"], in: folder)
            #expect(second.code == 0, "\(second.testDescription)")
            for (name, contents) in zip(Self.derived, before) {
                #expect(try folder.read("results/\(name)") == contents, "\(name)")
            }
            #expect(first.output.hasPrefix(second.output.trimmingCharacters(in: .newlines)))
        }
    }

    /// An epoch of 1,437 samples is 23 batches of 64; a federated round is ten clients that take their 14 or 15 samples
    /// in two batches of at most ten, five times over.
    @Test func aTraceHasARowForEveryStep() async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick + ["--seeds", "2", "--trace-loss", "trace.csv"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let rows = table(try folder.text("trace.csv"))
            let curves = table(try folder.text("results/curves.csv"))
            #expect(rows[0] == ["strategy", "seed", "step", "loss", "label"])
            for (strategy, stepsPerRound) in [("single", 1), ("threads", 1), ("sync", 1), ("federated", 100)] {
                for seed in ["1", "2"] {
                    let rounds = curves.last { $0[0] == strategy && $0[1] == seed }.flatMap { Int($0[2]) } ?? 0
                    #expect(strategy == "federated" ? (2...3).contains(rounds) : rounds == 23)
                    let own = rows.filter { $0[0] == strategy && $0[1] == seed }
                    let steps = (0..<rounds * stepsPerRound).map(String.init)
                    #expect(own.map { $0[2] } == steps, "\(strategy), seed \(seed)")
                    #expect(own.allSatisfy { Double($0[3]).map { $0 > 0 && $0 < 10 } == true }, "\(strategy)")
                }
            }
        }
    }

    @Test func trainingGoesOnFromSavedParameters() async throws {
        try await withFolder { folder in
            let save = try await bench(quick + ["--strategy", "single", "--save", "model.safetensors"], in: folder)
            #expect(save.code == 0, "\(save.testDescription)")
            let end = table(try folder.text("results/curves.csv")).last
            let start = try await bench(
                quick + ["--strategy", "sync", "--init", "model.safetensors", "--save", "next.safetensors"], in: folder)
            #expect(start.code == 0, "\(start.testDescription)")
            let curve = table(try folder.text("results/curves.csv"))
            #expect(curve[1][3] == "0")
            #expect(
                curve[0][7] == "test_accuracy" && curve[1][7] == end?[7], "the accuracy at which the first run ended")
            #expect(try folder.read("next.safetensors") != folder.read("model.safetensors"))
        }
    }

    @Test func theModelsOfSeveralRunsGoToSeveralFiles() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "single,federated", "--seeds", "2", "--save", "model.safetensors"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let models = folder.files.filter { $0.hasSuffix(".safetensors") }
            let names = ["federated-seed1", "federated-seed2", "single-seed1", "single-seed2"]
            #expect(models == names.map { "model-\($0).safetensors" })
        }
    }

    @Test(arguments: [[], ["--quiet"]])
    func nothingGoesToStandardErrorThatIsNoTerminal(_ arguments: [String]) async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick + arguments, in: folder)
            #expect(outcome.code == 0)
            #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        }
    }

    @Test func aDivergedRunIsARowOfTheTable() async throws {
        try await withFolder { folder in
            let outcome = try await bench(quick + ["--learning-rate", "1e30"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let rows = table(try folder.text("results/summary.csv"))
            let (accuracy, diverged) = (
                rows[0].firstIndex(of: "final_accuracy_median"), rows[0].firstIndex(of: "seeds_diverged")
            )
            for row in rows.dropFirst() {
                #expect(accuracy.map { row[$0] } == "0.000000", "\(row)")
                #expect(diverged.map { row[$0] } == "1", "\(row)")
            }
            #expect(try await bench(["report", "results"], in: folder).code == 0)
        }
    }
}
