import Testing

@testable import Experiments
@testable import Tasks
@testable import TestSupport

@Suite struct TimeAccountTests {
    @Test(arguments: [ClockChoice.simulated, .auto])
    func computeNetworkAndIdleAddUpToClusterTime(_ clock: ClockChoice) throws {
        var setup = Setup()
        setup.clock = clock
        for run in try setup.run().runs {
            let sum = run.computeSeconds + run.communicationSeconds + run.idleSeconds
            // The clock counts whole nanoseconds, compute time does not: a step may lose half of one.
            let tolerance = clock == .simulated ? 0.5e-9 * Double(run.samples) : 1e-6
            #expect(abs(sum - run.clusterSeconds) <= tolerance, "\(run.strategy): \(sum), \(run.clusterSeconds)")
            #expect(run.computeSeconds > 0 && run.communicationSeconds >= 0 && run.idleSeconds >= 0, "\(run.strategy)")
            #expect(run.hostSeconds > 0, "\(run.strategy)")
        }
    }

    /// 30 GFLOP/s and 10 µs a step on `digits`: what the reference device's figures say.
    @Test func aSingleSimulatedWorkerOnlyComputes() throws {
        let run = try #require(try Setup(strategies: ["single"]).run().runs.first)
        #expect(abs(run.clusterSeconds - run.computeSeconds) <= 46e-9)
        #expect(run.communicationSeconds == 0 && run.traffic.bytesTotal == 0)
        // Nanoseconds are the clock's unit: each of 46 steps may lose half of one.
        let flops = try TrainingTask.named("digits").network.trainingFlopsPerSample
        let expected = 46 * (10e-6 + 4810 * 0.8e-9) + 2 * 1437 * flops / 30e9
        #expect(abs(run.clusterSeconds - expected) <= 46e-9, "\(run.clusterSeconds), \(expected)")
    }

    @Test func theLastEvaluationIsAtTheEndOfTheJob() throws {
        for run in try Setup(strategies: ["single", "sync"]).run().runs {
            #expect(run.evaluations.last?.clusterSeconds == run.clusterSeconds, "\(run.strategy)")
        }
    }

    @Test func evaluationIsChargedToNothing() throws {
        var often = Setup()
        often.evaluateEvery = 0.1
        let (rare, frequent) = (try Setup().run().runs, try often.run().runs)
        for (first, second) in zip(rare, frequent) {
            #expect(first.strategy == second.strategy)
            #expect(second.evaluations.count > first.evaluations.count || first.strategy == "federated")
            #expect(first.clusterSeconds == second.clusterSeconds, "\(first.strategy)")
            #expect(first.computeSeconds == second.computeSeconds, "\(first.strategy)")
            #expect(first.communicationSeconds == second.communicationSeconds, "\(first.strategy)")
            #expect(first.traffic == second.traffic, "\(first.strategy)")
            #expect(first.evaluations.last?.testLoss == second.evaluations.last?.testLoss, "\(first.strategy)")
        }
    }

    @Test func evaluationsComeAtTheStartAtEveryIntervalAndAtTheEnd() throws {
        var setup = Setup(strategies: ["single"])
        (setup.epochs, setup.evaluateEvery) = (1.25, 0.5)
        let run = try #require(try setup.run().runs.first)
        // Steps of 64: the first to reach 718.5, 1437 (the epoch's last, a short one) and 1796.25.
        #expect(run.evaluations.map(\.samples) == [0, 768, 1437, 1821])
    }

    @Test func curvesGoForwardInWorkTimeAndBytes() throws {
        for run in try Setup().run().runs {
            for (before, after) in zip(run.evaluations, run.evaluations.dropFirst()) {
                #expect(before.round < after.round && before.samples < after.samples, "\(run.strategy)")
                #expect(before.clusterSeconds < after.clusterSeconds, "\(run.strategy)")
                #expect(before.bytesSent <= after.bytesSent, "\(run.strategy)")
            }
            #expect(run.evaluations[0].trainLoss == nil)
            #expect(run.evaluations.dropFirst().allSatisfy { $0.trainLoss.map { $0 > 0 } == true })
        }
    }
}
