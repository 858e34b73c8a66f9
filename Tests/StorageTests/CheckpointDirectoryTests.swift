import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

/// What of a folder of checkpoints is used, and what is refused with which words.
@Suite(.timeLimit(.minutes(60)))
struct CheckpointDirectoryTests {
    /// Killed in its second of two runs, when there are two checkpoints of it: after 5 and 10 steps.
    private func interrupted(_ url: URL) throws -> CheckpointedExperiment {
        var experiment = CheckpointedExperiment(url)
        experiment.setup.strategies = ["sync"]
        try experiment.runUntilKilled(lastCall: 8)
        #expect(experiment.names == Self.names)
        return experiment
    }

    private static let (newest, before) = ("run2-update10.checkpoint", "run2-update5.checkpoint")
    private static let names = ["experiment-0.json", "experiment-1.json", "run1.losses", newest, before]

    private static func whole() throws -> CheckpointedExperiment.Outcome {
        try withCheckpointFolder { url in
            var experiment = CheckpointedExperiment(url)
            experiment.setup.strategies = ["sync"]
            return try experiment.run()
        }
    }

    // MARK: Damaged files

    private static let damages: [(words: String, change: @Sendable (Data) -> Data)] = [
        ("cut short: 0 bytes", { _ in Data() }), ("cut short: 103 bytes", { $0.prefix(103) }),
        ("cut short: 0 bytes of contents", { $0.prefix(104) }), ("cut short", { $0.prefix($0.count / 2) }),
        ("cut short", { $0.dropLast() }), ("too long", { $0 + [0] }),
        ("not a checkpoint of bench", { Data("text".utf8) + $0.dropFirst(4) }),
        ("version 1; this program reads version 2", { $0.prefix(8) + [1] + $0.dropFirst(9) }),
        ("damaged: its checksum", { $0.dropLast() + [$0[$0.count - 1] ^ 1] }),
    ]

