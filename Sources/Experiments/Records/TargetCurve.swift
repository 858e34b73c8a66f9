import Foundation
public import Statistics

/// Time against target: a table that names one target alone could have been made for the strategy that wins there.
public struct TargetCurve: Sendable {
    /// What reaching one target takes.
    public struct Point: Sendable {
        /// The accuracy, a fraction.
        public let target: Double
        /// Seeds that reached it and stayed there.
        public let seedsReached: Int
        /// Seconds, over the seeds.
        public let time: SpreadSummary
    }

    /// Ascending test accuracies, the plan's target among them.
    public let targets: [Double]
    /// By strategy, one for each target.
    public let points: [(strategy: String, points: [Point])]

    /// Candidates: closer to 100 % they stand closer together, since that is where time is spent.
    private static let grid = [0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995]

    /// Targets that some evaluation of some run was at, and the plan's.
    public init(_ results: Results) {
        let summaries = results.summaries
        let best = summaries.flatMap(\.runs).flatMap(\.evaluations).map(\.testAccuracy).max() ?? 0
        let own = results.plan.target
        let reachable = Self.grid.filter { TargetAccuracy($0).isReached(by: best) }
        targets = Set(reachable + [own]).sorted()
        let targets = targets
        points = summaries.map { summary in
            (
                summary.strategy,
                targets.map { target in
                    let times = summary.timesToTarget(target)
                    return Point(
                        target: target, seedsReached: times.filter(\.value.isFinite).count,
                        time: SpreadSummary(times, scale: .logarithmic))
                }
            )
        }
    }
}
