import Foundation
import Testing

@Suite(.timeLimit(.minutes(60))) struct RepriceCommandTests {
    private static let run = quick + ["--strategy", "sync,federated", "--workers", "3", "--record"]

    /// The prices of a run against the summaries of runs on the other clusters.
    @Test func pricesAreThoseOfRunsOnTheOtherClusters() async throws {
        try await withFolder { folder in
            let recorded = try await bench(Self.run, in: folder)
            #expect(recorded.code == 0, "\(recorded.testDescription)")
            #expect(
                folder.files.filter { $0.contains("schedule") }
                    == ["results/schedule-federated-seed1.json", "results/schedule-sync-seed1.json"])
            let priced = try await bench(
                ["reprice", "results", "--latency", "1ms,20ms", "--bandwidth", "8Mbit", "--allreduce", "tree"],
                in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            let rows = table(try folder.text("results/reprice.csv"))
            #expect(
                rows.dropFirst().map { "\($0[0]) \($0[2])" } == [
                    "sync 0.001000000", "sync 0.020000000", "federated 0.001000000", "federated 0.020000000",
                ])
            let column = try #require(rows[0].firstIndex(of: "cluster_seconds"))
            let bytes = try #require(rows[0].firstIndex(of: "bytes_sent"))
            for (index, latency) in ["1ms", "20ms"].enumerated() {
                let full = try await bench(
                    Self.run + [
                        "--latency", latency, "--bandwidth", "8Mbit", "--allreduce", "tree", "--output", "full",
                    ],
                    in: folder)
                #expect(full.code == 0, "\(full.testDescription)")
                let curves = table(try folder.text("full/summary.csv"))
                let total = try #require(curves[0].firstIndex(of: "cluster_seconds_median"))
                let sent = try #require(curves[0].firstIndex(of: "bytes_sent_total"))
                for (strategy, row) in [(1, rows[1 + index]), (2, rows[3 + index])] {
                    // The summary has six decimals.
                    #expect(abs((Double(row[column]) ?? 0) - (Double(curves[strategy][total]) ?? 1)) <= 0.5e-6)
                    #expect(row[bytes] == curves[strategy][sent])
                }
            }
        }
    }

    /// Against the rows of the CSV file: with one seed a median is the time itself.
    @Test func theFirstStrategyOfEachClusterIsTheOneOfLeastTime() async throws {
        try await withFolder { folder in
            let arguments = [
                "--task", "digits", "--epochs", "8", "--seeds", "1", "--compute", "reference", "--output", "results",
                "--clock", "simulated", "--strategy", "single,sync,federated", "--workers", "4", "--record", "--target",
                "80%",
            ]
            #expect(try await bench(arguments, in: folder).code == 0)
            let priced = try await bench(
                ["reprice", "results", "--cluster", "workstation,wan", "--allreduce", "ring,tree"], in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            let markdown = try folder.text("results/reprice.md")
            let rows = table(try folder.text("results/reprice.csv"))
            let time = try #require(rows[0].firstIndex(of: "time_to_target_seconds"))
            var winners: [String] = []
            for cluster in ["workstation", "wan"] {
                let times = rows.filter { $0[1] == cluster }.compactMap { row in
                    Double(row[time]).map { (strategy: row[0], seconds: $0) }
                }
                let first = try #require(times.min { $0.seconds < $1.seconds })
                let line = try #require(markdown.split(separator: "\n").first { $0.hasPrefix("| \(cluster) ") })
                // Alone, or with the next where their evaluations are too far apart to tell.
                let names = ["| \(first.strategy), ", "| \(first.strategy) or "]
                #expect(names.contains(where: line.contains) && line.contains(" of 1 seeds"), "\(line)")
                #expect(line.components(separatedBy: "**").count == 3, "one is marked: \(line)")
                winners.append(first.strategy)
                #expect(priced.output.contains("\(first.strategy), "), "\(priced.output)")
            }
            #expect(Set(winners).count == 2, "the clusters are to differ in their first: \(winners)")
            #expect(markdown.contains("(ring)") || markdown.contains("(tree)"), "sync had a choice")
        }
    }

    /// Who has no price is told, with the reason, when it is run and when others are priced.
    @Test func whoIsNotPricedIsTold() async throws {
        try await withFolder { folder in
            let run = try await bench(
                quick + ["--strategy", "dpsgd,gossip", "--workers", "3", "--record"], in: folder)
            let reason = "what it does depends on how long things take, so that its runs cannot be priced elsewhere"
            #expect(run.code == 0, "\(run.testDescription)")
            #expect(run.errors.contains("--record: no schedule of 'gossip' is recorded: \(reason)"), "\(run.errors)")
            let priced = try await bench(["reprice", "results", "--cluster", "wan"], in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            for text in [priced.output, try folder.text("results/reprice.md"), try folder.text("results/reprice.html")]
            {
                #expect(text.contains("is not priced: \(reason)."), "\(text)")
            }
            let named = try await bench(["reprice", "results", "--strategy", "dpsgd"], in: folder)
            #expect(named.code == 0 && !named.output.contains("is not priced"), "\(named.testDescription)")
        }
    }

    @Test func whatCannotBePricedSaysWhy() async throws {
        try await withFolder { folder in
            #expect(try await bench(quick + ["--strategy", "sync,single"], in: folder).code == 0)
            for (arguments, code, answer) in [
                (["results"], 1, "no schedule of its runs"),
                (["results", "--strategy", "sync"], 1, "bench writes it for simulated runs with --record"),
                (["results", "--strategy", "single"], 1, "single was not simulated"),
                (["results", "--strategy", "federated"], 1, "has no run of 'federated'; it has sync, single"),
                (["nowhere"], 1, "'nowhere/results.json' does not exist"),
                (["results", "--latency", "5"], 64, "'5' has no unit"),
                (["results", "--latency", "5ms,"], 64, "'' is not a time"),
                (["results", "--cluster", "wam"], 64, "did you mean 'wan'?"),
                (["results", "--allreduce", "ring,tee"], 64, "did you mean 'tree'?"),
                (["results", "--csv", ""], 64, "--csv is empty"),
            ] as [([String], Int32, String)] {
                let outcome = try await bench(["reprice"] + arguments, in: folder)
                #expect(outcome.code == code, "\(outcome.testDescription)")
                #expect(outcome.errors.contains(answer), "\(outcome.testDescription)")
            }
        }
    }

    @Test func aScheduleThatWasChangedOrIsOfAnotherRunIsRefused() async throws {
        try await withFolder { folder in
            #expect(try await bench(Self.run, in: folder).code == 0)
            let name = "results/schedule-sync-seed1.json"
            let text = try folder.text(name)
            try folder.write(Data(text.replacing("*(", with: " * (").utf8), name)
            let changed = try await bench(["reprice", "results"], in: folder)
            #expect(changed.code == 1 && changed.errors.contains("checksum"), "\(changed.testDescription)")
            try folder.write(Data(text.utf8), name)
            #expect(
                try await bench(quick + ["--strategy", "sync", "--workers", "3", "--batch", "32"], in: folder).code == 0
            )
            let other = try await bench(["reprice", "results"], in: folder)
            #expect(other.code == 1 && other.errors.contains("of another run"), "\(other.testDescription)")
        }
    }

    @Test func helpOfRepriceNamesItsOptions() async throws {
        try await withFolder { folder in
            let help = try await bench(["reprice", "--help"], in: folder).output
            for word in [
                "--cluster", "--latency", "--bandwidth", "--jitter", "--allreduce", "--csv", "--strategy", "--record",
            ] {
                #expect(help.contains(word), "\(word)")
            }
        }
    }
}
