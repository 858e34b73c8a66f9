/// How long an experiment will still take, from what has been seen of it. Nil where that would be a guess: for a run
/// that has just begun, and for strategies without a run so far.
package struct RemainingTime: Sendable {
    /// A run that is under way.
    package struct Running: Sendable {
        let strategy: String
        let seconds: Double
        /// The share of the run that was done, and the seconds that it had taken by then.
        let share: Double
        let secondsOfShare: Double

        package init(_ strategy: String, seconds: Double, share: Double, secondsOfShare: Double) {
            (self.strategy, self.seconds, self.share, self.secondsOfShare) = (strategy, seconds, share, secondsOfShare)
        }
    }

    /// The least share of a run that tells its length: in a smaller one, the first step and what it warms up count for
    /// too much.
    private static let leastShare = 0.05

    /// Runs that have not begun, by strategy.
    private var ahead: [String: Int]
    /// Seconds of finished runs, by strategy.
    private var finished: [String: [Double]] = [:]

    /// - Parameter runs: how many runs there are, by strategy; empty where that is not known.
    package init(runs: [String: Int] = [:]) { ahead = runs }

    package mutating func begin(_ strategy: String) { ahead[strategy].map { ahead[strategy] = max(0, $0 - 1) } }

    package mutating func finish(_ strategy: String, seconds: Double) {
        finished[strategy, default: []].append(seconds)
    }

    /// Seconds that a run under way will still take; nil where it is not known.
    package func seconds(of run: Running) -> Double? {
        whole(run).map { max(0, $0 - run.seconds) }
    }

    private func whole(_ run: Running) -> Double? {
        let own = run.share >= Self.leastShare ? run.secondsOfShare / run.share : nil
        guard let others = mean(run.strategy) else { return own }
        // The run's own speed says more than other runs do, once a good part of it is done.
        return run.share > 0.3 ? own : others
    }

    private func mean(_ strategy: String) -> Double? {
        finished[strategy].flatMap { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
    }

    /// Seconds until the last run has ended, with as many side by side as now; nil where it is not known.
    package func seconds(_ running: [Running]) -> Double? {
        guard !ahead.isEmpty, !running.isEmpty else { return nil }
        var rest = 0.0
        for (strategy, count) in ahead where count > 0 {
            let seen = running.filter { $0.strategy == strategy }.compactMap(whole)
            guard let length = mean(strategy) ?? seen.first else { return nil }
            rest += Double(count) * length
        }
        let own = running.map { seconds(of: $0) }
        guard own.allSatisfy({ $0 != nil }) else { return nil }
        return (own.compactMap { $0 }.max() ?? 0) + rest / Double(running.count)
    }
}
