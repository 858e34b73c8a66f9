import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Gossip by timers and in pairs does what its papers say, in their times.
@Suite(.timeLimit(.minutes(60)))
struct GossipTests {
    private static let parameters = 1210
    /// Δ, some hundred times as long as a step.
    private static let period = 10e-3

    private func nanoseconds(_ seconds: Double) -> Int64 { VirtualTime.span(seconds: seconds) }

    private func nanoseconds(_ work: ComputeWork) -> Int64 {
        nanoseconds(TestRuns.compute.seconds(work, on: PeerRuns.nodes(1)[0]))
    }

    /// Overhead, bytes through the port, and the way.
    private var message: Int64 {
        let link = PeerRuns.nodes(1)[0].link
        return nanoseconds(link.overheadSeconds)
            + nanoseconds(Double(4 * Self.parameters + 16) / link.uplinkBytesPerSecond)
            + nanoseconds(link.latencySeconds)
    }

    // MARK: Push

    /// When the timers of both nodes go off first, and whose does so first. The numbers below hold for timers so far apart.
    private func phases(seed: UInt64 = 1) throws -> (nanoseconds: [Int64], first: Int) {
        let shares = (0..<2).map { node in
            var stream = SeedSequence(seed).stream(.timer, node)
            return stream.uniform()
        }
        try #require(abs(shares[0] - shares[1]) > 0.1 && abs(shares[0] - shares[1]) < 0.9)
        return (shares.map { nanoseconds($0 * Self.period) }, shares[0] < shares[1] ? 0 : 1)
    }

    /// Two nodes with two rounds each: the first sends after a step at its timer, the second trains when that comes and sends at its
    /// own timer, the first trains when that comes and ends, and the second makes its last step, since nobody is left to hear.
    private func exchange(
        _ change: @escaping (inout Gossip.Options) -> Void = { _ in }, ages: (first: Float, second: Float) = (0, 0),
        syncEvery: Int = 1
    ) throws -> (outcome: GossipRuns.Outcome, first: Int, second: Int) {
        let first = try phases().first
        let strategy = Gossip(.push, workers: 2, rounds: 2, rate: PeerRuns.noRate, syncEvery: syncEvery) {
            $0.period = .seconds(Self.period)
            change(&$0)
        }
        let outcome = try GossipRuns.play(strategy) { state in
            PeerRuns.set(state, ranks: 2, [StateDeclaration.parametersName]) { $0 == first ? 1 : 10 }
            state.vector(PushNode.counters, ofRank: first)[0] = ages.first
            state.vector(PushNode.counters, ofRank: 1 - first)[0] = ages.second
        }
        return (outcome, first, 1 - first)
    }

    @Test func aPeriodTakesItsTimerItsStepItsMessageAndTheMerge() throws {
        let (outcome, first, second) = try exchange()
        let phases = try phases().nanoseconds
        let step = nanoseconds(.step(samples: 10))
        var work = ComputeWork.step(samples: 10)
        work.vectorElements = 2 * Self.parameters
        let mergeAndStep = nanoseconds(work)
        try #require(phases[first] + step + message + mergeAndStep < phases[second])
        let firstEnd = phases[second] + message + mergeAndStep
        let ends = outcome.record.nodes.map { nanoseconds($0.evaluations.last?.clusterSeconds ?? 0) }
        #expect(ends[first] == firstEnd)
        #expect(ends[second] == firstEnd + step)
        #expect(nanoseconds(outcome.report.seconds) == firstEnd + step)
        #expect(outcome.report.ledger.totalMessages == 2)
        #expect(outcome.report.ledger.totalBytes == 2 * (4 * Self.parameters + 16))
    }

    /// Both models are multiples of one vector; the factors tell how much was taken of which.
    private func multiples(_ outcome: GossipRuns.Outcome) -> [Double] {
        var stream = SeedSequence(77).stream(.test)
        let direction = (0..<Self.parameters).map { _ in stream.normal() }
        return outcome.models.map { model in
            zip(model, direction).reduce(0) { $0 + Double($1.0) * $1.1 } / direction.reduce(0) { $0 + $1 * $1 }
        }
    }

