import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// The community against strategies that it becomes, its bytes, and who finds whom.
@Suite(.timeLimit(.minutes(60)))
struct CommunityTests {
    static func strategy(
        _ shared: TrainingConfiguration, workers: Int, syncEvery: Int = 1, _ change: (inout Community.Options) -> Void
    ) -> Community {
        var options = Community.Options()
        options.nodes = NodeOptions(workers: workers, syncEvery: syncEvery)
        change(&options)
        precondition(options.problem == nil, options.problem ?? "")
        return Community(configuration: shared, options: options)
    }

    private func alone(
        _ shared: TrainingConfiguration, workers: Int, network: Network = TestRuns.network
    ) throws -> PeerRuns.Outcome {
        var options = LoneNodeOptions()
        options.workers = workers
        return try PeerRuns.play(
            Alone(configuration: shared, nodeOptions: NodeOptions(options)), shared, network: network)
    }

    // MARK: What it becomes

    @Test func whoSharesNothingAndFollowsNobodyIsAlone() throws {
        let shared = PeerRuns.configuration(rounds: 30, workers: 4, momentum: 0.5)
        let lone = try alone(shared, workers: 4)
        let outcome = try PeerRuns.play(
            Self.strategy(shared, workers: 4) { ($0.shares, $0.follows) = ("nothing", "nobody") }, shared)
        #expect(outcome.models == lone.models && outcome.report.ledger.totalMessages == 0)
        #expect(outcome.report.seconds == lone.report.seconds)
    }

    /// A guarded node holds samples out to judge what it hears by: none where there is nobody whom it could hear.
    @Test(arguments: [("nothing", "pens"), ("nothing", "all"), ("nothing", "dac"), ("model", "nobody")])
    func whereNobodyCanBeHeardNothingIsHeldOut(_ shares: String, _ follows: String) throws {
        let shared = PeerRuns.configuration(rounds: 30, workers: 4, momentum: 0.5)
        let strategy = Self.strategy(shared, workers: 4) { ($0.shares, $0.follows) = (shares, follows) }
        let outcome = try PeerRuns.play(strategy, shared)
        #expect(outcome.models == (try alone(shared, workers: 4).models))
        #expect(strategy.notes.count == 1 && strategy.notes[0].contains("every node trains alone"))
    }

