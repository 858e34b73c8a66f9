import Diagnostics
import Foundation

/// Prints a text of one or several lines. Names and other text in it may come from files: whatever would do something to the
/// terminal is shown and not done.
func print(_ text: String = "", terminator: String = "\n") { Swift.print(visible(text), terminator: terminator) }

/// The same, on standard error.
func printError(_ message: String) {
    FileHandle.standardError.write(Data((visible(message) + "\n").utf8))
}

private func visible(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { VisibleText.line(String($0)) }
        .joined(separator: "\n")
}
