import Foundation

/// What a child tells who watches it: a page of memory that both see, so that what it was at stands there when it is dead.
package final class StatusPage: @unchecked Sendable {
    // Each field is written by the child alone, and one that is read a moment too early is read again.
    private let fields: UnsafeMutablePointer<Int>
    private static let bytes = 4096

    /// - Parameter path: a file of at least a page, which is made where it is missing.
    package init(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.bytes)) == 0 else {
            throw WrongAnswer("'\(path)' cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let page = mmap(nil, Self.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let page, page != MAP_FAILED else { throw WrongAnswer("'\(path)' cannot be mapped") }
        fields = page.bindMemory(to: Int.self, capacity: Self.bytes / MemoryLayout<Int>.stride)
    }

    deinit { munmap(fields, Self.bytes) }

    /// The index of the input that is being read; -1 before the first.
    package var index: Int {
        get { fields[0] }
        set { fields[0] = newValue }
    }
    package var accepted: Int {
        get { fields[1] }
        set { fields[1] = newValue }
    }
    package var refused: Int {
        get { fields[2] }
        set { fields[2] = newValue }
    }
    /// The longest time that an input took, in nanoseconds, and the input that took it.
    package var slowestNanoseconds: Int {
        get { fields[3] }
        set { fields[3] = newValue }
    }
    package var slowestIndex: Int {
        get { fields[4] }
        set { fields[4] = newValue }
    }
    /// Whether there is nothing left to do.
    package var isDone: Bool {
        get { fields[5] == 1 }
        set { fields[5] = newValue ? 1 : 0 }
    }

    package func reset() { for field in 0..<8 { fields[field] = field == 0 ? -1 : 0 } }
}
