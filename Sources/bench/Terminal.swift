import Diagnostics
import Foundation
import Reports

/// What standard error is connected to.
enum Terminal: Hashable {
    /// A file, a pipe, or nothing.
    case none
    /// A terminal that can only print, such as an editor's.
    case plain
    /// A terminal that can erase a line and write over it.
    case overwriting

    static let standardError = TerminalAbilities.error.terminal

    /// - Parameter type: the value of `TERM`; without it, nothing is known about the terminal.
    init(isTerminal: Bool, type: String?) {
        guard isTerminal else {
            self = .none
            return
        }
        self = ["", "dumb", "unknown"].contains(type ?? "") ? .plain : .overwriting
    }

    /// Characters of a line on standard error. It is determined again for each line, since windows change; a longer
    /// line would wrap, and the part on the next line would not be erased.
    static var columns: Int {
        columns(
            window: TerminalAbilities.window(of: STDERR_FILENO)?.columns,
            environment: ProcessInfo.processInfo.environment)
    }

    /// - Parameters:
    ///   - window: the terminal's present width; `COLUMNS` may be that of another window.
    ///   - standard: used where neither is known.
    static func columns(window: Int?, environment: [String: String], standard: Int = 80) -> Int {
        window ?? environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? standard
    }
}

/// What the destination of a text can show. Everything that the program prints on a terminal is adapted to it here;
/// text for a file or a pipe stays unchanged.
struct TerminalAbilities: Hashable {
    let terminal: Terminal
    /// Whether the locale's characters are UTF-8.
    let isUTF8: Bool
    /// Whether text may have colours. Not so where `NO_COLOR` is set (no-color.org), where escape sequences are shown
    /// as they are, or where the locale has plain text only.
    let hasColor: Bool
    /// Characters of a line.
    let columns: Int

    static let output = TerminalAbilities(of: STDOUT_FILENO)
    static let error = TerminalAbilities(of: STDERR_FILENO)

    private init(of descriptor: Int32) {
        self.init(
            isTerminal: isatty(descriptor) == 1, window: Self.window(of: descriptor)?.columns,
            environment: ProcessInfo.processInfo.environment)
    }

    /// - Parameter window: the number of characters of a line by the terminal's own answer; nil where it gives none.
    init(isTerminal: Bool, window: Int?, environment: [String: String]) {
        terminal = Terminal(isTerminal: isTerminal, type: environment["TERM"])
        isUTF8 = Self.isUTF8(environment)
        hasColor = terminal == .overwriting && isUTF8 && (environment["NO_COLOR"] ?? "").isEmpty
        columns = Terminal.columns(window: window, environment: environment, standard: TextLayout.standardColumns)
    }

    /// Whether the destination shows lines of text at all.
    var isTerminal: Bool { terminal != .none }

    /// Whether the destination is a terminal that shows ASCII only.
    var needsASCII: Bool { isTerminal && !isUTF8 }

    /// Whether the destination shows the braille characters that curves are drawn with.
    var hasBraille: Bool { terminal == .overwriting && isUTF8 }

    /// How curves are drawn; nil where there is no terminal. A terminal with ASCII only gets letters.
    var curves: CurveStyle? {
        isTerminal ? CurveStyle(hasBraille: hasBraille, hasColor: hasColor, columns: columns) : nil
    }

    var layout: TextLayout {
        isTerminal ? TextLayout(columns: columns, isASCII: needsASCII) : .unlimited
    }

    /// The text with replacements for what cannot be shown, and with long lines broken between words. In a line with a
    /// term and its description, separated by two or more spaces, the description is broken and indented below itself.
    /// Lines that only begin with a few spaces are commands and are not broken.
    func shown(_ text: String) -> String {
        guard isTerminal else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let line = layout.shown(String(line))
            guard line.count > columns else { return line }
            guard let gap = line.range(of: "  ", options: .backwards)?.upperBound else { return layout.paragraph(line) }
            let isCommand = gap <= line.index(line.startIndex, offsetBy: 4) && line[..<gap].allSatisfy { $0 == " " }
            return isCommand ? line : layout.hanging(String(line[..<gap]), String(line[gap...]))
        }.joined(separator: "\n")
    }

    /// By POSIX, the first of the three variables that is set and not empty decides; without any of them the locale is
    /// `C`.
    private static func isUTF8(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
        // For example de_DE.UTF-8@euro, C.utf8, and UTF-8 alone, which is a locale on macOS.
        let coding = (locale.split(separator: ".").last ?? "").prefix { $0 != "@" }.lowercased()
        return coding.replacing("-", with: "") == "utf8"
    }

    /// A terminal's present size in characters; nil where it is unknown.
    static func window(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
