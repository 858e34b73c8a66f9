/// The losses of one rank's optimizer steps, in order.
///
/// `@unchecked Sendable`: the rank appends during its steps; the rank that evaluates reads what belongs to steps that
/// a message or a collective has told it are over.
public final class LossLog: @unchecked Sendable {
    struct Entry {
        let sum: Double
        let samples: Int
    }

    private(set) var entries: [Entry] = []

    /// - Parameter sum: of the losses of the step's samples.
    func append(sum: Double, samples: Int) { entries.append(Entry(sum: sum, samples: samples)) }

    /// Makes room for `steps` entries, so that steps allocate no memory.
    func reserve(_ steps: Int) { entries.reserveCapacity(steps) }

    func removeAll() { entries.removeAll(keepingCapacity: true) }
}
