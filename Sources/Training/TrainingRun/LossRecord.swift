import Fabrics
import Locking

/// The losses of a run's optimizer steps: every rank logs its own, and the rank that evaluates merges them.
final class LossRecord: Sendable {
    private let logs: [LossLog]
    private let merged: Guarded<Merged>

    /// What was merged so far.
    struct Merged {
        /// The mean loss of every optimizer step.
        var stepLosses: [Double] = []
        /// The sum of the losses of all samples since the last evaluation; `samples` is how many they are.
        var sum = 0.0
        var samples = 0
        /// Samples that each rank has trained on in steps of its own.
        var trainedSamples: [Int]
        /// Steps of all ranks together that were merged.
        fileprivate var sharedSteps = 0
        /// The index of the step that is entry 0 of the ranks' logs; above 0 after a resume.
        fileprivate var firstLoggedStep = 0

        fileprivate init(trainedSamples: [Int]) { self.trainedSamples = trainedSamples }

        fileprivate mutating func add(_ sum: Double, _ samples: Int) {
            stepLosses.append(sum / Double(max(samples, 1)))
            self.sum += sum
            self.samples += samples
        }
    }

    /// - Parameter start: the checkpoint that the run goes on from; nil for the beginning.
    init(ranks: Int, from start: RunState?) {
        logs = (0..<ranks).map { _ in LossLog() }
        var merged = Merged(trainedSamples: Array(repeating: 0, count: ranks))
        if let start {
            if start.trainedSamples.count == ranks { merged.trainedSamples = start.trainedSamples }
            merged.stepLosses = start.stepLosses
            (merged.sum, merged.samples) = (start.lossSum, start.lossSamples)
            (merged.sharedSteps, merged.firstLoggedStep) = (start.stepLosses.count, start.stepLosses.count)
        }
        self.merged = Guarded(merged)
    }

    /// A copy of what was merged so far.
    var current: Merged { merged.withLock { $0 } }

    /// The log of a rank, with room for `steps` entries.
    func log(of rank: Int, steps: Int) -> LossLog {
        logs[rank].reserve(steps)
        return logs[rank]
    }

    /// Makes room for the losses of `steps` more steps.
    func expect(steps: Int) {
        merged.withLock { $0.stepLosses.reserveCapacity($0.stepLosses.count + min(steps, LossLog.mostReserved)) }
    }

    /// Adds up the ranks' parts of the steps before `step`, of programs whose ranks share every step.
    func mergeShared(upTo step: Int) {
        merged.withLock { merged in
            for index in merged.sharedSteps..<max(step, merged.sharedSteps) {
                var (sum, samples) = (0.0, 0)
                // A rank that has left has no entries for later steps.
                let entry = index - merged.firstLoggedStep
                for log in logs {
                    guard let step = log.entry(entry) else { continue }
                    sum += step.sum
                    samples += step.samples
                }
                merged.add(sum, samples)
            }
            merged.sharedSteps = max(step, merged.sharedSteps)
        }
    }

    /// Takes over the steps of a rank that steps on its own.
    func mergeOwn(ofRank rank: Int) {
        merge(logs[rank].entries, ofRank: rank)
        logs[rank].removeAll()
    }

    /// The entries of a rank's log that were not brought to an evaluation, two numbers each.
    func unmerged(ofRank rank: Int) -> [Double] { logs[rank].entries.flatMap { [$0.sum, Double($0.samples)] } }

    /// Adds entries that a rank's log had before a checkpoint.
    func append(told numbers: [Double], ofRank rank: Int) { logs[rank].append(told: numbers) }

    /// The entries of a rank's log, which forgets them.
    func takeEntries(ofRank rank: Int) -> [LossLog.Entry] {
        defer { logs[rank].removeAll() }
        return logs[rank].entries
    }

    /// Takes over steps of a rank that steps on its own.
    func merge(_ entries: [LossLog.Entry], ofRank rank: Int) {
        merged.withLock { merged in
            for entry in entries {
                merged.add(entry.sum, entry.samples)
                merged.trainedSamples[rank] += entry.samples
            }
        }
    }

    /// The mean loss since the last call of this; nil where no sample was trained on.
    func takeMean() -> Double? {
        merged.withLock { merged in
            defer { (merged.sum, merged.samples) = (0, 0) }
            return merged.samples == 0 ? nil : merged.sum / Double(merged.samples)
        }
    }

    // MARK: Between processes

    /// Takes over the losses of ranks in other processes, where there are such: to be called by all ranks together.
    func gather(on rank: any Rank) async throws {
        guard !rank.sharesMemory else { return }
        let own = rank.index == 0 ? [] : logs[rank.index].tell()
        let all = try await rank.exchange(own)
        guard rank.index == 0 else { return }
        for (other, numbers) in all.enumerated() { logs[other].append(told: numbers) }
    }

    /// The losses of a rank that ride on its next message to another process.
    func telling(ofRank rank: Int) -> @Sendable () -> [Double] {
        let log = logs[rank]
        return { log.tellAndForget() }
    }

    /// Takes over losses that came with a rank's message.
    func receive(_ message: Message, of rank: Int) { logs[rank].append(told: message.told) }
}
