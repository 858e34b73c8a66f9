import Cluster
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// What nodes compute in a round beside their steps is charged: by hand, in passes over vectors of P numbers.
@Suite(.timeLimit(.minutes(60)))
struct PeerCostTests {
    private let parameters = 1210

    private func seconds(_ work: ComputeWork) -> Double { TestRuns.compute.seconds(work, on: PeerRuns.nodes(1)[0]) }
    private func passes(_ count: Int) -> Double { seconds(.vector(elements: count * parameters)) }
    private var step: Double { seconds(.step(samples: 10)) }

    private func expect(
        _ report: FabricReport, _ expected: Double, ranks: Range<Int>,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for rank in ranks {
            let found = report.accounts[rank].computeSeconds
            #expect(abs(found - expected) < 1e-7, "rank \(rank): \(found)", sourceLocation: sourceLocation)
        }
    }

    // MARK: Rounds of neighbours

    /// On a ring three vectors are added up. Top-k passes over a vector four times and decodes with one; random-k also draws and
    /// sorts its places, on either side. The change is two passes, and so are the moves of x̂ and x.
    @Test(arguments: [(Choco.Compression.topK, 4, 1), (.randomK, 2, 2)])
    func chocoCodesWhatIsSentAndWhatIsHeard(_ compression: Choco.Compression, encoding: Int, decoding: Int) throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 8)
        var options = Choco.Options()
        options.nodes = NodeOptions(workers: 8)
        options.compression = compression
        let report = try PeerRuns.play(Choco(configuration: shared, options: options), shared).report
        expect(report, 3 * (step + passes(encoding + 2 + 3 * (decoding + 1) + 2)), ranks: 0..<8)
    }

    /// Three passes make of a step what is sent; then two numerators are added up, and their quotient is a pass.
    @Test func pushSumMovesItsNumerator() throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 8)
        var options = PushSum.Options()
        options.nodes = NodeOptions(workers: 8)
        let report = try PeerRuns.play(PushSum(configuration: shared, options: options), shared).report
        expect(report, 3 * (step + passes(3 + 2 + 1)), ranks: 0..<8)
    }

    /// Three vectors are added up. Before that exact diffusion makes three passes; tracking makes four, averages a second vector
    /// of each of the three, and makes a step.
    @Test(arguments: [(Correction.none, 3), (.exactDiffusion, 6), (.gradientTracking, 11)])
    func correctionsAreCharged(_ correction: Correction, count: Int) throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 8)
        let strategy = DecentralizedSGD(shared, workers: 8, correction: correction)
        expect(try PeerRuns.play(strategy, shared).report, 3 * (step + passes(count)), ranks: 0..<8)
    }

    // MARK: Pairs

    /// Equal nodes without latency: each averages once while it computes. That takes a pass for what the steps begin
    /// with, two for the average, and two for the step from the averaged model on.
    @Test func averagesOfPairsAndWhatComesAfterThemAreCharged() throws {
        let (n, rounds) = (8, 16)
        let strategy = Gossip(.pairwise, workers: n, rounds: rounds) { $0.partner = .cyclic }
        let nodes = GossipRuns.withoutLatency(n)
        let outcome = try GossipRuns.play(strategy, nodes: nodes)
        #expect(outcome.record.nodes.allSatisfy { $0.meanStaleness == 1 })
        let round =
            TestRuns.compute.seconds(.step(samples: 10), on: nodes[0])
            + TestRuns.compute.seconds(.vector(elements: 5 * parameters), on: nodes[0])
        expect(outcome.report, Double(rounds) * round, ranks: 0..<n)
    }

    // MARK: Clusters

    /// The server adds up an update of each node, and where these are gradients makes a step for each model. A node copies the
    /// model that it has chosen, once more than it trains it.
    @Test(arguments: [(Clustered.Aggregation.models, 0), (.gradients, 2)])
    func aServerOfClustersAddsUpAndSteps(_ aggregation: Clustered.Aggregation, steps: Int) throws {
        let (rounds, nodes) = (4, 3)
        let shared = ClusterRuns.configuration(rounds: rounds, nodes: 1, samplesOfStep: 1437)
        var options = ClusterRuns.options(.server, workers: nodes, models: 2)
        options.aggregation = aggregation
        let report = try ClusterRuns.play(ServedClusters(configuration: shared, options: options), shared).report
        expect(report, Double(rounds) * passes(nodes + steps), ranks: 0..<1)
        let choosing = passes(1) + seconds(.forward(samples: 479, passes: 2))
        expect(
            report, Double(rounds) * seconds(.step(samples: 479)) + Double(rounds + 1) * choosing, ranks: 1..<nodes + 1)
    }

    /// What a node sends is a copy, and its model passes through the average also where nobody was met.
    @Test func aNodeOfClustersCopiesWhatItSends() throws {
        let rounds = 4
        let shared = ClusterRuns.configuration(rounds: rounds, nodes: 1, samplesOfStep: 1437)
        let options = ClusterRuns.options(.none, workers: 1, models: 2)
        let strategy = DecentralizedClusters(configuration: shared, options: options)
        let choosing = seconds(.forward(samples: 1437, passes: 2))
        let round = seconds(.step(samples: 1437)) + passes(1) + passes(1) + choosing
        expect(try ClusterRuns.play(strategy, shared).report, choosing + Double(rounds) * round, ranks: 0..<1)
    }

    // MARK: Communities

    /// Ditto trains two models, and pulls one of them in each of its steps.
    @Test(arguments: [(0, 0), (0.5, 2)]) func bothModelsOfDittoAreTrained(_ lambda: Double, pulls: Int) throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 4, syncEvery: 2)
        let strategy = CommunityTests.strategy(shared, workers: 4, syncEvery: 2) {
            ($0.follows, $0.accepts, $0.lambda) = ("overlay", "ditto", lambda)
        }
        expect(try PeerRuns.play(strategy, shared).report, 3 * (4 * step + passes(pulls + 3)), ranks: 0..<4)
    }

    /// A node that shares no predictions itself has to make its own before it is drawn to the mean of all.
    @Test func whoHearsPredictionsMakesItsOwn() throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 2)
        let strategy = CommunityTests.strategy(shared, workers: 2) {
            ($0.shares, $0.follows, $0.accepts) = ("predictions/1:nothing", "all", "average")
            $0.publicCount = 60
        }
        let report = try PeerRuns.play(strategy, shared).report
        let forward = seconds(.forward(samples: 60))
        // Node 0 hears nobody.
        expect(report, 3 * (step + forward), ranks: 0..<1)
        expect(
            report, 3 * (step + forward + seconds(.epochs(1, samples: 60, batch: 60)) + passes(2)), ranks: 1..<2)
    }
}
