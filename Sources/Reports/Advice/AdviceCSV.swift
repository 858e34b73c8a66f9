import Advice
import Cluster
import Diagnostics
import Statistics

/// All figures of some advice, one a row, so that a table program or pandas can take any part of them.
package enum AdviceCSV {
    package static let name = "advice.csv"

    /// Columns: the part, as `--only` calls it; the cluster and the class of the figure; the strategy and, where there is one,
    /// the other; the figure of the cluster; what is told, for which seed (none for medians), and in which unit. Empty
    /// where there is nothing to say, such as for a time of what never gets to the target.
    package static func render(_ advice: AdviceResults) -> String {
        var rows = Rows(names: advice.names)
        for cluster in advice.clusters {
            rows.add(times: cluster, seeds: advice.prices.seeds)
            for search in cluster.searches { rows.add(search, cluster, seeds: advice.prices.seeds) }
            for bar in cluster.tornado { rows.add(bar, cluster) }
            rows.add(inverse: cluster)
            rows.add(pareto: cluster)
        }
        if let regret = advice.regret { rows.add(regret) }
        if let machines = advice.machines { rows.add(machines) }
        return rows.csv.text
    }

    private struct Rows {
        let names: [String]
        var csv = CSV(columns: [
            "part", "cluster", "class", "strategy", "other", "figure", "quantity", "seed", "value", "low", "high",
            "unit",
        ])

        private func number(_ value: Double?) -> String {
            guard let value, value.isFinite else { return "" }
            return "\(value)"
        }

        mutating func append(
            _ part: AdvicePart, _ place: (name: String, kind: String), _ strategy: Int?, other: Int? = nil,
            figure: String = "", _ quantity: String, seed: UInt64? = nil, _ value: Double?, low: Double? = nil,
            high: Double? = nil, unit: String
        ) {
            csv.append([
                part.rawValue, place.name, place.kind, strategy.map { names[$0] } ?? "", other.map { names[$0] } ?? "",
                figure, quantity, seed.map { "\($0)" } ?? "", number(value), number(low), number(high), unit,
            ])
        }

        private func place(_ cluster: ClusterAdvice) -> (name: String, kind: String) {
            (cluster.cluster.name, cluster.evidence.column)
        }

        mutating func add(times cluster: ClusterAdvice, seeds: [UInt64]) {
            for (strategy, summary) in cluster.summaries.enumerated() {
                let time = summary.timeToTarget
                append(
                    .first, place(cluster), strategy, "time to target", time.median, low: time.low, high: time.high,
                    unit: "s")
                for (seed, value) in zip(seeds, summary.timesToTarget) {
                    append(
                        .first, place(cluster), strategy, "time to target", seed: seed, value.value, low: value.before,
                        high: value.value, unit: "s")
                }
            }
            let standing = cluster.standing
            guard let first = standing.first else { return }
            append(
                .first, place(cluster), first, other: standing.opponent, "ratio of medians",
                standing.factor(of: standing.opponent), unit: "")
            append(
                .first, place(cluster), first, other: standing.opponent, "paired ratio", standing.comparison?.effect,
                low: standing.comparison?.low, high: standing.comparison?.high, unit: "")
            append(.first, place(cluster), first, "is shown", standing.isShown ? 1 : 0, unit: "")
            for (strategy, summary) in cluster.summaries.enumerated() {
                for ideal in summary.runs.first?.attribution ?? [] {
                    let shares = summary.runs.compactMap { run in
                        run.attribution?.first { $0.ideal == ideal.ideal }.map {
                            1 - $0.clusterSeconds / run.clusterSeconds
                        }
                    }
                    append(
                        .because, place(cluster), strategy, ideal.ideal.label, Median.of(shares), low: shares.min(),
                        high: shares.max(), unit: "share of cluster time")
                }
            }
        }

        mutating func add(_ search: FigureSearch, _ cluster: ClusterAdvice, seeds: [UInt64]) {
            let unit = Self.unit(search.figure, cluster)
            for (strategy, places) in search.places.enumerated() {
                for place in places {
                    let quantity = place.isFirstAbove ? "first above" : "first below"
                    append(
                        .until, self.place(cluster), strategy, other: place.other, figure: search.figure.rawValue,
                        quantity, place.value, low: place.seedRange?.lowerBound, high: place.seedRange?.upperBound,
                        unit: unit)
                    append(
                        .until, self.place(cluster), strategy, other: place.other, figure: search.figure.rawValue,
                        "too close to call", nil, low: place.closeFrom, high: place.closeTo, unit: unit)
                    for (seed, value) in zip(seeds, place.bySeed) {
                        append(
                            .until, self.place(cluster), strategy, other: place.other, figure: search.figure.rawValue,
                            quantity, seed: seed, value, unit: unit)
                    }
                }
            }
            append(
                .until, place(cluster), nil, figure: search.figure.rawValue, "now, and searched", search.value,
                low: search.range.lowerBound, high: search.range.upperBound, unit: unit)
        }

        mutating func add(_ bar: TornadoBar, _ cluster: ClusterAdvice) {
            let first = cluster.standing.first
            for (quantity, end) in [("lead where less", bar.low), ("lead where more", bar.high)] {
                append(
                    .tornado, place(cluster), first, other: end.first, figure: bar.figure.rawValue, quantity, end.lead,
                    unit: "ratio of medians")
                append(
                    .tornado, place(cluster), first, figure: bar.figure.rawValue, quantity + ": the figure", end.value,
                    unit: Self.unit(bar.figure, cluster))
            }
            append(
                .tornado, place(cluster), first, figure: bar.figure.rawValue, "swing", bar.swing,
                unit: "natural logarithm")
        }

        /// What would make each of the others first: the figure whose change by the least factor does.
        mutating func add(inverse cluster: ClusterAdvice) {
            for strategy in names.indices where strategy != cluster.standing.first {
                guard let (search, found, factor) = cluster.leastChange(for: strategy) else { continue }
                let figure = search.figure.rawValue
                append(
                    .inverse, place(cluster), strategy, other: found.other, figure: figure,
                    found.isFirstAbove ? "first above" : "first below", found.value,
                    low: found.seedRange?.lowerBound, high: found.seedRange?.upperBound,
                    unit: Self.unit(search.figure, cluster))
                append(
                    .inverse, place(cluster), strategy, other: found.other, figure: figure, "factor of change", factor,
                    unit: "")
            }
        }

        mutating func add(pareto cluster: ClusterAdvice) {
            let units: [ParetoSet.Figure: String] = [.time: "s", .bytes: "B", .money: "USD", .energy: "Wh"]
            for (strategy, entry) in cluster.pareto.entries.enumerated() {
                for figure in ParetoSet.Figure.allCases {
                    guard let summary = entry.figures[figure] else { continue }
                    append(
                        .pareto, place(cluster), strategy, "\(figure.rawValue) to target", summary.median,
                        low: summary.low,
                        high: summary.high, unit: units[figure] ?? "")
                }
                for other in entry.dominatedBy {
                    append(.pareto, place(cluster), strategy, other: other, "dominated by", 1, unit: "")
                }
            }
        }

        mutating func add(_ regret: RegretTable) {
            for (cluster, row) in zip(regret.clusters, regret.cells) {
                let kind = Evidence(cluster, compute: "", task: "").column
                for (strategy, cell) in row.enumerated() {
                    append(
                        .regret, (cluster.name, kind), strategy, "time to target", cell.time?.median,
                        low: cell.time?.low,
                        high: cell.time?.high, unit: "s")
                    append(.regret, (cluster.name, kind), strategy, "time over the least", cell.ratio, unit: "")
                }
            }
        }

        mutating func add(_ machines: MachineSearch) {
            for choice in machines.choices {
                let place = (choice.cluster.name, "simulated, described")
                let link = choice.cluster.worker.link
                let figure = "\(choice.machines) machines, \(link.uplinkBytesPerSecond) B/s, \(link.latencySeconds) s"
                append(
                    .machines, place, choice.strategy, figure: figure, "time to target", choice.time.median,
                    low: choice.time.low, high: choice.time.high, unit: "s")
                append(
                    .machines, place, choice.strategy, figure: figure, "money to target", choice.money?.median,
                    low: choice.money?.low, high: choice.money?.high, unit: "USD")
                append(
                    .machines, place, choice.strategy, figure: figure, "energy to target", choice.energy?.median,
                    low: choice.energy?.low, high: choice.energy?.high, unit: "Wh")
            }
        }

        private static func unit(_ figure: ClusterFigure, _ cluster: ClusterAdvice) -> String {
            switch figure.unit(in: cluster.cluster) {
            case .seconds: "s"
            case .bytesPerSecond: "B/s"
            case .share, .plain: ""
            }
        }
    }
}

/// The cells of the map, one a row; numbers have six significant digits, which is more than a picture of it can show.
package enum MapCSV {
    package static let name = "map.csv"

    package static func render(_ map: WinnerMap, names: [String]) -> String {
        var csv = CSV(columns: [
            "cluster", "latency_seconds", "bytes_per_second", "first", "next", "next_over_first", "is_shown", "class",
        ])
        func number(_ value: Double) -> String { Format.significant(value, digits: 6) }
        // No cell has the cluster's own link: each is a described cluster.
        let kind = "simulated, \(Evidence.Machines.described.rawValue)"
        for (latency, row) in zip(map.latencies, map.cells) {
            for (bandwidth, cell) in zip(map.bandwidths, row) {
                csv.append([
                    map.cluster.name, number(latency), number(bandwidth), cell.first.map { names[$0] } ?? "",
                    cell.next.map { names[$0] } ?? "", cell.margin.map(number) ?? "",
                    cell.isShown ? "true" : "false", kind,
                ])
            }
        }
        return csv.text
    }
}