    /// The first node's age is 5, so 6 when it sends; the second's is 3: it takes 6 / 9, and is as old as 7 after its step. The first
    /// then takes 7 / 13.
    @Test func agesWeighAsInThePaper() throws {
        let (outcome, first, second) = try exchange(ages: (5, 3))
        let (found, w) = (multiples(outcome), 10 / 3.0 + 2 / 3.0)
        #expect(abs(found[second] - w) < 1e-5)
        #expect(abs(found[first] - (6 / 13.0 + 7 / 13.0 * w)) < 1e-5)
        let ages = [first, second].map { outcome.state.vector(PushNode.counters, ofRank: $0)[0] }
        #expect(ages == [8, 8])
        let nodes = outcome.record.nodes
        #expect(abs((nodes[second].listened[first] ?? 0) - 2 / 3.0) < 1e-12)
        #expect(abs((nodes[first].listened[second] ?? 0) - 7 / 13.0) < 1e-12)
        #expect(nodes[first].meanStaleness == 0 && nodes[second].meanStaleness == 0)
    }

    @Test func modelsOfOneAgeAreAveragedAndOlderOnesAreStale() throws {
        let (even, first, second) = try exchange(ages: (5, 6))
        #expect(abs(multiples(even)[second] - 5.5) < 1e-5)
        #expect(even.record.nodes[second].listened[first] == 0.5)
        let (old, _, _) = try exchange(ages: (5, 9))
        #expect(old.record.nodes[second].meanStaleness == 3)
        let (mean, _, _) = try exchange({ $0.merge = .mean }, ages: (5, 0))
        #expect(abs(multiples(mean)[second] - 5.5) < 1e-5)
        #expect(abs(multiples(mean)[first] - 3.25) < 1e-5)
    }

    /// A random walk's model takes the place of the node's own. Where both are trained, a message is two rounds.
    @Test func createModelIsAsInThePaper() throws {
        let (walk, first, second) = try exchange({ $0.modelCreation = .randomWalk }, ages: (5, 3))
        #expect(multiples(walk).allSatisfy { abs($0 - 1) < 1e-5 })
        #expect(walk.record.nodes[second].listened[first] == 1)
        #expect(walk.state.vector(PushNode.counters, ofRank: second)[0] == 8)
        let (both, _, _) = try exchange({ $0.modelCreation = .updateMerge }, ages: (5, 3))
        // The second makes its own step, of age 4 then, and one of what came, of age 7.
        #expect(abs(multiples(both)[second] - (4 * 10 + 7) / 11.0) < 1e-5)
        #expect(abs((both.record.nodes[second].listened[first] ?? 0) - 7 / 11.0) < 1e-12)
        #expect(both.report.ledger.totalMessages == 1)
    }

    /// A model is as old as the steps that made it, of which a round has several: with three a round the first sends at 8, and the
    /// second, at 3, takes 8 / 11 and is 11 after its round. Where both are trained, they are 6 and 11 when they meet.
    @Test func agesAreInSteps() throws {
        let (outcome, first, second) = try exchange(ages: (5, 3), syncEvery: 3)
        let nodes = outcome.record.nodes
        #expect(abs((nodes[second].listened[first] ?? 0) - 8 / 11.0) < 1e-12)
        #expect(abs((nodes[first].listened[second] ?? 0) - 11 / 19.0) < 1e-12)
        let ages = [first, second].map { outcome.state.vector(PushNode.counters, ofRank: $0)[0] }
        #expect(ages == [14, 14])
        let (both, _, _) = try exchange({ $0.modelCreation = .updateMerge }, ages: (5, 3), syncEvery: 3)
        #expect(abs((both.record.nodes[second].listened[first] ?? 0) - 11 / 17.0) < 1e-12)
        #expect(both.state.vector(PushNode.counters, ofRank: second)[0] == 11)
    }

    /// Periods that are far longer than steps: a node sends once in each, and the messages tell how many there were.
    @Test(arguments: Gossip.Timers.allCases) func nobodySendsOftenerThanItsTimer(_ timers: Gossip.Timers) throws {
        let strategy = Gossip(.push, workers: 6, rounds: 20) {
            $0.period = .seconds(Self.period)
            $0.timers = timers
        }
        let outcome = try GossipRuns.play(strategy)
        for node in 0..<6 {
            var stream = SeedSequence(1).stream(.timer, node)
            let pace = timers == .sync ? 1 : 1 + stream.normal() / 10
            let phase = timers == .sync ? stream.uniform() : pace
            let lived = try #require(outcome.record.nodes[node].evaluations.last).clusterSeconds
            // A timer that goes off while the node computes waits for that.
            let most = ((lived / Self.period - phase) / pace).rounded(.down) + 1
            let sent = outcome.report.ledger.entries.filter { $0.rank == node }.reduce(0) { $0 + $1.messagesSent }
            #expect((most - 1...most).contains(Double(sent)), "node \(node): \(sent) messages, \(most) timers")
            #expect(outcome.record.nodes[node].trainedSamples == 200)
        }
    }

