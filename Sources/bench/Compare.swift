import ArgumentParser
import Diagnostics
import Experiments
import Foundation
import RegressionGate
import Storage

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare results with a baseline, and fail where they are worse.",
        discussion: """
            Exact figures (samples, updates, bytes, messages, and time on a virtual clock under --compute reference, in all and at \
            every evaluation) must be equal; on one type of processor so must accuracies, losses and the time to the target. \
            Elsewhere accuracies and losses may differ by a derived tolerance, for processors that round otherwise. Measured \
            times are divided by a control - a fixed matrix product and a memory sweep - measured between the runs, and \
            compared over repetitions where both were measured on one machine that did little else; otherwise they are named as not compared.

            Exit codes: 0 no regression, 1 a regression, 2 could not compare (another plan, other data, a missing strategy, a broken \
            file), 64 the command line is wrong.

            EXAMPLES:
              bench --strategy all --compute reference --seeds 5 --repetitions 10 --output old
              bench --strategy all --compute reference --seeds 5 --repetitions 10 --output now
              bench compare old now
              bench compare old now --markdown summary.md --junit gate.xml --github
              bench compare old now --accept --reason "ring all-reduce with half the messages"

            The first with the program as it was, the second as it is; both make the same plan.
            """)

    @Argument(help: ArgumentHelp("A folder with a results.json, or such a file.", valueName: "baseline"))
    var baseline: String

    @Argument(help: ArgumentHelp("The same, of now.", valueName: "current"))
    var current: String

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            Results of another run of the same program: a measured time is a regression only if it is one there, too. \
            May stand several times.
            """, valueName: "folder"))
    var confirm: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            How much slower, beside the control, a measured time may be. \
            (default: \(Format.exactPercent(Comparison.Settings().timeMargin)))
            """, valueName: "share"),
        transform: Quantity.fraction)
    var timeMargin: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Between which results measured times are compared: same-machine (since its last start), same-processor (any \
            machine with that type), or never.
            """, valueName: "scope"),
        transform: choice("scope of measured times"))
    var times = Comparison.Settings().times

    @Flag(help: "Could not compare (exit code 2) if a measured time could not be.")
    var requireTimes = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Write the comparison as Markdown.", valueName: "file"))
    var markdown: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Write the comparison as JUnit XML.", valueName: "file"))
    var junit: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Write the comparison as a page of its own.", valueName: "file"))
    var html: String?

    @Flag(help: "Print GitHub's annotations as well.")
    var github = false

    @Flag(help: "Make the current results the baseline, whatever they are; needs --reason.")
    var accept = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Why the baseline moves; kept in its history.", valueName: "text"))
    var reason: String?

    func validate() throws {
        if accept, reason?.trimmingCharacters(in: .whitespaces).isEmpty != false {
            throw ValidationError("--accept needs --reason \"...\": why the baseline moves")
        }
        if times == .never, requireTimes {
            throw ValidationError(
                "--times never compares no measured time, and --require-times needs one; leave one out")
        }
        if !accept, reason != nil { throw ValidationError("--reason is for --accept") }
        for (option, value) in [("markdown", markdown), ("junit", junit), ("html", html)]
        where value?.isEmpty == true {
            throw ValidationError("--\(option) is empty; allowed is the name of a file")
        }
        try checkThatNoneMeet()
    }

    private func checkThatNoneMeet() throws {
        var named = NamedFiles()
        if accept {
            if baseline.hasSuffix(".json") {
                named.writes("the baseline", baseline)
            } else {
                named.writes("the baseline", OutputDirectory.resultNames, in: baseline)
            }
        } else {
            named.reads("the comparison", ResultsFile.file(baseline))
        }
        for folder in [current] + confirm { named.reads("the comparison", ResultsFile.file(folder)) }
        named.writes("--markdown", markdown)
        named.writes("--junit", junit)
        named.writes("--html", html)
        try named.check()
    }

    func run() throws {
        do {
            try compare()
        } catch let code as ExitCode {
            throw code
        } catch {
            // Code 1, which other errors have, would mean a regression.
            printError("could not compare: \(error)")
            throw ExitCode(2)
        }
    }

    /// A line for each given option without an effect because of another option.
    private var notes: [String] {
        let ofTimes = [("--time-margin", timeMargin != nil), ("--confirm", !confirm.isEmpty)].filter(\.1).map(\.0)
        return (times == .never ? ofTimes.map { "\($0) has no effect: --times never compares no measured time" } : [])
            + (accept && requireTimes
                ? ["--require-times has no effect: --accept takes the results, whatever they are"] : [])
    }

    private func compare() throws {
        notes.forEach(printError)
        for (option, file) in [("--markdown", markdown), ("--junit", junit), ("--html", html)] {
            if let file { try requireWritableParent(of: file, option: option) }
        }
        let results: Results
        let old: Results?
        let confirmations: [Results]
        do throws(ReportError) {
            var isVouchedFor = true
            results = try ResultsFile.read(current) { note in
                isVouchedFor = false
                printError(note)
            }
            if accept, !isVouchedFor {
                throw ReportError("'\(current)' has no checksum; allowed as a baseline are results that have one")
            }
            confirmations = try confirm.map { path throws(ReportError) in
                try ResultsFile.read(path, note: printError)
            }
            old = accept && !exists(baseline) ? nil : try ResultsFile.read(baseline, note: printError)
        } catch {
            try giveUp([error.description])
        }
        let comparison: Comparison?
        do {
            comparison = try old.map { old throws(NotComparable) in
                try Comparison(
                    baseline: old, current: results, confirmations: confirmations,
                    settings: Comparison.Settings(
                        timeMargin: timeMargin ?? Comparison.Settings().timeMargin, times: times))
            }
        } catch {
            if !accept { try giveUp(error.reasons) }
            comparison = nil
        }
        if let comparison { try report(comparison) }
        if accept {
            try move(old, results, comparison)
        } else if let comparison {
            let missingTimes = comparison.notCompared.filter { $0.kind == .measured }
            if !comparison.regressions.isEmpty { throw ExitCode(1) }
            if requireTimes, let first = missingTimes.first {
                try giveUp(["\(first.strategy): \(first.name) was not compared: \(first.test)"])
            }
        }
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
            && (try? FileManager.default.contentsOfDirectory(atPath: path).isEmpty) != true
    }

    private func report(_ comparison: Comparison) throws {
        try write(ComparisonText.markdown(comparison), to: markdown)
        try write(JUnitXML.render(comparison), to: junit)
        if html != nil { try write(ComparisonPage.html(comparison), to: html) }
        print(ComparisonText.terminal(comparison, TerminalAbilities.output.layout), terminator: "")
        if github { print(GitHubAnnotations.render(comparison), terminator: "") }
    }

    private func write(_ text: String, to file: String?) throws {
        if let file { try writeAtomically(Data(text.utf8), to: URL(fileURLWithPath: file)) }
    }

    /// Reports the reasons in every form that was asked for, and ends with code 2.
    private func giveUp(_ reasons: [String]) throws -> Never {
        try write(ComparisonText.markdown(notComparable: reasons), to: markdown)
        try write(JUnitXML.render(notComparable: reasons), to: junit)
        if html != nil { try write(ComparisonPage.html(notComparable: reasons), to: html) }
        for reason in reasons { printError("could not compare: \(reason)") }
        if github { print(GitHubAnnotations.render(notComparable: reasons), terminator: "") }
        throw ExitCode(2)
    }

    private func move(_ old: Results?, _ results: Results, _ comparison: Comparison?) throws {
        guard results.isComplete else { try giveUp(["an experiment that was stopped is no baseline: \(current)"]) }
        let accepted = Comparison.accept(
            results, over: old, comparison: comparison, reason: reason ?? "",
            date: ISO8601DateFormatter().string(from: Date()))
        if baseline.hasSuffix(".json") {
            try writeAtomically(try ResultsFile.encode(accepted), to: URL(fileURLWithPath: baseline))
        } else {
            try OutputDirectory(baseline, for: .results).write(accepted)
        }
        print("The baseline \(baseline) is now that of commit \(results.machine.commit): \(reason ?? "")")
    }
}
