import Datasets
import Statistics
import Testing

@testable import Calibration
@testable import Experiments
@testable import Tasks

@Suite(.timeLimit(.minutes(60)))
struct SpeedMeasurementTests {
    private func digits(threads: Int = 1, repetitions: Int = 1) throws -> SpeedMeasurement {
        try SpeedMeasurement(.digits, data: DataDirectory(nil), threads: threads, repetitions: repetitions)
    }

    @Test(arguments: [1, 2]) func stepsAreMeasuredOnAnyNumberOfThreads(threads: Int) throws {
        let steps = try digits(threads: threads, repetitions: 2).steps(batch: 32)
        #expect(steps.workload == "digits" && steps.batch == 32 && steps.threads == threads)
        let spread = steps.samplesPerSecond
        #expect(spread.least > 0 && spread.least <= spread.median && spread.median <= spread.largest)
        #expect(steps.flopsPerSample == TrainingTask.digits.network.trainingFlopsPerSample)
        // No core multiplies matrices faster than this; how slow it is depends on what else it does.
        #expect(steps.peakFlops > 0 && steps.peakFlops < 1e13)
    }

    @Test func roundsCountTheSamplesOfTheCohortAndItsEpochs() throws {
        let rounds = try digits(threads: 2, repetitions: 3).rounds(
            .init(clients: 10, fraction: 0.2, localEpochs: 3, localBatch: 20))
        #expect(rounds.clients == 10 && rounds.cohort == 2 && rounds.localEpochs == 3 && rounds.localBatch == 20)
        // 1,437 samples, of which ten clients have 143 each.
        #expect(rounds.samplesPerRound == 143 * 2 * 3)
        #expect(rounds.secondsPerRound.least > 0 && rounds.evaluationSeconds.least > 0)
    }

    @Test func clientsCanBeGivenSamplesOfTheirOwn() throws {
        let rounds = try digits().rounds(
            .init(clients: 300, fraction: 1, localEpochs: 1, localBatch: 10, samplesPerClient: 10))
        #expect(rounds.cohort == 300 && rounds.samplesPerRound == 3000)
    }

    @Test func whatCannotBeMeasuredIsRefused() throws {
        func message(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "nothing was thrown"
            } catch { return "\(error)" }
        }
        #expect(message { _ = try digits(threads: 0) } == "--threads is 0; allowed is 1 to 256")
        #expect(message { _ = try digits(repetitions: 0) } == "--repetitions is 0; allowed is 1 to 1000")
        #expect(
            message { _ = try digits(threads: 2).steps(batch: 1) } == "--batch is 1; allowed is --threads (2) to 1437")
        #expect(
            message { _ = try digits().steps(batch: 1438) } == "--batch is 1438; allowed is --threads (1) to 1437")
        #expect(
            message { _ = try digits().rounds(.init(clients: 0)) }
                == "--clients is 0; allowed is a whole number from 1 to 1000000")
        #expect(
            message { _ = try digits().rounds(.init(localEpochs: 0)) }
                == "--local-epochs is 0; allowed is a whole number from 1 to 1000000")
        #expect(message { _ = try digits().rounds(.init(localBatch: 0)) }.hasPrefix("--local-batch is 0"))
        #expect(
            message { _ = try digits().rounds(.init(clients: 100, samplesPerClient: 200_001)) }
                .hasPrefix("--samples-per-client is 200001"))
    }

    @Test func spreadIsTheMedianWithTheLeastAndTheLargest() {
        let odd = Spread([3, 1, 2])
        #expect(odd.median == 2 && odd.least == 1 && odd.largest == 3)
        #expect(Spread([4, 1, 2, 3]).median == 2.5)
    }
}
