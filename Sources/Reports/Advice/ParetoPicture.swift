import Advice
import Diagnostics

extension AdviceText {
    /// What each strategy takes to the target in time, bytes, money and energy, in times of the least that one takes.
    ///
    /// - Parameter index: of the cluster, which is part of the picture's name.
    func paretoPicture(_ cluster: ClusterAdvice, _ index: Int) -> Picture? {
        let (entries, front) = (cluster.pareto.entries, cluster.pareto.front)
        guard entries.count > 1, let finding = pareto(cluster)?.statements.first?.text else { return nil }
        let styles = styles
        let rows = ParetoSet.Figure.allCases.compactMap { figure -> DotPlot.Row? in
            let medians = entries.map { $0.figures[figure]?.median }
            let finite = medians.compactMap { $0.flatMap { $0.isFinite && $0 > 0 ? $0 : nil } }
            guard let least = finite.min() else { return nil }
            // Nothing is no number of times less than something.
            let none = zip(entries, medians).filter { $1 == 0 }.map(\.0.name)
            let dots = zip(entries, medians).enumerated().compactMap { place, pair -> DotPlot.Dot? in
                guard let median = pair.1, median.isFinite, median > 0 else { return nil }
                let more = front.contains(place) ? "" : ", dominated"
                return DotPlot.Dot(
                    pair.0.name, styles[pair.0.name], median / least,
                    words: "\(pair.0.name): \(Self.text(median, figure))\(more)", data: "\(median)")
            }
            let note = none.isEmpty ? "least: \(Self.text(least, figure))" : "\(none.joined(separator: ", ")): none"
            return DotPlot.Row("\(figure.rawValue) to \(target)", dots, note: note)
        }
        return DotPlot.picture(
            name: "pareto-\(index + 1)",
            title: "Time, bytes, money and energy on \(VisibleText.line(cluster.cluster.name))",
            finding: finding.replacing("`", with: ""), xTitle: "in times of the least (log)", reference: 1,
            legend: styles.named.map { ($0.name, $0.style) }, rows: rows)
    }

    private static func text(_ value: Double, _ figure: ParetoSet.Figure) -> String {
        switch figure {
        case .time: Format.seconds(value)
        case .bytes: Format.bytes(value)
        case .money: Format.money(value)
        case .energy: Format.energy(value)
        }
    }
}
