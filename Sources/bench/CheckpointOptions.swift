import ArgumentParser
import Experiments
import Foundation
import Storage

/// What a run leaves so that it can continue after it was killed.
struct CheckpointOptions: ParsableArguments {
    static let standardInterval = 100
    /// Told to a user whose program has just ended early.
    static let hint = "The same command with --resume goes on from the last checkpoint."

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Keep what is needed to go on after the program was killed; the folder is for one experiment.",
            valueName: "folder"))
    var checkpoint: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Updates of the model (steps, or rounds) from one checkpoint to the next. (default: \(Self.standardInterval))
            """, valueName: "count"))
    var every: Int?

    @Flag(
        help: """
            Go on from the checkpoints in that folder, to the same results; without any, from the beginning. Finished runs \
            are not made again.
            """)
    var resume = false

    func check() throws {
        if checkpoint == nil, resume || every != nil {
            throw ValidationError(
                "\(resume ? "--resume" : "--every") is for a folder of checkpoints; add --checkpoint FOLDER, or leave it out"
            )
        }
        if checkpoint?.isEmpty == true {
            throw ValidationError("--checkpoint is empty; allowed is the name of a folder")
        }
        if let every, !(1...1_000_000_000).contains(every) {
            throw ValidationError("--every is \(every); allowed is 1 to 1000000000")
        }
    }

    /// - Throws: `ReportError` where the folder cannot be used or holds another experiment.
    func directory(
        _ experiment: Experiment, _ machine: MachineDescription, _ files: FileOptions
    ) throws -> CheckpointDirectory? {
        guard let checkpoint else { return nil }
        func full(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        // Models, traces and schedules of finished runs are not written again, so they must be in the same place.
        var written: [String: String] = [:]
        written["--save"] = files.save.map(full)
        written["--trace"] = files.trace.map(full)
        if files.record { written["--record, whose folder"] = full(files.output) }
        written["the contents of --init"] = experiment.initialParametersSHA256.map { "sha256:" + $0 }
        return try CheckpointDirectory(
            checkpoint, interval: every ?? Self.standardInterval, resuming: resume, plan: experiment.plan,
            machine: machine,
            files: written, note: { printError("note: \($0)") })
    }
}
