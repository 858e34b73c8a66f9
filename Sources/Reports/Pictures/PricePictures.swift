import Diagnostics
import Experiments

extension RepriceTable {
    /// How many times longer than the first each strategy takes, cluster by cluster; nil for one strategy alone.
    package var factors: Picture? {
        let first = FirstByCluster(rows, target: target)
        guard first.isWorthShowing else { return nil }
        let styles = styles
        let rows = first.medians.map { cluster, _, medians, verdict in
            let least = medians.compactMap { $0.seconds.isFinite ? $0.seconds : nil }.min() ?? 0
            let dots = medians.filter { $0.seconds.isFinite && least > 0 }.map { median in
                DotPlot.Dot(
                    median.strategy, styles[median.strategy], median.seconds / least,
                    words:
                        "\(median.strategy) on \(cluster): \(Format.seconds(median.seconds)), \(RatioText(median.seconds / least).factor)",
                    data: CSV.amount(median.seconds))
            }
            return DotPlot.Row(cluster, dots, note: verdict)
        }
        return DotPlot.picture(
            name: "factors", title: "How many times longer than the first, by cluster",
            finding: first.medians.map { "\($0.cluster): \($0.verdict)" }.joined(separator: "; ") + ".",
            xTitle: "time to \(target.words), in times of the first (log)", reference: 1,
            legend: styles.named.map { ($0.name, $0.style) }, rows: rows)
    }

    package var styles: SeriesStyles {
        var names: [String] = []
        for row in rows where !names.contains(row.plan.name) { names.append(row.plan.name) }
        return SeriesStyles(names)
    }
}
