public import Experiments
import Files
internal import Foundation
import Locking
public import Training

/// The folder of `--checkpoint` holds three kinds of files:
/// - `experiment-COUNT.json`: the experiment when its first COUNT runs are finished;
/// - `runN-updateU.checkpoint`: the state of an unfinished run after U updates of the model;
/// - `runN.losses`: the losses of the steps of a finished run.
///
/// The last two experiments are kept, and the last two states of each run. A run that ends before an earlier run,
/// beside which it was made, counts as finished only when the earlier one is. A file is complete or not there; a
/// damaged one is left out, with a note that names it. If the process is killed, at whatever moment, the next one can
/// continue from the folder.
public final class CheckpointDirectory: CheckpointStore {
    /// Updates of the model from one checkpoint to the next.
    public let interval: Int
    /// What an earlier process left; nil for an experiment that begins.
    public let resumed: ExperimentState?
    private let url: URL
    private let files: [String: String]
    private let note: @Sendable (String) -> Void
    private let lock: FolderLock
    private let state = Guarded(State())

    private struct State {
        /// The digest of the experiment; empty until its compute model is known.
        var digest = Data()
        /// Updates of the undamaged checkpoints of each unfinished run, in ascending order, by the run's number.
        var updates: [Int: [Int]] = [:]
    }

