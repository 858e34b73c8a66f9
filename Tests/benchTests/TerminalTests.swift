import Foundation
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

    // MARK: What a place can show

    private func abilities(
        _ environment: [String: String], isTerminal: Bool = true, window: Int? = 120
    ) -> TerminalAbilities {
        TerminalAbilities(
            isTerminal: isTerminal, window: window, environment: ["TERM": "xterm"].merging(environment) { $1 })
    }

    /// The first of the three that is not empty decides (POSIX, section 8.2).
    @Test func theLocaleSaysWhetherThereIsMoreThanASCII() {
        for (environment, isUTF8) in [
            ([:], false), (["LANG": "C.UTF-8"], true), (["LANG": "de_DE.utf8"], true), (["LANG": "de_DE"], false),
            (["LANG": "de_DE.UTF-8@euro"], true), (["LANG": "de_DE.ISO-8859-1"], false), (["LANG": "POSIX"], false),
            (["LC_CTYPE": "UTF-8"], true), (["LANG": "C.UTF-8", "LC_ALL": "C"], false),
            (["LANG": "C.UTF-8", "LC_ALL": ""], true), (["LC_CTYPE": "C", "LANG": "C.UTF-8"], false),
            (["LC_ALL": "en_US.UTF-8", "LC_CTYPE": "C"], true),
        ] {
            let found = abilities(environment)
            #expect(found.isUTF8 == isUTF8, "\(environment)")
            #expect(found.hasBraille == isUTF8 && found.layout.isASCII == !isUTF8, "\(environment)")
        }
    }

    /// no-color.org: "when present and not an empty string (regardless of its value)".
    @Test func colourIsForTerminalsWhoseUserWantsIt() {
        let utf8 = ["LANG": "C.UTF-8"]
        #expect(abilities(utf8).hasColor)
        #expect(abilities(utf8.merging(["NO_COLOR": ""]) { $1 }).hasColor)
        #expect(!abilities(utf8.merging(["NO_COLOR": "0"]) { $1 }).hasColor)
        #expect(!abilities(utf8.merging(["TERM": "dumb"]) { $1 }).hasColor)
        #expect(!abilities(utf8.merging(["TERM": "dumb"]) { $1 }).hasBraille)
        #expect(!abilities(utf8, isTerminal: false).hasColor)
    }

    @Test func aTableHasTheWindowsWidthOr100CharactersAndAFileAnyNumber() {
        #expect(abilities([:], window: 72).layout.columns == 72)
        #expect(abilities([:], window: nil).layout.columns == 100)
        #expect(abilities(["COLUMNS": "90"], window: nil).layout.columns == 90)
        #expect(abilities([:], isTerminal: false).layout == .unlimited)
        #expect(abilities([:], isTerminal: false).curves == nil)
    }

    @Test func whatIsPrintedIsBrokenBetweenWordsAndCommandsAreNot() {
        let place = abilities([:], window: 40)
        #expect(
            place.shown("A sentence of 78 µs that is longer than a line, and ends.")
                == "A sentence of 78 us that is longer than\na line, and ends.")
        #expect(
            place.shown("  name   words that are longer than what a line has room for")
                == "  name   words that are longer than what\n         a line has room for")
        let command = "  bench run --strategy sync,federated --workers 16 --seeds 5"
        #expect(place.shown(command) == command)
        #expect(abilities([:], isTerminal: false).shown("78 µs " + command) == "78 µs " + command)
    }
}

