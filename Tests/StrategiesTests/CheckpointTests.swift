import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Locking
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// A run that goes on from any of its checkpoints ends in the same bits as one that was not interrupted.
@Suite(.timeLimit(.minutes(60)))
struct CheckpointTests {
    struct Played {
        let record: TrainingRun.Record
        let report: FabricReport
        let schedule: Schedule?
        /// As they would be written.
        let checkpoints: [Data]
        /// Evaluations that `onEvaluation` was called for.
        let told: [TrainingRun.Evaluation]
    }

    /// - Parameters:
    ///   - interval: nil for no checkpoints.
    ///   - start: the bytes of the one to go on from. Then training starts in NaN, except where all is computed again:
    ///     whatever of the model is not the checkpoint's shows.
    private static func play(
        _ setup: Case, every interval: Int? = nil, from start: Data? = nil,
        write: @escaping @Sendable (RunState) throws -> Void = { _ in }
    ) throws -> Played {
        try BLAS.useOneThreadPerCaller()
        let (seeds, configuration) = (SeedSequence(3), setup.configuration)
        let strategy: any Strategy =
            switch setup.strategy {
            case RememberingClients.name: RememberingClients(configuration)
            case Self.pairs: Gossip(.pairwise, workers: setup.workers, configuration.shared)
            case TalkativeRank.name: TalkativeRank(batch: configuration.steps.batch)
            default: try configuration.make(#require(StrategyRegistry.named(setup.strategy)), setup.options)
            }
        let state = try start.map { try RunState(decoding: $0) }
        let (ranks, server) = (strategy.rankCount, strategy.serverRank)
        let cluster = setup.carrier == .emulated ? ClusterPresets.infiniband : ClusterPresets.phones4G
        let nodes = cluster.nodes(ranks: ranks, server: server, seeds: seeds)
        let recorder = ScheduleRecorder(ranks: ranks)
        let fabric: any Fabric
        switch setup.carrier {
        case .simulated:
            var simulated = SimulatedFabric(
                nodes: nodes, jitter: setup.jitter, compute: TestRuns.compute, seeds: seeds,
                departures: setup.departures, detectionSeconds: 1e-3, pool: HostPool(threads: 2))
            simulated.observer = recorder
            fabric = simulated
        case .threads: fabric = try ThreadFabric(ranks: ranks, from: state?.fabric)
        case .emulated:
            fabric = try ThreadFabric(
                ranks: ranks,
                emulating: .init(nodes: nodes, jitter: setup.jitter, compute: TestRuns.compute, seeds: seeds),
                from: state?.fabric)
        }
        let initial = TestRuns.network.initialParameters(.he, seeds: seeds)
        if start != nil, RunCheckpoints.Resumption(strategy, on: fabric) != .recompute { initial.fill(with: .nan) }
        let written = Guarded<[Data]>([])
        let told = Guarded<[TrainingRun.Evaluation]>([])
        let run = TrainingRun(
            network: TestRuns.network, data: try Digits.split(seeds: seeds, shuffles: true),
            configuration: configuration.shared, initialParameters: initial, seeds: seeds, shuffles: true, ranks: ranks,
            workspaces: WorkspacePool(for: TestRuns.network), metric: setup.metric,
            mayStop: !setup.departures.isEmpty,
            checkpoints: interval.map {
                RunCheckpoints(interval: $0, start: state, resumption: .init(strategy, on: fabric)) { state in
                    try write(state)
                    let data = try state.encoded()
                    written.withLock { $0.append(data) }
                }
            }, onEvaluation: { point in told.withLock { $0.append(point) } })
        let report = try fabric.run(try strategy.program(for: run))
        return Played(
            record: run.result, report: report, schedule: recorder.schedule, checkpoints: written.withLock { $0 },
            told: told.withLock { $0 })
    }

    private static func bits(_ model: ParameterVector?) -> [UInt32] { model?.values.map(\.bitPattern) ?? [] }

    /// All that numbers decide.
    private func expectSameNumbers(_ played: Played, _ whole: Played, _ what: Comment) {
        #expect(Self.bits(played.record.finalParameters) == Self.bits(whole.record.finalParameters), what)
        #expect(played.record.stepLosses.map(\.bitPattern) == whole.record.stepLosses.map(\.bitPattern), what)
        func points(_ played: Played) -> [[UInt64]] {
            played.record.evaluations.map { point in
                [UInt64(point.round), UInt64(point.samples), UInt64(point.bytesSent)]
                    + [point.trainLoss ?? -1, point.testAccuracy, point.testLoss].map(\.bitPattern)
            }
        }
        #expect(points(played) == points(whole), what)
        #expect(played.record.nodes.count == whole.record.nodes.count, what)
        for (node, expected) in zip(played.record.nodes, whole.record.nodes) {
            #expect(node.own == expected.own && node.finalCorrect == expected.finalCorrect, what)
            #expect(node.evaluations.map(\.testAccuracy) == expected.evaluations.map(\.testAccuracy), what)
            #expect(node.evaluations.map(\.trainLoss) == expected.evaluations.map(\.trainLoss), what)
            #expect(node.rank == expected.rank && node.trainedSamples == expected.trainedSamples, what)
            #expect(Self.bits(node.finalParameters) == Self.bits(expected.finalParameters), what)
            #expect(node.listened == expected.listened, what)
            #expect(node.finalScores.map(\.bitPattern) == expected.finalScores.map(\.bitPattern), what)
        }
        #expect(played.record.divergedAfterSamples == whole.record.divergedAfterSamples, what)
        #expect(played.record.isAtLimit == whole.record.isAtLimit, what)
        #expect(played.record.partitionSkew == whole.record.partitionSkew, what)
        #expect(played.report.ledger.entries == whole.report.ledger.entries, what)
        #expect(played.report.ledger.totalBytes == whole.report.ledger.totalBytes, what)
        #expect(played.report.ledger.totalMessages == whole.report.ledger.totalMessages, what)
    }

    private func expectSameTimes(_ played: Played, _ whole: Played, _ what: Comment) {
        #expect(played.record.evaluations == whole.record.evaluations, what)
        #expect(played.record.nodes.map(\.evaluations) == whole.record.nodes.map(\.evaluations), what)
        #expect(played.report.seconds == whole.report.seconds, what)
        #expect(played.report.accounts == whole.report.accounts, what)
        #expect(played.report.departures == whole.report.departures, what)
        #expect(played.record.lostSamples == whole.record.lostSamples, what)
        #expect(played.record.stoppedBy == whole.record.stoppedBy, what)
        #expect(played.schedule == whole.schedule, what)
    }

    @Test(arguments: simulated + adaptive)
    func aSimulatedRunGoesOnFromEveryCheckpointToTheSameBits(_ setup: Case) throws {
        let plain = try Self.play(setup)
        let whole = try Self.play(setup, every: 1)
        expectSameNumbers(whole, plain, "with checkpoints")
        expectSameTimes(whole, plain, "with checkpoints")
        #expect(whole.checkpoints.count >= 3, "\(whole.checkpoints.count) checkpoints")
        #expect(setup.departures.count == whole.report.departures.count)
        for (index, checkpoint) in whole.checkpoints.enumerated() {
            let resumed = try Self.play(setup, every: 1, from: checkpoint)
            let what: Comment = "from checkpoint \(index + 1) of \(whole.checkpoints.count)"
            expectSameNumbers(resumed, whole, what)
            expectSameTimes(resumed, whole, what)
            #expect(resumed.checkpoints == Array(whole.checkpoints[(index + 1)...]), what)
            let round = try RunState(decoding: checkpoint).position.round
            #expect(resumed.told == whole.record.evaluations.filter { $0.round > round }, what)
        }
    }

    @Test(arguments: measured + adaptiveMeasured)
    func aMeasuredRunGoesOnFromEveryCheckpointToTheSameNumbers(_ setup: Case) throws {
        let whole = try Self.play(setup, every: 1)
        expectSameNumbers(whole, try Self.play(setup), "with checkpoints")
        #expect(whole.checkpoints.count >= 3, "\(whole.checkpoints.count) checkpoints")
        for (index, checkpoint) in whole.checkpoints.enumerated() {
            let resumed = try Self.play(setup, every: 1, from: checkpoint)
            let what: Comment = "from checkpoint \(index + 1) of \(whole.checkpoints.count)"
            expectSameNumbers(resumed, whole, what)
            // The clock and the accounts go on from where they were, and what was evaluated before keeps its time.
            let state = try RunState(decoding: checkpoint)
            let fabric = try #require(state.fabric)
            #expect(fabric.seconds > 0 && resumed.report.seconds > fabric.seconds, what)
            #expect(Array(resumed.record.evaluations.prefix(state.evaluations.count)) == state.evaluations, what)
            let later = resumed.record.evaluations.dropFirst(state.evaluations.count)
            #expect(later.allSatisfy { $0.clusterSeconds > fabric.seconds }, what)
            for (account, before) in zip(resumed.report.accounts, fabric.accounts) {
                #expect(account.computeSeconds >= before.computeSeconds, what)
                #expect(account.communicationSeconds >= before.communicationSeconds, what)
                #expect(account.hiddenCommunicationSeconds >= before.hiddenCommunicationSeconds, what)
            }
            #expect(fabric.accounts.contains { $0.computeSeconds > 0 }, what)
            // Before the checkpoint the two agree, so what they write after it says the same of numbers.
            #expect(resumed.checkpoints.count == whole.checkpoints.count - index - 1, what)
            #expect(resumed.told.allSatisfy { $0.round > state.position.round }, what)
        }
    }

    /// What nodes by timers come to is never the same twice on threads, but they go on where they were.
    @Test(arguments: ["gossip", pairs], [Carrier.threads, .emulated])
    func nodesAtTheirOwnPaceGoOnFromEveryCheckpoint(_ strategy: String, _ carrier: Carrier) throws {
        let setup = Case(strategy: strategy, carrier: carrier, workers: 4, momentum: 0.5)
        let whole = try Self.play(setup, every: 4)
        #expect(try whole.checkpoints.map { try RunState(decoding: $0).position.round } == [4, 8, 12])
        for checkpoint in whole.checkpoints {
            let (resumed, state) = (
                try Self.play(setup, every: 4, from: checkpoint), try RunState(decoding: checkpoint)
            )
            #expect(Array(resumed.record.evaluations.prefix(state.evaluations.count)) == state.evaluations)
            #expect(resumed.record.evaluations.map(\.samples) == whole.record.evaluations.map(\.samples))
            #expect(resumed.told.allSatisfy { $0.round > state.position.round })
            #expect(resumed.record.nodes.map(\.trainedSamples) == whole.record.nodes.map(\.trainedSamples))
            #expect(resumed.record.nodes.allSatisfy { $0.finalParameters?.isFinite == true && !$0.listened.isEmpty })
            let ages = (0..<4).compactMap { state.values.vectors["gossip counters of rank \($0)"]?[0] }
            #expect(
                ages.count == (strategy == "gossip" ? 4 : 0) && ages.allSatisfy { $0 >= Float(state.position.round) })
        }
    }

