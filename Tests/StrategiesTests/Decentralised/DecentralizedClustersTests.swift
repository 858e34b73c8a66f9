import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// DFCA: every node keeps all models, and no cluster's numbers go into another's.
@Suite(.timeLimit(.minutes(60)))
struct DecentralizedClustersTests {
    fileprivate static let nodes = 6

    private func strategy(_ configuration: TrainingConfiguration, _ options: Clustered.Options) -> DecentralizedClusters
    {
        DecentralizedClusters(configuration: configuration, options: options)
    }

    private func shared(rounds: Int, rate: Double = 0.1) -> TrainingConfiguration {
        ClusterRuns.configuration(
            rounds: rounds, nodes: Self.nodes, samplesOfStep: 479, objectives: "rotations:2", rate: rate)
    }

    private var options: Clustered.Options { ClusterRuns.options(.none, workers: Self.nodes, models: nil) }

    private static func name(_ model: Int) -> String { ClusterRounds.name(ofModel: model) }

    // MARK: Merging

    /// A schedule in which everybody meets everybody, or only nodes of its own kind.
    private struct Meetings: PeerSchedule {
        var isMet: @Sendable (Int, Int) -> Bool = { _, _ in true }

        func exchange(of node: Int, round: Int) -> PeerExchange {
            let others = (0..<DecentralizedClustersTests.nodes).filter { $0 != node && isMet($0, node) }
            return PeerExchange(
                receivers: others.map { .init(node: $0, weight: 1) },
                row: (others + [node]).sorted().map { .init(node: $0, weight: 1) })
        }
    }

    /// A round without learning: what each node keeps of its models, and takes of what it heard, in the order of nodes.
    @Test(arguments: [(0.5, 0.4), (0.25, 0.9)]) func modelsAreMergedOneAfterTheOther(own: Double, other: Double) throws
    {
        var options = options
        (options.ownShare, options.otherShare) = (own, other)
        let shared = shared(rounds: 1, rate: PeerRuns.noRate)
        // Each node's models lie apart by its number, and so near a trained one that nodes choose as if they did not.
        let kinds = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        @Sendable func number(_ kind: Int, _ node: Int, _ place: Int) -> Float {
            kinds[kind][place] + Float((node + 1) * (kind + 1)) * 1e-3
        }
        let outcome = try ClusterRuns.play(strategy(shared, options), shared, schedule: Meetings()) { state in
            for kind in 0..<2 {
                state.begin(Self.name(kind)) { node in
                    ParameterVector((0..<1210).map { number(kind, node ?? 0, $0) })
                }
            }
        }
        #expect(outcome.choices == [0, 1, 0, 1, 0, 1])
        for node in 0..<Self.nodes {
            for kind in 0..<2 {
                let found = outcome.state.vector(Self.name(kind), ofRank: node)
                for place in [0, 7, 1209] {
                    var expected = Double(number(kind, node, place))
                    for sender in 0..<Self.nodes where sender != node && sender % 2 == kind {
                        let share = node % 2 == kind ? own : other
                        expected = share * expected + (1 - share) * Double(number(kind, sender, place))
                    }
                    #expect(abs(Double(found[place]) - expected) < 1e-6, "node \(node), model \(kind)")
                }
            }
            // Two others of its kind, of which the later one is taken in last.
            let listened = outcome.record.nodes[node].listened.sorted { $0.key < $1.key }
            #expect(listened.map(\.key) == [0, 1, 2, 3, 4, 5].filter { $0 % 2 == node % 2 && $0 != node })
            #expect(abs(listened[0].value - (1 - own) * own) < 1e-6 && abs(listened[1].value - (1 - own)) < 1e-6)
        }
    }

    /// With the true clusters it makes no bit of difference to a node's model whether it meets nodes of other kinds.
    @Test func clustersNeverMix() throws {
        let models = try ClusterRuns.modelsOfKinds("rotations:2", nodes: Self.nodes)
        let shared = shared(rounds: 5)
        let all = try ClusterRuns.play(strategy(shared, options), shared, models: models, schedule: Meetings())
        let apart = try ClusterRuns.play(
            strategy(shared, options), shared, models: models, schedule: Meetings { $0 % 2 == $1 % 2 })
        #expect(all.choices == [0, 1, 0, 1, 0, 1] && apart.choices == all.choices)
        #expect(all.models == apart.models)
        #expect(all.models[0] != models[0].values && all.models[0] != all.models[4])
        // The models that they do not train differ: they were heard of, or were not.
        let other = [all, apart].map { $0.state.vector(Self.name(1), ofRank: 0).values }
        #expect(other[0] != models[1].values && other[1] == models[1].values)
    }