#if os(Linux)
    /// Every table of every command on a terminal.
    @Suite(.timeLimit(.minutes(60))) struct TerminalTableTests {
        /// Results of five strategies on three kinds of machines, a search, coalitions and schedules.
        private func make(_ folder: TemporaryFolder) async throws {
            let least = ["--epochs", "2", "--seeds", "2", "--compute", "reference", "--quiet"]
            for arguments in [
                ["--strategy", "all", "--output", "run", "--record"],
                ["study", "--strategy", "single,sync", "--vary", "learning-rate=0.1,0.2", "--output", "study"],
                [
                    "coalitions", "--workers", "3", "--objectives", "rotations:2", "--output", "coalitions", "--clock",
                    "simulated",
                ],
            ] {
                let outcome = try await bench(arguments + least, in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
            }
            try folder.write(Data(PriceCommandTests.profile.utf8), "profile.json")
        }

        private static let commands = [
            ["report", "run"], ["report", "study"], ["report", "coalitions"], ["compare", "run", "run"],
            ["history", "run"], ["plot", "run"],
            ["reprice", "run", "--cluster", "ethernet-1g,wan,infiniband,phones-4g"],
            ["advise", "run", "--cluster", "ethernet-1g", "--map", "20x10", "--output", "advice"],
            ["price", "profile.json", "--cluster", "ethernet-1g"], ["list"], ["list", "--task", "digits"],
            ["list", "--strategy", "community"], ["list", "--cluster", "phones-4g"],
            ["list", "--overlay", "ring", "--workers", "8"], ["task", "check", "digits"], ["data", "list"],
            ["speed", "--task", "digits", "--batch", "10", "--repetitions", "1"], ["run", "--help"],
            ["watch", "--help"],
        ]

        /// Commands that are printed to be copied stay on one line, which begins with spaces.
        private func tooLong(_ shown: Shown, _ columns: Int) -> [String] {
            shown.lines.filter { $0.count > columns && !$0.contains("bench ") }
        }

        @Test func everyTableFitsTheTerminal() async throws {
            try await withFolder { folder in
                try await make(folder)
                for arguments in Self.commands {
                    for columns in arguments.last == "--help" ? [100] : [100, 72] {
                        let shown = try await benchOnTerminal(arguments, columns: columns, in: folder)
                        #expect(shown.outcome.code == 0, "\(shown.outcome.testDescription)\(shown.text)")
                        let long = tooLong(shown, columns)
                        #expect(long.isEmpty, "\(arguments), \(columns) columns: \(long)")
                        #expect(!shown.text.isEmpty)
                    }
                    let unknown = try await benchOnTerminal(arguments, columns: nil, in: folder)
                    #expect(tooLong(unknown, 100).isEmpty, "\(arguments)")
                }
            }
        }

        @Test func aLocaleWithoutUTF8GetsASCIIAndFilesAndPipesDoNot() async throws {
            try await withFolder { folder in
                try await make(folder)
                for arguments in Self.commands {
                    let shown = try await benchOnTerminal(
                        arguments, environment: ["LC_ALL": "C"], in: folder, errorsToo: true)
                    // The bar of long work erases its line, which is no matter of characters.
                    let text = shown.text.replacing("\r\u{1B}[K", with: "")
                    #expect(shown.isASCII && !text.contains("\u{1B}"), "\(arguments): \(text)")
                }
                #expect(try folder.text("run/report.md").contains("µs"))
                let piped = try await bench(["list"], environment: ["LC_ALL": "C"], in: folder)
                #expect(piped.output.contains("µ"), "a pipe gets the same bytes everywhere")
                let wrong = try await benchOnTerminal(
                    ["--strategy", "grün"], environment: ["LC_ALL": "C"], in: folder, errorsToo: true)
                #expect(wrong.outcome.code == 64 && wrong.isASCII && wrong.text.contains("grun"), "\(wrong.text)")
            }
        }

        @Test func aRunsTableSetsMeasuredAndSimulatedApart() async throws {
            try await withFolder { folder in
                try await make(folder)
                let shown = try await benchOnTerminal(["report", "run"], in: folder)
                let lines = shown.lines
                let measured = try #require(lines.firstIndex(of: "Measured on this machine"))
                let simulated = try #require(lines.firstIndex(of: "Simulated on ethernet-1g"))
                #expect(lines[measured + 1].hasPrefix("single ") && lines[measured + 2].hasPrefix("threads "))
                #expect(lines[simulated - 1].isEmpty && lines[simulated + 1].hasPrefix("sync "))
                let piped = try await bench(["report", "run"], in: folder)
                #expect(!piped.output.contains("\nMeasured on this machine\n"))
                #expect(piped.output.contains("  measured  ") && piped.output.contains("  simulated  "))
            }
        }

        @Test func curvesAreForWhoeverLooksOn() async throws {
            func isBraille(_ character: Character) -> Bool {
                character.unicodeScalars.contains { (0x2800...0x28FF).contains($0.value) }
            }
            try await withFolder { folder in
                let arguments = [
                    "--strategy", "single,sync", "--epochs", "3", "--seeds", "1", "--compute", "reference",
                    "--output", "run",
                ]
                let full = try await benchOnTerminal(arguments, in: folder)
                #expect(full.text.contains(where: isBraille) && full.hasEscapes, "\(full.text)")
                // A plot of its own for each kind of clock.
                #expect(full.text.components(separatedBy: "Accuracy against cluster time").count == 3)
                let plain = try await benchOnTerminal(arguments, environment: ["NO_COLOR": "1"], in: folder)
                #expect(plain.text.contains(where: isBraille) && !plain.hasEscapes)
                for environment in [["TERM": "dumb"], ["LC_ALL": "POSIX"]] {
                    let letters = try await benchOnTerminal(arguments, environment: environment, in: folder)
                    #expect(!letters.text.contains(where: isBraille), "\(environment)")
                    #expect(letters.text.contains("AAA") && letters.text.contains("BBB"), "\(letters.text)")
                }
                let quiet = try await benchOnTerminal(arguments + ["--quiet"], in: folder)
                #expect(!quiet.text.contains("Accuracy against cluster time"))
                #expect(try await !bench(arguments, in: folder).output.contains("Accuracy against"))
            }
        }
    }
#endif
