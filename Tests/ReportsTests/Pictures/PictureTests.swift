import Foundation
import Testing

@testable import Datasets
@testable import Experiments
@testable import Reports
@testable import TestSupport

@Suite struct PictureTests {
    /// Everything that means something in XML, HTML, SVG, a URL or a terminal.
    static let name = "a<b>&\"c\"'d'`e`|f*g*%23#\u{1B}[31m\n\u{202E}é日本𝛿 -->]]>{}\\ "

    private static func allPictures(_ results: Results) -> [Picture] { PicturedRuns(results).pictures }

    // MARK: Golden files

    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// The pictures that were looked at. Where one changes on purpose, BENCH_WRITE_GOLDEN=1 writes it anew, to be looked at again.
    @Test(arguments: ["time-to-target", "accuracy-time", "time-targets", "accuracy-bytes", "time-shares", "partition"])
    func picturesAreTheSameBytesAsTheOnesThatWereLookedAt(_ name: String) throws {
        let picture = try #require(Self.allPictures(pictured()).first { $0.name == name })
        let file = Self.golden.appendingPathComponent("\(name).svg")
        if ProcessInfo.processInfo.environment["BENCH_WRITE_GOLDEN"] != nil {
            try Data((picture.svg(.light) + "\n").utf8).write(to: file)
        }
        #expect(picture.svg(.light) + "\n" == (try String(contentsOf: file, encoding: .utf8)), "\(name)")
    }

    // MARK: Form