    /// The only node that shares has nobody to hear, and the others guard themselves.
    @Test func whoCanHearSomebodyHoldsOut() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 3)
        let strategy = Self.strategy(shared, workers: 3) { ($0.shares, $0.follows) = ("nothing/1:model", "all") }
        let outcome = try PeerRuns.play(strategy, shared)
        let parts = try strategy.policy.parts(of: outcome.run, strategy.nodeOptions)
        #expect(parts.map { $0.parts.validation.isEmpty } == [false, true, false])
        #expect(strategy.notes == ["node 1 hears nobody and trains alone; others may hear it"])
    }

    /// Whatever the others do: the shared copy is averaged all the while.
    @Test func dittoWithoutAPullIsAlone() throws {
        let shared = PeerRuns.configuration(rounds: 30, workers: 4, momentum: 0.5)
        let outcome = try PeerRuns.play(
            Self.strategy(shared, workers: 4) { ($0.follows, $0.accepts, $0.lambda) = ("all", "ditto", 0) }, shared)
        let models = outcome.models
        #expect(try models == alone(shared, workers: 4).models)
        #expect(outcome.report.ledger.totalMessages == 30 * 4 * 3)
        let copies = outcome.state.vectors(Community.Rule.shared, ranks: 4)
        #expect(copies.allSatisfy { $0 == copies[0] } && copies[0] != models[0])
    }

    /// The shared copies are D-PSGD's models, and each node's own model is drawn to them the more, the larger λ.
    @Test func dittoPullsAModelToTheSharedCopy() throws {
        let shared = PeerRuns.configuration(rounds: 60, workers: 4)
        func distance(_ lambda: Double) throws -> Float {
            let strategy = Self.strategy(shared, workers: 4) {
                ($0.follows, $0.accepts, $0.lambda) = ("overlay", "ditto", lambda)
            }
            let outcome = try PeerRuns.play(strategy, shared)
            let plain = try PeerRuns.play(DecentralizedSGD(shared, workers: 4), shared)
            let copies = outcome.state.vectors(Community.Rule.shared, ranks: 4)
            #expect(copies == plain.models)
            return zip(copies, outcome.models).map { TestRuns.distance($0, $1) }.max() ?? 0
        }
        let distances = try [0, 0.5, 5].map(distance)
        #expect(distances[1] < 0.8 * distances[0] && distances[2] < 0.7 * distances[1], "\(distances)")
    }

    /// v ← v - η (∇F(v) + λ (v - x)), by hand.
    @Test func dittosStepIsThePapers() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 2, syncEvery: 2, rate: 0.5)
        let strategy = Self.strategy(shared, workers: 2, syncEvery: 2) {
            ($0.follows, $0.accepts, $0.lambda) = ("nobody", "ditto", 0.7)
        }
        let outcome = try PeerRuns.play(strategy, shared, shuffles: false)
        let shards = try outcome.run.partition("iid", among: 2)
        for rank in 0..<2 {
            // x begins as v, and stays there during the steps of a round.
            let x = outcome.run.initialParameters.values
            var v = x
            for batch in [shards[rank][0..<10], shards[rank][10..<20]] {
                let gradient = ParameterVector(count: v.count)
                _ = outcome.run.lossAndGradient(batch, dividedBy: 10, at: ParameterVector(v), into: gradient)
                for index in v.indices { v[index] -= 0.5 * (gradient[index] + 0.7 * (v[index] - x[index])) }
            }
            #expect(TestRuns.distance(outcome.models[rank], v) < 1e-6)
            #expect(TestRuns.distance(outcome.models[rank], x) > 1e-3)
        }
    }

    @Test(arguments: ["ring", "one-peer", "star", "exponential"])
    func withAnOverlayAndAveragesItIsDPSGD(_ overlay: String) throws {
        let shared = PeerRuns.configuration(rounds: 20, workers: 5, momentum: 0.5)
        let outcome = try PeerRuns.play(
            Self.strategy(shared, workers: 5) {
                ($0.follows, $0.accepts, $0.overlay.overlay) = ("overlay", "average", overlay)
            }, shared)
        let plain = try PeerRuns.play(DecentralizedSGD(shared, workers: 5, overlay: overlay), shared)
        #expect(outcome.models == plain.models)
        #expect(outcome.report.seconds == plain.report.seconds)
        #expect(outcome.report.ledger.entries == plain.report.ledger.entries)
        #expect(outcome.record.nodes.map(\.notes.listened).count == 5)
        for (own, other) in zip(outcome.record.nodes, plain.record.nodes) {
            #expect(own.notes.listened.keys.sorted() == other.notes.listened.keys.sorted())
        }
    }

    /// With m = n_s = n - 1 all are heard, kept and followed: the average of all by their samples.
    @Test func withAllCandidatesKeptPENSIsTheFullAverage() throws {
        var shared = PeerRuns.configuration(rounds: 12, workers: 4)
        func models(_ follows: String, partition: String) throws -> PeerRuns.Outcome {
            let strategy = Self.strategy(shared, workers: 4) {
                ($0.follows, $0.accepts, $0.drawn, $0.selected, $0.meetingRounds) = (follows, "average", 3, 3, 5)
                $0.nodes.partition = partition
            }
            return try PeerRuns.play(strategy, shared)
        }
        let pens = try models("pens", partition: "dirichlet:0.5")
        #expect(try pens.models == models("all", partition: "dirichlet:0.5").models)
        #expect(pens.models.allSatisfy { $0 == pens.models[0] })
        // Shards of 479 samples each weigh alike.
        shared = PeerRuns.configuration(rounds: 12, workers: 3)
        let strategy = Self.strategy(shared, workers: 3) { ($0.follows, $0.accepts) = ("all", "average") }
        let full = try PeerRuns.play(DecentralizedSGD(shared, workers: 3, overlay: "full", mixing: .uniform), shared)
        #expect(try PeerRuns.play(strategy, shared).models == full.models)
    }

    /// Communities that do not follow each other are runs of their own, bit for bit.
    @Test func communitiesThatDoNotFollowEachOtherAreRunsOfTheirOwn() throws {
        let shared = PeerRuns.configuration(rounds: 15, workers: 6)
        func models(_ edges: [(Int, Int)], _ follows: String) throws -> [[Float]] {
            let strategy = Self.strategy(shared, workers: 6) { ($0.follows, $0.accepts) = (follows, "guarded") }
            let graph = OverlayGraph(nodes: 6, edges: edges)
            let overlay = OverlaySchedule(OverlayNetwork([graph]), [MixingMatrix(.metropolis, on: graph)])
            return try PeerRuns.play(
                strategy, shared, schedule: CommunitySchedule(strategy.policy, overlay, SeedSequence(1))
            ).models
        }
        let (first, second) = ([(0, 1), (1, 2), (0, 2)], [(3, 4), (4, 5)])
        let both = try models(first + second, "overlay")
        let (one, other) = (try models(first, "overlay/3-5:nobody"), try models(second, "overlay/0-2:nobody"))
        #expect(Array(both[0..<3]) == Array(one[0..<3]) && Array(both[3...]) == Array(other[3...]))
        #expect(both[0] != other[0] && both[3] != one[3])
    }

    // MARK: Parts of a model

    private static let oneLayer = Network(
        input: FeatureShape(channels: 1, height: 8, width: 8), [.flatten, .dense("fc", outputs: 10)])

    /// A network of one layer has no body: sharing it is training alone, and sharing the head is sharing all.
    @Test func anEmptyBodyIsAloneAndAnEmptyHeadIsAll() throws {
        let shared = PeerRuns.configuration(rounds: 10, workers: 3)
        func models(_ shares: String) throws -> PeerRuns.Outcome {
            try PeerRuns.play(
                Self.strategy(shared, workers: 3) { ($0.shares, $0.follows, $0.accepts) = (shares, "all", "average") },
                shared, network: Self.oneLayer)
        }
        #expect(try models("body").models == alone(shared, workers: 3, network: Self.oneLayer).models)
        #expect(try models("head").models == models("model").models)
        #expect(try models("head").report.ledger.totalBytes == 10 * 6 * (4 * 650 + 16))
        #expect(try models("body").report.ledger.totalBytes == 10 * 6 * 16)
    }

    /// Nodes 0 and 1 share all, 2 its body, 3 its head; what nobody else shares is a node's own.
    @Test func partsAreAveragedOverThoseWhoShareThem() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 4, rate: PeerRuns.noRate)
        let strategy = Self.strategy(shared, workers: 4) {
            ($0.shares, $0.follows, $0.accepts) = ("model/2:body/3:head", "all/1:nobody", "average")
            $0.drawn = nil
        }
        func begin(_ state: NamedState) {
            PeerRuns.set(state, ranks: 4, [StateDeclaration.parametersName]) { Float($0 * $0 + 1) }
        }
        let outcome = try PeerRuns.play(strategy, shared, prepare: begin)
        let start = NamedState(strategy.state, startingFrom: outcome.run.initialParameters)
        begin(start)
        let x = start.vectors(StateDeclaration.parametersName, ranks: 4)
        // 64 * 16 + 16 numbers are before the last layer. Shards are 359 or 360 samples.
        let n = try outcome.run.partition("iid", among: 4).map { Double($0.count) }
        func expected(_ node: Int, _ index: Int) -> Double {
            guard node != 1 else { return Double(x[1][index]) }
            let sharers = index < 1040 ? [0, 1, 2] : [0, 1, 3]
            return (0..<4).reduce(0) { sum, other in
                let source = other == node || sharers.contains(other) ? other : node
                return sum + n[other] / n.reduce(0, +) * Double(x[source][index])
            }
        }
        for node in 0..<4 {
            for index in stride(from: 0, to: 1210, by: 13) {
                #expect(abs(Double(outcome.models[node][index]) - expected(node, index)) < 1e-4, "\(node), \(index)")
            }
        }
        // Nodes 0, 2 and 3 hear three others each.
        let bytes = [4 * 1210 + 16, 4 * 1210 + 16, 4 * 1040 + 16, 4 * 170 + 16]
        #expect(outcome.report.ledger.totalBytes == 2 * bytes[0] + 3 * bytes[1] + 2 * bytes[2] + 2 * bytes[3])
    }

    // MARK: Guards

    /// Whatever is heard: no merge raises the loss on the samples that a node judges it by, and some are taken.
    @Test(arguments: ["all", "pens", "dac"]) func aGuardedMergeNeverRaisesTheValidationLoss(_ follows: String) throws {
        var taken = 0
        for trial in 0..<8 {
            var shared = PeerRuns.configuration(rounds: 1, workers: 4, rate: PeerRuns.noRate)
            shared.objectives = "rotations:2"
            let strategy = Self.strategy(shared, workers: 4) { ($0.follows, $0.accepts) = (follows, "guarded") }
            func begin(_ state: NamedState) {
                var stream = SeedSequence(UInt64(trial)).stream(.test)
                for rank in 0..<4 {
                    let model = state.vector(StateDeclaration.parametersName, ofRank: rank)
                    // Node 0 has little to win, and node 3 little to lose.
                    let size = 0.02 + 0.15 * Float(rank)
                    for index in 0..<model.count { model[index] += size * Float(stream.normal()) }
                }
            }
            let outcome = try PeerRuns.play(strategy, shared, prepare: begin)
            let start = NamedState(strategy.state, startingFrom: outcome.run.initialParameters)
            begin(start)
            let objectives = try outcome.run.nodeObjectives(partition: "iid", among: 4)
            for (node, objective) in objectives.enumerated() {
                let parts = try strategy.policy.heldOut(
                    of: objective, node: node, seeds: SeedSequence(1), shuffles: true)
                #expect(parts.validation.count == Int((0.2 * Double(objective.shard.count)).rounded()))
                #expect((parts.training + parts.validation).sorted() == objective.shard.sorted())
                func loss(_ state: NamedState) -> Double {
                    outcome.run.lossAndCorrect(
                        of: state.vector(StateDeclaration.parametersName, ofRank: node), on: parts.validation[...],
                        seenAs: objective.view
                    ).loss
                }
                let (before, after) = (loss(start), loss(outcome.state))
                #expect(after <= before, "trial \(trial), node \(node)")
                let isTaken = !outcome.record.nodes[node].notes.listened.isEmpty
                #expect(isTaken == (after != before))
                taken += isTaken ? 1 : 0
            }
        }
        #expect(taken > 0 && taken < 8 * 4, "\(taken)")
    }

    // MARK: Finding one's kind

    /// Nodes of two kinds follow their own, by PENS after phase 1 and by DAC in the end.
    @Test(arguments: ["pens", "dac"]) func nodesFindTheirKind(_ follows: String) throws {
        var shared = PeerRuns.configuration(rounds: 30, workers: 8, syncEvery: 10, rate: 0.2)
        shared.objectives = "rotations:2"
        let strategy = Self.strategy(shared, workers: 8, syncEvery: 10) {
            ($0.follows, $0.drawn, $0.selected) = (follows, follows == "pens" ? nil : 3, 3)
            $0.accepts = follows == "pens" ? "guarded" : "average"
        }
        let outcome = try PeerRuns.play(strategy, shared)
        for node in 0..<8 {
            let listened = outcome.record.nodes[node].notes.listened
            let own = listened.filter { $0.key % 2 == node % 2 }.values.reduce(0, +)
            // DAC draws others now and then; chance alone would be 3 of 7.
            let share = follows == "pens" ? 0.9 : 0.6
            #expect(own > share * listened.values.reduce(0, +) && own > 5, "node \(node): \(listened)")
            if follows == "pens" {
                let followed = outcome.state.vector(Community.Rule.followed, ofRank: node).values
                #expect(followed == (0..<8).map { $0 % 2 == node % 2 && $0 != node ? 1 : 0 })
            }
        }
    }

    // MARK: What is charged

    /// R1 rounds of n n_s models, one of n (n - 1) announcements of n bits, and rounds of those that were selected.
    @Test func whatPENSSendsIsCharged() throws {
        let shared = PeerRuns.configuration(rounds: 8, workers: 10)
        let strategy = Self.strategy(shared, workers: 10) { ($0.drawn, $0.selected, $0.meetingRounds) = (4, 2, 6) }
        let outcome = try PeerRuns.play(strategy, shared)
        let entries = outcome.report.ledger.entries
        let control = entries.filter { $0.purpose == .control }.reduce((0, 0)) {
            ($0.0 + $1.messagesSent, $0.1 + $1.bytesSent)
        }
        #expect(control.0 == 10 * 9 && control.1 == 10 * 9 * (16 + 2))
        let heard = (0..<10).map { node in
            min(4, outcome.state.vector(Community.Rule.followed, ofRank: node).values.reduce(0) { $0 + Int($1) })
        }
        #expect(heard.allSatisfy { $0 > 0 })
        let models = 6 * 10 * 4 + 2 * heard.reduce(0, +)
        #expect(outcome.report.ledger.totalBytes == models * (4 * 1210 + 16) + control.1)
    }

    /// Every round each node tells all others whom it has drawn, and models come with the scores of n nodes.
    @Test func whatDACSendsIsCharged() throws {
        let shared = PeerRuns.configuration(rounds: 5, workers: 6)
        let strategy = Self.strategy(shared, workers: 6) { ($0.follows, $0.drawn) = ("dac", 2) }
        let ledger = try PeerRuns.play(strategy, shared).report.ledger
        #expect(ledger.totalMessages == 5 * (6 * 2 + 6 * 5))
        #expect(ledger.totalBytes == 5 * (6 * 2 * (4 * (1210 + 6) + 16) + 6 * 5 * (16 + 1)))
    }

    /// A round of one node that looks at n_s models and guards its own.
    @Test func lookingAndGuardingTakeTheirTime() throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 4)
        let strategy = Self.strategy(shared, workers: 4) { $0.drawn = 2 }
        let report = try PeerRuns.play(strategy, shared).report
        func seconds(_ work: ComputeWork) -> Double { TestRuns.compute.seconds(work, on: PeerRuns.nodes(1)[0]) }
        // Shards are 359 or 360 samples, of which 72 are held out; nodes 1 to 3 have the fewer.
        let round =
            seconds(.step(samples: 10)) + seconds(.forward(samples: 287, passes: 2))
            + seconds(.forward(samples: 72, passes: 2)) + seconds(.vector(elements: 1210 * 3))
        #expect(abs(report.accounts[3].computeSeconds - 3 * round) < 1e-7)
    }

    // MARK: Joining and leaving

    @Test func whoHasNotJoinedOrHasLeftTrainsAlone() throws {
        func outcome(rounds: Int, _ joins: String, _ leaves: String, _ accepts: String) throws -> PeerRuns.Outcome {
            let shared = PeerRuns.configuration(rounds: rounds, workers: 4, momentum: 0.5)
            return try PeerRuns.play(
                Self.strategy(shared, workers: 4) {
                    ($0.follows, $0.accepts, $0.joins, $0.leaves) = ("all", accepts, joins, leaves)
                }, shared)
        }
        for accepts in ["average", "ditto"] {
            let before = try outcome(rounds: 6, "3@6", "none", accepts)
            let lone = try alone(PeerRuns.configuration(rounds: 6, workers: 4, momentum: 0.5), workers: 4)
            #expect(before.models[3] == lone.models[3] && before.models[0] != lone.models[0])
            // Six rounds of three nodes, and then one of four, before which the fourth tells the others that it comes.
            #expect(before.report.ledger.totalMessages == 6 * 6)
            let after = try outcome(rounds: 7, "3@6", "none", accepts)
            #expect(after.report.ledger.totalMessages == 6 * 6 + 12 + 3 && after.models[3] != lone.models[3])
            let left = try outcome(rounds: 9, "3@6", "0@7", accepts)
            #expect(left.report.ledger.totalMessages == 6 * 6 + 12 + 3 + 2 * 6 + 3)
            #expect(left.record.nodes[0].notes.listened[3] != nil)
        }
    }

    /// Phase 1 begins anew for all when somebody has joined, and old members follow the new one.
    @Test func membersMeetWhoJoinsLate() throws {
        var shared = PeerRuns.configuration(rounds: 24, workers: 6, syncEvery: 10, rate: 0.2)
        shared.objectives = "rotations:2"
        let strategy = Self.strategy(shared, workers: 6, syncEvery: 10) { ($0.joins, $0.meetingRounds) = ("4@10", 6) }
        let outcome = try PeerRuns.play(strategy, shared)
        for node in [0, 2] { #expect(outcome.state.vector(Community.Rule.followed, ofRank: node)[4] == 1) }
        for node in [0, 2] { #expect(outcome.state.vector(Community.Rule.followed, ofRank: 4)[node] == 1) }
        // Five and six nodes announce whom they follow, and one that it comes.
        let control = outcome.report.ledger.entries.filter { $0.purpose == .control }.reduce(0) { $0 + $1.messagesSent }
        #expect(control == 5 * 4 + 5 + 6 * 5)
    }

    @Test(arguments: ["pens", "dac", "all/2:pens/3:dac"])
    func bitsDoNotDependOnThreadsOrTimes(_ follows: String) throws {
        let configuration = TestRuns.configuration(epochs: 12, workers: 6)
        let values: OptionValues = [
            "follows": .text(follows), "joins": "1@8", "leaves": "4@20", "meeting-rounds": 4, "candidates": 3,
            "accepts": "guarded/1:ditto",
        ]
        let strategy = try configuration.make(#require(StrategyRegistry.named("community")), values)
        func run(_ threads: Int, _ jitter: Jitter = .none, slow: Int? = nil, _ dropouts: Dropouts? = nil) throws
            -> TestRuns.Outcome
        {
            try TestRuns.run(
                strategy, configuration, hostThreads: threads, jitter: jitter, dropouts: dropouts, slowRank: slow)
        }
        let plain = try run(1)
        let jittered = try [1, 2, 5].map { try run($0, .logNormal(sigma: 0.5), slow: 3) }
        for outcome in jittered {
            #expect(outcome.parameters == plain.parameters)
            #expect(outcome.record.nodes.map(\.notes) == plain.record.nodes.map(\.notes))
            #expect(outcome.report.ledger.entries == plain.report.ledger.entries)
            #expect(outcome.report.accounts == jittered[0].report.accounts)
        }
        let dropouts = Dropouts([Departure(rank: 0, seconds: plain.report.seconds * 0.4)], detectionSeconds: 0.01)
        let left = try [1, 2, 5].map { try run($0, .logNormal(sigma: 0.5), slow: 3, dropouts) }
        for outcome in left {
            #expect(outcome.parameters == left[0].parameters && outcome.parameters != plain.parameters)
            #expect(outcome.report.ledger.entries == left[0].report.ledger.entries)
            #expect(outcome.report.departures.map(\.rank) == [0])
        }
    }

    // MARK: Bad input

    /// As the command line reads them: each by itself, and then together.
    static func options(_ values: OptionValues) throws -> Community.Options {
        for (name, value) in values {
            if case .text(let text) = value {
                _ = try Community.Options.infos.first { $0.name == name }?.allowed.value(of: text)
            }
        }
        return try Community.Options(values)
    }

    @Test func badPoliciesAreRefusedWithWhatIsAllowed() throws {
        for (values, words) in [
            (["shares": "models"], ["'models'", "model"]), (["follows": "pens/3"], ["'3' of 'pens/3' is no exception"]),
            (["follows": "pens/4-2:all"], ["'4-2:all'"]), (["accepts": "average/16:ditto"], ["node 16", "0 to 15"]),
            (["joins": "3"], ["'3' of '3' is no node and round"]), (["joins": "3@4/3@5"], ["names node 3 twice"]),
            (["leaves": "16@4"], ["leaves names node 16", "0 to 15"]), (["joins": "2@0"], ["from 1 on"]),
            (["joins": "2@5", "leaves": "2@5"], ["node 2 leaves in round 5, and joins in round 5"]),
            (["validation": 0], ["validation"]), (["selected": 0], ["selected"]),
        ] as [(OptionValues, [String])] {
            let error = #expect(throws: OptionError.self, "\(values)") { try Self.options(values) }
            for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "")") }
        }
        // Legal: it is a node alone.
        #expect(try Community.Options(["shares": "nothing", "follows": "nobody"]).problem == nil)
        let shared = PeerRuns.configuration(rounds: 1, workers: 1000)
        let error = #expect(throws: DataError.self) {
            try PeerRuns.play(Self.strategy(shared, workers: 1000) { $0.follows = "all" }, shared)
        }
        #expect(error?.description.contains("node 0 is 0 samples") == true, "\(error?.description ?? "")")
    }

    @Test func valuesOfNodesAreReadAsTheyAreWritten() throws {
        let shares = try PerNode<Community.Shares>("model/5:nothing/7-9:head/8:body")
        #expect(
            shares.values(ofNodes: 11).map(\.rawValue) == [
                "model", "model", "model", "model", "model", "nothing", "model", "head", "body", "head", "model",
            ])
        #expect(shares.largestNode == 9)
        for nodes in [1, 7, 8, 9, 20] {
            let chosen = (0..<nodes).filter { $0 % 3 == 1 }
            let encoded = NodeBits.encode(chosen, of: nodes)
            #expect(encoded.bytes.count == (nodes + 7) / 8 && NodeBits.decode(encoded) == chosen)
        }
    }
}
