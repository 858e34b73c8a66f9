import Cluster
import Diagnostics
import Experiments
import Statistics

/// Which strategy is the first to reach the target on which cluster: a row for each cluster, a column for each strategy.
///
/// A time is the median over seeds; where a strategy was priced with several all-reduce algorithms, the time of the
/// fastest. All times are simulated on the row's cluster, so that they can be compared. Strategies whose times three
/// digits cannot tell apart are first together.
package struct FirstByCluster {
    private let target: Target
    private let strategies: [String]
    private let clusters: [ClusterSpec]
    private let best: [ClusterSpec: [String: Candidate]]

    private struct Candidate {
        let allReduce: String?
        /// A seed's time to the target, in the order of seeds.
        let times: [SteppedValue]
        let median: Double
    }

    init(_ rows: [RepriceTable.Row], target: Target) {
        self.target = target
        var (strategies, clusters): ([String], [ClusterSpec]) = ([], [])
        var best: [ClusterSpec: [String: Candidate]] = [:]
        var algorithms: [String: Set<String>] = [:]
        for row in rows where row.usesAllReduce {
            algorithms[row.plan.name, default: []].insert(row.plan.allReduceInUse.rawValue)
        }
        for row in rows {
            let name = row.plan.name
            if !strategies.contains(name) { strategies.append(name) }
            if best[row.cluster] == nil { clusters.append(row.cluster) }
            let times = row.runs.sorted { $0.seed < $1.seed }.map(\.timeToTarget)
            let candidate = Candidate(
                // Worth a word where there was a choice.
                allReduce: (algorithms[name]?.count ?? 0) > 1 ? row.plan.allReduceInUse.rawValue : nil,
                times: times, median: Median.of(times.map(\.value)))
            if let other = best[row.cluster]?[name], other.median <= candidate.median { continue }
            best[row.cluster, default: [:]][name] = candidate
        }
        (self.strategies, self.clusters, self.best) = (strategies, clusters, best)
    }

    /// Whether there is anything to compare.
    var isWorthShowing: Bool { strategies.count > 1 }

    var terminal: String { terminal(.unlimited) }

    /// The first is marked by a star, and in Markdown it is bold.
    func terminal(_ layout: TextLayout) -> String {
        table { text, isFirst in isFirst ? "\(text) *" : "\(text)  " }.terminal(layout)
    }

    var markdown: String { table { text, _ in text }.markdown }

    private func table(_ mark: (_ text: String, _ isFirst: Bool) -> String) -> TextTable {
        var table = TextTable(
            [("cluster", .left), ("links of a worker", .left)]
                + strategies.map { ("\($0), time to \(target.title)", .right) }
                + [("first", .left)])
        for cluster in clusters {
            let candidates = best[cluster] ?? [:]
            let first = first(of: candidates)
            let cells = strategies.map { name in
                guard let candidate = candidates[name] else { return mark("", false) }
                let time = candidate.median.isFinite ? Format.seconds(candidate.median) : "-"
                return mark(time + (candidate.allReduce.map { " (\($0))" } ?? ""), first.contains(name))
            }
            let lead = [cluster.name, links(of: cluster)]
            let columns = strategies.indices.filter { first.contains(strategies[$0]) }.map { lead.count + $0 }
            table.append(lead + cells + [verdict(first, candidates)], strong: Set(columns))
        }
        return table
    }

    /// Cluster by cluster, the median time of every strategy that was priced there, infinite where it never got there, and who
    /// is the first.
    var medians: [(cluster: String, links: String, times: [(strategy: String, seconds: Double)], verdict: String)] {
        clusters.map { cluster in
            let candidates = best[cluster] ?? [:]
            let times = strategies.compactMap { name in candidates[name].map { (strategy: name, seconds: $0.median) } }
            return (cluster.name, links(of: cluster), times, verdict(first(of: candidates), candidates))
        }
    }

    private func links(of cluster: ClusterSpec) -> String {
        let link = cluster.worker.link
        let (up, down) = (link.uplinkBytesPerSecond, link.downlinkBytesPerSecond)
        let rate = up == down ? Format.bandwidth(up) : "\(Format.bandwidth(up)) up, \(Format.bandwidth(down)) down"
        return "\(Format.seconds(link.latencySeconds)), \(rate)"
            + (cluster.jitter == .none ? "" : ", \(cluster.jitter)")
    }

    /// The fastest strategy, and all others that three digits cannot tell from it.
    private func first(of candidates: [String: Candidate]) -> [String] {
        let there = strategies.filter { candidates[$0]?.median.isFinite == true }
        func median(_ name: String) -> Double { candidates[name]?.median ?? .infinity }
        guard let least = there.map(median).min() else { return [] }
        return there.filter { median($0) == least || least > 0 && RatioText(median($0) / least).isTie }
            .sorted { median($0) < median($1) }
    }

    /// How far the first is ahead of the next, whether that is shown, and in how many seeds it is ahead of all.
    private func verdict(_ first: [String], _ candidates: [String: Candidate]) -> String {
        guard let name = first.first, let best = candidates[name] else { return "none" }
        guard first.count == 1 else { return "\(first.joined(separator: " and ")), level" }
        let others = strategies.filter { $0 != name && candidates[$0] != nil }
        let next = others.min { (candidates[$0]?.median ?? .infinity) < (candidates[$1]?.median ?? .infinity) }
        guard let next else { return "only \(name) was priced there, \(Format.seconds(best.median)) to the target" }
        guard let second = candidates[next], second.median.isFinite, best.median > 0 else {
            return "only \(name) gets there with more than half of the seeds"
        }
        let seeds = best.times.indices
        let ahead = seeds.count { seed in
            others.compactMap { candidates[$0]?.times }.allSatisfy {
                !$0.indices.contains(seed) || best.times[seed].isBelow($0[seed])
            }
        }
        let figures = "\(RatioText(second.median / best.median).factor), in \(ahead) of \(seeds.count) seeds"
        return isShown(best, second) ? "\(name), \(figures)" : "\(name) or \(next), no difference shown (\(figures))"
    }

    /// Whether the first is ahead of the second by more than chance and the steps between evaluations explain.
    private func isShown(_ first: Candidate, _ second: Candidate) -> Bool {
        guard first.times.count == second.times.count else { return false }
        if first.times.count == 1 { return first.times[0].isBelow(second.times[0]) }
        return PairedComparison(first.times, second.times, scale: .logarithmic, smallerIsBetter: true).verdict
            == .firstIsBetter
    }
}
