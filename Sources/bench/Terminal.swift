import Foundation

/// What standard error is shown on.
enum Terminal: Hashable {
    /// A file, a pipe, or nothing.
    case none
    /// A terminal that only prints, such as an editor's.
    case plain
    /// One that can erase a line and write over it.
    case overwriting

    static let standardError = Terminal(
        isTerminal: isatty(STDERR_FILENO) == 1, type: ProcessInfo.processInfo.environment["TERM"])

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
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return columns(window: isKnown ? Int(size.ws_col) : nil, environment: ProcessInfo.processInfo.environment)
    }

    /// - Parameter window: the terminal's own answer, which is of now; `COLUMNS` may be of another window.
    static func columns(window: Int?, environment: [String: String]) -> Int {
        window ?? environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
    }
}