    @Test(arguments: [Carrier.simulated, .threads], [3, 4, 7])
    func theNextProcessMayUseAnotherInterval(_ carrier: Carrier, interval: Int) throws {
        let setup = Case(carrier: carrier, momentum: 0.5)
        let whole = try Self.play(setup, every: 4)
        #expect(try whole.checkpoints.map { try RunState(decoding: $0).position.round } == [4, 8])
        let resumed = try Self.play(setup, every: interval, from: whole.checkpoints[0])
        expectSameNumbers(resumed, whole, "every \(interval)")
        let expected = [3: [6, 9], 4: [8], 7: [7]][interval]
        #expect(try resumed.checkpoints.map { try RunState(decoding: $0).position.round } == expected)
    }

    @Test func aCheckpointKeepsWhatDivergingModelsHold() throws {
        let values: [Float] = [.nan, -.nan, .signalingNaN, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 0.1]
        let doubles = [Double.nan, .signalingNaN, .infinity, -0.0, .leastNonzeroMagnitude, 0.1]
        let point = TrainingRun.Evaluation(
            round: 1, samples: 2, clusterSeconds: .infinity, bytesSent: .max, trainLoss: .nan, testAccuracy: 0.1,
            testLoss: -.infinity)
        let state = RunState(
            position: RunPosition(round: .max, samples: 3),
            values: StateValues(
                vectors: [
                    "parameters": ParameterVector(values), "velocity of rank 3": ParameterVector(values.reversed()),
                ], counts: ["drawn rounds": [4], "client rounds": [0, 5, 6]]),
            evaluatedParameters: ParameterVector([1]), evaluations: [point, point], stepLosses: doubles,
            lossSum: .signalingNaN, lossSamples: 7, clusterNanoseconds: .max, bytesSent: 8,
            fabric: FabricSnapshot(
                seconds: 0.1, accounts: [TimeAccount(), TimeAccount()],
                traffic: TrafficPurpose.allCases.map {
                    TrafficLedger.Entry(
                        rank: 1, purpose: $0, direction: .uplink, bytesSent: 1, messagesSent: 2, bytesReceived: 3,
                        messagesReceived: 4)
                }), hostSeconds: 9.5)
        let read = try RunState(decoding: state.encoded())
        #expect(try read.encoded() == state.encoded())
        #expect(read.values.vectors.keys.sorted() == ["parameters", "velocity of rank 3"])
        #expect(Self.bits(read.values.vectors["parameters"]) == values.map(\.bitPattern))
        #expect(Self.bits(read.values.vectors["velocity of rank 3"]) == values.reversed().map(\.bitPattern))
        #expect(Self.bits(read.evaluatedParameters) == [Float(1).bitPattern])
        #expect(read.values.counts == state.values.counts)
        #expect(read.stepLosses.map(\.bitPattern) == doubles.map(\.bitPattern))
        #expect(read.position == state.position && read.fabric == state.fabric && read.hostSeconds == 9.5)
        #expect(read.evaluations[1].trainLoss?.isNaN == true && read.evaluations[0].testLoss == -.infinity)
        #expect(read.lossSum.bitPattern == Double.signalingNaN.bitPattern && read.lossSamples == 7)
        #expect(read.clusterNanoseconds == .max && read.bytesSent == 8)
    }

