/// Numbers in order of a point in time; equal times in the order of a sequence number.
///
/// A 4-ary heap (D. B. Johnson 1975), whose nodes' children share a cache line or two.
package struct EventQueue: Sendable {
    package struct Entry: Sendable {
        package let nanoseconds: Int64
        package let sequence: Int
        /// What happens; the queue does not look at it.
        package let item: Int

        @inline(__always)
        fileprivate func isBefore(_ other: Entry) -> Bool {
            nanoseconds < other.nanoseconds || (nanoseconds == other.nanoseconds && sequence < other.sequence)
        }
    }

    private var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var min: Entry? { entries.first }
    /// All entries, the earliest first.
    package var inOrder: [Entry] { entries.sorted { $0.isBefore($1) } }

    package mutating func insert(_ item: Int, at nanoseconds: Int64, sequence: Int) {
        let entry = Entry(nanoseconds: nanoseconds, sequence: sequence, item: item)
        entries.append(entry)
        entries.withUnsafeMutableBufferPointer { entries in
            var hole = entries.count - 1
            while hole > 0 {
                let parent = (hole - 1) / 4
                guard entry.isBefore(entries[parent]) else { break }
                entries[hole] = entries[parent]
                hole = parent
            }
            entries[hole] = entry
        }
    }

    package mutating func popMin() -> Entry? {
        guard let last = entries.popLast() else { return nil }
        guard let top = entries.first else { return last }
        entries.withUnsafeMutableBufferPointer { entries in
            let count = entries.count
            var hole = 0
            while true {
                let first = 4 * hole + 1
                guard first < count else { break }
                var least = first
                for child in first + 1..<Swift.min(first + 4, count) where entries[child].isBefore(entries[least]) {
                    least = child
                }
                guard entries[least].isBefore(last) else { break }
                entries[hole] = entries[least]
                hole = least
            }
            entries[hole] = last
        }
        return top
    }
}
