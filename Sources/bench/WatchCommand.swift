import ArgumentParser
import Diagnostics
import Foundation
import Reports
import Storage

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a running experiment from its log.",
        discussion: """
            Shows how far each strategy is, what it has come to, its time (measured or simulated) and its curve, until the experiment \
            ends: 'bench run', 'bench study' or 'bench coalitions' with --watch, which write \(EventLog.name) into their output folder, \
            or with --log. In a terminal the picture is drawn again in its place; into a pipe goes a line for each event. Ctrl-C ends \
            the watch and not the experiment.

            Exit codes: 0 the experiment has come to its end; 1 it was stopped, its process has gone, or the log is none.

            EXAMPLES:
              bench watch Results/latest
              bench watch Results/latest-study --wait 10min
              bench watch run.jsonl | grep run_stop
            """)

    @Argument(
        help: ArgumentHelp(
            "The output folder of an experiment with a \(EventLog.name), or the log itself.", valueName: "folder"))
    var place: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long to wait for a log that is not there yet. (default: 0s)", valueName: "time"),
        transform: Quantity.duration)
    var wait: Duration?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            How long a log may stay as it is where nothing is known of its process, as on another machine. (default: \
            \(Self.standardPatience.inSeconds.formatted())s)
            """, valueName: "time"), transform: Quantity.duration)
    var patience: Duration?

    static let standardPatience: Duration = .seconds(600)

    func validate() throws {
        if place.isEmpty { throw ValidationError("the folder is empty; allowed is the name of a folder or of a log") }
    }

    func run() throws {
        let path = try log()
        let screen = WatchScreen(TerminalAbilities.output, to: Console.output)
        var watch = Watch(path, screen)
        try watch.toTheEnd(patience: patience ?? Self.standardPatience)
    }

    /// The path of the log; waits for it where that is asked for.
    private func log() throws -> String {
        let end = ContinuousClock.now + (wait ?? .zero)
        while true {
            if let path = Self.log(of: place) { return path }
            guard ContinuousClock.now < end else { break }
            Thread.sleep(forTimeInterval: Watch.pause.inSeconds)
        }
        let isFolder = FileManager.default.fileExists(atPath: place)
        throw ReportError(
            """
            \(isFolder ? "'\(place)' has no \(EventLog.name)" : "'\(place)' does not exist"); allowed is the output folder of an \
            experiment with --watch or with --log FOLDER/\(EventLog.name), or its log; --wait 10min waits for it
            """)
    }

    private static func log(of place: String) -> String? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else { return nil }
        let path = isFolder.boolValue ? "\(place)/\(EventLog.name)" : place
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// An experiment of another process, followed in its log to its end.
struct Watch {
    private let path: String
    private let screen: WatchScreen
    private var follower: EventLogFollower
    private var experiment: WatchedExperiment

    /// The time between two looks at the log.
    static let pause: Duration = .milliseconds(250)

    init(_ path: String, _ screen: WatchScreen) {
        (self.path, self.screen) = (path, screen)
        follower = EventLogFollower(path)
        experiment = WatchedExperiment(path)
    }

    /// - Parameter patience: how long to wait for a log that does not grow, where it is not known whether its process
    ///   is running.
    /// - Throws: ``ReportError`` where the process has ended or the file is not a log; `ExitCode` where the
    ///   experiment was stopped.
    mutating func toTheEnd(patience: Duration) throws {
        var lastNews = ContinuousClock.now
        while true {
            // Checked before the log is read, so that what a process writes just before it ends is not missed.
            let isRunning = experiment.plan?.process.isRunning
            if try look() { lastNews = .now }
            screen.draw(experiment)
            if let end = experiment.end {
                if case .stopped = end { throw ExitCode.failure }
                return
            }
            let silent = ContinuousClock.now - lastNews
            if isRunning == false { throw gone() }
            if isRunning == nil, silent > patience { throw silence(silent) }
            Thread.sleep(forTimeInterval: Self.pause.inSeconds)
        }
    }

    /// - Returns: whether there was anything new.
    private mutating func look() throws -> Bool {
        let news = try follower.news()
        for one in news {
            switch one {
            case .begunAgain:
                experiment = WatchedExperiment(path)
                screen.say("The log was begun again.")
            case .event(let event):
                try experiment.take(event)
                screen.tell(event, experiment)
            }
        }
        return !news.isEmpty
    }

    private var counts: String {
        guard let plan = experiment.plan else { return "it has no line" }
        return "\(experiment.finishedRuns) of \(plan.runCount) runs are finished"
    }

    private func gone() -> ReportError {
        let process = experiment.plan?.process
        return ReportError(
            "process \(process?.number ?? 0), which ran the experiment, has gone, and '\(path)' ends without experiment_stop: \(counts)"
        )
    }

    private func silence(_ time: Duration) -> ReportError {
        let place = experiment.plan.map { "process \($0.process.number) on '\($0.process.host)'" } ?? "its process"
        return ReportError(
            "'\(path)' has not grown for \(Format.seconds(time.inSeconds)), and of \(place) nothing is known here: \(counts); "
                + "--patience waits longer")
    }
}
