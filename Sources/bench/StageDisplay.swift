import Diagnostics
import Foundation
import Locking
import Reports

/// Long work in stages, on standard error: a bar with the present stage, on a terminal that can erase a line; elsewhere
/// a line for each stage.
final class StageDisplay: Sendable {
    private struct State {
        var name = ""
        var done = 0
        var began = ContinuousClock.now
        var share: Double?
        var lastDrawn: ContinuousClock.Instant?
    }

    private let terminal: Terminal
    private let count: Int?
    private let tellsLines: Bool
    private let state = Guarded(State())

    /// - Parameters:
    ///   - count: the number of stages; nil where it is not known.
    ///   - tellsLines: whether each stage is printed on a line of its own where there is no bar.
    init(isOn: Bool, count: Int?, tellsLines: Bool, on terminal: Terminal = .standardError) {
        self.terminal = isOn ? terminal : .none
        self.count = count
        self.tellsLines = isOn && tellsLines
    }

    func begin(_ name: String) {
        guard terminal == .overwriting else {
            if tellsLines { printError(name) }
            return
        }
        state.withLock { state in
            state = State(name: name, done: state.done + 1)
            draw(&state, always: true)
        }
    }

    /// - Parameter share: the part of the present stage that is done, 0 to 1.
    func update(_ share: Double) {
        guard terminal == .overwriting else { return }
        state.withLock { state in
            state.share = share
            draw(&state, always: false)
        }
    }

    /// Prints a permanent line.
    func say(_ text: String) {
        erase()
        printError(text)
    }

    func end() { erase() }

    private func erase() { if terminal == .overwriting { Console.eraseBar() } }

    private func draw(_ state: inout State, always: Bool) {
        let now = ContinuousClock.now
        if !always, let last = state.lastDrawn, now - last < .milliseconds(100) { return }
        state.lastDrawn = now
        let share = state.share ?? count.map { Double(state.done - 1) / Double(max(1, $0)) }
        var line = (count.map { "[\(min(state.done, $0))/\($0)] " } ?? "") + state.name
        if let share { line += " " + WatchText.bar(share, width: 24) }
        let seconds = (now - state.began).inSeconds
        if let share = state.share, share > 0.05 {
            line +=
                " \(Format.seconds(seconds)), about \(Format.seconds((seconds / share - seconds).rounded(.up))) left"
        }
        Console.drawBar(line)
    }
}
