import Diagnostics
import Foundation
import Locking

/// Standard output and standard error, which may be closed, full, or gone with their terminal. Nothing of that ends the
/// program: files are what counts, and are written first.
enum Console {
    private struct State {
        var waiting: [UInt8] = []
        /// Why standard output takes no more; nothing is written to it any more.
        var failure: Int32?
    }

    private static let state = Guarded(State())
    /// What waits is written at once where somebody looks on.
    private static let largestWait = isatty(STDOUT_FILENO) == 1 ? 0 : 1 << 16

    static func output(_ text: String) {
        state.withLock { state in
            state.waiting.append(contentsOf: text.utf8)
            if state.waiting.count > largestWait { write(&state) }
        }
    }

    /// To standard error; a message that nobody can read is no failure.
    static func error(_ text: String) {
        flush()
        _ = write(Array(text.utf8), to: STDERR_FILENO)
    }

    static func flush() { state.withLock { write(&$0) } }

    /// - Returns: `errno` where not all could be written.
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

    /// Writes the rest. Where the reader of a pipe has gone, the process ends as others do then (SIGPIPE; 141 in a shell).
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

/// Prints a text of one or several lines. Swift's own function does not say when standard output takes no more. Names and
/// other text in it may come from files: whatever would do something to the terminal is shown and not done.
///
/// Three functions, since Swift's own would be preferred to one whose arguments have defaults.
func print(_ text: String, terminator: String) {
    Console.output(TerminalAbilities.output.shown(visible(text)) + terminator)
}
func print(_ text: String) { print(text, terminator: "\n") }
func print() { print("") }

/// Text for programs, such as CSV: the same on a terminal.
func printData(_ text: String) { Console.output(visible(text)) }

extension Console {
    /// Erases the line of a bar on standard error.
    static func eraseBar() { error(erasing) }

    /// Writes the line of a bar over the last one.
    static func drawBar(_ line: String) {
        let shown = TerminalAbilities.error.layout.shown(VisibleText.line(line))
        // In the last column some terminals go on to the next line.
        error(erasing + shown.prefix(max(1, Terminal.columns - 1)))
    }

    /// Back to the line's beginning, without what stands in it.
    static let erasing = "\r\u{1B}[K"
}

/// Text for people, on standard error.
func printError(_ message: String) { Console.error(TerminalAbilities.error.shown(visible(message)) + "\n") }

private func visible(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { VisibleText.line(String($0)) }
        .joined(separator: "\n")
}
