import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Epidemic learning contracts as its authors prove.
@Suite(.timeLimit(.minutes(60)))
struct EpidemicLearningTests {
    /// How much of the squared distance from the mean of before is left after a round, over many rounds from the same numbers:
    /// the mean and its standard error.
    private func contraction(
        nodes: Int, peers: Int, _ sampling: EpidemicLearning.Sampling, aboutNewMean: Bool
    ) throws -> (mean: Double, error: Double) {
        let schedule = try EpidemicSchedule(nodes: nodes, peers: peers, sampling, SeedSequence(3))
        var stream = SeedSequence(4).stream(.test)
        let numbers = (0..<nodes).map { _ in stream.normal() }
        let mean = numbers.reduce(0, +) / Double(nodes)
        func square(_ numbers: [Double], about mean: Double) -> Double {
            numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        }
        let before = square(numbers, about: mean)
        let ratios = (0..<20_000).map { round in
            let next = (0..<nodes).map { node in
                schedule.exchange(of: node, round: round).row.reduce(0) { $0 + $1.weight * numbers[$1.node] }
            }
            return square(next, about: aboutNewMean ? next.reduce(0, +) / Double(nodes) : mean) / before
        }
        let average = ratios.reduce(0, +) / Double(ratios.count)
        let variance = square(ratios, about: average) / Double(ratios.count - 1)
        return (average, (variance / Double(ratios.count)).squareRoot())
    }

