import Testing

@testable import Experiments
@testable import RegressionGate
@testable import Reports
@testable import Tasks
@testable import TestSupport

/// Names from files and command lines in Markdown.
@Suite struct MarkdownTextTests {
    @Test(arguments: [
        ("a|b", #"a\|b"#), ("two\nlines", "two lines"), ("`x`", #"\`x\`"#), ("*x*", #"\*x\*"#),
        ("snake_case", "snake_case"),
        ("_x_", #"\_x\_"#), (#"a\|b"#, #"a\\\|b"#), ("<b>x</b>", #"\<b>x\</b>"#), ("p < 0.05", "p < 0.05"),
        ("&lt; & co", #"\&lt; & co"#), ("[a](b)", #"[a\](b)"#), ("[1 ms, 2 ms]", "[1 ms, 2 ms]"),
        ("~~x~~", #"\~\~x\~\~"#),
        (" a ", "&nbsp;a&nbsp;"), ("97.5 % [95.35, 100.00] (1 diverged)", "97.5 % [95.35, 100.00] (1 diverged)"),
        ("https://a.org/b_c?d=e", "https://a.org/b_c?d=e"), ("", ""),
    ])
    func runningTextIsShownAsItIs(text: String, expected: String) {
        #expect(MarkdownText.plain(text) == expected)
    }

    @Test(arguments: [
        ("a.safetensors", "`a.safetensors`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), (" a ", "`  a  `"),
        ("two\nlines", "`two lines`"), ("*_|<", "`*_|<`"),
    ])
    func aCodeSpanEndsWhereTheTextDoes(text: String, expected: String) {
        #expect(MarkdownText.code(text) == expected)
    }

    @Test func aTableHasAsManyCellsInEveryRowWhateverIsInThem() {
        var table = TextTable([("name", .left), ("count", .right)])
        for name in ["a|b", "a\nb", "\\", "\\|", "`|", "||", "x\r\n|y", "|"] { table.append([name, "1"]) }
        let lines = table.markdown.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.count == 10)
        for line in lines { #expect(bars(line) == 3, "\(line)") }
        #expect(table.terminal.split(separator: "\n").count == 10)
        #expect(table.terminal.contains("a|b"), "escapes are for Markdown only")
    }

    /// Bars that are not escaped.
    private func bars(_ line: Substring) -> Int {
        var (count, isEscaped) = (0, false)
        for character in line {
            if character == "|", !isEscaped { count += 1 }
            isEscaped = character == "\\" && !isEscaped
        }
        return count
    }

    @Test func aCellThatIsStrongIsBoldInMarkdownAlone() {
        var table = TextTable([("a", .left), ("b", .right)])
        table.append(["x*", "1 s"], strong: [1])
        #expect(table.markdown.contains(#"| x\* | **1 s** |"#))
        #expect(!table.terminal.contains("**"))
    }

    // MARK: Documents

    private static let name = "a|b\nc `d` <e> *f*\u{1B}[31m"

    /// No name may change the form of a document: its tables keep their columns, and nothing steers a terminal.
    private func expectForm(_ document: String) {
        #expect(!document.unicodeScalars.contains("\u{1B}"))
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(!lines.contains { $0.hasPrefix("c `d`") }, "a name begins a line")
        #expect(!document.contains(" `d` "), "a name holds a code span")
        #expect(document.contains("a\\|b c"), "the name is there")
        for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("|") && next.hasPrefix("|") {
            #expect(bars(line) == bars(next), "\(line)\n\(next)")
        }
    }

    @Test func aReportKeepsItsFormWhateverNamesAreInIt() throws {
        var results = results([record("single"), record("sync"), record("federated")], seeds: [1])
        results.plan.initialParametersFile = Self.name
        for index in results.plan.strategies.indices {
            results.plan.strategies[index].cluster?.name = Self.name
            results.plan.strategies[index].cluster?.source = Self.name
            results.plan.strategies[index].cluster?.costSource = Self.name
            results.plan.strategies[index].tuning = Tuning(
                options: [], trials: 1, seeds: 1, chosenOn: "test set", source: Self.name)
        }
        expectForm(MarkdownReport.render(results).replacing(MarkdownText.code(Self.name), with: ""))
    }

    @Test func aComparisonKeepsItsFormWhateverReasonsAreInIt() throws {
        expectForm(ComparisonText.markdown(notComparable: [Self.name, Self.name]))
        let runs = [record("sync"), record("federated")]
        let old = Comparison.accept(
            results(runs, seeds: [1]), over: nil, comparison: nil, reason: Self.name, date: "2026-01-01T00:00:00Z")
        expectForm(ComparisonText.markdown(try Comparison(baseline: old, current: results(runs, seeds: [1]))))
    }
}
