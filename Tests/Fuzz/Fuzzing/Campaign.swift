import Foundation

/// Starts children for a class, one after the other, watches them, and gathers what they find.
package struct Campaign {
    /// How a child is started: for a class, from an index on, for so long.
    package struct Launch: Sendable {
        package var executable: URL
        package var arguments: [String]
        package var environment: [String: String]

        package init(executable: URL, arguments: [String], environment: [String: String] = [:]) {
            (self.executable, self.arguments, self.environment) = (executable, arguments, environment)
        }
    }

    package struct Finding: Hashable, Sendable {
        package enum Kind: String, Sendable { case crash, hang, memory, wrong, told }
        package let kind: Kind
        package let index: Int
        package let what: String

        /// A text that is the same for all inputs that show one fault: without figures, and without what is quoted.
        package var fault: String { kind.rawValue + what.prefix { $0 != "\"" }.filter { !$0.isNumber } }
    }

    package struct Report: Sendable {
        package var tried = 0
        package var accepted = 0
        package var seconds = 0.0
        package var slowestSeconds = 0.0
        package var slowestIndex = 0
        package var findings: [Finding] = []

        package init() {}

        package func count(_ kind: Finding.Kind) -> Int { findings.count { $0.kind == kind } }
    }

    package struct Settings: Sendable {
        package var inputs = Int.max
        package var seconds = 10.0
        /// An input that keeps a processor busy for so long hangs; so does one that waits for three times as long, since other
        /// processes may have kept it from the processor.
        package var hangSeconds = 20.0
        /// So many children that end are enough: nothing more is tried of the class.
        package var mostEnds = 50
        /// The index of the first input.
        package var first = 0

        package init() {}
    }

    private let folder: URL
    private let settings: Settings
    private let launch: (_ first: Int, _ end: Int, _ seconds: Double, _ status: String, _ findings: String) -> Launch

    /// - Parameter folder: a place for what passes between this process and its children.
    package init(
        in folder: URL, _ settings: Settings,
        launch: @escaping (_ first: Int, _ end: Int, _ seconds: Double, _ status: String, _ findings: String) -> Launch
    ) {
        (self.folder, self.settings, self.launch) = (folder, settings, launch)
    }

    package func run() throws -> Report {
        var report = Report()
        let statusFile = folder.appendingPathComponent("status").path
        let findingsFile = folder.appendingPathComponent("findings").path
        let status = try StatusPage(statusFile)
        let clock = ContinuousClock()
        let begin = clock.now
        var (next, ends) = (settings.first, 0)
        let end = settings.inputs == .max ? Int.max : settings.first + settings.inputs
        while next < end, ends < settings.mostEnds {
            let spent = (clock.now - begin) / .seconds(1)
            let left = settings.seconds - spent
            if left <= 0, report.tried > 0 { break }
            status.reset()
            try Data().write(to: URL(fileURLWithPath: findingsFile))
            let ending = try watch(launch(next, end, max(0.1, left), statusFile, findingsFile), status)
            let notes = (try? String(contentsOfFile: findingsFile, encoding: .utf8)) ?? ""
            var findings = Self.findings(notes)
            if ending != nil { ends += 1 }
            if let ending { findings.append(Finding(kind: ending.kind, index: status.index, what: ending.what)) }
            report.findings += findings
            report.accepted += status.accepted
            report.tried += status.accepted + status.refused + (ending == nil ? 0 : 1)
            if Double(status.slowestNanoseconds) * 1e-9 > report.slowestSeconds {
                report.slowestSeconds = Double(status.slowestNanoseconds) * 1e-9
                report.slowestIndex = status.slowestIndex
            }
            if status.isDone { break }
            guard status.index >= 0 else {
                throw WrongAnswer("a child ended before its first input: \(ending?.what ?? "without a word")")
            }
            // An input of the warming up that ends a child would end all of them.
            next = max(next, status.index) + 1
        }
        report.seconds = (clock.now - begin) / .seconds(1)
        return report
    }

    private static func findings(_ notes: String) -> [Finding] {
        notes.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
            guard parts.count == 3, let index = Int(parts[0]), let kind = Finding.Kind(rawValue: parts[1]) else {
                return nil
            }
            return Finding(kind: kind, index: index, what: parts[2])
        }
    }

    // MARK: One child

    /// - Returns: how the child ended; nil if by itself.
    private func watch(_ launch: Launch, _ status: StatusPage) throws -> (kind: Finding.Kind, what: String)? {
        let errors = folder.appendingPathComponent("errors")
        try Data().write(to: errors)
        let process = Process()
        process.executableURL = launch.executable
        process.arguments = launch.arguments
        process.environment = ProcessInfo.processInfo.environment.merging(launch.environment) { $1 }
        process.environment?[WorkFolder.variable] = folder.path
        process.environment?["SWIFT_BACKTRACE"] = "enable=no"
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        var (index, since, busySince) = (-2, ContinuousClock.now, 0.0)
        while ended.wait(timeout: .now() + .milliseconds(200)) == .timedOut {
            let busy = Self.processorSeconds(of: process.processIdentifier)
            if status.index != index {
                (index, since, busySince) = (status.index, ContinuousClock.now, busy)
                continue
            }
            let waited = (ContinuousClock.now - since) / .seconds(1)
            let isOver = busy - busySince > settings.hangSeconds || waited > 3 * settings.hangSeconds
            if isOver, waited > settings.hangSeconds {
                kill(process.processIdentifier, SIGKILL)
                ended.wait()
                return (.hang, "no answer after \(Int(waited)) s")
            }
        }
        guard process.terminationReason == .uncaughtSignal || process.terminationStatus != 0 else { return nil }
        let words = Self.lastWords((try? String(contentsOf: errors, encoding: .utf8)) ?? "")
        let signal = process.terminationReason == .uncaughtSignal
        return (
            .crash, "\(signal ? "signal" : "code") \(process.terminationStatus)\(words.isEmpty ? "" : ": \(words)")"
        )
    }

    private static func lastWords(_ errors: String) -> String {
        let lines = errors.split(separator: "\n")
        let fatal = lines.last { $0.contains("Fatal error") || $0.contains("Assertion") }
        return String((fatal ?? lines.last ?? "").prefix(300))
    }

    /// User and system time of a process; 0 where that is not known.
    private static func processorSeconds(of process: Int32) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return 0 }
        // Fields 14 and 15 of proc(5), of which the first two end with the name.
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}
