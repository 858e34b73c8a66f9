import Cluster
import Diagnostics
import Experiments
import Statistics

/// Which strategy is the first to reach the target on which cluster: a row for each cluster, a column for each strategy.
///
/// A time is the median over seeds; where a strategy was priced with several all-reduce algorithms, that of the fastest.
public struct FirstByCluster {
    private let target: Double
    private let strategies: [String]
    private let clusters: [ClusterSpec]
    private let best: [ClusterSpec: [String: Candidate]]

    private struct Candidate {
        let allReduce: String?
        let secondsToTarget: [Double]
        let median: Double
    }

    init(_ rows: [RepriceTable.Row], target: Double) {
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
            let times = row.runs.map(\.secondsToTarget)
            let candidate = Candidate(
                // Worth a word where there was a choice.
                allReduce: (algorithms[name]?.count ?? 0) > 1 ? row.plan.allReduceInUse.rawValue : nil,
                secondsToTarget: times, median: SpreadSummary(times, scale: .logarithmic).median)
            if let other = best[row.cluster]?[name], other.median <= candidate.median { continue }
            best[row.cluster, default: [:]][name] = candidate
        }
        (self.strategies, self.clusters, self.best) = (strategies, clusters, best)
    }

    /// Whether there is anything to compare.
    var isWorthShowing: Bool { strategies.count > 1 }

    /// The first is marked by a star, and in Markdown it is bold.
    var terminal: String { table { text, isFirst in isFirst ? "\(text) *" : "\(text)  " }.terminal }

    var markdown: String { table { text, _ in text }.markdown }

    private func table(_ mark: (_ text: String, _ isFirst: Bool) -> String) -> TextTable {
        var table = TextTable(
            [("cluster", .left), ("links of a worker", .left)]
                + strategies.map { ("\($0), time to \(Format.exactPercent(target))", .right) }
                + [("first", .left)])
        for cluster in clusters {
            let candidates = best[cluster] ?? [:]
            let first = first(of: candidates)
            let cells = strategies.map { name in
                guard let candidate = candidates[name] else { return mark("", false) }
                let time = candidate.median.isFinite ? Format.seconds(candidate.median) : "-"
                return mark(time + (candidate.allReduce.map { " (\($0))" } ?? ""), name == first)
            }
            let lead = [cluster.name, links(of: cluster)]
            let column = strategies.firstIndex { $0 == first }.map { lead.count + $0 }
            table.append(lead + cells + [verdict(first, candidates)], strong: Set([column].compactMap(\.self)))
        }
        return table
    }

    private func links(of cluster: ClusterSpec) -> String {
        let link = cluster.worker.link
        let (up, down) = (link.uplinkBytesPerSecond, link.downlinkBytesPerSecond)
        let rate = up == down ? Format.bandwidth(up) : "\(Format.bandwidth(up)) up, \(Format.bandwidth(down)) down"
        return "\(Format.seconds(link.latencySeconds)), \(rate)"
            + (cluster.jitter == .none ? "" : ", \(cluster.jitter)")
    }

    private func first(of candidates: [String: Candidate]) -> String? {
        strategies.filter { candidates[$0]?.median.isFinite == true }
            .min { (candidates[$0]?.median ?? .infinity) < (candidates[$1]?.median ?? .infinity) }
    }

    /// How far the first is ahead of the next, and in how many seeds it is ahead of all.
    private func verdict(_ name: String?, _ candidates: [String: Candidate]) -> String {
        guard let name, let first = candidates[name] else { return "none" }
        let others = candidates.filter { $0.key != name }.map(\.value)
        guard let second = others.map(\.median).min(), second.isFinite, first.median > 0 else { return name }
        let seeds = first.secondsToTarget.indices
        let ahead = seeds.count { seed in
            others.allSatisfy {
                !$0.secondsToTarget.indices.contains(seed) || first.secondsToTarget[seed] < $0.secondsToTarget[seed]
            }
        }
        return "\(name), \(Format.significant(second / first.median))x, in \(ahead) of \(seeds.count) seeds"
    }
}
