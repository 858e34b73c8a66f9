import Diagnostics
import Foundation
import Locking
import Reports
import Storage

/// Where a watched experiment is shown: redrawn in place on a terminal that can do that, else a line for each event.
final class WatchScreen: Sendable {
    private struct State {
        /// How many lines are shown on the terminal, above the cursor.
        var lines = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    private let abilities: TerminalAbilities
    private let descriptor: Int32
    private let write: @Sendable (String) -> Void
    private let state = Guarded(State())

    /// - Parameters:
    ///   - descriptor: the descriptor of the terminal, whose window gives the size.
    ///   - write: writes the text.
    init(
        _ abilities: TerminalAbilities, of descriptor: Int32 = STDOUT_FILENO,
        to write: @escaping @Sendable (String) -> Void
    ) {
        (self.abilities, self.descriptor, self.write) = (abilities, descriptor, write)
    }

    private var isDrawn: Bool { abilities.terminal == .overwriting }

    /// Prints a line for an event, where nothing is redrawn.
    func tell(_ event: LoggedEvent, _ experiment: WatchedExperiment) {
        guard !isDrawn, let line = WatchText(experiment)?.line(event) else { return }
        say(line)
    }

    /// Prints a permanent line.
    func say(_ line: String) {
        state.withLock { state in
            write(erasing(&state) + abilities.shown(VisibleText.line(line)) + "\n")
        }
    }

    /// Draws the present state over the previous one, no more often than a reader can follow.
    func draw(_ experiment: WatchedExperiment) {
        guard isDrawn, let text = WatchText(experiment) else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if experiment.end == nil, let last = state.lastDrawn, now - last < .milliseconds(200) { return }
            state.lastDrawn = now
            let window = TerminalAbilities.window(of: descriptor)
            let columns = window?.columns ?? abilities.columns
            // The last column stays empty: some terminals move on to the next line there.
            let layout = TextLayout(columns: columns - 1, isASCII: abilities.needsASCII)
            let style = CurveStyle(
                hasBraille: abilities.hasBraille, hasColor: abilities.hasColor, columns: columns - 1)
            let lines = text.screen(
                layout, style, now: Date().timeIntervalSince1970 * 1000, rows: window.map { max(5, $0.rows) })
            let erased = erasing(&state)
            write(erased + lines.joined(separator: "\n") + "\n")
            state.lines = lines.count
        }
    }

    /// Erases what is shown: moves up to its first line, and clears from there to the end of the screen.
    private func erasing(_ state: inout State) -> String {
        defer { state.lines = 0 }
        return state.lines > 0 ? "\u{1B}[\(state.lines)A\r\u{1B}[J" : ""
    }
}

/// The experiment of this process, shown while its log is written.
final class LiveWatch: Sendable {
    private struct State {
        var experiment: WatchedExperiment
        var lines = 0
    }

    private let screen: WatchScreen
    private let path: String
    private let state: Guarded<State>

    init(_ path: String) {
        self.path = path
        screen = WatchScreen(TerminalAbilities.error, of: STDERR_FILENO, to: Console.error)
        state = Guarded(State(experiment: WatchedExperiment(path)))
    }

    /// - Parameter line: a line of the log, with its line feed.
    func take(_ line: Data) {
        state.withLock { state in
            state.lines += 1
            // A line that this program has just written can be parsed.
            guard let event = try? LoggedEvent(line.dropLast(), at: "\(path), line \(state.lines)"),
                (try? state.experiment.take(event)) != nil
            else { return }
            screen.tell(event, state.experiment)
            screen.draw(state.experiment)
        }
    }
}