    /// C = 20, A = 10, as published.
    @Test func tokensAreSavedAndSpentAsPublished() throws {
        let account = TokenAccount(capacity: 20, spend: 10)
        #expect((0...9).map(account.proactive) == Array(repeating: 0, count: 10))
        for (tokens, probability) in [(10, 1 / 11.0), (15, 6 / 11.0), (20, 1)] {
            #expect(abs(account.proactive(tokens) - probability) < 1e-12)
        }
        #expect(account.reactive(9, drawn: 0.05) == 0 && account.reactive(9, drawn: 0.15) == 1)
        #expect(account.reactive(20, drawn: 0.99) == 2)
        // Nobody sends before it has saved nine tokens, and a node whose first message never comes has nothing to pass on.
        func messages(rounds: Int) throws -> Int {
            let strategy = Gossip(.push, workers: 5, rounds: rounds) { $0.tokenCapacity = 20 }
            return try GossipRuns.play(strategy).report.ledger.totalMessages
        }
        #expect(try messages(rounds: 9) == 0)
        let (saving, all) = (try messages(rounds: 60), 5 * 60)
        #expect(saving > 0 && saving <= all - 5 * 9)
    }

    // MARK: Pairwise

    private static func meanAndError(_ numbers: [Double]) -> (mean: Double, error: Double) {
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count - 1)
        return (mean, (variance / Double(numbers.count)).squareRoot())
    }

    /// One exchange of a node that asks, over many seeds: E |x - x̄|² becomes 1 - 1 / (n - 1) of itself, .93333 at n = 16.
    @Test func aPairContractsAsMuchAsOneOfAllPairs() throws {
        let (n, seeds) = (16, 20_000)
        let network = try Overlay("full").network(of: n, seeds: SeedSequence(1))
        var stream = SeedSequence(4).stream(.test)
        let numbers = (0..<n).map { _ in stream.normal() }
        let mean = numbers.reduce(0, +) / Double(n)
        let before = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let ratios = (0..<seeds).compactMap { seed -> Double? in
            let sides = try? PairwiseSides(network, SeedSequence(UInt64(seed)))
            let active = seed % n
            guard let sides, sides.isActive[active] else { return nil }
            let difference = numbers[active] - numbers[sides.partners[active][0]]
            return 1 - difference * difference / 2 / before
        }
        let (found, error) = Self.meanAndError(ratios)
        #expect(abs(found - 14 / 15.0) < 4 * error && error < 1.5e-3, "\(found) ± \(error)")
    }

    /// A round in which all go through their partners is n / 2 pairs that do not meet: 1 - n / 2 / (n - 1).
    @Test func aRoundOfPairsKeepsTheMeanAndContracts() throws {
        let n = 16
        let ratios = try (1...60).map { seed in
            var before: [[Float]] = []
            let outcome = try GossipRuns.play(
                Gossip(.pairwise, workers: n, rounds: 1, rate: PeerRuns.noRate) { $0.partner = .cyclic },
                seed: UInt64(seed), nodes: GossipRuns.withoutLatency(n)
            ) { state in
                PeerRuns.set(state, ranks: n, [StateDeclaration.parametersName]) { Float($0) }
                before = state.vectors(StateDeclaration.parametersName, ranks: n)
            }
            #expect(PeerRuns.distance(outcome.mean(), PeerRuns.mean(before)) < 1e-4)
            #expect(outcome.report.ledger.totalMessages == n)
            let ratio = PeerRuns.spread(outcome.models) / PeerRuns.spread(before)
            return ratio * ratio
        }
        let (found, error) = Self.meanAndError(ratios)
        #expect(abs(found - 7 / 15.0) < 4 * error && error < 0.05, "\(found) ± \(error)")
    }

    /// Whoever asks whom, and however late: what one gains the other loses.
    @Test(arguments: ["full", "ring", "star", "torus:2x4"]) func exchangesKeepTheSum(_ overlay: String) throws {
        let n = 8
        var before: [[Float]] = []
        var nodes = PeerRuns.nodes(n)
        nodes[2].speed /= 5
        let strategy = Gossip(.pairwise, workers: n, rounds: 20, rate: PeerRuns.noRate) { $0.overlay = overlay }
        let outcome = try GossipRuns.play(strategy, nodes: nodes, jitter: .logNormal(sigma: 0.4)) { state in
            PeerRuns.set(state, ranks: n, [StateDeclaration.parametersName]) { Float($0) }
            before = state.vectors(StateDeclaration.parametersName, ranks: n)
        }
        #expect(PeerRuns.distance(outcome.mean(), PeerRuns.mean(before)) < 1e-4)
        #expect(PeerRuns.spread(outcome.models) < 0.2 * PeerRuns.spread(before))
        // Each node has averaged once for each question of its own or of others.
        let questions = outcome.report.ledger.totalMessages / 2
        let averages = outcome.record.nodes.reduce(0) { $0 + $1.listened.values.reduce(0, +) } / 0.5
        #expect(Int(averages) == 2 * questions)
    }

    /// Equal nodes without latency: each is asked once while it computes.
    @Test func stalenessIsConstantAtEqualSpeedsWithoutLatency() throws {
        // Less than an epoch, so that all batches are full.
        let (n, rounds) = (8, 16)
        let strategy = Gossip(.pairwise, workers: n, rounds: rounds) { $0.partner = .cyclic }
        let outcome = try GossipRuns.play(strategy, nodes: GossipRuns.withoutLatency(n))
        for node in outcome.record.nodes {
            #expect(node.meanStaleness == 1, "node \(node.rank)")
            #expect(node.listened.values.reduce(0, +) == 0.5 * Double(rounds), "node \(node.rank)")
            // Everybody on the other side, in turn.
            #expect(Set(node.listened.values) == [0.5 * Double(rounds) / 4] && node.listened.count == 4)
        }
    }

    @Test func sidesAreThoseOfTheOverlay() throws {
        func sides(_ overlay: String, _ n: Int) throws -> PairwiseSides {
            try PairwiseSides(Overlay(overlay).network(of: n, seeds: SeedSequence(1)), SeedSequence(1))
        }
        #expect(try sides("ring", 6).isActive == [false, true, false, true, false, true])
        #expect(try sides("ring", 6).partners[5] == [0, 4])
        #expect(try sides("star", 4).isActive == [false, true, true, true])
        let full = try sides("full", 7)
        #expect(full.isActive.count { $0 } == 3)
        for node in 0..<7 {
            #expect(full.partners[node].sorted() == (0..<7).filter { full.isActive[$0] != full.isActive[node] })
        }
    }

    // MARK: Both

    /// A node that nobody is there for: alone in the job, or with others that leave as it begins.
    @Test(arguments: Gossip.Exchange.allCases, [1, 4]) func aNodeByItselfIsAlone(
        _ exchange: Gossip.Exchange, workers: Int
    ) throws {
        let strategy = Gossip(exchange, workers: workers, rounds: 40, syncEvery: 2, momentum: 0.5)
        let alone = try PeerRuns.play(
            Alone(configuration: strategy.configuration, nodeOptions: strategy.options.nodes), strategy.configuration)
        for node in 0..<workers {
            let others = (0..<workers).filter { $0 != node }.map { Departure(rank: $0, seconds: 0) }
            let outcome = try GossipRuns.play(strategy, departures: others)
            #expect(outcome.models[node] == alone.models[node])
            #expect(outcome.record.nodes[node].evaluations.last?.samples == alone.record.evaluations.last?.samples)
        }
    }

    @Test(arguments: Gossip.Exchange.allCases) func noBitDependsOnHostThreads(_ exchange: Gossip.Exchange) throws {
        var nodes = PeerRuns.nodes(7)
        nodes[3].speed /= 5
        let strategy = Gossip(exchange, workers: 7, rounds: 40, momentum: 0.5)
        let outcomes = try [1, 2, 5].map { threads in
            try GossipRuns.play(
                strategy, nodes: nodes, jitter: .logNormal(sigma: 0.4),
                departures: [Departure(rank: 5, seconds: 0.4e-3)], hostThreads: threads)
        }
        for other in outcomes.dropFirst() {
            #expect(other.models == outcomes[0].models)
            #expect(other.record.evaluations == outcomes[0].record.evaluations)
            #expect(other.record.nodes.map(\.notes) == outcomes[0].record.nodes.map(\.notes))
            #expect(other.report.ledger.entries == outcomes[0].report.ledger.entries)
            #expect(other.report.accounts == outcomes[0].report.accounts)
        }
        #expect(outcomes[0].report.departures.map(\.rank) == [5])
        #expect(try #require(outcomes[0].record.evaluations.last).samples >= outcomes[0].run.sampleBudget)
    }

    /// Nodes that leave at any moment, several of them, and also all of one side.
    @Test(arguments: Gossip.Exchange.allCases) func thoseWhoRemainUseTheirShare(_ exchange: Gossip.Exchange) throws {
        let strategy = Gossip(exchange, workers: 6, rounds: 12)
        let whole = try GossipRuns.play(strategy).report.seconds
        for place in 0..<40 {
            let seconds = whole * Double(place) / 40
            for gone in [[0], [3], [1, 2], [0, 2, 4], [1, 3, 5], [1, 2, 3, 4, 5]] {
                let outcome = try GossipRuns.play(
                    strategy, departures: gone.map { Departure(rank: $0, seconds: seconds) })
                let left = Set(outcome.report.departures.map(\.rank))
                #expect(left.isSubset(of: gone))
                for node in outcome.record.nodes where !left.contains(node.rank) {
                    let last = try #require(node.evaluations.last)
                    #expect(last.samples >= outcome.run.sampleBudget, "\(gone) at \(seconds): node \(node.rank)")
                }
            }
        }
    }

    /// On threads evaluations stop everybody, and nobody may wait for an answer of a node that stands still.
    @Test(arguments: Gossip.Exchange.allCases) func threadsComeToAllEvaluationsAndEnd(
        _ exchange: Gossip.Exchange
    ) throws {
        for workers in [2, 3, 5] {
            // Less than an epoch, so that all batches are full.
            var shared = PeerRuns.configuration(rounds: 24, workers: workers)
            shared.evaluateEveryEpochs = shared.epochs / 12
            let outcome = try GossipRuns.play(Gossip(exchange, workers: workers, shared), on: .threads)
            #expect(outcome.record.evaluations.map(\.round) == Array(stride(from: 0, through: 24, by: 2)))
            #expect(outcome.record.nodes.allSatisfy { $0.trainedSamples == 240 })
            #expect(outcome.report.ledger.totalMessages > 0)
        }
    }

    @Test(arguments: Gossip.Exchange.allCases) func aLimitEndsAllAndNothingIsNotedAfterIt(
        _ exchange: Gossip.Exchange
    ) throws {
        var shared = PeerRuns.configuration(rounds: 20, workers: 6)
        shared.evaluateEveryEpochs = shared.epochs / 20
        shared.limits = .init(updates: 10)
        var nodes = PeerRuns.nodes(6)
        nodes[4].speed /= 3
        let outcome = try GossipRuns.play(Gossip(exchange, workers: 6, shared), nodes: nodes)
        #expect(outcome.record.isAtLimit && outcome.record.evaluations.map(\.round) == Array(0...10))
        #expect(outcome.record.nodes.allSatisfy { $0.evaluations.last?.round == 10 })
    }

    // MARK: What is refused

    @Test func overlaysThatDoNotFitAreRefused() {
        let shared = TestRuns.configuration().shared
        for (exchange, overlay, workers, words) in [
            (.push, "one-peer", 8, "has other neighbours in every round"),
            (.pairwise, "ring", 5, "neighbours on the same side"),
            (.pairwise, "exponential", 8, "have a direction"),
        ] as [(Gossip.Exchange, String, Int, String)] {
            let strategy = Gossip(exchange, workers: workers, shared) { $0.overlay = overlay }
            #expect(strategy.problem(seed: 1)?.contains(words) == true, "\(overlay)")
        }
        #expect(Gossip(.push, workers: 8, shared) { $0.overlay = "exponential" }.problem(seed: 1) == nil)
        #expect(Gossip(.pairwise, workers: 5, shared).problem(seed: 1) == nil)
    }

    @Test func optionsThatDoNotGoTogetherAreRefused() throws {
        let shared = TestRuns.configuration().shared
        func error(_ values: OptionValues) -> String {
            do {
                _ = try Gossip.gossip.make(shared, values)
                return ""
            } catch { return "\(error)" }
        }
        #expect(
            error(["protocol": "pairwise", "period": "5ms"]).contains("period is 5ms, which is of protocol 'push'"))
        #expect(error(["protocol": "pairwise", "merge": "mean"]).contains("allowed with 'pairwise' is age"))
        #expect(error(["token-capacity": 5, "token-spend": 6]).contains("from 1 to 5"))
        #expect(error(["token-capacity": 20]).isEmpty && error(["period": "250us"]).isEmpty)
        let period = try #require(Gossip.Options.infos.first { $0.name == "period" }).allowed
        for (text, words) in [("aut", "or 'auto'"), ("0", "longer time"), ("5", "has no unit"), ("-1ms", "negative")] {
            let found = #expect(throws: OptionError.self) { try period.value(of: text) }
            #expect("\(found.map { "\($0)" } ?? "")".contains(words), "\(text)")
        }
        #expect(try period.value(of: "5ms") == "5ms")
    }
}