    @Test func aNodeByItselfIsAlone() throws {
        let shared = ClusterRuns.configuration(rounds: 20, nodes: 1, samplesOfStep: 10, momentum: 0.5)
        let clustered = try ClusterRuns.play(
            strategy(shared, ClusterRuns.options(.none, workers: 1, models: 1, batch: 10)), shared, shuffles: true)
        let options = NodeOptions(workers: 1, localBatch: 10)
        let alone = try ClusterRuns.play(
            Alone(configuration: shared, nodeOptions: options), shared, shuffles: true)
        #expect(clustered.models == alone.models)
    }

    @Test func nodesBeginWithTheSameModelsOrWithTheirOwn() throws {
        var local = options
        local.initialModels = .local
        let shared = shared(rounds: 1)
        func begin(_ options: Clustered.Options, seed: UInt64 = 1) throws -> [[Float]] {
            let outcome = try ClusterRuns.play(strategy(shared, options), shared, seed: seed)
            let state = NamedState(strategy(shared, options).state, startingFrom: outcome.run.initialParameters)
            _ = strategy(shared, options).rule(for: outcome.run, state, NobodyElse())
            return (0..<2).flatMap { model in state.vectors(Self.name(model), ranks: Self.nodes) }
        }
        let (common, own) = (try begin(options), try begin(local))
        #expect(Set(common).count == 2 && Set(own).count == 12 && Set(common + own).count == 14)
        let initial = TestRuns.network.initialParameters(.he, seeds: SeedSequence(1)).values
        #expect(common[0] == initial)
        #expect(try Set(begin(options, seed: 2) + common).count == 4)
        // All models are drawn as the network's own initial model is: 64 inputs, so a deviation of sqrt(2 / 64), and
        // biases of 0.
        for model in own + common {
            let deviation = (model[..<1024].reduce(0) { $0 + Double($1 * $1) } / 1024).squareRoot()
            #expect(abs(deviation - 0.1768) < 0.02 && model[1024..<1040].allSatisfy { $0 == 0 })
        }
    }

    @Test func nodesFindTheirKinds() throws {
        try ClusterRuns.expectKindsFound(.none)
    }

    // MARK: Meetings

    @Test(arguments: [(16, 6), (50, 9), (3, 9), (2, 1)]) func whoMeetsIsHeardAndHears(nodes: Int, most: Int) {
        let schedule = MeetingSchedule(nodes: nodes, mostPeers: most, SeedSequence(1))
        let again = MeetingSchedule(nodes: nodes, mostPeers: most, SeedSequence(1))
        var rounds: Set<[[Int]]> = []
        for round in (0..<100).reversed() {
            let exchanges = (0..<nodes).map { schedule.exchange(of: $0, round: round) }
            for (node, exchange) in exchanges.enumerated() {
                let others = exchange.receivers.map(\.node)
                #expect(Set(others).count == others.count && !others.contains(node))
                #expect(exchange.row.map(\.node) == (others + [node]).sorted())
                #expect(others.allSatisfy { exchanges[$0].receivers.contains { $0.node == node } })
                // Beyond its own picks a node is met once more, by who finds it without any.
                #expect(others.count <= min(most, nodes - 1) + 1)
                let other = again.exchange(of: node, round: round)
                #expect(other.row == exchange.row && other.receivers == exchange.receivers)
            }
            rounds.insert(exchanges.map { $0.receivers.map(\.node) })
        }
        #expect(rounds.count > (nodes > 3 ? 99 : nodes - 2))
    }

    /// The rule of picking others, written a second time in another program with other random numbers, gives 4.76
    /// meetings a node and round.
    @Test func nodesHaveAboutAsManyMeetingsAsTheyPickOthers() {
        let schedule = MeetingSchedule(nodes: 200, mostPeers: 9, SeedSequence(2))
        let counts = (0..<50).flatMap { round in
            (0..<200).map { schedule.exchange(of: $0, round: round).receivers.count }
        }
        // A deviation of some 2.5 each, halved since two meet.
        let mean = Double(counts.reduce(0, +)) / Double(counts.count)
        #expect(abs(mean - 4.76) < 0.12, "\(mean)")
        #expect(MeetingSchedule(nodes: 1, mostPeers: 5, SeedSequence(1)).exchange(of: 0, round: 3).receivers.isEmpty)
    }

