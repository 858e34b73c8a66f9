import Cluster
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// What ways of working together cost beside the training itself: time, computation, bytes and memory, to the nanosecond and
/// the byte. Other tests derive the terms of some of these from closed forms; here nothing that is charged may be forgotten,
/// or charged twice, in any of them. Figures are those of the program when every charge of these files had been read.
@Suite(.timeLimit(.minutes(60)))
struct ChargedWorkTests {
    struct Way: CustomTestStringConvertible, Sendable {
        let strategy: String
        var workers = 5
        var momentum: Float = 0
        var objectives: String?
        var epochs = 640 / 1437.0
        var options: OptionValues = [:]
        let cost: Cost

        var testDescription: String { "\(strategy) \(options.map { "\($0.key)=\($0.value)" }.sorted())" }
    }

    struct Cost: Hashable, Sendable {
        /// Until the last rank ends.
        var nanoseconds = 0
        /// Of all ranks together.
        var computeNanoseconds = 0
        var bytes = 0
        var messages = 0
        /// In numbers, as a process announces it to others.
        var longestMessage = 0
        /// Of the first and the last rank, in bytes.
        var memory: [Int] = []
    }

    static let ways: [Way] = [
        Way(
            strategy: "dpsgd", momentum: 0.5,
            cost: Cost(
                nanoseconds: 420228055, computeNanoseconds: 4049065, bytes: 631280, messages: 130, longestMessage: 1210,
                memory: [28090, 28090])),
        Way(
            strategy: "dpsgd", options: ["correction": "exact-diffusion"],
            cost: Cost(
                nanoseconds: 420379063, computeNanoseconds: 4804105, bytes: 631280, messages: 130, longestMessage: 1210,
                memory: [28090, 28090])),
        Way(
            strategy: "dpsgd", options: ["correction": "gradient-tracking"],
            cost: Cost(
                nanoseconds: 494654251, computeNanoseconds: 6062505, bytes: 1260480, messages: 130,
                longestMessage: 2420, memory: [32930, 32930])),
        Way(
            strategy: "push-sum",
            cost: Cost(
                nanoseconds: 383275529, computeNanoseconds: 4804105, bytes: 315900, messages: 65, longestMessage: 1211,
                memory: [28090, 28090])),
        Way(
            strategy: "choco", options: ["compression": "top-k"],
            cost: Cost(
                nanoseconds: 361562929, computeNanoseconds: 6817545, bytes: 127920, messages: 130, longestMessage: 1210,
                memory: [32930, 32930])),
        Way(
            strategy: "choco", options: ["compression": "random-k"],
            cost: Cost(
                nanoseconds: 354333265, computeNanoseconds: 7069225, bytes: 66040, messages: 130, longestMessage: 1210,
                memory: [32930, 32930])),
        Way(
            strategy: "choco", options: ["compression": "none"],
            cost: Cost(
                nanoseconds: 420630743, computeNanoseconds: 6062505, bytes: 631280, messages: 130, longestMessage: 1210,
                memory: [32930, 32930])),
        Way(
            strategy: "epidemic", options: ["peers": 2],
            cost: Cost(
                nanoseconds: 434856089, computeNanoseconds: 4049065, bytes: 631280, messages: 130, longestMessage: 1210,
                memory: [23250, 23250])),
        Way(
            strategy: "gossip", momentum: 0.5, epochs: 100, options: ["protocol": "push", "period": "5ms"],
            cost: Cost(
                nanoseconds: 11418029010, computeNanoseconds: 821412865, bytes: 55086464, messages: 11344,
                longestMessage: 1210,
                memory: [32930, 32930])),
        Way(
            strategy: "gossip", momentum: 0.5, options: ["protocol": "pairwise"],
            cost: Cost(
                nanoseconds: 767626061, computeNanoseconds: 4149737, bytes: 252512, messages: 52, longestMessage: 1210,
                memory: [42610, 42610])),
        Way(
            strategy: "gossip", epochs: 100,
            options: ["create-model": "um", "timers": "async", "period": "5ms", "token-capacity": 2, "token-spend": 1],
            cost: Cost(
                nanoseconds: 6851110012, computeNanoseconds: 782514753, bytes: 30859880, messages: 6355,
                longestMessage: 1210,
                memory: [28090, 28090])),
        Way(
            strategy: "clustered", objectives: "rotations:2", epochs: 900 / 1437.0,
            options: ["sync-every": 2, "models": 3],
            cost: Cost(
                nanoseconds: 614445001, computeNanoseconds: 23290495, bytes: 945500, messages: 95, longestMessage: 3630,
                memory: [32930, 32930])),
        Way(
            strategy: "clustered", objectives: "rotations:2", epochs: 900 / 1437.0,
            options: ["sync-every": 1, "models": 3, "aggregation": "gradients"],
            cost: Cost(
                nanoseconds: 1193149087, computeNanoseconds: 40203702, bytes: 1818320, messages: 185,
                longestMessage: 3630, memory: [32930, 32930])),
        Way(
            strategy: "clustered", objectives: "rotations:2", epochs: 900 / 1437.0,
            options: ["center": "none", "sync-every": 2, "models": 3, "most-peers": 2],
            cost: Cost(
                nanoseconds: 305734609, computeNanoseconds: 23727063, bytes: 408240, messages: 84, longestMessage: 1211,
                memory: [37770, 37770])),
        Way(
            strategy: "community", objectives: "rotations:2", epochs: 4,
            options: [
                "meeting-rounds": 3, "selected": 1, "joins": "2@5", "leaves": "0@11", "accepts": "guarded/1:ditto",
            ],
            cost: Cost(
                nanoseconds: 495660695, computeNanoseconds: 50860537, bytes: 627104, messages: 169,
                longestMessage: 1210, memory: [32930, 32930])),
        Way(
            strategy: "community", objectives: "rotations:2", epochs: 3,
            options: ["follows": "dac", "candidates": 2, "shares": "model/1:body", "accepts": "average"],
            cost: Cost(
                nanoseconds: 560804209, computeNanoseconds: 34419540, bytes: 432380, messages: 270,
                longestMessage: 1215, memory: [28090, 28090])),
        Way(
            strategy: "community", epochs: 2,
            options: ["follows": "all", "shares": "predictions/1:nothing", "accepts": "average"],
            cost: Cost(
                nanoseconds: 272389025, computeNanoseconds: 22872524, bytes: 769536, messages: 96,
                longestMessage: 51200, memory: [28090, 28090])),
        Way(
            strategy: "community", epochs: 2, options: ["follows": "all", "shares": "proxy", "accepts": "average"],
            cost: Cost(
                nanoseconds: 236073030, computeNanoseconds: 41087279, bytes: 582720, messages: 120,
                longestMessage: 1210, memory: [32930, 32930])),
    ]

    @Test(arguments: ways) func nothingThatIsDoneIsFree(_ way: Way) throws {
        var configuration = TestRuns.configuration(epochs: way.epochs, workers: way.workers, momentum: way.momentum)
        configuration.objectives = way.objectives
        let strategy = try configuration.make(#require(StrategyRegistry.named(way.strategy)), way.options)
        let outcome = try TestRuns.run(strategy, configuration)
        func nanoseconds(_ seconds: Double) -> Int { Int((seconds * 1e9).rounded()) }
        let samples = 1437 / way.workers
        let cost = Cost(
            nanoseconds: nanoseconds(outcome.report.seconds),
            computeNanoseconds: outcome.report.accounts.reduce(0) { $0 + nanoseconds($1.computeSeconds) },
            bytes: outcome.report.ledger.totalBytes, messages: outcome.report.ledger.totalMessages,
            longestMessage: strategy.longestMessage(parameters: TestRuns.network.parameterCount),
            memory: [0, strategy.rankCount - 1].map {
                strategy.memoryNeed(ofRank: $0, TestRuns.network, samples: samples).total
            })
        #expect(cost == way.cost)
    }
}
