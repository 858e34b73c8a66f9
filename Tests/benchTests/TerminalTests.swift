import Testing

@testable import BenchCommands

@Suite struct TerminalTests {
    @Test func escapeSequencesAreForTerminalsThatAreKnownToHaveThem() {
        #expect(Terminal(isTerminal: false, type: "xterm") == .none)
        #expect(Terminal(isTerminal: true, type: "xterm-256color") == .overwriting)
        for type in [nil, "", "dumb", "unknown"] { #expect(Terminal(isTerminal: true, type: type) == .plain) }
    }

    @Test func aLineIsAsLongAsTheWindowSaysOrTheEnvironmentOr80Characters() {
        #expect(Terminal.columns(window: 40, environment: ["COLUMNS": "100"]) == 40)
        #expect(Terminal.columns(window: nil, environment: ["COLUMNS": "100"]) == 100)
        for text in ["", "0", "-1", "wide"] {
            #expect(Terminal.columns(window: nil, environment: ["COLUMNS": text]) == 80)
        }
        #expect(Terminal.columns(window: nil, environment: [:]) == 80)
    }
}
