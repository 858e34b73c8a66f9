import Diagnostics
import Foundation
import Reports

/// What standard error is shown on.
enum Terminal: Hashable {
    /// A file, a pipe, or nothing.
    case none
    /// A terminal that only prints, such as an editor's.
    case plain
    /// One that can erase a line and write over it.
    case overwriting

    static let standardError = TerminalAbilities.error.terminal

    /// - Parameter type: of `TERM`; without one, nothing is known of what the terminal understands.
    init(isTerminal: Bool, type: String?) {
        guard isTerminal else {
            self = .none
            return
        }
        self = ["", "dumb", "unknown"].contains(type ?? "") ? .plain : .overwriting
    }

    /// Characters of a line on standard error, asked again for each line since windows change; a line that is longer goes on
    /// in the next one, where nothing would erase it.
    static var columns: Int {
        columns(
            window: TerminalAbilities.window(of: STDERR_FILENO)?.columns,
            environment: ProcessInfo.processInfo.environment)
    }

    /// - Parameters:
    ///   - window: the terminal's own answer, which is of now; `COLUMNS` may be of another window.
    ///   - standard: where neither is known.
    static func columns(window: Int?, environment: [String: String], standard: Int = 80) -> Int {
        window ?? environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? standard
    }
}

/// What the place can show that a text is written to. All that the program says on a terminal is made to fit here; what goes
/// into a file or a pipe stays as it is.
struct TerminalAbilities: Hashable {
    let terminal: Terminal
    /// Whether the locale's characters are UTF-8.
    let isUTF8: Bool
    /// Whether text may have colours: not by the wish of `NO_COLOR` (no-color.org), not where escape sequences are shown
    /// as they are, and not where the locale is one of plain text.
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

    /// - Parameter window: the terminal's own answer to how many characters a line has.
    init(isTerminal: Bool, window: Int?, environment: [String: String]) {
        terminal = Terminal(isTerminal: isTerminal, type: environment["TERM"])
        isUTF8 = Self.isUTF8(environment)
        hasColor = terminal == .overwriting && isUTF8 && (environment["NO_COLOR"] ?? "").isEmpty
        columns = Terminal.columns(window: window, environment: environment, standard: TextLayout.standardColumns)
    }

    /// Whether it shows lines of text at all.
    var isTerminal: Bool { terminal != .none }

    /// Whether it is a terminal that shows nothing but ASCII.
    var needsASCII: Bool { isTerminal && !isUTF8 }

    /// Whether it shows the dots of braille, of which curves are drawn.
    var hasBraille: Bool { terminal == .overwriting && isUTF8 }

    /// How curves are shown; nil where nobody looks on. A terminal of ASCII gets letters.
    var curves: CurveStyle? {
        isTerminal ? CurveStyle(hasBraille: hasBraille, hasColor: hasColor, columns: columns) : nil
    }

    var layout: TextLayout {
        isTerminal ? TextLayout(columns: columns, isASCII: needsASCII) : .unlimited
    }

    /// The text with what it can show in place of the rest, and long lines broken between words: those of a term and what is
    /// said of it, behind two spaces or more, below the latter. Lines that only begin with a few spaces are
    /// commands, and stay whole.
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

    /// By POSIX, the first of the three that is there and not empty decides; without any of them the locale is `C`.
    private static func isUTF8(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
        // Such as de_DE.UTF-8@euro, C.utf8, and UTF-8 alone, which is a locale on macOS.
        let coding = (locale.split(separator: ".").last ?? "").prefix { $0 != "@" }.lowercased()
        return coding.replacing("-", with: "") == "utf8"
    }

    /// A terminal's size in characters, of now; nil where it is unknown.
    static func window(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
