import Advice
import Cluster
import Diagnostics
import Experiments
import Statistics

/// What is about several clusters, or about many.
extension AdviceText {
    // MARK: Regret

    var regret: AdviceSection? {
        guard let regret = advice.regret, !regret.clusters.isEmpty else { return nil }
        var section = AdviceSection(.regret)
        let over = ["--over", regret.clusters.map(\.name).joined(separator: ",")]
        section.statements = [AdviceStatement(text: doubtWords(regret), command: command.words(.regret, over))]
        section.table = regretTable(regret)
        section.note = """
            Median time to \(target) over the least of all strategies on each cluster, simulated there; 1 is the first. *Worst* is \
            the greatest of the row.
            """
        return section
    }

    private func doubtWords(_ regret: RegretTable) -> String {
        let count = regret.clusters.count
        let names = count <= 8 ? " (\(regret.clusters.map(\.name).joined(separator: ", ")))" : ""
        let clusters = "\(count) cluster\(count == 1 ? "" : "s")\(names)"
        guard let safe = regret.ifInDoubt, let worst = regret.worst(of: safe) else {
            return "No strategy reaches \(target) on all of these \(clusters), so that none is safe where in doubt."
        }
        let others = advice.names.indices.filter { $0 != safe }.map { other in
            regret.worst(of: other).map {
                "\(name(other)) takes up to \(Format.significant($0.ratio)) times as long (on `\(regret.clusters[$0.cluster].name)`)"
            } ?? "\(name(other)) does not reach \(target) on all of them"
        }
        return """
            If in doubt, \(name(safe)): on these \(clusters) it takes \(Format.significant(worst.ratio)) times as long as the \
            first at worst (on `\(regret.clusters[worst.cluster].name)`)\(others.isEmpty ? "" : "; " + others.joined(separator: ", ")).
            """
    }

    private func regretTable(_ regret: RegretTable) -> TextTable {
        var table = TextTable(
            [("strategy", .left)] + regret.clusters.map { ($0.name, .right) } + [("worst", .right)])
        for strategy in advice.names.indices {
            let cells = regret.cells.map { $0[strategy].ratio.map(Format.significant) ?? "-" }
            let worst = regret.worst(of: strategy).map { Format.significant($0.ratio) } ?? "-"
            let firsts = regret.cells.indices.filter { regret.cells[$0][strategy].ratio == 1 }.map { 1 + $0 }
            table.append([advice.names[strategy]] + cells + [worst], strong: Set(firsts))
        }
        table.append(
            ["first"]
                + regret.standings.map { standing in
                    guard let standing, let first = standing.first else { return "none" }
                    if standing.isShown { return advice.names[first] }
                    return standing.opponent.map { "\(advice.names[first]) or \(advice.names[$0])" }
                        ?? advice.names[first]
                } + [regret.ifInDoubt.map { advice.names[$0] } ?? "-"])
        return table
    }

    // MARK: Map

    var map: AdviceSection? {
        guard let map = advice.map, let arguments = advice.clusters.first?.arguments else { return nil }
        var section = AdviceSection(.map, on: map.cluster.name)
        let shares = advice.names.indices.map { "\(name($0)) on \(Format.percent(map.share(of: $0), decimals: 0))" }
        section.statements = [
            AdviceStatement(
                text: """
                    Of networks with latencies of \(Format.seconds(map.latencies.first ?? 0)) to \
                    \(Format.seconds(map.latencies.last ?? 0)) and bandwidths of \(Format.bandwidth(map.bandwidths.first ?? 0)) to \
                    \(Format.bandwidth(map.bandwidths.last ?? 0)), the first is \(shares.joined(separator: ", ")); on \
                    \(Format.percent(map.undecidedShare, decimals: 0)) it is too close to call.
                    """, command: command.words(.map, arguments + advice.mapArguments))
        ]
        section.drawing = MapDrawing(map, names: advice.names).text
        section.note = """
            \(map.bandwidths.count) x \(map.latencies.count) cells. All other figures are those of `\(map.cluster.name)`; other clusters are marked by their links alone.
            """
        return section
    }

    // MARK: Machines

    var machines: AdviceSection? {
        guard let search = advice.machines else { return nil }
        var section = AdviceSection(.machines)
        let words = command.words(.machines, advice.clusters.first?.arguments ?? []) + advice.machineArguments
        section.statements = machineStatements(search).map { AdviceStatement(text: $0, command: words) }
        var table = TextTable([
            ("strategy", .left), ("machines", .right), ("latency", .right), ("bandwidth", .right),
            ("USD/h each", .right),
            ("time to \(target)", .right), ("money", .right), ("energy", .right), ("", .left),
        ])
        for (index, choice) in search.choices.enumerated() {
            let node = choice.cluster.worker
            let marks = [
                search.fastest == index ? "fastest" : nil, search.cheapest == index ? "cheapest" : nil,
                choice.dominatedBy.isEmpty ? nil : "dominated",
            ].compactMap { $0 }
            func text(_ summary: SpreadSummary?, _ format: (Double) -> String) -> String {
                summary.map { $0.median.isFinite ? format($0.median) : "never" } ?? "-"
            }
            table.append([
                advice.names[choice.strategy], "\(choice.machines)", Format.seconds(node.link.latencySeconds),
                Format.bandwidth(node.link.uplinkBytesPerSecond), node.pricePerHour.map(Format.significant) ?? "-",
                text(choice.time, Format.seconds), text(choice.money, Format.money), text(choice.energy, Format.energy),
                marks.joined(separator: ", "),
            ])
        }
        section.table = table
        section.note = """
            *Machines* are workers; a server is paid for, too, where a strategy has one. All machines are paid for until \(target) is \
            reached. *Dominated*: another choice takes no more time and money, and is shown to take less of one.
            """
        return section
    }

    private func machineStatements(_ search: MachineSearch) -> [String] {
        func words(_ index: Int) -> String {
            let choice = search.choices[index]
            let machines = "\(choice.machines) machine\(choice.machines == 1 ? "" : "s")"
            let money = choice.money.map { $0.median.isFinite ? ", \(Format.money($0.median))" : "" } ?? ""
            return """
                \(name(choice.strategy)) on \(machines) with \(Format.bandwidth(choice.cluster.worker.link.uplinkBytesPerSecond)): \
                \(interval(choice.time))\(money) to \(target)
                """
        }
        var lines: [String] = []
        if let fastest = search.fastest {
            lines.append(
                "\(search.isFastestShown ? "Fastest" : "Least median time, no difference to the next shown"): \(words(fastest))."
            )
        }
        if let cheapest = search.cheapest {
            lines.append(
                cheapest == search.fastest ? "The same is the cheapest." : "Cheapest: \(words(cheapest)).")
        }
        if !search.missing.isEmpty {
            let counts = search.missing.map(String.init).joined(separator: ", ")
            lines.append(
                """
                Nothing was recorded with \(counts) workers: a schedule is of the ranks that it was recorded with. Record it with \
                such as --strategy 'sync(workers=\(search.missing[0]))' --record, or let this command run it (--task, without a folder).
                """)
        }
        return lines
    }
}
