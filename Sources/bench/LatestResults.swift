import Experiments
import Locking
import Storage
import Studies

/// The results of an experiment or a study so far, for the case that it ends early. All of its files are written here,
/// by one thread at a time: by the computing one, or by the one that handles the end of a stopped process, after which
/// nothing is written.
final class LatestResults<Results: Sendable>: Sendable {
    private struct State {
        var results: Results?
        /// How many finished runs the last completely written file has.
        var runsOnDisk = 0
        var isClosed = false
        /// Before which ``LatestResults/keep(_:)`` writes nothing.
        var nextSave = Duration.zero
    }

    private let output: OutputDirectory
    private let runCount: @Sendable (Results) -> Int
    /// Writes the file that all others can be made from.
    private let writeMain: @Sendable (Results) throws -> Void
    private let writeDerived: @Sendable (Results) throws -> Void
    private let now: @Sendable () -> Duration
    private let state = Guarded(State())

    /// - Parameter now: the time since something or other.
    init(
        _ output: OutputDirectory, now: @escaping @Sendable () -> Duration = LatestResultsPace.now,
        runCount: @escaping @Sendable (Results) -> Int,
        writeMain: @escaping @Sendable (Results) throws -> Void,
        writeDerived: @escaping @Sendable (Results) throws -> Void
    ) {
        self.output = output
        self.now = now
        self.runCount = runCount
        self.writeMain = writeMain
        self.writeDerived = writeDerived
    }

    func set(_ new: Results) { state.withLock { $0.results = new } }

    /// Takes up what there is so far, and writes it unless that was done a moment ago: a process that is killed then loses
    /// little, and a disk that is full is noticed while it computes. To be called between runs, where nothing is measured.
    func keep(_ results: Results) throws {
        try state.withLock { state in
            state.results = results
            let start = now()
            guard runCount(results) > 0, start >= state.nextSave else { return }
            try write(results, &state, all: false)
            let end = now()
            state.nextSave = end + max(LatestResultsPace.shortest, (end - start) * LatestResultsPace.share)
        }
    }

    /// Writes what there is so far, for a process that may be killed without a last word.
    func save(_ results: Results, all: Bool) throws {
        try state.withLock { state in
            state.results = results
            if runCount(results) > 0 { try write(results, &state, all: all) }
        }
    }

    /// Writes the final results; nothing is written afterwards.
    func finish(_ results: Results) throws {
        try state.withLock { state in
            state.results = results
            try write(results, &state, all: true)
            state.isClosed = true
        }
    }

    private func write(_ results: Results, _ state: inout State, all: Bool) throws {
        guard !state.isClosed else { return }
        try writeMain(results)
        state.runsOnDisk = runCount(results)
        if all { try writeDerived(results) }
    }

    /// Writes the finished runs and returns a message about them; the message also says if there are none, or if they
    /// cannot be written.
    ///
    /// - Parameter error: an error that is reported anyway, so that the message need not repeat it.
    func writeUnfinished(after error: (any Error)? = nil) -> String? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            defer { state.isClosed = true }
            guard let results = state.results, runCount(results) > 0 else {
                output.removeIfUnused()
                return "No run was finished; nothing was written."
            }
            let count = runCount(results)
            var failure: String?
            do { try write(results, &state, all: true) } catch { failure = "\(error)" }
            let kept = state.runsOnDisk
            let runs = "finished run\(count == 1 ? "" : "s")"
            let verb = kept == 1 ? "is" : "are"
            let what = kept == count ? "\(kept) \(runs) \(verb)" : "\(kept) of \(count) \(runs) \(verb)"
            if kept == 0 { output.removeIfUnused() }
            // A failure that ends the program is reported when it ends.
            if failure == error.map({ "\($0)" }) { failure = nil }
            return "\(what) in \(output.url.relativePath)/." + (failure.map { " \($0)." } ?? "")
        }
    }
}

/// How often results that are not complete are written.
enum LatestResultsPace {
    static let shortest = Duration.seconds(5)
    /// Writing takes one part of so many of the time.
    static let share = 20
    private static let start = ContinuousClock.now
    @Sendable static func now() -> Duration { ContinuousClock.now - start }
}

extension LatestResults {
    static func ofRuns(in output: OutputDirectory) -> LatestResults<Experiments.Results> {
        LatestResults<Experiments.Results>(
            output, runCount: { $0.runs.count }, writeMain: { try output.writeResults($0) },
            writeDerived: { try output.writeDerived($0) })
    }

    static func ofStudy(in output: OutputDirectory) -> LatestResults<StudyResults> {
        LatestResults<StudyResults>(
            output, runCount: { $0.runs.count }, writeMain: { try output.writeStudy($0) },
            writeDerived: { try output.writeDerived($0) })
    }
}
