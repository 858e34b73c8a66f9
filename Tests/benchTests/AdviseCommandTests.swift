import Foundation
import Testing

/// Advice from the command line: its words, its files, and the commands that say it again.
@Suite(.timeLimit(.minutes(60))) struct AdviseCommandTests {
    private static let run = [
        "--task", "digits", "--epochs", "8", "--seeds", "3", "--compute", "reference", "--output", "results",
        "--fabric", "simulated", "--strategy", "single,sync,federated", "--workers", "4", "--clients", "10", "--record",
        "--target", "80%",
    ]

    private static let advise = ["advise", "results", "--cluster", "ethernet-1g"]

    private struct Document: Decodable {
        struct Statement: Decodable {
            let part: String
            let text: String
            let command: String
        }

        struct Crossover: Decodable {
            let figure: String
            let strategy: String
            let value: Double
            let isFirstAbove: Bool
            let now: Double
        }

        struct Place: Decodable {
            let cluster: String
            let first: String?
            let crossovers: [Crossover]
        }

        struct Regret: Decodable {
            let strategy: String
            let cluster: String
            let ratio: Double?
        }

        let statements: [Statement]
        let clusters: [Place]
        let regret: [Regret]
    }

    private func recorded(_ body: (TemporaryFolder) async throws -> Void) async throws {
        try await withFolder { folder in
            let outcome = try await bench(Self.run, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            try await body(folder)
        }
    }

    private func document(_ folder: TemporaryFolder, _ path: String) throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(try folder.text(path).utf8))
    }

    @Test func everyStatementsCommandSaysItAgain() async throws {
        try await recorded { folder in
            let outcome = try await bench(
                Self.advise + ["--map", "6x5", "--over", "workstation,wan", "--output", "advice"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.output.hasPrefix("On `ethernet-1g`, "), "\(outcome.output)")
            let document = try document(folder, "advice/advice.json")
            let parts = Set(document.statements.map(\.part))
            #expect(parts == ["first", "because", "until", "tornado", "inverse", "regret", "map", "pareto"])
            let markdown = try folder.text("advice/advice.md")
            for statement in document.statements {
                #expect(outcome.output.contains(statement.text), "\(statement.text)")
                #expect(markdown.contains(statement.text) && markdown.contains(statement.command))
                let words = statement.command.split(separator: " ").map(String.init)
                #expect(words.first == "bench")
                // The statement of a map does not name the map's size, except where it tells shares.
                let size = statement.part == "map" ? ["--map", "6x5"] : []
                let again = try await bench(Array(words.dropFirst()) + size, in: folder)
                #expect(again.code == 0, "\(again.testDescription)")
                #expect(again.output.contains(statement.text), "\(statement.command)\n\(again.output)")
            }
            for name in ["advice.md", "advice.html", "advice.csv", "advice.json", "map.csv"] {
                #expect(folder.files.contains("advice/\(name)"), "\(name)")
            }
            #expect(table(try folder.text("advice/map.csv")).count == 1 + 6 * 5)
            #expect(folder.files.contains("advice/figures/first-map-light.svg"))
        }
    }

    @Test func thePageOfTheRunQuotesAdviceUntilTheRunIsMadeAgain() async throws {
        try await recorded { folder in
            let title = "<strong>On other machines</strong>"
            let advise = [
                "advise", "results", "--cluster", "workstation,ethernet-1g", "--only", "first,until,regret", "--over",
                "workstation,wan",
            ]
            #expect(try await bench(advise, in: folder).code == 0)
            #expect(try !folder.text("results/report.html").contains(title))
            let outcome = try await bench(advise + ["--output", "results"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let page = try folder.text("results/report.html")
            #expect(page.contains(title) && page.contains("href=\"advice.html\""))
            let lines = page.split(separator: "\n")
            // On each cluster who is first, in place of the one that alone was run there; crossovers, and the least regret.
            #expect(lines.count { $0.contains("reaches 80 % first") || $0.contains("too close to call") } >= 2)
            #expect(!lines.contains { $0.contains("<li>Simulated on ethernet-1g, only") })
            #expect(
                lines.contains {
                    $0.contains("On <code>workstation</code>, <code>") && $0.contains(" stays first while ")
                })
            #expect(page.contains("If in doubt, ") && !page.contains("stays first at every"))
            #expect(try await bench(["report", "results"], in: folder).code == 0)
            #expect(try folder.text("results/report.html") == page)
            // Advice for another target, or from other results, is not shown.
            let other = try await bench(advise + ["--target", "70%", "--output", "results"], in: folder)
            #expect(other.code == 0, "\(other.testDescription)")
            #expect(try folder.text("results/report.html") == page)
            #expect(try await bench(["report", "results"], in: folder).code == 0)
            #expect(try !folder.text("results/report.html").contains(title))
            #expect(try await bench(advise + ["--output", "results"], in: folder).code == 0)
            #expect(try await bench(Self.run + ["--first-seed", "7", "--output", "results"], in: folder).code == 0)
            #expect(folder.files.contains("results/advice.json"))
            #expect(try !folder.text("results/report.html").contains(title))
        }
    }

    /// Crossovers against full runs on both sides, and the table of regret against prices.
    @Test func aCrossoverIsConfirmedByFullRunsOnBothSides() async throws {
        try await recorded { folder in
            let outcome = try await bench(
                ["advise", "results", "--cluster", "workstation", "--only", "until,regret"]
                    + ["--over", "workstation,wan", "--output", "advice"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let document = try document(folder, "advice/advice.json")
            let place = try #require(document.clusters.first)
            let crossovers = place.crossovers.filter { $0.strategy == place.first && $0.figure == "latency" }
            let crossover = try #require(crossovers.first, "\(outcome.output)")
            var firsts: [String] = []
            for factor in [0.9, 1.1] {
                let latency = "\(crossover.value * factor * 1e9)ns"
                let full = try await bench(
                    Self.run + ["--cluster", "workstation", "--latency", latency, "--output", "full"], in: folder)
                #expect(full.code == 0, "\(full.testDescription)")
                let rows = table(try folder.text("full/summary.csv"))
                let column = try #require(rows[0].firstIndex(of: "time_to_target_seconds_median"))
                let name = try #require(rows[0].firstIndex(of: "strategy"))
                let times = rows.dropFirst().compactMap { row in Double(row[column]).map { (row[name], $0) } }
                firsts.append(try #require(times.min { $0.1 < $1.1 }).0)
            }
            #expect((firsts[0] == place.first) == !crossover.isFirstAbove, "\(firsts), \(crossover.value)")
            #expect((firsts[1] == place.first) == crossover.isFirstAbove, "\(firsts), \(crossover.value)")

            let priced = try await bench(["reprice", "results", "--cluster", "workstation,wan"], in: folder)
            #expect(priced.code == 0, "\(priced.testDescription)")
            let rows = table(try folder.text("results/reprice.csv"))
            let column = try #require(rows[0].firstIndex(of: "time_to_target_seconds"))
            func median(_ strategy: String, _ cluster: String) -> Double {
                let times = rows.filter { $0[0] == strategy && $0[1] == cluster }.map {
                    Double($0[column]) ?? .infinity
                }
                return times.sorted()[1]
            }
            for cell in document.regret {
                let least = ["single", "sync", "federated"].map { median($0, cell.cluster) }.min() ?? 0
                let ratio = median(cell.strategy, cell.cluster) / least
                #expect(cell.ratio.map { abs($0 / ratio - 1) < 1e-6 } ?? !ratio.isFinite, "\(cell)")
            }
        }
    }

    @Test func changedFiguresAndMachinesAreNamedAndPriced() async throws {
        try await recorded { folder in
            let near = try await bench(
                Self.advise + ["--with", "latency=100ns,bandwidth=200Gbit", "--only", "first"], in: folder)
            #expect(near.code == 0 && near.output.contains("`sync` reaches 80 % first"), "\(near.testDescription)")
            #expect(near.output.contains("--with latency=100ns,bandwidth=200Gbit"), "\(near.output)")
            let machines = try await bench(
                Self.advise + ["--machines", "4,7", "--bandwidth", "1Gbit,10Gbit", "--only", "machines"], in: folder)
            #expect(machines.code == 0, "\(machines.testDescription)")
            for word in ["Nothing was recorded with 7 workers", "Fastest", "sync", "10 Gbit/s", "0.0382"] {
                #expect(machines.output.contains(word), "\(word): \(machines.output)")
            }
        }
    }

    @Test func withoutAFolderTheRunIsMadeFirst() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                [
                    "advise", "--task", "digits", "--strategy", "single,sync", "--epochs", "6", "--seeds", "2",
                    "--target",
                    "80%", "--compute", "reference", "--cluster", "ethernet-1g", "--machines", "2,4", "--only",
                    "first,machines", "--output", "out",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.output.hasPrefix("On `ethernet-1g`, `single` reaches 80 % first"), "\(outcome.output)")
            for name in ["results.json", "schedule-sync-2-seed1.json", "schedule-sync-4-seed2.json", "advice.json"] {
                #expect(folder.files.contains("out/\(name)"), "\(name): \(folder.files)")
            }
        }
    }

    @Test func whatCannotBeAdvisedSaysWhy() async throws {
        try await withFolder { folder in
            let measured = try await bench(quick + ["--strategy", "threads"], in: folder)
            #expect(measured.code == 0, "\(measured.testDescription)")
            let cases: [([String], Int32, String)] = [
                (["advise", "results"], 1, "not compared with a simulated one"),
                (["advise", "missing"], 1, "missing"),
                (["advise", "results", "--cluster", "ethernet"], 64, "ethernet-1g"),
                (["advise", "results", "--with", "latncy=1ms"], 64, "latency"),
                (["advise", "results", "--with", "latency"], 64, "FIGURE=VALUE"),
                (["advise", "results", "--only", "firts"], 64, "first"),
                (["advise", "results", "--figure", "colour"], 64, "speed"),
                (["advise", "results", "--map", "40"], 64, "40x40"),
                (["advise", "results", "--map-latency", "1ms..1us"], 64, "1us..10ms"),
                (["advise", "results", "--machines", "0"], 64, "100000"),
                (["advise", "results", "--bandwidth", "1Gbit"], 64, "--with"),
                (["advise", "results", "--machines", "4", "--price-per-hour", "1,2"], 64, "one price"),
                (["advise", "results", "--epochs", "4"], 64, "--epochs"),
                (["advise", "results", "--batch", "4"], 64, "--batch"),
                (["advise", "results", "--output", ""], 64, "--output is empty"),
            ]
            for (arguments, code, word) in cases {
                let outcome = try await bench(arguments, in: folder)
                #expect(outcome.code == code && outcome.errors.contains(word), "\(outcome.testDescription)")
            }
        }
    }
}
