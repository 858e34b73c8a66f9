import Diagnostics
import Experiments
import Fabrics
import Statistics

/// What the time went to, and what each cost of the cluster is worth.
enum TimeSection {
    static func render(_ results: Results) -> String {
        let summaries = results.summaries
        guard !summaries.isEmpty else { return "" }
        let hidden =
            ComparisonTable.showsHidden(results)
            ? " *Hidden* is communication beside which the worker computed, part of *compute*." : ""
        return """
            ## What the time went to

            \(shares(summaries, showsHidden: !hidden.isEmpty).markdown)
            Shares of a working worker's cluster time, medians over seeds. *Network* is exposed communication: from when all that \
            a worker needed of others had been sent, or all had come, until it was there; before, it is *waiting for others*. *Rest* \
            is idle time at the end\(hasCohorts(summaries) ? cohorts : "").\(hidden)

            \(summaries.compactMap(lead).map { "- \($0)\n" }.joined())
            \(attribution(summaries))\(notAttributed(summaries))
            """
    }

    private static let cohorts = """
        . A client waits for others from when the server has its update until it has the last one of the round; what it waits \
        besides, for the server and to be drawn, is rest
        """

    /// A sentence on idle time that costs the job no time; nil where there is none that a reader would notice.
    ///
    /// An all-reduce makes all ranks wait for the last one, and who was ahead stays ahead: in a ring a rank is done
    /// when it has what the rank before it sent, so that a lead of half a message stays for the steps that follow.
    ///
    /// - Returns: nil also for measured runs, where the reasons why a worker waits are not known.
    static func lead(_ summary: StrategySummary) -> String? {
        guard summary.plan.fabric == .simulated, let least = summary.leastIdleSeconds else { return nil }
        let idle = summary.spread(\.idleSeconds).median
        let lead = idle - least
        guard lead >= leastNotable * summary.spread(\.clusterSeconds).median, lead > 0 else { return nil }
        guard summary.plan.roles.usesAllReduce else {
            return """
                `\(summary.strategy)`: a worker is idle for \(Format.seconds(idle)) on average, and the one that is idle least for \
                \(Format.seconds(least)). The others have less to compute or to send in a round, or are on a faster machine, and wait \
                for those whom they exchange with.
                """
        }
        return """
            `\(summary.strategy)`: \(Format.seconds(lead)) of the \(Format.seconds(idle)) that a worker is idle on average is the \
            lead of workers that are ahead, with a smaller part of a batch or on a faster machine. They wait for the others at \
            every step, an all-reduce does not take the lead back, and the job takes no longer for it: the worker that is idle \
            least is so for \(Format.seconds(least)).
            """
    }

    /// The share of cluster time that a table shows as 1 %.
    private static let leastNotable = 0.005

    private static func hasCohorts(_ summaries: [StrategySummary]) -> Bool {
        summaries.contains { !$0.plan.roles.servers.isEmpty }
    }

    private static func shares(_ summaries: [StrategySummary], showsHidden: Bool) -> TextTable {
        var table = TextTable(
            [
                ("strategy", .left), ("clock", .left), ("cluster time", .right), ("compute", .right),
                ("network", .right),
                ("waiting for others", .right), ("rest", .right),
            ] + (showsHidden ? [("hidden", .right)] : []))
        for summary in summaries {
            let total = summary.spread(\.clusterSeconds).median
            // A part and the whole are medians of their own, and processes of an MPI job read different clocks, so that a part can
            // come out a little larger than the whole.
            func share(_ part: (RunRecord) -> Double) -> String {
                total > 0 ? Format.percent(min(1, summary.spread(part).median / total)) : "-"
            }
            let isSplit = summary.runs.allSatisfy { $0.waitingSeconds != nil }
            table.append(
                [
                    summary.strategy, summary.clock.title, Format.seconds(total), share(\.computeSeconds),
                    share(\.communicationSeconds),
                    isSplit ? share { $0.waitingSeconds ?? 0 } : "-",
                    share { max(0, $0.idleSeconds - (isSplit ? $0.waitingSeconds ?? 0 : 0)) },
                ] + (showsHidden ? [share { $0.hiddenCommunicationSeconds ?? 0 }] : []))
        }
        return table
    }

    // MARK: Attribution

    private static func attribution(_ summaries: [StrategySummary]) -> String {
        let priced = summaries.compactMap { summary in
            let runs = summary.runs.filter { $0.attribution != nil && $0.clusterSeconds > 0 }
            return runs.isEmpty ? nil : (summary, runs)
        }
        guard !priced.isEmpty else { return "" }
        let ideals = Idealization.allCases.filter { ideal in
            priced.contains { $0.1.contains { remaining($0, ideal) != nil } }
        }
        var table = TextTable([("strategy", .left), ("as it was", .right)] + ideals.map { ($0.label, .right) })
        for (summary, runs) in priced {
            let total = SpreadSummary(runs.map(\.clusterSeconds)).median
            table.append(
                [summary.strategy, Format.seconds(total)]
                    + ideals.map { ideal in
                        let shares = runs.compactMap { remaining($0, ideal) }
                        guard !shares.isEmpty else { return "-" }
                        let share = SpreadSummary(shares).median
                        return "\(Format.seconds(share * total)) (\(change(to: share)))"
                    })
        }
        let sentences = priced.compactMap { sentence($0.0.strategy, $0.1) }
        return """
            The same runs, re-priced on their cluster without one of its costs each (medians over seeds; what is saved by two of them \
            together can be more or less than the sum):

            \(table.markdown)\(sentences.map { "\n- \($0)" }.joined())

            """
    }

    /// Which simulated strategies cannot be re-priced; empty for none.
    private static func notAttributed(_ summaries: [StrategySummary]) -> String {
        summaries.filter { $0.plan.fabric == .simulated && !$0.plan.roles.hasFixedSchedule }.map { summary in
            """
            - `\(summary.strategy)`: what it does depends on how long things take, so its runs cannot be re-priced, and what each \
            cost is worth is not known.

            """
        }.joined()
    }

    /// What is left of a run's time without a cost, a fraction.
    private static func remaining(_ run: RunRecord, _ ideal: Idealization) -> Double? {
        run.attribution?.first { $0.ideal == ideal }.map { $0.clusterSeconds / run.clusterSeconds }
    }

    private static func change(to remaining: Double) -> String {
        let share = remaining - 1
        return abs(share) < 0.0005 ? "0 %" : (share < 0 ? "-" : "+") + Format.percent(abs(share))
    }

    /// The cost that is worth most, in words, with the interval over seeds.
    static func sentence(_ strategy: String, _ runs: [RunRecord]) -> String? {
        let saved = Idealization.allCases.compactMap { ideal in
            let shares = runs.compactMap { run in remaining(run, ideal).map { 1 - $0 } }
            return shares.isEmpty ? nil : (ideal, SpreadSummary(shares, within: 0...1))
        }
        guard let (ideal, share) = saved.max(by: { $0.1.median < $1.1.median }), share.median >= 0.0005 else {
            return nil
        }
        let what =
            switch ideal {
            case .noLatency: "round trips"
            case .infiniteBandwidth: "bytes on links"
            case .noOverhead: "overhead of messages"
            case .noLoss: "lost messages"
            case .noStragglers: "waiting for slow workers"
            case .freeComputation: "computation"
            }
        let (low, high) = (Format.percent(share.low, decimals: 0), Format.percent(share.high, decimals: 0))
        let interval = low == high ? "" : " (\(low) to \(high))"
        return "`\(strategy)`: \(Format.percent(share.median, decimals: 0))\(interval) of the time is \(what)."
    }
}
