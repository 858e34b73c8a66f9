import Cluster
import Testing

@testable import Strategies
@testable import Training

@Suite struct LimitsTests {
    @Test func aLimitOnTimeIsReachedAtExactlyThatTime() {
        for milliseconds in 1...2000 {
            // As the command line reads 11ms, and as a clock says it.
            let limit = Duration.seconds(Double(milliseconds) * 1e-3).inSeconds
            let limits = TrainingConfiguration.Limits(clusterSeconds: limit)
            for (nanoseconds, isReached) in [(0, true), (-1, false), (1, true)] as [(Int64, Bool)] {
                let time = VirtualTime(nanoseconds: Int64(milliseconds) * 1_000_000 + nanoseconds)
                let point = TrainingRun.Evaluation(
                    round: 1, samples: 64, clusterSeconds: time.seconds, bytesSent: 0, trainLoss: nil,
                    testAccuracy: 0.5,
                    testLoss: 1)
                #expect(limits.areReached(at: point) == isReached, "\(milliseconds) ms and \(nanoseconds) ns")
            }
        }
    }
}
