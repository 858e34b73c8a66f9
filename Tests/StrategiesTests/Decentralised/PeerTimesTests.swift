import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// What rounds of neighbours take on one switch and send, to the nanosecond and the byte.
@Suite(.timeLimit(.minutes(60)))
struct PeerTimesTests {
    private let workers = 8
    private let rounds = 11
    private let parameters = 1210

    private var link: Link { PeerRuns.nodes(1)[0].link }

    private func nanoseconds(_ seconds: Double) -> Int64 { VirtualTime.span(seconds: seconds) }

    private func nanoseconds(_ work: ComputeWork) -> Int64 {
        nanoseconds(TestRuns.compute.seconds(work, on: PeerRuns.nodes(1)[0]))
    }

    /// A message of the model occupies a port for overhead + bytes / bandwidth.
    private var sending: Int64 {
        nanoseconds(link.overheadSeconds) + nanoseconds(Double(4 * parameters + 16) / link.uplinkBytesPerSecond)
    }

    private func run(_ overlay: String, _ order: DecentralizedSGD.Order = .adaptThenCombine) throws -> FabricReport {
        let shared = PeerRuns.configuration(rounds: rounds, workers: workers)
        return try PeerRuns.play(
            DecentralizedSGD(shared, workers: workers, overlay: overlay, order: order), shared
        ).report
    }

    /// A round is a step, as many messages out of one port as there are neighbours, the latency of the last, and the average.
    @Test(arguments: [("ring", 2), ("one-peer", 1), ("exponential", 3), ("full", 7)])
    func aRoundIsAStepItsMessagesAndTheAverage(_ overlay: String, neighbours: Int) throws {
        let report = try run(overlay)
        let round =
            nanoseconds(.step(samples: 10)) + Int64(neighbours) * sending + nanoseconds(link.latencySeconds)
            + nanoseconds(.vector(elements: parameters * (neighbours + 1)))
        #expect(nanoseconds(report.seconds) == Int64(rounds) * round)
        #expect(report.ledger.totalMessages == rounds * workers * neighbours)
        #expect(report.ledger.totalBytes == rounds * workers * neighbours * (4 * parameters + 16))
    }

    /// In Lian's order what is sent travels while the gradient is computed.
    @Test func withCombineTheGradientHidesTheMessages() throws {
        let report = try run("ring", .withCombine)
        var work = ComputeWork.step(samples: 10)
        work.vectorElements = parameters
        let step = nanoseconds(work)
        let messages = 2 * sending + nanoseconds(link.latencySeconds)
        let round = max(step, messages) + nanoseconds(.vector(elements: parameters * 4))
        #expect(nanoseconds(report.seconds) == Int64(rounds) * round)
    }

    @Test func localStepsAreSentOnce() throws {
        // Three rounds of five steps are less than an epoch, whose last step may be short.
        let shared = PeerRuns.configuration(rounds: 3, workers: workers, syncEvery: 5)
        let strategy = DecentralizedSGD(shared, workers: workers, syncEvery: 5)
        let report = try PeerRuns.play(strategy, shared).report
        #expect(report.ledger.totalMessages == 3 * workers * 2)
        let round =
            nanoseconds(.epochs(1, samples: 50, batch: 10)) + 2 * sending + nanoseconds(link.latencySeconds)
            + nanoseconds(.vector(elements: parameters * 3))
        #expect(nanoseconds(report.seconds) == 3 * round)
    }

    @Test func aloneTakesItsStepsAndSendsNothing() throws {
        let shared = PeerRuns.configuration(rounds: rounds, workers: workers)
        var options = NodeOptions()
        options.workers = workers
        let report = try PeerRuns.play(Alone(configuration: shared, nodeOptions: options), shared).report
        #expect(nanoseconds(report.seconds) == Int64(rounds) * nanoseconds(.step(samples: 10)))
        #expect(report.ledger.totalMessages == 0)
    }

    /// A star's middle sends to all: a round lasts as long as that, and bytes are those of all edges, both ways.
    @Test func bytesFollowTheDegrees() throws {
        for (overlay, edges) in [("star", 7), ("cliques", 13), ("ring", 8), ("torus:2x4", 12)] {
            #expect(try run(overlay).ledger.totalBytes == rounds * 2 * edges * (4 * parameters + 16), "\(overlay)")
        }
    }
}
