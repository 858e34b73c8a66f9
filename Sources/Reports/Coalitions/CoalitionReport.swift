import Diagnostics
import Experiments
import Statistics
package import Studies
import Training

/// What a community's coalitions tell: who gains in which, which last, and what each node's data are worth.
package enum CoalitionReport {
    package static let name = "report.md"

    /// The report for a terminal.
    package static func terminal(
        _ results: CoalitionResults, margin: Double = 0, _ layout: TextLayout = .unlimited
    ) -> String {
        guard let analysis = CoalitionAnalysis(results, margin: margin) else { return unfinished(results) }
        return nodes(analysis).terminal(layout) + "\n" + sentences(analysis).joined(separator: "\n") + "\n"
    }

    /// `report.md`.
    ///
    /// - Parameter margin: differences of accuracies up to this move nobody.
    package static func render(_ results: CoalitionResults, margin: Double = 0) -> String {
        let title = "# Coalitions of \(results.plan.nodes) nodes on \(results.plan.experiment.task)\n"
        guard let analysis = CoalitionAnalysis(results, margin: margin) else {
            return "\(title)\n**Stopped before its end**: \(unfinished(results))"
        }
        let warning = DataText.warning(results.withoutRuns).map { [$0] } ?? []
        let sections = [
            introduction(results), nodes(analysis).markdown, reading(analysis),
            sentences(analysis).map { "- \($0)\n" }.joined(), rational(analysis), ContractText.words(results),
            MarkdownReport.clusters(results.withoutRuns), machine(results),
        ]
        return ([title] + warning + sections).joined(separator: "\n")
    }

    static func unfinished(_ results: CoalitionResults) -> String {
        """
        \(results.coalitions.count) of \(results.plan.coalitions.count) coalitions were trained. What lasts depends on all of them: \
        go on with --resume.

        """
    }

    static func introduction(_ results: CoalitionResults) -> String {
        let plan = results.plan
        return """
            Every one of the \(plan.coalitions.count) coalitions of the \(plan.nodes) nodes was trained by `\(plan.strategy.name)`, \
            with \(plan.experiment.seeds.count) seed\(plan.experiment.seeds.count == 1 ? "" : "s"). A node trains on as many samples \
            in each of them, and its payoff is the \(payoff(plan.experiment.metric)) on its own distribution at the end, the mean over seeds.

            """
    }

    private static func payoff(_ metric: Metric) -> String {
        metric == .accuracy ? metric.title : "\(metric.title) (\(metric.direction))"
    }

    // MARK: Nodes

    static func nodes(_ analysis: CoalitionAnalysis) -> TextTable {
        let hasKinds = Set(analysis.kinds).count > 1
        let kind: [(title: String, alignment: TextTable.Alignment)] = hasKinds ? [("kind", .right)] : []
        var table = TextTable(
            [("node", .right)] + kind + [
                ("alone", .right), ("all together", .right), ("best off", .right), ("in the coalition", .left),
                ("worse off than alone in", .right), ("value of its data", .right), ("lasting coalition", .left),
            ])
        let (all, metric) = (Coalition.all(of: analysis.nodes), analysis.metric)
        for node in 0..<analysis.nodes {
            let best = analysis.best(for: node)
            let own = Coalition.everyOne(of: analysis.nodes).filter { $0.contains(node) && $0.count > 1 }
            let worse = own.count { analysis.game.worseOffThanAlone(in: $0).contains(node) }
            let part = analysis.bestStable?.parts.first { $0.contains(node) }
            var cells = [String(node)]
            if hasKinds { cells.append(analysis.kinds[node].map(String.init) ?? "-") }
            cells += [
                metric.text(analysis.aloneValue(of: node)), metric.text(analysis.value(of: node, in: all)),
                metric.text(analysis.value(of: node, in: best)), words(best), "\(worse) of \(own.count)",
                metric.differenceText(analysis.valueOfData[node]), part.map(words) ?? "-",
            ]
            table.append(cells)
        }
        return table
    }

    static func reading(_ analysis: CoalitionAnalysis) -> String {
        """
        *Value of its data*: what the gains over being alone, of all members together, rise by when the node joins\(unit(analysis.metric)), \
        on average over all orders in which the nodes can join (Shapley 1953); the values add up to \
        \(analysis.metric.differenceText(analysis.valueOfData.reduce(0, +))), the sum of all gains where all take part. *Lasting coalition*: the \
        node's part in the structure that lasts, as below.

        """
    }

    // MARK: Sentences

    /// What the table shows.
    static func sentences(_ analysis: CoalitionAnalysis) -> [String] {
        let all = Coalition.all(of: analysis.nodes)
        let losing = analysis.game.worseOffThanAlone(in: all)
        let grand =
            losing.isEmpty
            ? "Nobody is worse off than alone where all take part."
            : "Where all take part, \(list(losing)) \(losing.count == 1 ? "is" : "are") worse off than alone."
        return [grand, core(analysis), individual(analysis), noise(analysis)]
    }

    private static func core(_ analysis: CoalitionAnalysis) -> String {
        let core = analysis.stable.core
        guard let first = analysis.bestStable, !core.isEmpty else {
            return
                "The core is empty: whatever coalitions there are, some nodes would all be better off as another one."
        }
        let others =
            core.count > 1 ? ", with the largest sum of \(sum(analysis.metric)) of \(core.count) such structures" : ""
        return """
            In the core is \(words(first))\(others): there are no nodes that would all be better off as a coalition of their own \
            (Drèze and Greenberg 1980).
            """
    }

    private static func individual(_ analysis: CoalitionAnalysis) -> String {
        let individual = analysis.stable.individual
        guard let best = individual.max(by: { analysis.game.welfare($0) < analysis.game.welfare($1) }) else {
            return "No structure is individually stable: in each, a node would go over to others who would take it in."
        }
        let count = individual.count == 1 ? "One structure is" : "\(individual.count) structures are"
        return """
            \(count) individually stable, so that no node would go over to others who would take it in (Bogomolnaia and Jackson \
            2002)\(individual.count == 1 ? ": " : "; the best for all together is ")\(words(best)).
            """
    }

    private static func noise(_ analysis: CoalitionAnalysis) -> String {
        let margin = analysis.game.margin
        let moved =
            margin > 0
            ? "Differences up to \(text(margin, analysis)) move nobody (--margin)."
            : "Every difference counts, however small; --margin sets what moves nobody."
        guard let error = analysis.standardError else { return "\(moved) With one seed nobody knows what is chance." }
        return "\(moved) The standard error of a gain over seeds is \(text(error, analysis)), in the middle of all."
    }

    // MARK: Coalitions

    private static let listed = 30

    static func rational(_ analysis: CoalitionAnalysis) -> String {
        let rational = analysis.rational
        guard !rational.isEmpty else {
            return "## Coalitions that nobody loses in\n\nNone: in each a member is worse off than alone.\n"
        }
        func gain(_ coalition: Coalition) -> Double {
            let gains = coalition.members.map {
                analysis.gain(of: $0, in: coalition)
            }
            return gains.reduce(0, +)
        }
        let metric = analysis.metric
        let sorted = rational.map { ($0, gain($0)) }.sorted { ($0.1, $1.0.bits) > ($1.1, $0.0.bits) }
        var table = TextTable([
            ("coalition", .left), ("members", .right), ("sum of gains", .right), ("least gain", .right),
        ])
        for (coalition, sum) in sorted.prefix(listed) {
            let least =
                coalition.members.map { analysis.gain(of: $0, in: coalition) }.min() ?? 0
            table.append([
                words(coalition), String(coalition.count), metric.differenceText(sum), metric.differenceText(least),
            ])
        }
        let all = (1 << analysis.nodes) - 1 - analysis.nodes
        let rest = rational.count > listed ? " Those with the largest sums are shown." : ""
        return """
            ## Coalitions that nobody loses in

            \(rational.count) of \(all) with several members are individually rational: no member is worse off than alone. Gains \
            \(metric == .accuracy ? "in points" : "are of the \(metric.title), above 0 where it is better").\(rest) All are in `\(CoalitionsCSV.name)`.

            \(table.markdown)
            """
    }

    static func machine(_ results: CoalitionResults) -> String {
        let machine = results.machine
        return """
            ## Machine and command

                \(VisibleText.line(machine.command))

            - \(machine.date), commit \(machine.commit), \(machine.toolchain), \(machine.buildMode)
            - \(machine.processor), \(machine.cores) cores, \(machine.system)

            """
    }

    // MARK: Texts

    private static func unit(_ metric: Metric) -> String { metric.isShare ? ", in points" : "" }

    /// What the best structure maximises, in words.
    private static func sum(_ metric: Metric) -> String {
        metric.isHigherBetter ? metric.plural : "gains in \(metric.title)"
    }

    private static func text(_ difference: Double, _ analysis: CoalitionAnalysis) -> String {
        analysis.metric.differenceText(difference) + analysis.metric.differenceUnit
    }

    /// The coalition in short, such as `0+3+5`.
    static func words(_ coalition: Coalition) -> String { coalition.members.map(String.init).joined(separator: "+") }

    /// The structure in short, such as `0+3, 1+2+4, 5`.
    static func words(_ structure: CoalitionStructure) -> String { structure.parts.map(words).joined(separator: ", ") }

    private static func list(_ nodes: [Int]) -> String {
        let names = nodes.map(String.init)
        guard let last = names.last, names.count > 1 else { return "node \(names.first ?? "")" }
        return "nodes \(names.dropLast().joined(separator: ", ")) and \(last)"
    }
}

/// What was equal for all coalitions.
enum ContractText {
    static func words(_ results: CoalitionResults) -> String {
        let plan = results.plan
        let objectives = plan.strategy.configuration.objectives.map { "`\($0)`" } ?? "the same for all nodes"
        return """
            ## What was equal

            - Task `\(plan.experiment.task)`, \(DataText.data(results.withoutRuns)), initial parameters of each seed, and seeds \
            \(plan.experiment.seeds.map(String.init).joined(separator: ", ")).
            - Objectives of nodes: \(objectives). A node has the same training samples and is judged by the same test samples in \
            every coalition.
            - Samples that a node trains on: those of \(Format.exact(plan.strategy.configuration.epochs)) epochs where all take \
            part; of a coalition's budget in proportion to its members.
            - Options of `\(plan.strategy.name)`: \(plan.strategy.options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")).

            """
    }
}
