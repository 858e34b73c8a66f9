import Experiments

extension Comparison {
    /// The current results as the new baseline, with the reason and what changed added to the old one's history.
    ///
    /// - Parameter comparison: nil where there is no baseline yet, or none of this plan.
    package static func accept(
        _ current: Results, over old: Results?, comparison: Comparison?, reason: String, date: String
    ) -> Results {
        var accepted = current
        let changes: [String]
        if let comparison {
            changes = (comparison.regressions + comparison.improvements).map(\.words) + comparison.notes
        } else {
            changes = [old == nil ? "the first baseline" : "another plan"]
        }
        accepted.history =
            (old?.history ?? []) + [
                Results.Acceptance(date: date, commit: current.machine.commit, reason: reason, changes: changes)
            ]
        return accepted
    }
}