    /// Makes the folder where it is missing, reads what an earlier process left, and checks that it is the same experiment.
    ///
    /// - Parameters:
    ///   - resuming: whether to continue from the folder; without checkpoints in it, from the beginning.
    ///   - files: files that are written when a run is finished, by the options that name them.
    ///   - note: called with what a user should know although it is no error.
    /// - Throws: ``ReportError`` naming the folder or the file, what was found, and what is allowed.
    public init(
        _ path: String, interval: Int, resuming: Bool, plan: ExperimentPlan, machine: MachineDescription,
        files: [String: String], note: @escaping @Sendable (String) -> Void
    ) throws(ReportError) {
        url = URL(fileURLWithPath: path, isDirectory: true)
        self.interval = interval
        self.files = files
        self.note = note
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw ReportError("checkpoint folder '\(path)' cannot be made: \(systemReason(error))")
        }
        lock = try FolderLock(path)
        let names = try Self.names(in: url)
        // Files of a process that was killed while it wrote them.
        DurableFile.removeTemporaries(in: url)
        let counts = names.compactMap(ExperimentFile.finishedRuns).sorted(by: >)
        guard resuming else {
            guard counts.isEmpty else {
                throw ReportError(
                    """
                    checkpoint folder '\(path)' holds an experiment; allowed are --resume to go on with it, or a folder \
                    without one
                    """)
            }
            resumed = nil
            return
        }
        guard let file = try Self.newest(counts, in: url, note) else {
            note("'\(path)' holds no checkpoints; the experiment starts from its beginning")
            resumed = nil
            return
        }
        try Self.check(file, plan, machine, files, path)
        resumed = file.state
    }

    private static func names(in url: URL) throws(ReportError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: url.path)
        } catch {
            throw ReportError("checkpoint folder '\(url.relativePath)' cannot be read: \(systemReason(error))")
        }
    }

    private static func newest(
        _ counts: [Int], in url: URL, _ note: (String) -> Void
    ) throws(ReportError) -> ExperimentFile? {
        for (position, count) in counts.enumerated() {
            let file = url.appendingPathComponent(ExperimentFile.name(count))
            do {
                guard let data = FileManager.default.contents(atPath: file.path) else {
                    throw ReportError("it cannot be read")
                }
                return try ExperimentFile.decode(data, finishedRuns: count)
            } catch {
                guard position < counts.count - 1 else {
                    throw ReportError(
                        """
                        '\(file.relativePath)': \(error); there is none before it to go on from. Allowed is another \
                        folder, or this one without its files, to start from the beginning
                        """)
                }
                note("'\(file.relativePath)': \(error); the one before it is used")
            }
        }
        return nil
    }

    /// Checks what must not have changed: the plan, the processor and BLAS, which affect bits, and the files of
    /// finished runs, which stay where they were written.
    private static func check(
        _ file: ExperimentFile, _ plan: ExperimentPlan, _ machine: MachineDescription, _ files: [String: String],
        _ path: String
    ) throws(ReportError) {
        let saved = file.state.results
        // The recorded plan is fitted to its data, so the new plan is fitted to the same for the comparison.
        let fitted = (try? plan.fitted(toTrainingSamples: saved.trainingSamples)) ?? plan
        var differences = (try? PlanDifferences.between(saved.plan, fitted)) ?? ["its plan cannot be compared"]
        for (name, was, now) in [
            ("the processor", saved.machine.processor, machine.processor), ("BLAS", saved.machine.blas, machine.blas),
        ] where was != now {
            differences.append("\(name) was '\(was)' and is '\(now)'")
        }
        for option in Set(file.files.keys).union(files.keys).sorted() where file.files[option] != files[option] {
            func words(_ value: String?) -> String { value.map { "'\($0)'" } ?? "not given" }
            differences.append("\(option) was \(words(file.files[option])) and is \(words(files[option]))")
        }
        guard differences.isEmpty else {
            throw ReportError(
                """
                checkpoint folder '\(path)' holds another experiment: \(differences.joined(separator: "; ")). Allowed are \
                the options that it was begun with (but for --host-threads, --jobs, --every and files that are written at the end), \
                or another folder
                """)
        }
    }

    // MARK: Files

    /// Put before names of files in errors.
    private static let fileKind = "checkpoint "
    private static func stateName(_ run: Int, _ updates: Int) -> String { "run\(run)-update\(updates).checkpoint" }
    private static func lossesName(_ run: Int) -> String { "run\(run).losses" }

    /// The run and updates in a checkpoint's file name; nil for any other file.
    private static func parse(_ name: String) -> (run: Int, updates: Int)? {
        guard name.hasPrefix("run"), name.hasSuffix(".checkpoint") else { return nil }
        let parts = name.dropFirst("run".count).dropLast(".checkpoint".count).components(separatedBy: "-update")
        guard parts.count == 2, let run = Int(parts[0]), let updates = Int(parts[1]), run > 0, updates >= 0 else {
            return nil
        }
        return (run, updates)
    }

    /// Whether a file of this name could be one that the folder of checkpoints holds.
    public static func owns(_ name: String) -> Bool {
        let isOfLosses = name.hasPrefix("run") && name.hasSuffix(".losses")
        return ExperimentFile.finishedRuns(name) != nil || parse(name) != nil || isOfLosses
    }

    private func remove(_ isUnneeded: (_ name: String) -> Bool) throws {
        for name in try Self.names(in: url) where isUnneeded(name) { unlink(url.appendingPathComponent(name).path) }
    }

    private func frame(_ kind: CheckpointFrame.Kind, _ run: Int, _ updates: Int) -> CheckpointFrame {
        CheckpointFrame(kind: kind, run: run, updates: updates, experiment: state.withLock { $0.digest })
    }

    private func read(_ name: String, _ frame: CheckpointFrame) throws(ReportError) -> Data {
        let file = url.appendingPathComponent(name)
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ReportError("'\(file.relativePath)' does not exist or cannot be read")
        }
        do {
            return try frame.open(data)
        } catch {
            throw ReportError("'\(file.relativePath)': \(error)")
        }
    }

    // MARK: The experiment

    public func begin(_ experiment: ExperimentState) throws {
        let digest = try ExperimentFile.digest(experiment.results)
        state.withLock { $0.digest = digest }
        if resumed == nil { try write(experiment) }
        // Checkpoints of finished runs are not needed, and those of an experiment whose own file is gone cannot be
        // used.
        try remove { name in
            Self.parse(name).map { resumed == nil || $0.run <= experiment.finishedRuns } ?? false
        }
        if resumed != nil {
            let (finished, runs) = (experiment.finishedRuns, experiment.results)
            let count = runs.plan.repetitions * runs.plan.seeds.count * runs.plan.strategies.count
            note(
                "resuming '\(url.relativePath)': \(finished) of \(count) runs \(finished == 1 ? "is" : "are") finished")
        }
    }

    private func write(_ experiment: ExperimentState) throws {
        let file = ExperimentFile(files: files, state: experiment)
        try writeAtomically(
            try SealedJSON.encode(file), to: url.appendingPathComponent(ExperimentFile.name(experiment.finishedRuns)),
            kind: Self.fileKind)
    }

    public func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ experiment: ExperimentState) throws {
        let number = run.index + 1
        if run.repetition == 0 {
            var contents = Data(capacity: stepLosses.count * 8)
            for loss in stepLosses {
                withUnsafeBytes(of: loss.bitPattern.littleEndian) { contents.append(contentsOf: $0) }
            }
            try writeAtomically(
                frame(.losses, number, stepLosses.count).sealed(contents),
                to: url.appendingPathComponent(Self.lossesName(number)), kind: Self.fileKind)
        }
        try write(experiment)
        state.withLock { $0.updates[number] = nil }
        try remove { name in
            if let count = ExperimentFile.finishedRuns(name) { return count < number - 1 }
            return Self.parse(name)?.run == number
        }
    }

    /// The losses of the steps of the runs that an earlier process finished, in the order of the results' runs. Can be
    /// called when the experiment has begun.
    ///
    /// - Throws: ``ReportError`` naming the file that is missing or damaged.
    public func finishedLosses() throws(ReportError) -> [[Double]] {
        guard let resumed else { return [] }
        return try resumed.results.runs.enumerated().map { index, run throws(ReportError) in
            // Runs of the first repetition come first; only a run's own file says how many steps it had.
            let name = Self.lossesName(index + 1)
            let data = try read(name, frame(.losses, index + 1, CheckpointFrame.anyUpdates))
            return stride(from: 0, to: data.count - 7, by: 8).map { start in
                Double(bitPattern: data[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
            }
        }
    }

    // MARK: Runs that are being made

    public func latest(of run: Experiment.RunIdentity) throws -> RunState? {
        guard resumed != nil else { return nil }
        let number = run.index + 1
        let found = try Self.names(in: url).compactMap(Self.parse).filter { $0.run == number }.map(\.updates)
        for updates in found.sorted(by: >) {
            let name = Self.stateName(number, updates)
            do {
                let contents = try read(name, frame(.state, number, updates))
                let saved: RunState
                do {
                    saved = try RunState(decoding: contents)
                } catch {
                    throw ReportError("'\(url.appendingPathComponent(name).relativePath)': damaged: \(error)")
                }
                if let problem = run.strategy.problem(of: saved) {
                    throw ReportError("'\(url.appendingPathComponent(name).relativePath)': damaged: \(problem)")
                }
                state.withLock { $0.updates[number] = [updates] }
                note("\(run.strategy.name), seed \(run.seed), goes on after \(updates) updates")
                return saved
            } catch let error as ReportError {
                note("\(error); the one before it is used, or the run's beginning")
            }
        }
        return nil
    }

    public func write(_ saved: RunState, of run: Experiment.RunIdentity) throws {
        let (number, updates) = (run.index + 1, saved.position.round)
        try writeAtomically(
            frame(.state, number, updates).sealed(try saved.encoded()),
            to: url.appendingPathComponent(Self.stateName(number, updates)), kind: Self.fileKind)
        let kept = state.withLock { state in
            let kept = ((state.updates[number] ?? []).filter { $0 != updates } + [updates]).suffix(2)
            state.updates[number] = Array(kept)
            return kept
        }
        try remove { name in Self.parse(name).map { $0.run == number && !kept.contains($0.updates) } ?? false }
    }
}

extension StrategyPlan {
    /// Why a state cannot be of a run of this strategy; nil where it can.
    fileprivate func problem(of state: RunState) -> String? {
        // For a strategy of another program, the record says how many ranks it has, but not what they keep.
        guard let strategy = try? make() else { return "of a strategy that this program does not know" }
        return state.problem(declared: strategy.state, ranks: roles.ranks, isMeasured: fabric.isMeasured)
    }
}

/// Keeps other processes from using a folder until this process ends, in whatever way.
private final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws(ReportError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ReportError("checkpoint folder '\(path)' cannot be read: \(String(cString: strerror(errno)))")
        }
        // A process that has just been killed may still hold the lock for a moment.
        let patience = ContinuousClock.now + .seconds(2)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
            if ContinuousClock.now < patience {
                Thread.sleep(forTimeInterval: 0.02)
                continue
            }
            close(descriptor)
            throw ReportError(
                "checkpoint folder '\(path)' is in use by another process; allowed is a folder of its own")
        }
    }

    deinit { close(descriptor) }
}
