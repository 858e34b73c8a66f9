import Datasets
import Experiments
import Foundation
import Locking
import Storage
import Training

/// A folder of checkpoints with one file that is another than it was: the experiment's, or the state of the run that was being
/// made. It is opened as `--resume` does, and where it is accepted the experiment goes on to its end.
final class CheckpointInputs: InputClass {
    enum Part: String {
        case experiment, state
        /// The state again, and the run goes on from it: slower.
        case resume
    }

    let name: String
    private let part: Part
    private let folder: WorkFolder
    private let plan: ExperimentPlan
    /// The folder's files when the run was killed, by name.
    private var files: [String: [UInt8]] = [:]
    private var stateName = ""
    private var experimentName = ""
    private let identity = Guarded<Experiment.RunIdentity?>(nil)
    private let json = JSONMutations(words: ["nan", "inf", "completed", "sync", "federated", "simulated", "schema"])

    init(_ part: Part) throws {
        (self.part, name) = (part, part == .experiment ? "experiment" : part == .state ? "checkpoint" : "resume")
        folder = try WorkFolder(name)
        plan = try SeedRuns.plan(["sync", "federated"], epochs: 0.6)
    }

    deinit { folder.removeAll() }

    private struct Killed: Error {}

    /// The program that is killed after it wrote a state.
    private struct Store: CheckpointStore {
        let directory: CheckpointDirectory
        let identity: Guarded<Experiment.RunIdentity?>
        /// States of the second run that are written before it ends.
        let left = Guarded(2)

        var interval: Int { directory.interval }
        var resumed: ExperimentState? { directory.resumed }
        func begin(_ state: ExperimentState) throws { try directory.begin(state) }
        func latest(of run: Experiment.RunIdentity) throws -> RunState? { try directory.latest(of: run) }
        func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ state: ExperimentState) throws {
            try directory.finish(run, stepLosses: stepLosses, state)
        }
        func write(_ state: RunState, of run: Experiment.RunIdentity) throws {
            var state = state
            state.hostSeconds = 0.25
            try directory.write(state, of: run)
            guard run.index == 1 else { return }
            identity.withLock { $0 = run }
            let isOver = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isOver { throw Killed() }
        }
    }

    func makeSeeds() throws -> [[UInt8]] {
        let experiment = try Experiment(plan, data: DataDirectory(nil))
        let directory = try directory(experiment, resuming: false)
        do {
            _ = try experiment.run(
                machine: SeedRuns.machine, checkpoints: Store(directory: directory, identity: identity))
            throw WrongAnswer("the experiment came to its end")
        } catch is Killed {}
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
            files[name] = [UInt8](try Data(contentsOf: folder.url.appendingPathComponent(name)))
            if name.hasSuffix(".checkpoint") { stateName = max(stateName, name) }
            if name.hasPrefix("experiment-") { experimentName = max(experimentName, name) }
        }
        for name in files.keys where name.hasPrefix("experiment-") || name.hasSuffix(".checkpoint") {
            // One file each, so that nothing is there to fall back on.
            guard name != stateName, name != experimentName else { continue }
            files[name] = nil
            folder.remove(name)
        }
        guard let state = files[stateName], let record = files[experimentName] else {
            throw WrongAnswer("no checkpoint")
        }
        files[experimentName] = Seal.withoutHostTimes(Data(record))
        try restore()
        return [part == .experiment ? files[experimentName] ?? [] : state]
    }

    private func restore() throws { for (name, bytes) in files { try folder.write(bytes, name) } }

    private func directory(
        _ experiment: Experiment, resuming: Bool, note: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> CheckpointDirectory {
        try CheckpointDirectory(
            folder.url.path, interval: 1, resuming: resuming, plan: experiment.plan, machine: SeedRuns.machine,
            files: [:],
            note: note)
    }

    // MARK: Inputs

    /// Where the frame of a state ends and its contents begin.
    private static let frameCount = 104

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        if part == .experiment { return json.mutate(&input, other: other, &draws) }
        guard input.count > Self.frameCount, draws.below(10) > 0 else {
            return ByteMutations.mutate(&input, other: other, &draws)
        }
        let frame = Array(input[..<Self.frameCount])
        var contents = Array(input[Self.frameCount...])
        // Names and numbers stand at the beginning, before the vectors, which are most of it.
        let end = min(contents.count, 2400)
        if draws.oneIn(2) {
            var head = Array(contents[..<end])
            ByteMutations.mutate(&head, other: other, &draws)
            contents = head + contents[end...]
        } else {
            var tail = Array(contents[(contents.count - end)...])
            ByteMutations.mutate(&tail, other: other, &draws)
            contents = contents[..<(contents.count - end)] + tail
        }
        input = frame + contents
    }

    func finish(_ input: inout [UInt8], _ draws: inout Draws) {
        guard !draws.oneIn(16) else { return }
        if part == .experiment {
            input = Seal.renewed(input)
        } else if input.count >= Self.frameCount {
            let contents = input[Self.frameCount...]
            for index in 0..<8 { input[32 + index] = UInt8(truncatingIfNeeded: contents.count >> (8 * index)) }
            input.replaceSubrange(72..<104, with: Seal.digest(Array(input[..<72]) + contents))
        }
    }

    func read(_ input: [UInt8]) throws {
        let name = part == .experiment ? experimentName : stateName
        try folder.write(input, name)
        defer { try? restore() }
        let notes = Guarded<[String]>([])
        let experiment = try Experiment(plan, data: DataDirectory(nil))
        let directory = try directory(experiment, resuming: true) { note in notes.withLock { $0.append(note) } }
        guard let resumed = directory.resumed else { throw WrongAnswer("nothing is left of the experiment") }
        if part == .resume {
            _ = try experiment.run(machine: SeedRuns.machine, checkpoints: Ending(directory: directory))
            return
        }
        try directory.begin(resumed)
        _ = try directory.finishedLosses()
        guard part == .state, let run = identity.withLock({ $0 }) else { return }
        guard let state = try directory.latest(of: run) else {
            throw ReportError(notes.withLock { $0.last } ?? "refused without a note")
        }
        let again = try RunState(decoding: state.encoded())
        guard try again.encoded() == state.encoded() else {
            throw WrongAnswer("the state differs when it was written and read again")
        }
    }

    /// Goes on from a folder and writes nothing.
    private struct Ending: CheckpointStore {
        let directory: CheckpointDirectory
        var interval: Int { 1000 }
        var resumed: ExperimentState? { directory.resumed }
        func begin(_ state: ExperimentState) throws { try directory.begin(state) }
        func latest(of run: Experiment.RunIdentity) throws -> RunState? { try directory.latest(of: run) }
        func write(_ state: RunState, of run: Experiment.RunIdentity) throws {}
        func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ state: ExperimentState) throws {}
    }

    func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + (16 << 20) }
}