    @Test(arguments: PictureTheme.allCases)
    func everyPictureIsWellFormedWhateverNamesAreInIt(_ theme: PictureTheme) throws {
        let results = pictured().renamed { Self.name + "\($0)" }
        for picture in Self.allPictures(results) {
            let document = try XMLDocumentCheck(picture.svg(theme))
            let root = try #require(document.elements.first)
            #expect(root.name == "svg" && root.attributes["role"] == "img")
            let ids = root.attributes["aria-labelledby"]?.split(separator: " ").map(String.init) ?? []
            #expect(ids.count == 2 && ids.allSatisfy { !document.having("id", $0).isEmpty })
            #expect(!document.elements.contains { $0.name == "script" || $0.name == "image" })
            // Opaque, whatever it is put on.
            #expect(
                document.elements.first { $0.name == "rect" }?.attributes["width"] == root.attributes["width"] ?? "640")
        }
    }

    @Test func namesAreShownAsTheyAre() throws {
        let results = pictured().renamed { $0 == 0 ? "<b>&amp;\"x\"" : "row \($0)" }
        let picture = try #require(PicturedRuns(results).timeToTarget)
        let document = try XMLDocumentCheck(picture.svg(.light))
        #expect(document.having("data-strategy", "<b>&amp;\"x\"").count == 1)
        #expect(document.all("text").contains { $0.text == "<b>&amp;\"x\"" })
    }

    /// An SVG file of its own has colours of its own; nothing but the page's variables is in a page's.
    @Test func fixedThemesHaveNoVariables() throws {
        let picture = try #require(PicturedRuns(pictured()).accuracyAgainstTime)
        #expect(!picture.svg(.light).contains("var(") && !picture.svg(.dark).contains("var("))
        #expect(picture.svg(.light).contains("#ffffff") && picture.svg(.dark).contains("#121417"))
        #expect(picture.svg(.auto).contains("prefers-color-scheme:dark"))
        #expect(!picture.svg(.page).contains("http"))
    }

    // MARK: Numbers

    /// The numbers of a picture are read from its attributes and compared, as text, with the numbers of `summary.csv`.
    private func expectNumbers(_ picture: Picture?, _ results: Results, _ columns: [String: String]) throws {
        let document = try XMLDocumentCheck(try #require(picture).svg(.light))
        let rows = table(SummaryCSV.render(results))
        for row in rows {
            let name = row["label"] ?? row["strategy"] ?? ""
            let element = try #require(document.having("data-strategy", name).first, "\(name)")
            for (attribute, column) in columns {
                #expect(element.attributes[attribute] == row[column], "\(name): \(attribute) and \(column)")
            }
        }
        #expect(rows.count == results.summaries.count)
    }

    private func table(_ text: String) -> [[String: String]] {
        let count = text.split(separator: "\n").count
        return (1..<count).map { fields(text, line: $0) }
    }

    @Test(arguments: [3, 9]) func numbersInPicturesAreThoseOfTheSummary(strategies: Int) throws {
        let results = strategies == 3 ? pictured() : manyResults(strategies: strategies, seeds: 6)
        let pictured = PicturedRuns(results)
        try expectNumbers(
            pictured.timeToTarget, results,
            [
                "data-median": "time_to_target_seconds_median", "data-low": "time_to_target_seconds_low",
                "data-high": "time_to_target_seconds_high", "data-reached": "seeds_reached",
            ])
        try expectNumbers(
            pictured.accuracyAgainstTime, results,
            ["data-final": "final_accuracy_median", "data-reached": "time_to_target_seconds_median"])
        try expectNumbers(
            pictured.timeShares, results,
            [
                "data-cluster": "cluster_seconds_median", "data-compute": "compute_seconds_median",
                "data-network": "communication_seconds_median", "data-idle": "idle_seconds_median",
            ])
    }

    @Test func numbersAgainstTargetsAreThoseOfTheFile() throws {
        let results = pictured()
        let document = try XMLDocumentCheck(try #require(PicturedRuns(results).timeAgainstTarget).svg(.light))
        let rows = table(TargetsCSV.render(results))
        for summary in results.summaries {
            let medians = rows.filter { $0["label"] == summary.strategy }.map {
                $0["time_to_target_seconds_median"] ?? ""
            }
            let element = document.having("data-strategy", summary.strategy).first
            #expect(element?.attributes["data-medians"] == medians.joined(separator: " "))
        }
    }

    /// The dots lie where the numbers say: a factor of ten in time is the same distance everywhere.
    @Test func dotsLieWhereTheirNumbersSay() throws {
        let scale = AxisScale(.logarithmic, .seconds, low: 1, high: 1000)
        let panel = Panel(
            left: 100, top: 0, width: 300, height: 10, x: scale, y: AxisScale(.linear, .count, low: 0, high: 1))
        #expect([1.0, 10, 100, 1000].map { panel.px($0).rounded() } == [100, 200, 300, 400])
        #expect(panel.py(0) == 10 && panel.py(1) == 0)
    }

    @Test func curvesAreMediansWithTheMiddleOfTheSeeds() throws {
        let three = pictured()
        let points = PicturedRuns(three).curve(three.summaries[0], .time)
        #expect(points.map(\.x) == (0...8).map(Double.init))
        // Seeds lie 0.01 apart, and the middle one has the curve's value less 0.01.
        #expect(
            abs(points[4].y - 0.89) < 1e-12 && abs(points[4].low - 0.88) < 1e-12 && abs(points[4].high - 0.9) < 1e-12)
        let twenty = results(
            (1...20).map { record("sync", seed: $0, [0.1, 0.5, Double($0) / 100]) }, seeds: (1...20).map { $0 })
        let last = PicturedRuns(twenty).curve(twenty.summaries[0], .time)[2]
        // Two of twenty are left out at either end.
        #expect(abs(last.low - 0.03) < 1e-12 && abs(last.high - 0.18) < 1e-12 && abs(last.y - 0.105) < 1e-12)
    }

    // MARK: Classes and many rows

    @Test func whatIsMeasuredHasAnAxisOfItsOwn() throws {
        var results = pictured()
        results.plan.strategies[0].fabric = .threads
        for picture in [PicturedRuns(results).timeToTarget, PicturedRuns(results).accuracyAgainstTime] {
            let text = try #require(picture).svg(.light)
            #expect(text.contains("measured on this machine") && text.contains("simulated on infiniband"))
        }
        let document = try XMLDocumentCheck(try #require(PicturedRuns(results).accuracyAgainstTime).svg(.light))
        #expect(document.having("data-plot").count == 2)
    }

    @Test func ofThirtyStrategiesTheForemostHaveALookOfTheirOwn() throws {
        let pictured = PicturedRuns(manyResults(strategies: 30, seeds: 3))
        #expect(pictured.styles.named.map(\.name) == (0..<7).map { "strategy-\($0)" })
        #expect(pictured.styles.greyCount == 23)
        let document = try XMLDocumentCheck(try #require(pictured.accuracyAgainstTime).svg(.light))
        #expect(document.having("data-strategy").count == 30)
        #expect(document.having("data-series").count == 7)
        // Names of the seven alone stand at the curves.
        #expect(document.all("text").count { $0.text.hasPrefix("strategy-") } == 7)
    }

    @Test func everyLookIsACombinationOfItsOwn() {
        let looks = (0..<Ink.seriesCount).map { index -> String in
            let style = SeriesStyle(index: index)
            return style.marker(0, 0).written(.light) + (style.dash ?? "")
        }
        #expect(Set(looks).count == Ink.seriesCount)
        for theme in [PictureTheme.light, .dark] {
            #expect(Set((0..<Ink.seriesCount).map { theme.colour(.series($0)) }).count == Ink.seriesCount)
        }
    }

    @Test func nodesAreMarkedByTheirVerdicts() throws {
        let alone = [node(0, answers(right: 15, of: 40), kind: 0), node(1, answers(right: 30, of: 40), kind: 1)]
        let joined = [
            node(0, answers(right: 30, of: 40), kind: 0, listened: [1: 1]),
            node(1, answers(right: 15, of: 40), kind: 1, listened: [0: 3]),
        ]
        let results = communityResults(
            [record("alone", nodes: alone), record("dpsgd", nodes: joined)], testSamples: 40)
        let pictured = PicturedRuns(results)
        let document = try XMLDocumentCheck(try #require(pictured.nodeGains).svg(.light))
        #expect(document.having("data-node").map { $0.attributes["data-gain"] } == ["-0.375000", "0.375000"])
        let text = try #require(pictured.nodeGains).svg(.light)
        #expect(text.contains("node 0 (kind 0): +37.50 points, gains"))
        let matrix = try #require(pictured.listening.first)
        #expect(try XMLDocumentCheck(matrix.svg(.light)).having("data-peer").count == 2)
        #expect(matrix.finding.hasPrefix("0 % of the weight that nodes give to others is within their own kind."))
    }

    // MARK: Partitions

    private func partitioned(_ shards: [[Int32]], _ labels: [UInt8], classes: Int) -> Results {
        results([holding("federated", shards, labels, classes: classes)], seeds: [1])
    }

    private func holding(_ strategy: String, _ shards: [[Int32]], _ labels: [UInt8], classes: Int) -> RunRecord {
        let run = record(strategy, [0.1, 0.5, 0.96, 0.96, 0.97])
        return RunRecord(
            strategy: run.strategy, seed: 1, outcome: .completed, evaluations: run.evaluations, clusterSeconds: 4,
            computeSeconds: 1, communicationSeconds: 2, idleSeconds: 1, hostSeconds: 0.25, serverComputeSeconds: 0.5,
            traffic: run.traffic, partitionSkew: PartitionSkew(of: shards, labels: labels, classes: classes),
            timings: [])
    }

    @Test func partitionsThatWouldMakeAPageTooLargeAreNamed() throws {
        let labels = (0..<30).map { UInt8($0) }
        let shards = [[Int32]](repeating: (0..<30).map { Int32($0) }, count: 29)
        let all = results(
            [
                holding("federated", shards, labels, classes: 30),
                holding("sync", Array(shards.dropLast()), labels, classes: 30),
            ], seeds: [1])
        #expect(PicturedRuns(all).partitions.count == 2)
        let page = ResultsPage.make(all).html()
        #expect(page.contains("1 other partition, whose counts stand in <code>results.json</code>"))
        #expect(page.components(separatedBy: "data-client=\"0\"").count == 2)
        #expect(page.utf8.count < 300_000)
    }

    @Test func whatClientsHoldIsDrawnByItsArea() throws {
        let labels = [UInt8](repeating: 0, count: 16) + [UInt8](repeating: 1, count: 4)
        let results = partitioned([Array(0..<16), Array(16..<20)], labels, classes: 3)
        let picture = try #require(PicturedRuns(results).partitions.first)
        let document = try XMLDocumentCheck(picture.svg(.light))
        #expect(document.having("data-client").map { $0.attributes["data-counts"] } == ["16 0 0", "0 4 0"])
        // A quarter of the samples is a dot of half the radius, up to the tenth of a pixel that is written.
        let radii = document.all("circle").compactMap { $0.attributes["r"].flatMap(Double.init) }
        #expect(radii.count == 2 && abs(radii[0] / 2 - radii[1]) <= 0.1, "\(radii)")
        let widths = document.all("rect").compactMap { $0.attributes["width"].flatMap(Double.init) }.dropFirst()
        #expect(widths.count == 2 && abs((widths.first ?? 0) / 4 - (widths.last ?? 0)) <= 0.1, "\(widths)")
        #expect(picture.finding.hasPrefix("2 clients hold between 4 and 16 samples, in the median 10."))
        #expect(picture.finding.contains("100 % of the samples are of its most frequent class"))
        #expect(ResultsPage.make(results).html().contains("What each client holds"))
    }

    @Test func ofManyClientsThePictureSaysWhichAreShown() throws {
        let shards = (0..<100).map { client in [Int32](repeating: 0, count: client + 1) }
        let text = try #require(PicturedRuns(partitioned(shards, [0], classes: 90)).partitions.first)
        let document = try XMLDocumentCheck(text.svg(.light))
        #expect(document.having("data-client").count == 40 && document.all("circle").isEmpty)
        #expect(text.finding.contains("40 of the 100 are shown, evenly spread over the order of their sizes"))
    }

    @Test func resultsThatDoNotSayWhatClientsHoldHaveNoPictureOfIt() {
        let results = results([record("sync")], seeds: [1])
        #expect(PicturedRuns(results).partitions.isEmpty)
    }
}
