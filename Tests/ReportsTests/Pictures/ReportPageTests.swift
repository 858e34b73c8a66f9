import Foundation
import Testing

@testable import Datasets
@testable import Experiments
@testable import Reports
@testable import Studies
@testable import TestSupport

@Suite struct ReportPageTests {
    /// What a page of any kind has to be.
    private func expectPage(_ html: String, _ comment: Comment? = nil) throws {
        #expect(html.hasPrefix("<!DOCTYPE html>"))
        let document = try XMLDocumentCheck(String(html.dropFirst("<!DOCTYPE html>".count)))
        #expect(document.elements.first?.attributes["lang"] == "en")
        let policy = document.having("http-equiv", "Content-Security-Policy").first?.attributes["content"]
        #expect(policy?.hasPrefix("default-src 'none'") == true)
        // Nothing that a browser would fetch.
        for attribute in ["src", "srcset", "action", "data", "background", "poster"] {
            let values = document.having(attribute).compactMap { $0.attributes[attribute] }
            #expect(values.allSatisfy { $0.hasPrefix("data:image/svg+xml;base64,") }, comment)
        }
        for element in document.having("href") {
            let address = element.attributes["href"] ?? ""
            #expect(element.name == "a" && ["#", "data:", "http", "advice.html"].contains { address.hasPrefix($0) })
        }
        #expect(!html.contains("url(") || !html.contains(#/url\((?!#)/#))
        #expect(!html.contains("@import"))
        let outside = html.replacing(#/<a [^>]*>[^<]*<\/a>/#, with: "").replacing("http-equiv", with: "")
        #expect(!outside.contains("http"), comment)
        // One heading of the first level, and no level is left out on the way down.
        let levels = document.elements.compactMap { element in
            element.name.count == 2 && element.name.hasPrefix("h") ? Int(element.name.dropFirst()) : nil
        }
        #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
        for (one, next) in zip(levels, levels.dropFirst()) { #expect(next <= one + 1, "\(levels)") }
        let ids = document.having("id").compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "an id stands twice")
        for picture in document.having("role", "img") {
            let named = picture.attributes["aria-labelledby"]?.split(separator: " ").map(String.init) ?? []
            #expect(named.count == 2 && named.allSatisfy(ids.contains))
        }
        #expect(html.utf8.count < 300_000, comment)
    }

    @Test func aComparisonsPageHasItsFormWhateverNamesAreInIt() throws {
        try expectPage(ResultsPage.make(pictured()).html())
        var odd = pictured().renamed { PictureTests.name + "\($0)" }
        odd.plan.strategies[0].cluster?.name = PictureTests.name
        odd.plan.strategies[0].cluster?.source = "https://example.org/a?b=c&d"
        odd.machine.command = "bench --strategy '<script>alert(1)</script>' & \u{1B}[31m"
        try expectPage(ResultsPage.make(odd).html())
        #expect(!ResultsPage.make(odd).html().contains("<script>alert"))
    }

    @Test func thirtyStrategiesAndAHundredSeedsFitInAPage() throws {
        let page = ResultsPage.make(manyResults(strategies: 30, seeds: 100)).html()
        try expectPage(page, "\(page.utf8.count) bytes")
        #expect(page.contains("23 others are grey"))
    }

    @Test func thePageSaysWhatTheReportSays() throws {
        let results = pictured()
        let page = ResultsPage.make(results).html()
        let text = plain(page)
        for sentence in MarkdownReport.summary(results).replacing("`", with: "").split(separator: ". ") {
            #expect(text.contains(sentence.trimmingCharacters(in: .whitespacesAndNewlines)), "\(sentence)")
        }
        let headings = MarkdownReport.render(results).split(separator: "\n").filter { $0.hasPrefix("## ") }
        for heading in headings {
            let title = MarkupText.escaped(String(heading.dropFirst(3)))
            #expect(page.contains("<h2>\(title)</h2>"), "\(heading)")
        }
        // The verdict is the first thing on the page.
        let first = try #require(page.range(of: "<div class=\"verdict\">"))
        #expect(
            plain(String(page[first.upperBound...])).hasPrefix(
                Headline.sentences(results).verdicts[0].replacing("`", with: "")))
    }

