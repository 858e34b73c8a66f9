import Datasets
import Foundation
import Locking
import Testing

@testable import Cluster
@testable import Experiments
@testable import Reports
@testable import TestSupport

/// An experiment that is killed and goes on in another process, of which a test plays both.
@Suite(.timeLimit(.minutes(60)))
struct CheckpointResumeTests {
    @Test(arguments: [true, false])
    func killedAtAnyWriteItGoesOnToTheSameResults(isWritten: Bool) throws {
        let whole = try withCheckpointFolder { try CheckpointedExperiment($0).run() }
        #expect(whole.calls > 20 && whole.losses.count == 6)
        for call in 1...whole.calls {
            try withCheckpointFolder { url in
                let experiment = CheckpointedExperiment(url)
                try experiment.runUntilKilled(lastCall: call, isWritten: isWritten)
                let resumed = try experiment.run(resuming: true)
                #expect(resumed.results == whole.results, "killed at call \(call)")
                #expect(resumed.losses == whole.losses, "killed at call \(call)")
                // All but the first one and a finished run leave something to go on from.
                #expect(resumed.begun.count <= 6 && (call < 4 || resumed.calls < whole.calls), "killed at call \(call)")
                #expect(
                    experiment.names == ["experiment-5.json", "experiment-6.json"] + (1...6).map { "run\($0).losses" })
            }
        }
    }

    /// Several runs are unfinished when the program is killed, and each goes on from its own checkpoint.
    @Test(arguments: [(1, 2), (2, 1), (2, 2), (2, 3), (3, 2)])
    func killedWithRunsSideBySideItGoesOnToTheSameResults(before: Int, after: Int) throws {
        let whole = try withCheckpointFolder { try CheckpointedExperiment($0).run() }
        for call in [1, 2, 4, 7, 11, 16, whole.calls - 1] {
            try withCheckpointFolder { url in
                var experiment = CheckpointedExperiment(url)
                experiment.jobs = before
                try experiment.runUntilKilled(lastCall: call)
                experiment.jobs = after
                let resumed = try experiment.run(resuming: true)
                #expect(resumed.results == whole.results, "killed at call \(call)")
                #expect(resumed.losses == whole.losses, "killed at call \(call)")
                #expect(
                    experiment.names == ["experiment-5.json", "experiment-6.json"] + (1...6).map { "run\($0).losses" })
            }
        }
    }

    @Test func checkpointsOfSeveralRunsAreKeptUntilEachIsFinished() throws {
        try withCheckpointFolder { url in
            var experiment = CheckpointedExperiment(url)
            experiment.setup.strategies = ["sync"]
            experiment.setup.seeds = [1, 2, 3]
            experiment.jobs = 3
            // Each run waits at its second evaluation, after 11 updates, for the others, and has two checkpoints by then.
            let meeting = Meeting(of: 3)
            let evaluations = Guarded<[Int: Int]>([:])
            experiment.evaluated = { run in
                let count = evaluations.withLock { counts in
                    counts[run.index, default: 0] += 1
                    return counts[run.index, default: 0]
                }
                if count == 2 { meeting.arrive() }
            }
            try experiment.runUntilKilled(lastCall: 1 + 3 * 2 + 1)
            let files = experiment.names.filter { $0.hasSuffix(".checkpoint") }
            #expect(Set(files.map { $0.prefix { $0 != "-" } }) == ["run1", "run2", "run3"], "\(files)")
            #expect(files.count == 6, "\(files)")
            experiment.evaluated = { _ in }
            let resumed = try experiment.run(resuming: true)
            #expect(resumed.begun.count == 3 && resumed.begun.allSatisfy { !$0.hasSuffix(" after 0") })
            let whole = try withCheckpointFolder { other in
                var alone = CheckpointedExperiment(other)
                (alone.setup.strategies, alone.setup.seeds) = (["sync"], [1, 2, 3])
                return try alone.run()
            }
            #expect(resumed.results == whole.results && resumed.losses == whole.losses)
        }
    }

    @Test func killedAgainAndAgainItGoesOn() throws {
        let whole = try withCheckpointFolder { try CheckpointedExperiment($0).run() }
        try withCheckpointFolder { url in
            var experiment = CheckpointedExperiment(url)
            try experiment.runUntilKilled(lastCall: 3)
            for _ in 0..<8 { try experiment.runUntilKilled(resuming: true, lastCall: 3) }
            // Neither threads nor the interval decide a bit.
            experiment.setup.hostThreads = 1
            experiment.interval = 4
            let resumed = try experiment.run(resuming: true)
            #expect(resumed.results == whole.results)
            #expect(resumed.losses == whole.losses)
            #expect(resumed.begun.count < 6, "\(resumed.begun)")
        }
    }

    @Test func repetitionsGoOnAndFinishedOnesAreNotMadeAgain() throws {
        func experiment(_ url: URL) -> CheckpointedExperiment {
            var experiment = CheckpointedExperiment(url)
            experiment.setup.strategies = ["sync"]
            experiment.setup.seeds = [4]
            experiment.repetitions = 3
            return experiment
        }
        let whole = try withCheckpointFolder { try experiment($0).run() }
        // Begin; checkpoints after 5, 10, 15 and 20 of 23 steps; the end of the run.
        #expect(whole.calls == 1 + 3 * 5)
        try withCheckpointFolder { url in
            let experiment = experiment(url)
            try experiment.runUntilKilled(lastCall: 8)
            let resumed = try experiment.run(resuming: true)
            #expect(resumed.begun == ["sync 4 1 after 10", "sync 4 2 after 0"])
            #expect(resumed.results == whole.results && resumed.losses == whole.losses)
        }
    }

    @Test func aFinishedExperimentGivesItsResultsAgain() throws {
        try withCheckpointFolder { url in
            let experiment = CheckpointedExperiment(url)
            let whole = try experiment.run()
            let again = try experiment.run(resuming: true)
            #expect(again.begun.isEmpty && again.results == whole.results && again.losses == whole.losses)
        }
    }

    @Test func devicesStragglersAndSlowdownsAreThoseOfTheRun() throws {
        func experiment(_ url: URL) throws -> CheckpointedExperiment {
            var experiment = CheckpointedExperiment(url)
            experiment.setup.cluster = try ClusterFile(file: "cluster.yaml").parse(
                """
                latency: 200us
                bandwidth: 1Gbit
                jitter: uniform:50us
                speed: uniform:0.2..1
                stragglers: {fraction: 0.3, slowdown: 4}
                slowdowns: {every: exponential:5ms, for: 2ms, slowdown: 3}
                loss: 1%
                timeout: 1ms
                topology: {racks: {nodes_per_rack: 2, latency: 5us, oversubscription: 2}}
                """)
            experiment.setup.strategies = ["sync", "federated"]
            return experiment
        }
        let whole = try withCheckpointFolder { try experiment($0).run() }
        for call in stride(from: 3, through: whole.calls, by: 4) {
            try withCheckpointFolder { url in
                let experiment = try experiment(url)
                try experiment.runUntilKilled(lastCall: call)
                #expect(try experiment.run(resuming: true).results == whole.results, "killed at call \(call)")
            }
        }
    }

    @Test func ofAResumedRunNoPartsAreTimed() throws {
        try withCheckpointFolder { url in
            var experiment = CheckpointedExperiment(url)
            experiment.setup.strategies = ["single", "sync"]
            experiment.setup.seeds = [1]
            try experiment.runUntilKilled(lastCall: 3)
            let results = try Experiment(experiment.plan, data: DataDirectory(nil)).run(
                machine: machine, checkpoints: try experiment.directory(resuming: true))
            #expect(results.runs.map { $0.timings[0].segmentSeconds.isEmpty } == [true, false])
            #expect(results.runs.allSatisfy { $0.hostSeconds > 0 })
        }
    }

    @Test func calibratedTimesAreThoseOfTheProcessThatBegan() throws {
        try withCheckpointFolder { url in
            var experiment = CheckpointedExperiment(url)
            experiment.setup.strategies = ["sync"]
            experiment.setup.compute = "calibrated"
            try experiment.runUntilKilled(lastCall: 2)
            let began = try #require(try experiment.directory(resuming: true).resumed?.results.computeModel)
            let results = try Experiment(experiment.plan, data: DataDirectory(nil)).run(
                machine: machine, checkpoints: try experiment.directory(resuming: true))
            #expect(results.computeModel == began)
        }
    }
}
