import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

@Suite struct MarkdownReportTests {
    private static let reached = [0.1, 0.96, 0.97, 0.98]
    private static let late = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.96, 0.97, 0.98]

    private func headings(_ report: String) -> [String] {
        report.split(separator: "\n").filter { $0.hasPrefix("#") }.map(String.init)
    }

    @Test func aReportHasAllItsSectionsInOrder() throws {
        let report = MarkdownReport.render(try Setup().run())
        let expected = [
            "# Strategies of distributed training on digits", "## What the time went to", "## Time against target",
            "## Cost", "## What was equal",
            "## What was set, and what was tuned",
            "## Machines", "## Traffic", "## How uneven the clients' data are", "## Machine and command",
        ]
        #expect(headings(report) == expected)
        #expect(report.contains("    bench --strategy all"))
        #expect(report.contains("One seed: no interval over seeds can be given"))
        #expect(!report.contains("Stopped before its end"))
        let rows = report.split(separator: "\n").map { $0.replacing(#/ +/#, with: " ") }
        #expect(
            rows.contains { $0.hasPrefix("| sample budget, which every run used up | equal, enforced | 2874 |") })
        #expect(
            rows.contains("| samples trained on, with the last round | not equal | 2874 | 2874 | 2874 | 2876 |"))
    }

    @Test func sectionsWithoutContentAreLeftOut() throws {
        let report = MarkdownReport.render(try Setup(strategies: ["single"]).run())
        #expect(!report.contains("## Traffic") && !report.contains("## How uneven"))
    }

    @Test func anExperimentThatWasStoppedSaysSo() {
        let report = MarkdownReport.render(results([record()], seeds: [1, 2], isComplete: false))
        #expect(report.contains("**Stopped before its end: 1 runs are finished.**"))
        #expect(MarkdownReport.render(results([], seeds: [1], isComplete: false)).contains("No run was finished."))
    }

    @Test func theSummaryNamesTheFirstTheFactorAndThoseThatNeverGotThere() {
        let runs = [
            record("single", Self.late), record("sync", Self.reached, bytes: 4000),
            record("federated", Self.reached.map { _ in 0.1 }, bytes: 1000),
        ]
        let summary = MarkdownReport.summary(results(runs, seeds: [1]))
        #expect(
            summary == """
                `sync` is the first to reach 95 %, after 3 s of simulated cluster time; `single` takes 2.67 times as long; \
                `federated` did not reach it with more than half of the seeds. Over a network, `federated` sends least, 1 kB in all, for the \
                same number of samples; `sync` sends 4 times as much.

                """)
    }

    @Test func theSummarySaysWhereNoStrategyGotThere() {
        let runs = [record("single", [0.1, 0.5], bytes: 0), record("sync", [0.1, 0.75])]
        #expect(
            MarkdownReport.summary(results(runs, seeds: [1])) == """
                No strategy reached 95 % with more than half of its seeds. The highest median accuracy at the end is 75.00 %, \
                of `sync`. With fewer than 3 evaluations nothing can count as reached; see --evaluate-every.

                """)
    }

    @Test(arguments: [(3, "a 95 % interval by Student's t"), (6, "97 % probability, whatever")])
    func theProbabilityOfTheIntervalIsGiven(_ count: Int, _ text: String) {
        let seeds = (1...UInt64(count)).map { $0 }
        let report = MarkdownReport.render(results(seeds.map { record(seed: $0) }, seeds: seeds))
        #expect(report.contains("Medians over \(count) seeds"))
        #expect(report.contains(text), "\(report)")
    }

    @Test func theTablesClocksAreNamed() throws {
        var setup = Setup()
        setup.clock = .auto
        let lines = ComparisonTable.terminal(try setup.run()).split(separator: "\n")
        #expect(lines.count == 6)
        for (line, clock) in zip(lines.dropFirst(2), ["measured", "measured", "simulated", "simulated"]) {
            #expect(line.contains("  \(clock)  "), "\(line)")
        }
    }
}
