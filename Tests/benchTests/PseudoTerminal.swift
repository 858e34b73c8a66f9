import Foundation
import Locking
import Testing

#if os(Linux)
    /// A terminal of the test's own: what a program shows on it comes out of `screen`.
    struct PseudoTerminal {
        let screen: FileHandle
        let device: FileHandle

        /// - Parameter size: in characters; nil for a terminal that does not say.
        init(size: (columns: Int, rows: Int)? = nil) throws {
            let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            screen = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            // TIOCSPTLCK and TIOCGPTN, which Swift has no names for: the device's lock, and its number.
            var (lock, number): (Int32, UInt32) = (0, 0)
            try #require(ioctl(descriptor, 0x4004_5431, &lock) == 0)
            try #require(ioctl(descriptor, 0x8004_5430, &number) == 0)
            let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
            device = FileHandle(fileDescriptor: end, closeOnDealloc: true)
            guard let size else { return }
            var window = winsize()
            (window.ws_col, window.ws_row) = (UInt16(size.columns), UInt16(size.rows))
            try #require(ioctl(end, UInt(TIOCSWINSZ), &window) == 0)
        }
    }

    /// What a run of the program showed on a terminal.
    struct Shown {
        let outcome: Outcome
        /// What the program sent, with line feeds alone.
        let text: String

        var hasEscapes: Bool { text.contains("\u{1B}") }
        var isASCII: Bool { text.utf8.allSatisfy { $0 < 0x80 } }
        /// The lines that a reader sees in the end: without escape sequences, and with what was written over others.
        var lines: [String] {
            text.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "").split(
                separator: "\n", omittingEmptySubsequences: false
            )
            .map { String($0.split(separator: "\r", omittingEmptySubsequences: false).last ?? "") }
        }
        var longest: String { lines.max { $0.count < $1.count } ?? "" }
    }

    /// Runs the program with a terminal for standard output, and for standard error, too, if that is asked for.
    func benchOnTerminal(
        _ arguments: [String], columns: Int? = 100, rows: Int = 50, environment: [String: String] = [:],
        in folder: TemporaryFolder, errorsToo: Bool = false
    ) async throws -> Shown {
        let terminal = try PseudoTerminal(size: columns.map { ($0, rows) })
        let bytes = Guarded(Data())
        let screen = terminal.screen
        let reading = Thread {
            // Nothing is left to be read when nobody can write any more.
            var buffer = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                let count = read(screen.fileDescriptor, &buffer, buffer.count)
                guard count > 0 else { break }
                bytes.withLock { $0.append(contentsOf: buffer[..<count]) }
            }
            bytes.withLock { $0.append(0) }
        }
        reading.start()
        let plain = ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": "", "COLUMNS": ""]
        let outcome = try await bench(
            arguments, environment: plain.merging(environment) { $1 }, in: folder, standardOutput: terminal.device,
            standardError: errorsToo ? terminal.device : nil)
        try terminal.device.close()
        while bytes.withLock({ $0.last != 0 }) { try await Task.sleep(for: .milliseconds(2)) }
        let text = bytes.withLock { String(decoding: $0.dropLast(), as: UTF8.self) }
        return Shown(outcome: outcome, text: text.replacing("\r\n", with: "\n"))
    }
#endif