    private func plain(_ html: String) -> String {
        html.replacing(#/<[^>]*>/#, with: "").replacing("&#39;", with: "'").replacing("&quot;", with: "\"")
            .replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func dataBehindThePicturesAreInThePage() throws {
        let results = pictured()
        let document = try XMLDocumentCheck(String(ResultsPage.make(results).html().dropFirst(15)))
        func file(_ name: String) -> String? {
            let address = document.having("download", name).first?.attributes["href"]
            return address?.split(separator: ",", maxSplits: 1).last.flatMap { String($0).removingPercentEncoding }
        }
        #expect(file("summary.csv") == SummaryCSV.render(results))
        #expect(file("targets.csv") == TargetsCSV.render(results))
        #expect(file("curves.csv") == CurvesCSV.render(results))
    }

    /// What takes more than a few kilobytes is in the page as a gzip archive, and opens.
    @Test func largeDataAreArchivesInThePage() throws {
        let many = manyResults(strategies: 5, seeds: 8)
        let document = try XMLDocumentCheck(String(ResultsPage.make(many).html().dropFirst(15)))
        let link = try #require(document.having("download", "curves.csv.gz").first?.attributes["href"])
        let text = try #require(link.split(separator: ",").last)
        #expect(link.hasPrefix("data:application/gzip;base64,"))
        let archive = try #require(Data(base64Encoded: String(text)))
        let opened = try Gzip.decompress([UInt8](archive), name: "curves.csv.gz")
        #expect(String(decoding: opened, as: UTF8.self) == CurvesCSV.render(many))
    }

    @Test func dataForWhichThereIsNoRoomAreThoseThatAreDrawn() throws {
        let many = manyResults(strategies: 9, seeds: 30)
        let page = ResultsPage.make(many).html()
        #expect(page.contains("download=\"curves-drawn.csv") && page.contains("beside it: <code>curves.csv</code>"))
        #expect(PicturedRuns(many).drawnCurves.split(separator: "\n").count == 1 + 9 * 40)
    }

    @Test func resultsWithoutARunHaveAPage() throws {
        let page = ResultsPage.make(results([], seeds: [1], isComplete: false)).html()
        try expectPage(page)
        #expect(page.contains("No run was finished.") && page.contains("Stopped before its end"))
    }

    @Test func aRunOfNodesHasAPage() throws {
        let nodes = (0..<6).map { index in
            node(index, answers(right: 20 + index, of: 40), kind: index % 2, listened: [(index + 2) % 6: 1])
        }
        let alone = (0..<6).map { node($0, answers(right: 18, of: 40), kind: $0 % 2) }
        let results = communityResults(
            [record("alone", nodes: alone), record("dpsgd", nodes: nodes)], testSamples: 40)
        let page = ResultsPage.make(results).html()
        try expectPage(page)
        #expect(page.contains("Who listens to whom: dpsgd") && page.contains("<h2>Who gains by taking part</h2>"))
    }

    @Test func aSearchHasAPage() throws {
        for metric in [StudyPlan.Metric.accuracy, .time] {
            let study = try made(
                [[0.4, 0.5], [0.9, 0.92], [0.8, 0.7], [0.2, 0.3]], strategies: ["single", "sync"], metric: metric,
                seconds: [[9, 8], [1, 2], [3, 3], [nil, 9]])
            let page = StudyPage.make(study, folder: "Results/<study>").html()
            try expectPage(page)
            #expect(page.contains("Every trial by what was varied") && page.contains("download=\"trials.csv\""))
            let picture = try #require(PicturedStudy(study).trials)
            let document = try XMLDocumentCheck(picture.svg(.light))
            let rows = fields(TrialsCSV.render(study), line: 2)
            let column = metric == .accuracy ? "accuracy_median" : "time_to_target_seconds_median"
            let mark = document.having("data-trial", "2").first { $0.attributes["data-strategy"] == "single" }
            #expect(mark?.attributes["data-value"] == rows[column])
        }
    }

    /// Trials that diverged, never got there or lie far behind have a band of their own, so that the others are told apart.
    @Test func trialsThatWouldTakeTheAxisFromOthersHaveABand() throws {
        let study = try made(
            [[0.95, 0.96], [0.97, 0.97], [0.1, 0.12], [0.96, 0.95]], strategies: ["single"], diverged: [])
        let picture = try #require(PicturedStudy(study).trials)
        let document = try XMLDocumentCheck(picture.svg(.light))
        let axis = try #require(document.all("text").compactMap { $0.text.hasSuffix(" %") ? $0.text : nil }.first)
        #expect(!["10 %", "20 %"].contains(axis), "\(axis)")
        #expect(document.having("data-strip").count == 1)
        #expect(picture.finding.contains("In the grey band, which has no scale: 1 is below"))
        // The mark is there, with its number.
        #expect(document.having("data-trial", "3").first?.attributes["data-value"] == "0.110000")
    }

    @Test func trialsThatDivergedOrNeverGotThereAreSeenAndNamed() throws {
        let study = try made(
            [[0.9, 0.9], [0.97, 0.97], [0.1, 0.12], [0.96, 0.95]], strategies: ["single"], metric: .time,
            seconds: [[nil, nil], [2, 2], [nil, nil], [3, 4]], diverged: [2])
        let picture = try #require(PicturedStudy(study).trials)
        let document = try XMLDocumentCheck(picture.svg(.light))
        #expect(document.having("data-trial").count == 4)
        #expect(document.having("data-strip").first?.attributes["data-strip"] == "diverged, did not reach")
        #expect(picture.finding.contains("no scale: 1 diverged, 1 did not reach the target."))
        let words = document.all("title").map(\.text)
        #expect(words.contains { $0.hasSuffix("diverged in 2 of 2 seeds") })
        #expect(words.contains { $0.hasSuffix("did not reach the target") })
    }

    @Test func trialsThatLieTogetherHaveNoBand() throws {
        let study = try made([[0.95, 0.96], [0.97, 0.97], [0.94, 0.95], [0.96, 0.95]], strategies: ["single"])
        let picture = try #require(PicturedStudy(study).trials)
        #expect(!picture.svg(.light).contains("data-strip") && !picture.finding.contains("grey band"))
    }

    // MARK: The answer

    private func answer(_ results: Results, isRecorded: Bool = false) -> String {
        PlainAnswer(results, folder: "runs/my run", isRecorded: isRecorded).markdown
    }

    @Test func whoDoesNotKnowTheFieldIsToldHowSureItIsAndWhereItChanges() {
        let text = answer(pictured())
        // Three seeds cannot show what eight do; `federated` never gets there and is no choice.
        #expect(
            text.contains(
                "3 repetitions with other random draws (seeds) do not tell `sync` and `single` apart"),
            "\(text)")
        let eight = results(
            (1...8).flatMap { seed -> [RunRecord] in
                [
                    record("single", seed: seed, [0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.97, 0.97, 0.97]),
                    record("sync", seed: seed, [0.1, 0.97, 0.97, 0.97, 0.97, 0.97, 0.97, 0.97, 0.97]),
                ]
            }, seeds: (1...8).map { $0 })
        #expect(answer(eight).contains("`sync` was before `single` in 8 of 8 repetitions"), "\(answer(eight))")
        #expect(
            text.contains("No target from 50 % to 98 % shows another strategy to be before `sync`"), "\(text)")
        #expect(
            text.contains("It needs a run with `--record`") && text.contains("`bench advise 'runs/my run' --cluster"))
        #expect(!answer(pictured(), isRecorded: true).contains("--record"))
        #expect(text.contains("`digits`: UCI optical digits") && text.contains("`sync`: data-parallel SGD"), "\(text)")
    }

    /// What advice says is in place of the command that would make it, and of a headline about one strategy alone.
    @Test func adviceIsQuoted() throws {
        var results = pictured()
        let first = AdviceQuote.First(
            cluster: "infiniband", text: "On `infiniband`, `sync` is first, seed by seed 2x [1, 3].",
            short: "On `infiniband`, `sync` is first.", evidence: "simulated on a preset")
        let image = PageImage(title: "Map", finding: "A & B", light: "<svg>1</svg>", dark: "<svg>2</svg>")
        let advice = AdviceQuote(
            firsts: [first], changes: ["`sync` stays first until 3 s."], strategies: ["sync", "federated"],
            leftOut: ["single"], images: [image])
        let words = PlainAnswer(results, folder: "x", isRecorded: true, advice: advice).markdown
        #expect(words.contains("simulated of `sync` and `federated`; `single` cannot be simulated from this run"))
        let page = ResultsPage.make(results, PicturedRuns(results), ResultsData(results), advice: advice).html()
        let light = Data(image.light.utf8).base64EncodedString()
        try expectPage(page)
        #expect(page.contains("<img src=\"data:image/svg+xml;base64,\(light)\" alt=\"Map. A &amp; B\"/>"))
        #expect(words.contains("(advice.html)") && words.contains("- `sync` stays first until 3 s.\n"))
        #expect(words.contains("is first, seed by seed 2x [1, 3] (simulated on a preset).\n"), "\(words)")
        #expect(words.contains("what becomes of them elsewhere stands below") && !words.contains("bench advise"))
        // All three ran on one cluster, and the run itself says who is first there.
        #expect(PlainAnswer(results, folder: "x", isRecorded: true, advice: advice).verdicts == answerless(results))
        results.plan.strategies[0].fabric = .threads
        results.plan.strategies[2].cluster?.name = "elsewhere"
        results.plan.strategies[2].cluster?.worker.link.latencySeconds = 1
        let answer = PlainAnswer(results, folder: "x", isRecorded: true, advice: advice)
        #expect(answer.verdicts[1] == "On `infiniband`, `sync` is first (simulated).")
        #expect(answer.verdicts[2] == answerless(results)[2])
        #expect(!answer.markdown.contains("[1, 3]"), "\(answer.markdown)")
    }

    private func answerless(_ results: Results) -> [String] { Headline.sentences(results).verdicts }

    @Test func aTargetAtWhichAnotherOneIsFirstIsNamed() {
        // `single` is quick to 70 % and never gets beyond; `sync` is at 70 % two evaluations later.
        let results = results(
            (1...8).flatMap { seed -> [RunRecord] in
                [
                    record("single", seed: seed, [0.1, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75]),
                    record("sync", seed: seed, [0.1, 0.2, 0.3, 0.97, 0.97, 0.97, 0.97]),
                ]
            }, seeds: (1...8).map { $0 })
        #expect(
            answer(results).contains("For a target of 50 % `single` is the first, not `sync`"),
            "\(answer(results))")
    }

    @Test func oneSeedAndNoRivalAreSaidToShowNothing() {
        #expect(answer(results([record("sync")], seeds: [1])).contains("One seed only"))
        let alone = results([record("sync", seed: 1), record("sync", seed: 2)], seeds: [1, 2])
        #expect(answer(alone).contains("no two strategies ran on the same machines"))
        #expect(answer(results([record("sync", [0.1, 0.2])], seeds: [1])).isEmpty)
    }

    // MARK: Markdown

    @Test(arguments: [
        ("a `<b>` *c* **d**", "<p>a <code>&lt;b&gt;</code> <em>c</em> <strong>d</strong></p>\n"),
        ("3 * 4 * 5 and a_b_c", "<p>3 * 4 * 5 and a_b_c</p>\n"),
        (#"\*x\* \`y\` \<z> \|"#, "<p>*x* `y` &lt;z&gt; |</p>\n"),
        ("``a`b``", "<p><code>a`b</code></p>\n"), ("`open", "<p>`open</p>\n"), ("*open", "<p>*open</p>\n"),
        ("[a](b.md) [c](javascript:d)", "<p><a href=\"b.md\">a</a> [c](javascript:d)</p>\n"),
        (
            "see https://a.org/b?c=d&e.",
            "<p>see <a href=\"https://a.org/b?c=d&amp;e\">https://a.org/b?c=d&amp;e</a>.</p>\n"
        ),
        ("&nbsp;a & b &lt;", "<p>\u{A0}a &amp; b &amp;lt;</p>\n"),
        ("- a\n- b\n  c", "<ul><li>a</li>\n<li>b   c</li></ul>\n"),
        ("### h\n\ntext", "<h3>h</h3>\n<p>text</p>\n"),
        ("    a <b>\n    c", "<pre tabindex=\"0\"><code>a &lt;b&gt;\nc</code></pre>\n"),
        ("one\ntwo", "<p>one two</p>\n"), ("", ""),
    ])
    func markdownBecomesHTML(_ markdown: String, _ html: String) {
        #expect(MarkdownHTML.render(markdown) == html)
    }

    @Test func tablesKeepTheirCellsAndTheirSides() {
        var table = TextTable([("a|b", .left), ("n", .right)])
        table.append(["x\\|y", "1"], strong: [1])
        let html = MarkdownHTML.render(table.markdown)
        #expect(html.contains("<th scope=\"col\">a|b</th><th scope=\"col\" class=\"n\">n</th>"))
        #expect(html.contains("<tr><th scope=\"row\">x\\|y</th><td class=\"n\"><strong>1</strong></td></tr>"))
    }

    /// What a name looks like must not depend on the way through Markdown.
    @Test func whatIsEscapedForMarkdownComesOutAsItWas() {
        for text in ["a|b", "*x*", "`x`", "<b>x</b>", "&lt;", "[a](b)", "~~x~~", "_x_", "\\", "a\\|b", "* * *", "é日本"] {
            let html = MarkdownHTML.inline(MarkdownText.plain(text))
            #expect(html == MarkupText.escaped(text), "\(text): \(MarkdownText.plain(text)): \(html)")
        }
    }

    @Test func theScriptIsSmallAndMeansNothingInXML() {
        #expect(PageScript.text.utf8.count <= 5000)
        for text in [PageScript.text, PageStyle.css] { #expect(!text.contains("<") && !text.contains("&")) }
    }
}