    /// Both nodes of a pair send a model and the model's number.
    @Test func meetingsAreCharged() throws {
        let (rounds, nodes) = (5, 8)
        let shared = ClusterRuns.configuration(rounds: rounds, nodes: nodes, samplesOfStep: 10)
        var options = ClusterRuns.options(.none, workers: nodes, models: 3, batch: 10)
        options.mostPeers = 3
        let outcome = try ClusterRuns.play(strategy(shared, options), shared)
        let schedule = strategy(shared, options).schedule(SeedSequence(1))
        let messages = (0..<rounds).reduce(0) { sum, round in
            (0..<nodes).reduce(sum) { $0 + schedule.exchange(of: $1, round: round).receivers.count }
        }
        #expect(outcome.report.ledger.totalMessages == messages)
        #expect(outcome.report.ledger.totalBytes == messages * (4 * (1210 + 1) + 16))
    }

    /// p forward passes over all that a node has: once at first, and once a round.
    @Test func choosingIsCharged() throws {
        let rounds = 4
        let shared = ClusterRuns.configuration(rounds: rounds, nodes: 1, samplesOfStep: 1437)
        func seconds(_ models: Int) throws -> [Double] {
            let options = ClusterRuns.options(.none, workers: 3, models: models)
            return try ClusterRuns.play(strategy(shared, options), shared).report.accounts.map(\.computeSeconds)
        }
        let pass = TestRuns.compute.seconds(.forward(samples: 479, passes: 2))
        for (one, three) in zip(try seconds(1), try seconds(3)) {
            #expect(abs(three - one - Double(rounds + 1) * pass) < 1e-8)
        }
    }

    // MARK: On all fabrics

    /// A cluster whose machines differ, wait and stumble.
    @Test(arguments: Clustered.Center.allCases)
    func allBitsAreTheSameHoweverLongThingsTake(_ center: Clustered.Center) throws {
        let shared = ClusterRuns.configuration(
            rounds: 8, nodes: 7, samplesOfStep: 10, syncEvery: 3, objectives: "rotations:3", momentum: 0.5,
            evaluatesEveryRound: true)
        let options = ClusterRuns.options(center, workers: 7, models: 3, syncEvery: 3, batch: 10)
        let strategy: any Strategy =
            center == .server
            ? ServedClusters(configuration: shared, options: options)
            : DecentralizedClusters(configuration: shared, options: options)
        var cluster = ClusterPresets.ethernet1G
        cluster.worker.speed = 0.1
        func play(
            _ threads: Int, on carrier: TestRuns.Carrier = .simulated, departures: [Departure] = [],
            jitter: Jitter = .logNormal(sigma: 0.5)
        ) throws -> ClusterRuns.Outcome {
            try ClusterRuns.play(
                strategy, shared, shuffles: true, on: carrier, cluster: cluster, jitter: jitter,
                departures: departures, hostThreads: threads)
        }
        let whole = try play(1)
        let other = try play(2)
        #expect(whole.models == other.models && whole.record.evaluations == other.record.evaluations)
        #expect(
            whole.report.ledger.entries == other.report.ledger.entries && whole.report.seconds == other.report.seconds)
        #expect(whole.record.nodes.map(\.listened) == other.record.nodes.map(\.listened))
        for carrier in TestRuns.Carrier.allCases {
            let calm = try play(2, on: carrier, jitter: .none)
            #expect(calm.models == whole.models && calm.choices == whole.choices)
            #expect(calm.record.evaluations.map(\.trainLoss) == whole.record.evaluations.map(\.trainLoss))
        }
        let leaving = [Departure(rank: 4, seconds: 0.4 * whole.report.seconds)]
        let (left, again) = (try play(1, departures: leaving), try play(2, departures: leaving))
        #expect(left.report.departures.map(\.rank) == [4] && left.record.evaluations.last?.round == 8)
        #expect(left.models == again.models && left.record.evaluations == again.record.evaluations)
        let others = (0..<7).filter { $0 != 4 }
        #expect(left.report.seconds == again.report.seconds && others.contains { left.models[$0] != whole.models[$0] })
    }

    @Test(arguments: TestRuns.Carrier.allCases) func divergenceEndsTheRun(_ carrier: TestRuns.Carrier) throws {
        var shared = shared(rounds: 20, rate: 1e30)
        shared.evaluateEveryEpochs = 1e-3
        let record = try ClusterRuns.play(strategy(shared, options), shared, on: carrier).record
        #expect(try #require(record.divergedAfterSamples) < 20 * Self.nodes * 479)
    }
}
