import Diagnostics
import Foundation
import Locking

/// Standard output and standard error, which may be closed, full, or gone with their terminal. None of this ends the
/// program: files matter most, and are written first.
enum Console {
    private struct State {
        var waiting: [UInt8] = []
        /// Why standard output failed; nothing more is written to it then.
        var failure: Int32?
    }

    private static let state = Guarded(State())
    /// The most bytes that may wait to be written; none where a person is watching.
    private static let largestWait = isatty(STDOUT_FILENO) == 1 ? 0 : 1 << 16

    static func output(_ text: String) {
        state.withLock { state in
            state.waiting.append(contentsOf: text.utf8)
            if state.waiting.count > largestWait { write(&state) }
        }
    }

    /// Writes to standard error; a message that cannot be written is not an error.
    static func error(_ text: String) {
        flush()
        _ = write(Array(text.utf8), to: STDERR_FILENO)
    }

    static func flush() { state.withLock { write(&$0) } }

    /// - Returns: `errno` where not all bytes could be written.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return errno }
                done += count
            }
            return nil
        }
    }

    private static func write(_ state: inout State) {
        if state.failure == nil { state.failure = write(state.waiting, to: STDOUT_FILENO) }
        state.waiting.removeAll(keepingCapacity: true)
    }

    /// Writes what is waiting. If the reader of a pipe has gone, the process ends as other programs do (SIGPIPE; 141 in
    /// a shell).
    ///
    /// - Throws: `ConsoleError` where standard output could not be written for another reason.
    static func finish() throws {
        flush()
        guard let failure = state.withLock({ $0.failure }) else { return }
        if failure == EPIPE {
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        throw ConsoleError(description: "standard output cannot be written: \(String(cString: strerror(failure)))")
    }
}

struct ConsoleError: Error, CustomStringConvertible {
    let description: String
}

/// Prints a text of one or several lines. Swift's own function does not report that standard output fails. Names and
/// other parts of the text may come from files: control characters are made visible instead of being executed.
///
/// There are three functions, since Swift prefers its own one to a function with default arguments.
func print(_ text: String, terminator: String) {
    Console.output(TerminalAbilities.output.shown(visible(text)) + terminator)
}
func print(_ text: String) { print(text, terminator: "\n") }
func print() { print("") }

/// Prints text for programs, such as CSV, without adapting it to the terminal.
func printData(_ text: String) { Console.output(visible(text)) }

extension Console {
    /// Erases the line of a bar on standard error.
    static func eraseBar() { error(erasing) }

    /// Writes the line of a bar over the last one.
    static func drawBar(_ line: String) {
        let shown = TerminalAbilities.error.layout.shown(VisibleText.line(line))
        // In the last column some terminals move on to the next line.
        error(erasing + shown.prefix(max(1, Terminal.columns - 1)))
    }

    /// Returns to the beginning of the line and erases its contents.
    static let erasing = "\r\u{1B}[K"
}

/// Prints text for people on standard error.
func printError(_ message: String) { Console.error(TerminalAbilities.error.shown(visible(message)) + "\n") }

private func visible(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { VisibleText.line(String($0)) }
        .joined(separator: "\n")
}
