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

    /// Makes room for `steps` entries, so that steps allocate no memory; for the first of them where there are so many that a
    /// limit is more likely to end the run than its epochs.
    func reserve(_ steps: Int) { entries.reserveCapacity(min(steps, Self.mostReserved)) }

    /// Some 64 MB.
    static let mostReserved = 1 << 22

    // MARK: Between processes

    /// How many entries were told to another process.
    private var told = 0

    /// The entries that were not told yet, two numbers each.
    func tell() -> [Double] {
        defer { told = entries.count }
        return entries[told...].flatMap { [$0.sum, Double($0.samples)] }
    }

    /// The same, of entries that this process does not need afterwards.
    func tellAndForget() -> [Double] {
        defer { (told, entries) = (0, []) }
        return tell()
    }

    /// Entries of the same rank in another process.
    func append(told numbers: [Double]) {
        for first in stride(from: 0, to: numbers.count - 1, by: 2) {
            append(sum: numbers[first], samples: Int(numbers[first + 1]))
        }
    }

    func removeAll() { entries.removeAll(keepingCapacity: true) }
}
