import Cluster
import Diagnostics
import Experiments
import Statistics

/// Recorded runs on other clusters: a row for each strategy and cluster, for a terminal and as CSV.
package struct RepriceTable {
    struct Row {
        let plan: StrategyPlan
        let cluster: ClusterSpec
        let runs: [Repricing.PricedRun]

        var usesAllReduce: Bool { plan.roles.usesAllReduce }
    }

    package static let name = "reprice.csv"
    package static let markdownName = "reprice.md"
    let target: Target
    /// Strategies of the run that have no row, with the reason.
    let leftOut: [(name: String, reason: String)]
    private(set) var rows: [Row] = []

    /// - Parameters:
    ///   - target: what is to be reached.
    ///   - leftOut: strategies that have no row.
    package init(target: Target, leftOut: [(name: String, reason: String)] = []) {
        (self.target, self.leftOut) = (target, leftOut)
    }

    /// - Parameters:
    ///   - plan: with the cluster on which the runs were priced.
    ///   - runs: one a seed.
    package mutating func append(_ plan: StrategyPlan, _ runs: [Repricing.PricedRun]) {
        guard let cluster = plan.cluster else { return }
        rows.append(Row(plan: plan, cluster: cluster, runs: runs))
    }

    /// The table in lines of any length.
    package var terminal: String { terminal(.unlimited) }

    /// All rows, and which strategy is the first on which cluster.
    package func terminal(_ layout: TextLayout) -> String {
        let first = FirstByCluster(rows, target: target)
        return table.terminal(layout)
            + (first.isWorthShowing
                ? "\nWhich is the first (*) on which cluster, seed by seed:\n\n\(first.terminal(layout))" : "")
            + notPriced
    }

    /// A line for each strategy without a row, behind an empty one.
    private var notPriced: String {
        leftOut.isEmpty ? "" : "\n" + leftOut.map { "- `\($0.name)` is not priced: \($0.reason).\n" }.joined()
    }

    /// - Parameter results: whose runs were priced.
    package func markdown(_ results: Results) -> String {
        (DataText.warning(results).map { $0 + "\n" } ?? "") + markdown
    }

    package var markdown: String {
        let first = FirstByCluster(rows, target: target)
        return (first.isWorthShowing ? "## Which strategy is the first on which cluster\n\n\(first.markdown)\n" : "")
            + """
            ## All prices

            Medians over seeds; times are cluster time, simulated on each cluster. *Reached* counts the seeds that reached the \
            target, of all. When between two evaluations that was is not known, so that strategies of which the two steps overlap \
            are not told apart; the CSV has both ends.

            \(table.markdown)\(notPriced)
            """
    }

    private var table: TextTable {
        var table = TextTable(
            [
                ("strategy", .left), ("cluster", .left), ("latency", .right), ("bandwidth", .right), ("jitter", .left),
                ("all-reduce", .left), ("reached", .right), ("time to \(target.title)", .right),
                ("cluster time", .right),
                ("compute", .right), ("network", .right), ("idle", .right),
            ] + (showsHidden ? [("hidden", .right)] : []) + [("sent", .right)], keys: [0, 1, 2])
        for row in rows {
            let link = row.cluster.worker.link
            let (up, down) = (link.uplinkBytesPerSecond, link.downlinkBytesPerSecond)
            let time = SpreadSummary(row.runs.map(\.timeToTarget), scale: .logarithmic)
            let reached = row.runs.count(where: \.secondsToTarget.isFinite)
            let total = median(row) { $0.clusterSeconds }
            func share(_ part: (Repricing.PricedRun) -> Double) -> String {
                total > 0 ? Format.percent(median(row, part) / total, decimals: 0) : "-"
            }
            table.append(
                [
                    row.plan.name, row.cluster.name, Format.seconds(link.latencySeconds),
                    up == down ? Format.bandwidth(up) : "\(Format.bandwidth(up)) / \(Format.bandwidth(down))",
                    "\(row.cluster.jitter)", row.usesAllReduce ? allReduce(row.plan) : "-",
                    "\(reached)/\(row.runs.count)",
                    time.median.isFinite ? Format.seconds(time.median) : "-", Format.seconds(total),
                    share(\.computeSeconds), share(\.communicationSeconds), share(\.idleSeconds),
                ] + (showsHidden ? [share(\.hiddenCommunicationSeconds)] : []) + [
                    Format.bytes(median(row) { Double($0.bytesSent) })
                ])
        }
        return table
    }

    /// A row for each seed; times are cluster time in seconds, with all digits that the clock has.
    package var csv: String {
        var csv = CSV(columns: [
            "strategy", "cluster", "latency_seconds", "uplink_bytes_per_second", "downlink_bytes_per_second", "jitter",
            "allreduce", "seed", "time_to_target_seconds", "cluster_seconds", "compute_seconds",
            "communication_seconds",
            "idle_seconds", "bytes_sent", "messages", "hidden_communication_seconds",
            "time_to_target_after_seconds", "label",
        ])
        for row in rows {
            let link = row.cluster.worker.link
            for run in row.runs {
                csv.append([
                    row.plan.strategy, row.cluster.name, CSV.amount(link.latencySeconds),
                    CSV.number(link.uplinkBytesPerSecond), CSV.number(link.downlinkBytesPerSecond),
                    "\(row.cluster.jitter)", row.usesAllReduce ? row.plan.allReduceInUse.rawValue : "",
                    String(run.seed),
                    CSV.amount(run.secondsToTarget), CSV.amount(run.clusterSeconds), CSV.amount(run.computeSeconds),
                    CSV.amount(run.communicationSeconds), CSV.amount(run.idleSeconds), CSV.count(run.bytesSent),
                    CSV.count(run.messagesSent), CSV.amount(run.hiddenCommunicationSeconds),
                    CSV.amount(run.timeToTarget.before), row.plan.name,
                ])
            }
        }
        return csv.text
    }

    private func allReduce(_ plan: StrategyPlan) -> String {
        var chosen: [String] = []
        for choice in [plan.allReduceChoice].compactMap({ $0 }) + (plan.bucketChoices ?? [])
        where !chosen.contains(choice.algorithm.rawValue) { chosen.append(choice.algorithm.rawValue) }
        return plan.allReduce.rawValue + (chosen.isEmpty ? "" : " (\(chosen.joined(separator: ", ")))")
    }

    private var showsHidden: Bool { rows.contains { $0.plan.overlapInUse != nil } }

    private func median(_ row: Row, _ value: (Repricing.PricedRun) -> Double) -> Double {
        Median.of(row.runs.map(value))
    }
}
