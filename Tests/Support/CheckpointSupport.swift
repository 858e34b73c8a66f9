import Datasets
import Experiments
import Foundation
import Locking
import Storage
import Training

/// What a test of checkpoints leaves and removes.
func withCheckpointFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
}

/// A process that is killed, as far as a test can be one: ends the experiment at one of its calls.
struct DyingStore: CheckpointStore {
    struct Killed: Error {}

    let directory: CheckpointDirectory
    /// Which of the calls that write is the last; nil for none.
    let lastCall: Int?
    /// Whether what that call writes is still written.
    let isWritten: Bool
    let calls = Guarded(0)

    var interval: Int { directory.interval }
    var resumed: ExperimentState? { directory.resumed }

    private func count(_ body: () throws -> Void) throws {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        if call == lastCall, !isWritten { throw Killed() }
        try body()
        if call == lastCall { throw Killed() }
    }

    func begin(_ state: ExperimentState) throws { try count { try directory.begin(state) } }
    func latest(of run: Experiment.RunIdentity) throws -> RunState? { try directory.latest(of: run) }
    func write(_ state: RunState, of run: Experiment.RunIdentity) throws {
        try count { try directory.write(state, of: run) }
    }
    func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ state: ExperimentState) throws {
        try count { try directory.finish(run, stepLosses: stepLosses, state) }
    }
}

/// An experiment that is killed and resumed in one folder.
struct CheckpointedExperiment {
    var setup = Setup(strategies: ["single", "sync", "federated"], seeds: [1, 2], epochs: 1, evaluateEvery: 0.5)
    var repetitions = 1
    var interval = 5
    let url: URL
    let notes = Guarded<[String]>([])

    init(_ url: URL) { self.url = url }

    var plan: ExperimentPlan {
        var plan = setup.plan
        plan.repetitions = repetitions
        return plan
    }

    struct Outcome {
        /// `results.json` without host times.
        var results: Data
        var losses: [[Double]]
        /// Calls that wrote something.
        var calls: Int
        var begun: [String]
    }

    func directory(
        resuming: Bool, machine: MachineDescription = machine, files: [String: String] = [:]
    ) throws -> CheckpointDirectory {
        let experiment = try Experiment(plan, data: DataDirectory(nil))
        return try CheckpointDirectory(
            url.path, interval: interval, resuming: resuming, plan: experiment.plan, machine: machine, files: files
        ) { [notes] note in notes.withLock { $0.append(note) } }
    }

    /// - Throws: ``DyingStore/Killed`` at that call.
    func run(resuming: Bool = false, lastCall: Int? = nil, isWritten: Bool = true) throws -> Outcome {
        let store = DyingStore(
            directory: try directory(resuming: resuming), lastCall: lastCall, isWritten: isWritten)
        let losses = Guarded<[[Double]]>([])
        let begun = Guarded<[String]>([])
        var callbacks = Experiment.Callbacks(
            began: { run in
                begun.withLock {
                    $0.append("\(run.strategy.name) \(run.seed) \(run.repetition) after \(run.resumedAfter)")
                }
            },
            finished: { run, _, own, _ in if run.repetition == 0 { losses.withLock { $0.append(own) } } })
        callbacks.resumed = { _ in
            let finished = try store.directory.finishedLosses()
            losses.withLock { $0 += finished }
        }
        let results = try Experiment(plan, data: DataDirectory(nil))
            .run(machine: machine, callbacks: callbacks, checkpoints: store)
        return Outcome(
            results: try Self.withoutHostTimes(results), losses: losses.withLock { $0 },
            calls: store.calls.withLock { $0 }, begun: begun.withLock { $0 })
    }

    struct WasNotKilled: Error {}

    /// Runs until it is killed.
    /// - Throws: ``WasNotKilled`` where the experiment ended on its own.
    func runUntilKilled(resuming: Bool = false, lastCall: Int, isWritten: Bool = true) throws {
        do {
            _ = try run(resuming: resuming, lastCall: lastCall, isWritten: isWritten)
        } catch is DyingStore.Killed {
            return
        }
        throw WasNotKilled()
    }

    static func withoutHostTimes(_ results: Results) throws -> Data {
        let whole = try JSONSerialization.jsonObject(with: try ResultsFile.encode(results))
        guard var object = whole as? [String: Any], var runs = object["runs"] as? [[String: Any]] else { return Data() }
        object["checksum"] = nil
        for index in runs.indices {
            runs[index]["hostSeconds"] = nil
            runs[index]["timings"] = (runs[index]["timings"] as? [Any])?.count
        }
        object["runs"] = runs
        return try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
    func read(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }
    func write(_ data: Data, _ name: String) throws { try data.write(to: url.appendingPathComponent(name)) }
    var noted: String { notes.withLock { $0.joined(separator: "\n") } }
}
