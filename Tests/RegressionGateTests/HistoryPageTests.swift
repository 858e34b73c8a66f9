import Datasets
import Foundation
import FoundationXML
import Testing

@testable import Experiments
@testable import RegressionGate
@testable import Reports
@testable import TestSupport

/// Results over commits. The runs are made up, so that what each change is called is known.
@Suite struct HistoryPageTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4, 5]
    private static let accuracies = [0.96, 0.965, 0.97, 0.975, 0.98]
    private static let metrics = ["bytes_sent_total", "final_accuracy_median", "time_to_target_seconds_median"]

    /// A result of `day`, of a commit called by its number.
    private static func result(
        _ day: Int, bytes: Int = 4000, accuracyChange: Double = 0, ratios: [Double] = [], isMeasured: Bool = false,
        strategies: [String] = ["sync"]
    ) -> HistoryTable.Entry {
        let runs = strategies.flatMap { name in
            zip(seeds, accuracies).map { seed, accuracy in
                record(
                    name, seed: seed, [0.1] + Array(repeating: accuracy + accuracyChange, count: 3), bytes: bytes,
                    timings: ratios.isEmpty ? [] : timings(ratios))
            }
        }
        var all = results(runs, seeds: seeds)
        if isMeasured {
            all.plan.strategies[0].fabric = .threads
            all.plan.strategies[0].cluster = nil
        }
        all.machine.date = date(day)
        all.machine.commit = commit(day)
        return HistoryTable.Entry(path: "runs/\(day)", all)
    }

    private static func date(_ day: Int, hour: Int = 0) -> String {
        let (month, day) = (day / 28 + 1, day % 28 + 1)
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "2026-\(two(month))-\(two(day))T\(two(hour)):00:00Z"
    }
    private static func commit(_ day: Int) -> String { "c\(day)00000000" }

    private static func accepted(_ day: Int, _ reason: String) -> Results.Acceptance {
        Results.Acceptance(
            date: date(day, hour: 12), commit: commit(day), reason: reason, changes: ["sync: bytes sent: 4000 -> 4040"])
    }

    /// Six results: day 2 costs 40 bytes more and is accepted, day 4 another 40, which is not.
    private static func six() -> [HistoryTable.Entry] {
        let bytes = [4000, 4000, 4040, 4040, 4080, 4040]
        return bytes.enumerated().map { day, bytes in
            var entry = result(day, bytes: bytes)
            if day == 5 {
                var results = entry.results
                results.history = [accepted(0, "the first"), accepted(2, "a header of ten bytes")]
                entry = HistoryTable.Entry(path: entry.path, results)
            }
            return entry
        }
    }

    // MARK: Judging

    @Test func eachResultIsComparedWithTheBaselineOfItsTime() throws {
        let history = try #require(JudgedHistory.lines(Self.six().shuffled()).first)
        // Day 2 itself is compared with the first, what comes after its acceptance with day 2.
        #expect(history.entries.map(\.reference) == [nil, 0, 0, 2, 2, 2])
        let bytes = try #require(history.series.first { $0.name == "bytes sent" })
        let verdicts = bytes.figures.map { $0?.status }
        #expect(verdicts == [nil, .same, .regression, .same, .regression, .same])
        #expect(history.moves.map(\.place) == [0, 2] && history.moves.map(\.next) == [1, 3])
        #expect(history.isAccepted(2) && !history.isAccepted(4))
        let quiet = history.series.filter { !$0.hasMoved }
        #expect(history.series.count == 18 && quiet.count == 17)
    }

    /// The numbers of figures are what their words say, and bounds are the ones of the test.
    @Test func figuresHaveTheNumbersOfTheirWords() throws {
        let steady = [10.0, 10.1, 10.2, 10.1, 10.0, 10.3, 10.1, 10.2, 10.05, 10.15]
        let (old, new) = (
            Self.result(0, ratios: steady, isMeasured: true),
            Self.result(1, bytes: 4040, accuracyChange: -0.01, ratios: steady.map { $0 * 2 }, isMeasured: true)
        )
        let comparison = try Comparison(baseline: old.results, current: new.results)
        func numbers(_ name: String) throws -> Figure.Numbers {
            try #require(comparison.figures.first { $0.name == name }?.numbers, "\(name)")
        }
        let bytes = try numbers("bytes sent")
        #expect(
            bytes.baseline == 4000 && bytes.current == 4040 && bytes.allowed == 4000...4000 && bytes.interval == nil)
        // 2.576 sqrt(2 p (1 - p) / n / S), of n = 360 test samples and S = 5 seeds; the mean p is 0.97, smoothed by Laplace.
        let accuracy = try numbers("final accuracy")
        let half = (accuracy.allowed.upperBound - accuracy.allowed.lowerBound) / 2
        let smoothed = Self.accuracies.map { ($0 * 360 + 1) / 362 }
        let variance = smoothed.reduce(0) { $0 + 2 * $1 * (1 - $1) / 360 } / 5
        #expect(abs(half - 2.5758293 * (variance / 5).squareRoot()) < 1e-6)
        #expect(abs(accuracy.baseline - 0.97) < 1e-12 && abs(accuracy.current - 0.96) < 1e-12)
        let time = try numbers("measured time")
        #expect(abs(time.current - 2) < 0.05 && time.interval?.contains(time.current) == true)
        #expect(time.baseline == 1 && abs(time.allowed.upperBound - 1.1) < 1e-12)
        #expect(abs(time.allowed.lowerBound - 1 / 1.1) < 1e-12)
    }

    @Test func acceptedResultsThatAreNotThereAreStoodInForByTheNext() throws {
        var entries = Self.six()
        entries.remove(at: 2)
        let history = try #require(JudgedHistory.lines(entries).first)
        #expect(history.moves.map(\.place) == [0, nil])
        #expect(history.entries.map(\.reference) == [nil, 0, nil, 2, 2])
    }

    @Test func aBaselineThatLiesBesideItsRunIsOneResult() {
        var entries = Self.six()
        var results = entries[2].results
        results.history = [Self.accepted(2, "a header")]
        entries.append(HistoryTable.Entry(path: "baseline", results))
        let lines = JudgedHistory.lines(entries)
        #expect(lines.map(\.entries.count) == [6] && lines[0].entries[2].path == "baseline")
    }

    @Test func otherPlansAreOtherHistories() {
        var other = Self.result(3).results
        other.plan.target = 0.5
        let lines = JudgedHistory.lines(Self.six() + [HistoryTable.Entry(path: "other", other)])
        #expect(lines.map(\.entries.count) == [6, 1])
        let page = HistoryPage.html(
            Self.six() + [HistoryTable.Entry(path: "runs/<other>", other)], metrics: Self.metrics, strategies: nil,
            command: "bench history runs")
        #expect(page.contains("Results of other plans") && page.contains("runs/&lt;other&gt;"))
    }

    @Test func whatWasStoppedIsShownAndNotJudged() throws {
        var entries = Self.six()
        var stopped = entries[3].results
        (stopped.isComplete, stopped.runs) = (false, Array(stopped.runs.dropLast()))
        entries[3] = HistoryTable.Entry(path: "runs/3", stopped)
        let history = try #require(JudgedHistory.lines(entries).first)
        #expect(history.entries.count == 6 && history.entries[3].comparison == nil)
        #expect(history.entries[3].note?.contains("was stopped") == true)
    }

    // MARK: The page

    private static func page(_ entries: [HistoryTable.Entry], metrics: [String] = metrics) -> ReportPage {
        HistoryPage.make(entries, metrics: metrics, strategies: nil, command: "bench history runs --metric a,b")
    }

    private static func pictures(_ page: ReportPage) -> [Picture] {
        func figures(_ blocks: [PageBlock]) -> [Picture] {
            blocks.flatMap { block -> [Picture] in
                switch block {
                case .figure(let figure): [figure.picture]
                case .figures(let figures): figures.map(\.picture)
                case .details(_, let blocks): figures(blocks)
                default: []
                }
            }
        }
        return page.sections.flatMap { figures($0.blocks) }
    }

    /// Whether a real parser takes the text for well-formed XML.
    private static func isWellFormed(_ text: String) -> Bool { XMLParser(data: Data(text.utf8)).parse() }

    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// The pictures that were looked at. Where one changes on purpose, BENCH_WRITE_GOLDEN=1 writes it anew, to be looked at again.
    @Test func picturesAreTheSameBytesAsTheOnesThatWereLookedAt() throws {
        let pictures = Self.pictures(Self.page(Self.six()))
        #expect(
            pictures.map(\.name) == [
                "history-1-gate", "history-1-bytes-sent-total-simulated", "history-1-final-accuracy-median-simulated",
                "history-1-time-to-target-seconds-median-simulated",
            ])
        for picture in pictures.prefix(2) {
            let file = Self.golden.appendingPathComponent("\(picture.name).svg")
            if ProcessInfo.processInfo.environment["BENCH_WRITE_GOLDEN"] != nil {
                try Data((picture.svg(.light) + "\n").utf8).write(to: file)
            }
            #expect(picture.svg(.light) + "\n" == (try String(contentsOf: file, encoding: .utf8)), "\(picture.name)")
        }
    }

    @Test func thePageSaysWhatMovedAndWhy() throws {
        let page = Self.page(Self.six())
        #expect(page.verdict.contains("6 results, from `c00000000` (2026-01-01) to `c50000000` (2026-01-06)"))
        #expect(page.verdict.contains("of 17 figures 16 are as they always were, 1 changed; 2 moves were accepted"))
        #expect(page.verdict.contains("The newest result is nowhere worse than its baseline"))
        let html = page.html()
        #expect(html.contains("a header of ten bytes") && html.contains("sync: bytes sent: 4000 -&gt; 4040"))
        #expect(
            html.contains("sync: 4 kB at c00000000, 4.04 kB at c50000000 (+1 %), worse than its baseline 2 times"))
        let worse = Self.page(Array(Self.six().dropLast()))
        #expect(worse.verdict.contains("**The newest result is worse than its baseline in sync: bytes sent.**"))
    }

    /// The numbers in a picture are the numbers of the file.
    @Test func numbersInPicturesAreThoseOfTheCSV() throws {
        let entries = Self.six()
        let picture = try #require(Self.pictures(Self.page(entries)).first { $0.name.contains("bytes-sent") })
        let line = try #require(picture.svg(.light).firstMatch(of: #/data-strategy="sync" data-values="([^"]*)"/#))
        let csv = HistoryTable.render(entries, metrics: ["bytes_sent_total"], strategies: nil, .csv)
        let rows = csv.split(separator: "\n").dropFirst().compactMap { Double($0.split(separator: ",")[5]) }
        #expect(line.output.1.split(separator: " ").compactMap { Double($0) } == rows)
        #expect(rows == [4000, 4000, 4040, 4040, 4080, 4040])
    }

    @Test func whatIsMeasuredHasPicturesOfItsOwnWithTheGatesIntervals() throws {
        let steady = [10.0, 10.1, 10.2, 10.1, 10.0, 10.3, 10.1, 10.2, 10.05, 10.15]
        let entries = (0..<4).map { day in
            Self.result(
                day, ratios: steady.map { day == 3 ? $0 * 1.5 : $0 }, isMeasured: true, strategies: ["single", "sync"])
        }
        let pictures = Self.pictures(Self.page(entries))
        let names = pictures.map(\.name)
        #expect(names.contains("history-1-final-accuracy-median-measured"))
        #expect(names.contains("history-1-final-accuracy-median-simulated"))
        let ratio = try #require(pictures.first { $0.name == "history-1-ratio-measured-time" })
        #expect(ratio.finding.hasPrefix("single: 1.5") && ratio.finding.contains("times its baseline at c30000000"))
        #expect(ratio.svg(.light).contains("data-verdict=\"worse\""))
    }

    @Test func hundredsOfResultsAndFiguresFitInAPage() throws {
        // Six strategies have 102 figures that can be compared, host times not being among them; figures of bytes and
        // of accuracies change again and again.
        let names = ["single", "threads", "sync", "federated", "local-sgd", "fedprox"]
        let entries = (0..<200).map { day -> HistoryTable.Entry in
            let (bytes, points) = (day * day % 23, day * 7 % 5)
            return Self.result(
                day, bytes: 4000 + 8 * bytes, accuracyChange: -0.0001 * Double(points), strategies: names)
        }
        #expect(entries[0].results.plan.strategies.count == 6)
        let html = Self.page(entries).html()
        #expect(html.utf8.count < 300_000, "\(html.utf8.count) bytes")
        #expect(html.contains("200 results") && html.contains("of 102 figures"))
        #expect(Self.isWellFormed(String(html.dropFirst("<!DOCTYPE html>".count))))
    }

    @Test func pagesAndPicturesAreWellFormedWhateverIsInThem() throws {
        let odd = "a<b>&\"c\"'d'`e`|f*g*%23#\u{1B}[31m\n\u{202E}é日本𝛿 -->]]>{}\\ "
        let entries = Self.six().map { entry -> HistoryTable.Entry in
            var results = entry.results
            results.machine.commit = odd + results.machine.commit
            results.plan.strategies[0].name = odd
            results.runs = results.runs.map { run in
                RunRecord(
                    strategy: odd, seed: run.seed, outcome: run.outcome, evaluations: run.evaluations,
                    clusterSeconds: run.clusterSeconds, computeSeconds: 1, communicationSeconds: 1, idleSeconds: 1,
                    hostSeconds: 1, serverComputeSeconds: nil, traffic: run.traffic, partitionSkew: nil, timings: [])
            }
            results.history = results.history.map {
                Results.Acceptance(date: $0.date, commit: odd + $0.commit, reason: odd, changes: [odd, odd])
            }
            return HistoryTable.Entry(path: odd + entry.path, results)
        }
        let page = Self.page(entries)
        #expect(Self.isWellFormed(String(page.html().dropFirst("<!DOCTYPE html>".count))))
        for picture in Self.pictures(page) { #expect(Self.isWellFormed(picture.svg(.auto))) }
        #expect(!page.html().contains("\u{1B}") && !page.html().contains("\u{202E}"))
    }

    @Test func oneResultHasNoHistory() {
        let page = Self.page([Self.result(0)])
        #expect(page.verdict.hasPrefix("No two of these results are of one plan"))
        #expect(page.html().contains("Results without a history"))
    }

    // MARK: Data

    @Test func resultsOfOtherDataThanTheirTasksAreNamed() {
        var foreign = Self.result(1).results
        foreign.data = DataIdentity(
            name: "IDX files that are not MNIST", sha256: "0123456789abcdef", isPublished: false)
        let entries = [Self.result(0), HistoryTable.Entry(path: "fake", foreign)]
        let note = """
            'fake' is of IDX files that are not MNIST (SHA-256 0123456789ab), not of the published data of the task \
            '\(foreign.plan.task)'.
            """
        #expect(HistoryTable.warnings(entries) == [note])
        func table(_ style: HistoryTable.Style) -> String {
            HistoryTable.render(entries, metrics: Self.metrics, strategies: nil, style)
        }
        #expect(table(.table).contains("\n\(note)\n") && !table(.csv).contains("not MNIST"))
        let page = HistoryPage.html(entries, metrics: Self.metrics, strategies: nil, command: "bench")
        #expect(page.contains("IDX files that are not MNIST"))
        #expect(HistoryTable.warnings([Self.result(0)]).isEmpty)
    }

    @Test func pricesOfOtherDataSaySo() {
        var foreign = Self.result(1).results
        foreign.data = DataIdentity(
            name: "IDX files that are not MNIST", sha256: "0123456789abcdef", isPublished: false)
        let table = RepriceTable(target: foreign.plan.goal)
        #expect(table.markdown(foreign).hasPrefix("These results are of IDX files that are not MNIST"))
        #expect(table.markdown(Self.result(1).results) == table.markdown)
    }
}