    /// α = 1 / (s + 1) * (1 - s / (n - 1)) = .14667 for n = 16, s = 4.
    @Test(arguments: [(16, 4), (9, 2)]) func anOraclesRoundContractsByAlpha(nodes: Int, peers: Int) throws {
        let found = try contraction(nodes: nodes, peers: peers, .oracle, aboutNewMean: true)
        let (n, s) = (Double(nodes), Double(peers))
        let alpha = 1 / (s + 1) * (1 - s / (n - 1))
        #expect(abs(found.mean - alpha) < 4 * found.error && found.error < 0.01 * alpha, "\(found), \(alpha)")
        if nodes == 16 { #expect(abs(alpha - 0.14667) < 5e-6) }
    }

    /// β = 1 / s * (1 - (1 - s / (n - 1))^n) - 1 / (n - 1) = .25728 for n = 16, s = 3, about the mean of before.
    @Test func aLocalRoundContractsByBeta() throws {
        let found = try contraction(nodes: 16, peers: 3, .local, aboutNewMean: false)
        var power = 1.0
        for _ in 0..<16 { power *= 1 - 3 / 15.0 }
        let beta = 1 / 3.0 * (1 - power) - 1 / 15.0
        #expect(abs(beta - 0.25728) < 5e-6)
        #expect(abs(found.mean - beta) < 4 * found.error && found.error < 0.01 * beta, "\(found), \(beta)")
    }

    /// Taught nothing, nodes of an oracle's graphs keep their mean, since what a node gives to others it takes from them. Where
    /// each draws its own receivers, some are heard by more than others, and the mean goes with them.
    @Test func anOraclesMeanStaysAndALocalOneDrifts() throws {
        let (workers, rounds, peers) = (16, 10, 4)
        let shared = PeerRuns.configuration(rounds: rounds, workers: workers, rate: PeerRuns.noRate)
        func drift(_ sampling: EpidemicLearning.Sampling) throws -> Double {
            var options = EpidemicLearning.Options()
            (options.nodes.workers, options.peers, options.sampling) = (workers, peers, sampling)
            let strategy = EpidemicLearning(configuration: shared, options: options)
            var before: [[Float]] = []
            let outcome = try PeerRuns.play(strategy, shared) {
                PeerRuns.set($0, ranks: workers, [StateDeclaration.parametersName]) { Float($0 * $0 % 7) }
                before = $0.vectors(StateDeclaration.parametersName, ranks: workers)
            }
            let largest = before.joined().reduce(0.0) { max($0, Double(abs($1))) }
            return PeerRuns.distance(outcome.mean(), PeerRuns.mean(before)) / largest
        }
        // A round rounds a weight, s + 1 products and s sums by half of the last bit of 24 each.
        #expect(try drift(.oracle) < Double(rounds * (2 * peers + 2)) * 0x1p-24)
        #expect(try drift(.local) > 1e-3)
    }

    @Test func everyNodeSendsToAsManyAndOthersEveryRound() throws {
        for sampling in EpidemicLearning.Sampling.allCases {
            let schedule = try EpidemicSchedule(nodes: 10, peers: 3, sampling, SeedSequence(1))
            let other = try EpidemicSchedule(nodes: 10, peers: 3, sampling, SeedSequence(1))
            var rounds: Set<[[Int]]> = []
            for round in (0..<100).reversed() {
                let exchanges = (0..<10).map { schedule.exchange(of: $0, round: round) }
                for (node, exchange) in exchanges.enumerated() {
                    #expect(Set(exchange.receivers.map(\.node)).count == 3)
                    #expect(exchange.row.contains { $0.node == node })
                    // Whoever is sent to waits for it, and for nobody else.
                    let senders = exchanges.indices.filter { exchanges[$0].receivers.contains { $0.node == node } }
                    #expect(exchange.row.map(\.node) == (senders + [node]).sorted())
                    let again = other.exchange(of: node, round: round)
                    #expect(again.row == exchange.row && again.receivers == exchange.receivers)
                }
                rounds.insert(exchanges.map { $0.receivers.map(\.node) })
            }
            #expect(rounds.count == 100)
        }
    }

    @Test func graphsThatDoNotExistAreRefused() {
        var options = EpidemicLearning.Options()
        (options.nodes.workers, options.peers, options.sampling) = (9, 3, .oracle)
        let strategy = EpidemicLearning(configuration: TestRuns.configuration().shared, options: options)
        #expect(strategy.problem(seed: 1)?.contains("9 nodes cannot have 3 neighbours each") == true)
    }

    /// n s messages a round of P numbers and a frame.
    @Test(arguments: EpidemicLearning.Sampling.allCases) func whatIsSentIsCharged(
        _ sampling: EpidemicLearning.Sampling
    ) throws {
        let shared = PeerRuns.configuration(rounds: 5, workers: 8)
        var options = EpidemicLearning.Options()
        (options.nodes.workers, options.peers, options.sampling) = (8, 3, sampling)
        let outcome = try PeerRuns.play(EpidemicLearning(configuration: shared, options: options), shared)
        #expect(outcome.report.ledger.totalMessages == 5 * 8 * 3)
        #expect(outcome.report.ledger.totalBytes == 5 * 8 * 3 * (4 * 1210 + 16))
        #expect(PeerRuns.spread(outcome.models) > 0)
    }

    /// A node averages what it has received, and counts nobody twice for one that has left.
    @Test func whoLeavesIsMissingInTheAverage() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 6, rate: PeerRuns.noRate)
        var options = EpidemicLearning.Options()
        (options.nodes.workers, options.peers) = (6, 2)
        let strategy = EpidemicLearning(configuration: shared, options: options)
        var before: [[Float]] = []
        let outcome = try PeerRuns.play(strategy, shared, departures: [Departure(rank: 0, seconds: 0)]) {
            PeerRuns.set($0, ranks: 6, [StateDeclaration.parametersName]) { Float($0 * $0 + 1) }
            before = $0.vectors(StateDeclaration.parametersName, ranks: 6)
        }
        #expect(outcome.report.departures.map(\.rank) == [0])
        let schedule = try strategy.schedule(SeedSequence(1))
        let rows = (1..<6).map { node in schedule.exchange(of: node, round: 0).row.map(\.node) }
        #expect(rows.contains { $0.contains(0) })
        for (node, row) in zip(1..<6, rows) {
            let mean = PeerRuns.mean(row.filter { $0 != 0 }.map { before[$0] })
            #expect(PeerRuns.distance(outcome.models[node].map(Double.init), mean) < 1e-4, "node \(node): \(row)")
            // The record says the weights that were taken, not those that were drawn.
            let heard = row.filter { $0 != 0 && $0 != node }
            #expect(
                outcome.record.nodes[node].listened
                    == Dictionary(uniqueKeysWithValues: heard.map { ($0, 1 / Double(heard.count + 1)) }))
        }
    }
}