    @Test(arguments: damages.indices)
    func aDamagedCheckpointIsNamedAndTheOneBeforeItUsed(_ index: Int) throws {
        let damage = Self.damages[index]
        let whole = try Self.whole()
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            try experiment.write(damage.change(try experiment.read(Self.newest)), Self.newest)
            let resumed = try experiment.run(resuming: true)
            #expect(resumed.results == whole.results && resumed.losses == whole.losses)
            #expect(resumed.begun == ["sync 2 0 after 5"])
            let notes = experiment.noted
            #expect(notes.contains("\(url.path)/\(Self.newest)': \(damage.words)"), "\(notes)")
            #expect(notes.contains("the one before it is used"), "\(notes)")
        }
    }

    @Test func withoutAnUndamagedCheckpointTheRunBeginsAnew() throws {
        let whole = try Self.whole()
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            for name in [Self.newest, Self.before] { try experiment.write(Data("x".utf8), name) }
            let resumed = try experiment.run(resuming: true)
            #expect(resumed.results == whole.results && resumed.begun == ["sync 2 0 after 0"])
            for name in [Self.newest, Self.before] { #expect(experiment.noted.contains(name)) }
        }
    }

    @Test func noBitOfAFileCanChangeUnnoticed() throws {
        let frame = CheckpointFrame(kind: .state, run: 3, updates: 40, experiment: Data(repeating: 7, count: 32))
        let data = frame.sealed(Data((0..<60).map { UInt8($0) }))
        #expect(try frame.open(data) == Data((0..<60).map { UInt8($0) }))
        for byte in data.indices {
            for bit in 0..<8 {
                var damaged = data
                damaged[byte] ^= 1 << bit
                #expect(throws: ReportError.self, "bit \(bit) of byte \(byte)") { try frame.open(damaged) }
            }
        }
        for length in 0..<data.count {
            #expect(throws: ReportError.self, "\(length) bytes") { try frame.open(data.prefix(length)) }
        }
    }

    @Test func aCheckpointOfAnotherPlanOrRunIsRefused() throws {
        let whole = try Self.whole()
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            let other = try withCheckpointFolder { url in
                var other = CheckpointedExperiment(url)
                (other.setup.strategies, other.setup.rate) = (["sync"], 0.1)
                try other.runUntilKilled(lastCall: 8)
                return try other.read(Self.newest)
            }
            try experiment.write(other, Self.newest)
            let same = try experiment.read(Self.before)
            try experiment.write(same, "run2-update7.checkpoint")
            #expect(try experiment.run(resuming: true).results == whole.results)
            let notes = experiment.noted
            #expect(notes.contains("\(Self.newest)': of another experiment"), "\(notes)")
            #expect(notes.contains("run2-update7.checkpoint': of run 2 after 5 updates"), "\(notes)")
            #expect(notes.contains("goes on after 5 updates"), "\(notes)")
        }
    }

    @Test func aDamagedExperimentIsNamedAndTheOneBeforeItUsed() throws {
        let whole = try Self.whole()
        for change in [{ $0.prefix($0.count / 2) }, { Data($0.map { $0 == 0x33 ? 0x34 : $0 }) }] as [(Data) -> Data] {
            try withCheckpointFolder { url in
                let experiment = try interrupted(url)
                try experiment.write(change(try experiment.read("experiment-1.json")), "experiment-1.json")
                let resumed = try experiment.run(resuming: true)
                #expect(resumed.results == whole.results && resumed.losses == whole.losses)
                #expect(resumed.begun == ["sync 1 0 after 0", "sync 2 0 after 10"])
                #expect(experiment.noted.contains("experiment-1.json': "), "\(experiment.noted)")
            }
        }
    }

    @Test func withoutAnUndamagedExperimentNothingIsDone() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            for name in ["experiment-0.json", "experiment-1.json"] { try experiment.write(Data("{}".utf8), name) }
            let error = #expect(throws: ReportError.self) { try experiment.directory(resuming: true) }
            let words = error?.description ?? ""
            #expect(words.contains("experiment-0.json': ") && words.contains("Allowed is another folder"), "\(words)")
            #expect(experiment.names == Self.names)
        }
    }

    @Test func missingOrDamagedLossesAreNamed() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            let losses = try experiment.read("run1.losses")
            try experiment.write(losses.dropLast(), "run1.losses")
            let error = #expect(throws: ReportError.self) { try experiment.run(resuming: true) }
            #expect(error?.description.contains("run1.losses': cut short") == true, "\(error.debugDescription)")
        }
    }

    // MARK: What is left behind, and in use

    @Test func whatAKilledProcessLeftHalfWrittenIsRemoved() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            try experiment.write(Data("half".utf8), ".tmp-123-\(Self.newest)")
            try experiment.write(Data("mine".utf8), "note.txt")
            _ = try experiment.directory(resuming: true)
            let expected = (Self.names + ["note.txt"]).sorted()
            #expect(experiment.names == expected)
        }
    }

    @Test func checkpointsWithoutTheirExperimentAreNotUsed() throws {
        let whole = try Self.whole()
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            for name in ["experiment-0.json", "experiment-1.json"] {
                try FileManager.default.removeItem(at: url.appendingPathComponent(name))
            }
            let resumed = try experiment.run(resuming: true)
            #expect(resumed.results == whole.results && resumed.begun == ["sync 1 0 after 0", "sync 2 0 after 0"])
            #expect(experiment.noted.contains("holds no checkpoints; the experiment starts from its beginning"))
        }
    }

    @Test func aFolderIsForOneProcessAtATime() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            let first = try experiment.directory(resuming: true)
            let error = #expect(throws: ReportError.self) { try experiment.directory(resuming: true) }
            #expect(error?.description.contains("in use by another process") == true)
            withExtendedLifetime(first) {}
        }
    }

    @Test func aFileInPlaceOfTheFolderIsNamed() throws {
        try withCheckpointFolder { url in
            try Data().write(to: url)
            let experiment = CheckpointedExperiment(url)
            let error = #expect(throws: ReportError.self) { try experiment.directory(resuming: false) }
            #expect(error?.description.contains("checkpoint folder '\(url.path)' cannot be made") == true)
        }
    }

    // MARK: Other experiments

    @Test func aFolderWithAnExperimentIsNotWrittenOver() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            let error = #expect(throws: ReportError.self) { try experiment.run() }
            #expect(error?.description.contains("'\(url.path)' holds an experiment; allowed are --resume") == true)
            #expect(experiment.names == Self.names)
        }
    }

    private static let changes: [(words: String, change: @Sendable (inout CheckpointedExperiment) -> Void)] = [
        ("seeds[1] was 2 and is 3", { $0.setup.seeds = [1, 3] }),
        ("seeds was 1, 2 and is 1, 2, 3", { $0.setup.seeds = [1, 2, 3] }),
        ("target was 0.8 and is 0.9", { $0.setup.target = 0.9 }),
        ("sync.options.workers was 4 and is 3", { $0.setup.workers = 3 }),
        ("sync.configuration.schedule.baseRate was 0.2 and is 0.1", { $0.setup.rate = 0.1 }),
        ("strategies was sync and is sync, federated", { $0.setup.strategies = ["sync", "federated"] }),
        ("sync.options.bucket was 26214400 and is 9", { $0.setup.overlap = .init(bucketBytes: 9) }),
        ("repetitions was 1 and is 2", { $0.repetitions = 2 }),
    ]

    @Test(arguments: changes.indices)
    func anotherPlanIsRefusedWithWhatDiffers(_ index: Int) throws {
        try withCheckpointFolder { url in
            var experiment = try interrupted(url)
            Self.changes[index].change(&experiment)
            let error = #expect(throws: ReportError.self) { try experiment.directory(resuming: true) }
            let words = error?.description ?? ""
            #expect(words.contains("'\(url.path)' holds another experiment: "), "\(words)")
            #expect(words.contains(Self.changes[index].words), "\(words)")
            #expect(experiment.names == Self.names)
        }
    }

    @Test func anotherProcessorIsRefusedSinceItsBitsDiffer() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            var other = machine
            other.processor = "Another"
            let error = #expect(throws: ReportError.self) {
                try experiment.directory(resuming: true, machine: other)
            }
            #expect(error?.description.contains("the processor was 'A Processor' and is 'Another'") == true)
            other = machine
            (other.command, other.date, other.cores) = ("bench --resume", "2027-01-01T00:00:00Z", 64)
            #expect(try experiment.directory(resuming: true, machine: other).resumed?.finishedRuns == 1)
        }
    }

    @Test func filesOfFinishedRunsStayWhereTheyAre() throws {
        try withCheckpointFolder { url in
            let experiment = try interrupted(url)
            let error = #expect(throws: ReportError.self) {
                try experiment.directory(resuming: true, files: ["--save": "/models/m"])
            }
            #expect(error?.description.contains("--save was not given and is '/models/m'") == true)
        }
    }
}
