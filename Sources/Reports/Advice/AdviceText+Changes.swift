import Advice
import Cluster
import Diagnostics
import Experiments
import Statistics

/// What would change the answer.
extension AdviceText {
    // MARK: Until

    func until(_ cluster: ClusterAdvice) -> AdviceSection? {
        guard let first = cluster.standing.first, !cluster.searches.isEmpty else { return nil }
        var section = AdviceSection(.until, on: cluster.cluster.name)
        section.statements = cluster.searches.map { search in
            AdviceStatement(
                text: untilWords(search, first, cluster),
                command: command.words(.until, cluster.arguments + ["--figure", search.figure.rawValue]))
        }
        let coarse = cluster.searches.map(\.points).min() ?? 0
        section.note = """
            Searched with \(coarse) points for each factor of ten. \(cluster.standing.isShown ? "" : "That \(name(first)) is first is itself too close to call here. ")\
            Each figure changes alone.
            """
        return section
    }

    private func untilWords(_ search: FigureSearch, _ first: Int, _ cluster: ClusterAdvice) -> String {
        let (figure, spec) = (search.figure, cluster.cluster)
        func text(_ value: Double) -> String { figure.text(value, in: spec) }
        let (below, above) = search.nearest(first)
        let now = "(now \(text(search.value)))"
        let places = [below, above].compactMap { $0 }
        guard !places.isEmpty else {
            return """
                \(name(first)) stays first at every \(figure.words) from \(text(search.range.lowerBound)) to \
                \(text(search.range.upperBound)) \(now)\(cluster.standing.isShown ? "" : ", by medians alone").
                """
        }
        let again = search.places[first].filter { !places.contains($0) }
        let others = again.map { text($0.value) }.joined(separator: ", ")
        let beyond = again.isEmpty ? "" : "Beyond that it changes again at \(others)."
        // Where the seeds leave it open already, only the medians say who is first.
        let edges = places.compactMap { search.shownEdge(of: $0) }
        let isShown = edges.count == places.count
        let bounds = zip(places, isShown ? edges : places.map(\.value)).map { place, bound in
            "\(place.isFirstAbove ? "above" : "below") \(text(bound))"
        }
        let stays = """
            \(name(first)) stays first while \(figure.words) is \(bounds.joined(separator: " and ")) \
            \(now)\(isShown ? "" : ", by medians alone: even now no difference is shown").
            """
        return ([stays] + places.map { crossing($0, text) } + [beyond]).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Where the two are too close to call, where the medians change, and where each seed does by itself.
    private func crossing(_ place: FirstPlace, _ text: (Double) -> String) -> String {
        let side = place.isFirstAbove ? "below" : "above"
        let next = place.other.map { "\(name($0)) is first" } ?? "nobody gets there"
        let seeds =
            place.bySeed.count > 1
            ? place.seedRange.map { ", and \(seedCount(place)) change by themselves \(seedRange($0, text))" } ?? "" : ""
        guard let close = closeWords(place, text) else {
            let crossed = seeds.isEmpty ? "" : ": the medians cross there\(seeds)"
            return "\(side.prefix(1).uppercased() + side.dropFirst()) \(text(place.value)) \(next)\(crossed)."
        }
        return "\(close): the medians cross at \(text(place.value)), \(side) which \(next)\(seeds)."
    }

    private func seedCount(_ place: FirstPlace) -> String {
        "\(place.bySeed.compactMap { $0 }.count) of \(place.bySeed.count) seeds"
    }

    private func seedRange(_ range: ClosedRange<Double>, _ text: (Double) -> String) -> String {
        let (low, high) = (text(range.lowerBound), text(range.upperBound))
        return low == high ? "at \(low)" : "between \(low) and \(high)"
    }

    private func closeWords(_ place: FirstPlace, _ text: (Double) -> String) -> String? {
        switch (place.closeFrom, place.closeTo) {
        case (let low?, let high?) where low == high || text(low) == text(high): nil
        case (let low?, let high?): "From \(text(low)) to \(text(high)) it is too close to call"
        case (let low?, nil): "From \(text(low)) on it is too close to call"
        case (nil, let high?): "Up to \(text(high)) it is too close to call"
        case (nil, nil): "Everywhere it is too close to call"
        }
    }

    /// The change of one figure by the least factor after which the first is no longer first, as a sentence that names the
    /// cluster; nil where none is within what was searched.
    func nearestChange(_ cluster: ClusterAdvice) -> String? {
        guard let first = cluster.standing.first else { return nil }
        func factor(_ search: FigureSearch) -> Double {
            let (below, above) = search.nearest(first)
            return [below, above].compactMap { $0 }.map { max($0.value / search.value, search.value / $0.value) }.min()
                ?? .infinity
        }
        let nearest = cluster.searches.filter { $0.value > 0 && factor($0).isFinite }.min { factor($0) < factor($1) }
        return nearest.map { "On `\(cluster.cluster.name)`, \(untilWords($0, first, cluster))" }
    }

    // MARK: Tornado

    func tornado(_ cluster: ClusterAdvice) -> AdviceSection? {
        guard let first = cluster.standing.first, !cluster.tornado.isEmpty else { return nil }
        var section = AdviceSection(.tornado, on: cluster.cluster.name)
        let changing = cluster.tornado.filter { $0.changesFirst(from: first) }
        let opening = cluster.tornado.filter { cluster.standing.isShown && $0.leavesOpen(first) }
        func list(_ bars: [TornadoBar]) -> String { Headline.plainList(bars.map(\.figure.words), "or") }
        let medians = cluster.standing.isShown ? "" : ", by medians,"
        let words =
            (changing.isEmpty
                ? "no single figure\(medians) changes who is first when it is halved or doubled"
                : "halving or doubling \(list(changing))\(medians) changes who is first")
            + (opening.isEmpty ? "" : "; halving or doubling \(list(opening)) leaves open who is")
        let hasErrors = cluster.tornado.contains { $0.change == .standardError }
        section.statements = [
            AdviceStatement(
                text:
                    "On `\(cluster.cluster.name)`, \(words)\(hasErrors ? " (calibrated figures: by their standard errors)" : "").",
                command: command.words(.tornado, cluster.arguments))
        ]
        section.table = tornadoTable(cluster, first)
        section.note = """
            *Lead* is the median time of the best of the others over that of \(name(first)); below 1 another is first. The figures \
            whose ends lie furthest apart stand above: those are worth measuring well.
            """
        return section
    }

    private func tornadoTable(_ cluster: ClusterAdvice, _ first: Int) -> TextTable {
        var table = TextTable([
            ("figure", .left), ("now", .right), ("less", .right), ("lead", .right), ("more", .right), ("lead", .right),
            ("first there", .left),
        ])
        for bar in cluster.tornado {
            func text(_ value: Double) -> String { bar.figure.text(value, in: cluster.cluster) }
            func lead(_ end: TornadoBar.End) -> String { end.lead.isFinite ? Format.significant(end.lead) : "-" }
            let ends = [bar.low, bar.high].map { end in
                (end.first.map { advice.names[$0] } ?? "none") + (end.isShown ? "" : " (too close)")
            }
            let change = ends[0] == ends[1] ? ends[0] : "\(ends[0]) / \(ends[1])"
            table.append([
                bar.figure.words, text(bar.value), text(bar.low.value), lead(bar.low), text(bar.high.value),
                lead(bar.high), bar.changesFirst(from: first) ? "changes: \(change)" : change,
            ])
        }
        return table
    }

    // MARK: Inverse

    func inverse(_ cluster: ClusterAdvice) -> AdviceSection? {
        guard let first = cluster.standing.first, !cluster.searches.isEmpty else { return nil }
        var section = AdviceSection(.inverse, on: cluster.cluster.name)
        section.statements = advice.prices.strategies.indices.filter { $0 != first }.map { strategy in
            let found = cluster.leastChange(for: strategy)
            let figures = found.map { ["--figure", $0.search.figure.rawValue] } ?? []
            return AdviceStatement(
                text: inverseWords(strategy, found, cluster),
                command: command.words(.inverse, cluster.arguments + figures))
        }
        return section
    }

    private func inverseWords(
        _ strategy: Int, _ found: (search: FigureSearch, place: FirstPlace, factor: Double)?, _ cluster: ClusterAdvice
    ) -> String {
        let spec = cluster.cluster
        guard let (search, place, _) = found else {
            let tried = cluster.searches.map(\.figure.words).joined(separator: ", ")
            return """
                No single figure makes \(name(strategy)) first on `\(spec.name)`, from a thousandth to a thousand times what it \
                is: \(tried).
                """
        }
        func text(_ value: Double) -> String { search.figure.text(value, in: spec) }
        let bound = place.isFirstAbove ? "at least" : "at most"
        let shown = place.isFirstAbove ? place.closeTo : place.closeFrom
        let certain =
            switch shown {
            case .some(let value) where text(value) == text(place.value): ""
            case .some(let value):
                "; no longer too close to call \(place.isFirstAbove ? "from" : "up to") \(text(value))"
            case .none: "; too close to call everywhere in what was searched"
            }
        let seeds =
            if let range = place.seedRange, place.bySeed.count > 1 {
                " (\(seedRange(range, text)) in \(seedCount(place)))"
            } else { "" }
        return """
            For \(name(strategy)) to be first on `\(spec.name)`, \(search.figure.words) has to be \(bound) \
            \(text(place.value))\(seeds), \(Format.significant(place.value / search.value)) times what it is now \
            (\(text(search.value)))\(certain).
            """
    }

    // MARK: Costs

    func pareto(_ cluster: ClusterAdvice) -> AdviceSection? {
        guard cluster.summaries.count > 1 else { return nil }
        var section = AdviceSection(.pareto, on: cluster.cluster.name)
        let entries = cluster.pareto.entries
        var lines: [String] = []
        for entry in entries where !entry.dominatedBy.isEmpty {
            lines.append(
                """
                `\(entry.name)` is dominated by \(Headline.list(entry.dominatedBy.map { entries[$0].name })), which on \
                `\(cluster.cluster.name)` \(entry.dominatedBy.count == 1 ? "takes" : "take") no more of anything and less of something.
                """)
        }
        let front = cluster.pareto.front.map { entries[$0].name }
        if !front.isEmpty {
            lines.append(
                "On `\(cluster.cluster.name)`, nothing that is priced is better in every respect than \(Headline.list(front, "or"))."
            )
        }
        section.statements = lines.map { AdviceStatement(text: $0, command: command.words(.pareto, cluster.arguments)) }
        var table = TextTable([
            ("strategy", .left), ("time", .right), ("bytes", .right), ("money", .right), ("energy", .right),
            ("dominated by", .left),
        ])
        for entry in entries {
            func text(_ figure: ParetoSet.Figure, _ format: (Double) -> String) -> String {
                entry.figures[figure].map { $0.median.isFinite ? format($0.median) : "never" } ?? "-"
            }
            table.append([
                entry.name, text(.time, Format.seconds), text(.bytes, Format.bytes), text(.money, Format.money),
                text(.energy, Format.energy), entry.dominatedBy.map { entries[$0].name }.joined(separator: ", "),
            ])
        }
        section.table = table
        section.note = "Until \(target) is reached, medians over seeds; `-` where a price or a wattage is not known."
        return section
    }
}
