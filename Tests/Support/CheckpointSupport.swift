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
        // Other runs may be under way, which write nothing any more.
        if let lastCall, call > lastCall || call == lastCall && !isWritten { throw Killed() }
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
    var jobs: Int?
    var interval = 5
    /// Called at each evaluation.
    var evaluated: @Sendable (Experiment.RunIdentity) -> Void = { _ in }
    let url: URL
    let notes = Guarded<[String]>([])

    init(_ url: URL) { self.url = url }

    var plan: ExperimentPlan {
        var plan = setup.plan
        plan.repetitions = repetitions
        plan.jobs = jobs
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
        // Runs that are made side by side come to their ends in any order.
        let losses = Guarded<[Int: [Double]]>([:])
        let begun = Guarded<[String]>([])
        var callbacks = Experiment.Callbacks(
            began: { run in
                begun.withLock {
                    $0.append("\(run.strategy.name) \(run.seed) \(run.repetition) after \(run.resumedAfter)")
                }
            },
            evaluated: { [evaluated] run, _, _ in evaluated(run) },
            finished: { run, _, own, _ in if run.repetition == 0 { losses.withLock { $0[run.index] = own } } })
        callbacks.resumed = { _ in
            let finished = try store.directory.finishedLosses()
            losses.withLock { losses in for (index, own) in finished.enumerated() { losses[index] = own } }
        }
        let results = try Experiment(plan, data: DataDirectory(nil))
            .run(machine: machine, callbacks: callbacks, checkpoints: store)
        return Outcome(
            results: try Self.withoutHostTimes(results),
            losses: losses.withLock { $0.sorted { $0.key < $1.key }.map(\.value) },
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
        if var plan = object["plan"] as? [String: Any] {
            plan["jobs"] = nil
            object["plan"] = plan
        }
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

/// Threads that wait for each other once.
///
/// `@unchecked Sendable`: guarded by `condition`.
final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private var missing: Int

    init(of count: Int) { missing = count }

    /// Returns when all have come.
    func arrive() {
        condition.lock()
        missing -= 1
        condition.broadcast()
        while missing > 0 { condition.wait() }
        condition.unlock()
    }
}
