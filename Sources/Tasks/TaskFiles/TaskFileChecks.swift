import Datasets
import Diagnostics
import Yams

/// Checks of data that can be read but not used.
extension TaskFile {
    /// At least so many samples are needed, since a study holds out a sixth of the training set.
    private static let fewestSamples = 6

    /// Checks that the scaled numbers are finite.
    func check(
        _ scaling: FeatureTable.Scaling, _ tables: [FeatureTable], at place: Yams.Node?
    ) throws(TaskFileError) {
        guard case .by(let scale) = scaling, let place else { return }
        for table in tables where !(table.largest / scale).isFinite {
            throw error(
                at: place,
                "\(table.name) has \(Format.exact(Double(table.largest))), which divided by \(Format.exact(Double(scale))) is no number; allowed is a larger scale"
            )
        }
    }

    /// Checks what splits and studies need: enough samples, and users on both sides.
    func check(
        _ kind: TaskFileData.TestSet, _ parts: [TaskFileData.Part], _ labels: LabelColumn.Classes,
        _ users: LabelColumn.Users?, at place: Yams.Node
    ) throws(TaskFileError) {
        let count = parts[0].labels.count
        var training = count
        switch kind {
        case .files, .ends: break
        case .fraction(let fraction): training = min(count - 1, max(1, Int(Double(count) * (1 - fraction))))
        case .users:
            let found = Set(users?.users[0] ?? [])
            guard found.count > 1 else {
                throw error(at: place, "unseen users of \(found.count) user; allowed are two users at least")
            }
        }
        guard training >= Self.fewestSamples, count > 1 else {
            throw error(
                at: place, "\(training) samples to train on; allowed are \(Self.fewestSamples) at least")
        }
        guard labels.count > 1 || parts[0].targets != nil else {
            throw error(at: place, "all labels are \(labels.names?.first ?? "0"); allowed are two classes at least")
        }
    }
}
