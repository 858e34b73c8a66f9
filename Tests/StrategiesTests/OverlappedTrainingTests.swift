import Cluster
import Fabrics
import Kernel
import Testing

@testable import Strategies
@testable import Training

/// Sending gradients while they are computed changes the times of a run, and nothing else.
@Suite(.timeLimit(.minutes(60))) struct OverlappedTrainingTests {
    /// The perceptron's tensors have 1,024, 16, 160 and 10 numbers: four buckets, two, and one.
    private static let bucketBytes = [1, 100, 1 << 20]

    private func outcome(
        bucketBytes: Int?, workers: Int = 4, momentum: Float = 0.5, on carrier: TestRuns.Carrier = .simulated,
        hostThreads: Int = 2, jitter: Jitter = .none
    ) throws -> TestRuns.Outcome {
        var configuration = TestRuns.configuration(workers: workers, momentum: momentum)
        configuration.overlap = bucketBytes.map(GradientOverlap.init)
        return try TestRuns.run(
            SynchronousSGD(configuration, workers: workers), configuration, on: carrier, hostThreads: hostThreads,
            jitter: jitter)
    }

    @Test(arguments: [1, 2, 3, 5], [Float(0), 0.5])
    func theBitsAreThoseWithoutOverlap(workers: Int, momentum: Float) throws {
        let plain = try outcome(bucketBytes: nil, workers: workers, momentum: momentum)
        for bytes in Self.bucketBytes {
            for carrier in TestRuns.Carrier.allCases {
                let overlapped = try outcome(
                    bucketBytes: bytes, workers: workers, momentum: momentum, on: carrier)
                #expect(overlapped.parameters == plain.parameters, "\(bytes) bytes on \(carrier)")
                #expect(overlapped.record.stepLosses == plain.record.stepLosses, "\(bytes) bytes on \(carrier)")
                let losses = overlapped.record.evaluations.map(\.testLoss)
                #expect(losses == plain.record.evaluations.map(\.testLoss), "\(bytes) bytes on \(carrier)")
            }
        }
    }

    @Test(arguments: bucketBytes) func hostThreadsDoNotChangeAnything(bytes: Int) throws {
        let jitter = Jitter.logNormal(sigma: 0.4)
        let outcomes = try [1, 2, 5, 2].map {
            try outcome(bucketBytes: bytes, workers: 6, hostThreads: $0, jitter: jitter)
        }
        for other in outcomes.dropFirst() {
            #expect(other.parameters == outcomes[0].parameters)
            #expect(other.record.evaluations == outcomes[0].record.evaluations)
            #expect(other.report.accounts == outcomes[0].report.accounts)
            #expect(other.report.ledger.entries == outcomes[0].report.ledger.entries)
            #expect(other.report.seconds == outcomes[0].report.seconds)
        }
    }

    /// On equal machines the update takes its time before or after the all-reduce: the step is as long.
    @Test func oneBucketTakesTheTimeOfNoneToTheLastDigit() throws {
        let plain = try outcome(bucketBytes: nil)
        let overlapped = try outcome(bucketBytes: 1 << 20)
        #expect(overlapped.report.seconds == plain.report.seconds)
        #expect(overlapped.record.evaluations == plain.record.evaluations)
        for (one, other) in zip(overlapped.report.accounts, plain.report.accounts) {
            // Sums of floating-point seconds, of spans that begin elsewhere.
            #expect(abs(one.communicationSeconds - other.communicationSeconds) < 1e-12)
            #expect(one.computeSeconds == other.computeSeconds && one.hiddenCommunicationSeconds == 0)
        }
    }

    @Test func severalBucketsHideWhatTheBackwardPassCovers() throws {
        let overlapped = try outcome(bucketBytes: 1)
        let step = TestRuns.compute.seconds(.step(samples: 16))
        // 22 steps of 64 samples and one of 29. The first bucket is under way (26.6 ms on phones) until after the pass.
        let last = TestRuns.compute.seconds(.step(samples: 7)) + TestRuns.compute.seconds(.step(samples: 8))
        for account in overlapped.report.accounts {
            #expect(account.hiddenCommunicationSeconds > 0)
            #expect(account.hiddenCommunicationSeconds < 4 * (22 * step + last))
            #expect(account.hiddenCommunicationSeconds < account.computeSeconds)
        }
    }

    @Test func nothingIsHiddenWhereMemoryIsShared() throws {
        let report = try outcome(bucketBytes: 1, on: .threads).report
        #expect(report.accounts.allSatisfy { $0.hiddenCommunicationSeconds == 0 })
    }
}
