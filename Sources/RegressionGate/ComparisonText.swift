import Diagnostics
import Experiments
import Reports

/// A comparison for a terminal and, as Markdown, for a pull request or a job summary.
package enum ComparisonText {
    package static func terminal(_ comparison: Comparison, _ layout: TextLayout = .unlimited) -> String {
        ([table(comparison, notable(comparison)).terminal(layout)] + sentences(comparison)).joined(separator: "\n")
            + "\n"
    }

    /// Markdown with the changes on top and everything else in a fold.
    package static func markdown(_ comparison: Comparison) -> String {
        let (shown, hidden) = (notable(comparison), comparison.figures.filter { isUnchanged($0) })
        let mark = comparison.regressions.isEmpty ? "✅" : "❌"
        var text = "### \(mark) bench: \(comparison.plan)\n\n**\(comparison.verdict)**\n\n"
        if !shown.isEmpty { text += table(comparison, shown).markdown + "\n" }
        if !hidden.isEmpty {
            text += """
                <details><summary>\(hidden.count) figures are as they were</summary>

                \(table(comparison, hidden).markdown)
                </details>


                """
        }
        for note in comparison.notes { text += "- \(MarkdownText.plain(note))\n" }
        return text + origin(comparison)
    }

    /// Markdown for results that could not be compared.
    package static func markdown(notComparable reasons: [String]) -> String {
        "### ⚠️ bench: could not compare\n\n" + reasons.map { "- \(MarkdownText.plain($0))\n" }.joined()
    }

    static func isUnchanged(_ figure: Figure) -> Bool {
        figure.status == .same || figure.status == .withinTolerance && figure.kind != .measured
    }

    /// The figures to show: regressions first. Measured times are always among them, since their ratio is of interest
    /// whatever the verdict.
    static func notable(_ comparison: Comparison) -> [Figure] {
        let order: [Figure.Status] = [.regression, .improvement, .withinTolerance, .notCompared]
        return order.flatMap { status in comparison.figures.filter { $0.status == status && !isUnchanged($0) } }
    }

    static func table(_ comparison: Comparison, _ figures: [Figure]) -> TextTable {
        var table = TextTable(
            [
                ("verdict", .left), ("strategy", .left), ("figure", .left), ("baseline", .right), ("current", .right),
                ("change", .left), ("test", .left),
            ], keys: [1, 2])
        for figure in figures {
            table.append([
                word(figure.status), figure.strategy, figure.name, figure.baseline, figure.current, figure.change,
                figure.test,
            ])
        }
        return table
    }

    static func word(_ status: Figure.Status) -> String {
        switch status {
        case .same: "same"
        case .withinTolerance: "no change shown"
        case .regression: "REGRESSION"
        case .improvement: "improvement"
        case .notCompared: "not compared"
        }
    }

    private static func sentences(_ comparison: Comparison) -> [String] {
        let unchanged = comparison.figures.filter(isUnchanged).count
        return (unchanged > 0 ? ["\(unchanged) other figures are as they were."] : []) + comparison.notes + [
            comparison.verdict
        ]
    }

    private static func machine(_ machine: MachineDescription) -> String {
        MarkdownText.plain("commit \(machine.commit), \(machine.date), \(machine.processor)")
    }

    static func origin(_ comparison: Comparison) -> String {
        let (old, new) = (comparison.baseline.machine, comparison.current.machine)
        var text = "\nBaseline: \(machine(old)). Current: \(machine(new)).\n"
        if let last = comparison.baseline.history.last {
            text += "The baseline was accepted on \(last.date): \(MarkdownText.plain(last.reason))\n"
        }
        return text
    }
}

extension Comparison {
    /// The plan in words, such as `digits, 4 strategies, 5 seeds`.
    var plan: String { Self.words(baseline) }

    static func words(_ results: Results) -> String {
        "\(results.plan.task), \(results.plan.strategies.count) strategies, \(results.plan.seeds.count) seeds"
    }
}