    @Test(arguments: ["sync", "federated"])
    func bytesThatAreNoStateAreRefusedWhereverTheyEnd(_ strategy: String) throws {
        let setup = Case(strategy: strategy, carrier: .threads, workers: 2, momentum: 0.5, epochs: 2)
        let bytes = try #require(try Self.play(setup, every: 1).checkpoints.last)
        for length in 0..<bytes.count where length < 200 || length % 97 == 0 || length > bytes.count - 200 {
            #expect(throws: CheckpointError.self, "\(length) bytes") { try RunState(decoding: bytes.prefix(length)) }
        }
        let error = #expect(throws: CheckpointError.self) { try RunState(decoding: bytes + [0]) }
        #expect(error?.description.contains("bytes of data; the tensors take") == true, "\(error.debugDescription)")
        // No byte of the header can be another one and bring the program down, or make it ask for more memory than there is.
        for start in 0..<min(bytes.count, 2000) {
            for byte in [0x00, 0x22, 0x39, 0x7f] as [UInt8] {
                var damaged = bytes
                damaged[start] = byte
                _ = try? RunState(decoding: damaged)
            }
        }
    }

    private struct FullDisk: Error {}

    @Test(arguments: [
        Case(), Case(strategy: "threads", carrier: .threads), Case(strategy: "federated", carrier: .threads, epochs: 4),
        Case(strategy: "federated", epochs: 4), Case(carrier: .emulated),
    ])
    func aCheckpointThatCannotBeWrittenEndsTheRunOnAllRanks(_ setup: Case) throws {
        #expect(throws: FullDisk.self) {
            try Self.play(setup, every: 2) { if $0.position.round == 4 { throw FullDisk() } }
        }
    }

    @Test func aCheckpointOfAnotherJobIsRefusedWithBothTimes() throws {
        let setup = Case()
        let checkpoint = try #require(try Self.play(setup, every: 4).checkpoints.first)
        var other = setup
        other.jitter = Self.jitter
        let error = #expect(throws: CheckpointError.self) { try Self.play(other, every: 4, from: checkpoint) }
        let words = error?.description ?? ""
        #expect(words.contains("after 4 updates") && words.contains("this program comes there at"), "\(words)")
        #expect(words.contains("\(try RunState(decoding: checkpoint).bytesSent) bytes"), "\(words)")
    }

    @Test func aCheckpointOfAnotherModelIsRefused() throws {
        let setup = Case(momentum: 0.5)
        let checkpoint = try #require(try Self.play(setup, every: 4).checkpoints.first)
        var other = setup
        other.momentum = 0
        let error = #expect(throws: CheckpointError.self) { try Self.play(other, every: 4, from: checkpoint) }
        #expect(
            error?.description == "the checkpoint has a vector 'velocity'; allowed are [\"parameters\"]",
            "\(error.debugDescription)")
    }

    @Test func whatMessagesDependOnIsComputedAgainAndCompared() throws {
        let setup = Case(strategy: TalkativeRank.name, workers: 2)
        let whole = try Self.play(setup, every: 4)
        // Ten messages of a number or of 1,210, and 16 bytes around each.
        let (loud, rest) = (whole.report.ledger.totalBytes - 10 * 20).quotientAndRemainder(dividingBy: 4 * 1209)
        #expect((1...9).contains(loud) && rest == 0, "\(loud) of 10 messages with a model")
        var state = try RunState(decoding: whole.checkpoints[0])
        let model = try #require(state.values.vectors["parameters"]).copied()
        model[7] += 0.5
        state.values.vectors["parameters"] = model
        let changed = try state.encoded()
        let error = #expect(throws: CheckpointError.self) { try Self.play(setup, every: 4, from: changed) }
        #expect(
            error?.description
                == "the checkpoint after 4 updates has another state than this program computes up to there")
    }

    @Test func aStateThatTheStrategyDoesNotDeclareIsNamed() throws {
        let (vector, declared) = (ParameterVector([1, 2]), ClientRounds.state(TestRuns.configuration().clients))
        let whole = StateValues(
            vectors: ["parameters": vector],
            counts: ["drawn rounds": [1], "client rounds": Array(repeating: 0, count: 10)])
        #expect(whole.problem(declared, ranks: 11) == nil)
        func problem(_ change: (inout StateValues) -> Void) -> String? {
            var values = whole
            change(&values)
            return values.problem(
                declared + [.vector("velocity", .server), .vector("control", .eachWorker)], ranks: 11,
                parameterCount: 2, largestCount: 9)
        }
        #expect(problem { _ in } == "no vector 'velocity', which the run needs")
        #expect(problem { $0.vectors["velocity"] = ParameterVector([1, 2]) } == nil)
        #expect(
            problem { $0.vectors["velocity"] = ParameterVector([1]) }
                == "1 numbers in vector 'velocity'; allowed are 2")
        func named(_ name: String) -> String? {
            problem { ($0.vectors["velocity"], $0.vectors[name]) = (vector, vector) }
        }
        #expect(named("control of rank 10") == nil)
        let allowed = #"allowed are ["parameters", "velocity", "control"]"#
        for name in ["control", "control of rank 11", "momentum"] {
            #expect(named(name) == "a vector '\(name)'; \(allowed)")
        }
        for counts in [[], [1, 2], [-1], [10]] {
            #expect(
                problem { $0.counts["drawn rounds"] = counts }
                    == "\(counts.count) counts 'drawn rounds'; allowed are 1 from 0 to 9")
        }
        #expect(
            problem { ($0.vectors["velocity"], $0.counts["age"]) = (vector, [1]) }
                == "counts 'age', which the run does not have")
    }
}
