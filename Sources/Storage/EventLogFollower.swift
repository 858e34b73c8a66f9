internal import Foundation

/// Reads a log while another process writes it. An incomplete line at the end is left until the rest is there; a file
/// that is replaced or cut is read again from its beginning.
package struct EventLogFollower {
    package enum News {
        /// The file was replaced: what was read before no longer counts.
        case begunAgain
        case event(LoggedEvent)
    }

    package let path: String
    private var descriptor: Int32 = -1
    private var offset = 0
    private var rest = Data()
    private var lines = 0
    /// The beginning of what was read, which shows whether the file was written anew.
    private var head = [UInt8]()

    private static let headBytes = 512

    package init(_ path: String) { self.path = path }

    package mutating func close() {
        if descriptor >= 0 { _ = Foundation.close(descriptor) }
        descriptor = -1
    }

    /// What was written since the last call; empty where the file does not exist.
    ///
    /// - Throws: ``ReportError`` for a file that cannot be read, or naming a line that does not belong in a log.
    package mutating func news() throws(ReportError) -> [News] {
        var news: [News] = []
        if try isOther() {
            if descriptor >= 0 {
                close()
                news.append(.begunAgain)
            }
            (offset, rest, lines, head) = (0, Data(), 0, [])
            guard FileManager.default.fileExists(atPath: path) else { return news }
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw ReportError("'\(path)' cannot be read: \(String(cString: strerror(errno)))")
            }
        }
        try read()
        var begin = rest.startIndex
        while let end = rest[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[begin..<end]
            begin = end + 1
            lines += 1
            guard !line.isEmpty else { continue }
            news.append(.event(try LoggedEvent(Data(line), at: "\(path), line \(lines)")))
        }
        rest = Data(rest[begin...])
        return news
    }

    /// Whether the path no longer names the open file, or the file is shorter or different from what was read.
    private func isOther() throws(ReportError) -> Bool {
        guard descriptor >= 0 else { return true }
        var (own, named) = (stat(), stat())
        guard fstat(descriptor, &own) == 0 else { return true }
        guard stat(path, &named) == 0 else { return true }
        var found = [UInt8](repeating: 0, count: head.count)
        return own.st_ino != named.st_ino || own.st_dev != named.st_dev || Int(own.st_size) < offset
            || pread(descriptor, &found, found.count, 0) != found.count || found != head
    }

    private mutating func read() throws(ReportError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw ReportError("'\(path)' cannot be read: \(String(cString: strerror(errno)))")
            }
            guard count > 0 else { return }
            offset += count
            rest.append(contentsOf: buffer[..<count])
            head += buffer[..<min(count, Self.headBytes - head.count)]
        }
    }
}
