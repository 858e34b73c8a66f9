import Locking

/// The losses of one rank's optimizer steps, in order.
///
/// The rank appends during its steps; the rank that evaluates reads what belongs to steps that a message or a collective has
/// told it are over, while the other may already be making the next.
public final class LossLog: Sendable {
    package struct Entry {
        let sum: Double
        let samples: Int
    }

    private struct State {
        var entries: [Entry] = []
        /// How many entries were told to another process.
        var told = 0

        /// The entries that were not told yet, two numbers each.
        mutating func tell() -> [Double] {
            defer { told = entries.count }
            return entries[told...].flatMap { [$0.sum, Double($0.samples)] }
        }
    }

    private let state = Guarded(State())

    package var entries: [Entry] { state.withLock { $0.entries } }

    /// The entry at an index; nil where there is none.
    package func entry(_ index: Int) -> Entry? { state.withLock { index < $0.entries.count ? $0.entries[index] : nil } }

    /// Adds one step.
    ///
    /// - Parameters:
    ///   - sum: the sum of the losses of the step's samples.
    ///   - samples: how many samples the step had.
    public func append(sum: Double, samples: Int) {
        state.withLock { $0.entries.append(Entry(sum: sum, samples: samples)) }
    }

    /// Makes room for `steps` entries, so that steps allocate no memory. Room is made for ``mostReserved`` at most:
    /// with more steps, a limit is more likely to end the run than its epochs.
    package func reserve(_ steps: Int) { state.withLock { $0.entries.reserveCapacity(min(steps, Self.mostReserved)) } }

    /// Entries that take some 64 MB.
    package static let mostReserved = 1 << 22

    package func removeAll() { state.withLock { $0.entries.removeAll(keepingCapacity: true) } }

    // MARK: Between processes

    /// The entries that were not told to another process yet, two numbers each; they count as told from now on.
    package func tell() -> [Double] { state.withLock { $0.tell() } }

    /// The entries that were not told to another process yet, two numbers each; the log forgets all of its entries.
    package func tellAndForget() -> [Double] {
        state.withLock { state in
            defer { state = State() }
            return state.tell()
        }
    }

    /// Adds entries that a log of the same rank in another process has told.
    package func append(told numbers: [Double]) {
        for entry in Self.entries(told: numbers) { append(sum: entry.sum, samples: entry.samples) }
    }

    static func entries(told numbers: [Double]) -> [Entry] {
        stride(from: 0, to: numbers.count - 1, by: 2).map {
            Entry(sum: numbers[$0], samples: Int(numbers[$0 + 1]))
        }
    }
}
