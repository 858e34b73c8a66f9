import Testing

@testable import Kernel

@Suite struct LearningRateScheduleTests {
    /// The error of a few operations in Double on numbers below 1.
    private let tolerance = 1e-14

    @Test func constantStaysAtTheBaseRate() {
        let schedule = LearningRateSchedule(baseRate: 0.3, totalEpochs: 10)
        for epoch in [0, 0.5, 9.9, 10, 50] { #expect(schedule.rate(at: epoch) == 0.3, "epoch \(epoch)") }
    }

    @Test func stepDropsAtEveryMultipleAndNotBefore() {
        let schedule = LearningRateSchedule(baseRate: 0.8, decay: .step(epochs: 3, factor: 0.5), totalEpochs: 10)
        for (epoch, rate) in [(0, 0.8), (2.999, 0.8), (3, 0.4), (5.999, 0.4), (6, 0.2), (9, 0.1)] {
            #expect(abs(schedule.rate(at: epoch) - rate) < tolerance, "epoch \(epoch)")
        }
    }

    @Test func cosineFallsFromTheBaseRateToZeroAndStays() {
        let schedule = LearningRateSchedule(baseRate: 0.8, decay: .cosine, totalEpochs: 6)
        // cos(pi/3) = 1/2, cos(pi/2) = 0, cos(2 pi/3) = -1/2.
        for (epoch, rate) in [(0, 0.8), (2, 0.6), (3, 0.4), (4, 0.2), (6, 0), (7, 0)] {
            #expect(abs(schedule.rate(at: Double(epoch)) - rate) < tolerance, "epoch \(epoch)")
        }
    }

    @Test(arguments: [LearningRateSchedule.Decay.constant, .step(epochs: 50, factor: 0.1), .cosine])
    func warmupGrowsLinearlyAndMeetsTheDecayWithoutAJump(decay: LearningRateSchedule.Decay) {
        let schedule = LearningRateSchedule(baseRate: 0.8, decay: decay, warmupEpochs: 4, totalEpochs: 10)
        for (epoch, rate) in [(0, 0), (1, 0.2), (2, 0.4), (3, 0.6), (4, 0.8)] {
            #expect(abs(schedule.rate(at: Double(epoch)) - rate) < tolerance, "epoch \(epoch)")
        }
        // The slope of the warm-up is 0.2 an epoch.
        #expect(abs(schedule.rate(at: 4 - 1e-9) - 0.8) < 1e-9)
    }

    @Test func cosineAfterWarmupReachesZeroAtTheEnd() {
        let schedule = LearningRateSchedule(baseRate: 0.8, decay: .cosine, warmupEpochs: 4, totalEpochs: 10)
        for (epoch, rate) in [(4, 0.8), (6, 0.6), (7, 0.4), (10, 0)] {
            #expect(abs(schedule.rate(at: Double(epoch)) - rate) < tolerance, "epoch \(epoch)")
        }
    }

    @Test func warmupOfTheWholeRunEndsAtTheBaseRate() {
        let schedule = LearningRateSchedule(baseRate: 0.8, decay: .cosine, warmupEpochs: 4, totalEpochs: 4)
        #expect(schedule.rate(at: 4) == 0.8)
    }

    @Test func linearScalingIsProportionalToTheBatch() {
        #expect(abs(LearningRateSchedule.linearlyScaled(0.1, batch: 8192, reference: 256) - 3.2) < tolerance)
        #expect(abs(LearningRateSchedule.linearlyScaled(0.1, batch: 64, reference: 256) - 0.025) < tolerance)
        #expect(LearningRateSchedule.linearlyScaled(0.1, batch: 256, reference: 256) == 0.1)
    }
}
