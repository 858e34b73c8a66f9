import Cluster
import Experiments
import Kernel
import Training

/// Answers to test samples: so many right from the first on, then wrong ones.
func answers(right: Int, of count: Int) -> [Bool] { (0..<count).map { $0 < right } }

/// Bits as a record of nodes has them, in hexadecimal.
func bits(_ answers: [Bool]) -> String {
    let bytes = stride(from: 0, to: answers.count, by: 8).map { start in
        answers[start..<min(start + 8, answers.count)].enumerated().reduce(0) { $0 | ($1.element ? 1 << $1.offset : 0) }
    }
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// A node that nothing was computed for, with five evaluations, the last of them after `seconds`.
///
/// - Parameters:
///   - correct: what it has right at the end.
///   - accuracies: its own; nil for a curve that ends with the share of right answers.
func node(
    _ rank: Int, _ correct: [Bool], kind: Int? = nil, weights: [Double]? = nil, accuracies: [Double]? = nil,
    trained: Int = 640, seconds: Double = 4, staleness: Double? = nil, listened: [Int: Double] = [:],
    chosen: Int? = nil
) -> NodeResult {
    let share = Double(correct.count { $0 }) / Double(correct.count)
    let own = accuracies ?? [0.1, 0.25, 0.5, 0.5, share]
    let evaluations = curve(own.map { $0 / 2 }).enumerated().map { index, point in
        point.with(clusterSeconds: seconds * Double(index) / Double(own.count - 1))
    }
    return NodeResult(
        rank: rank, kind: kind, trainedSamples: trained, evaluations: evaluations,
        own: own.map { OwnScore(accuracy: $0, loss: 1.5) }, finalCorrect: bits(correct), classWeights: weights,
        traffic: .init(bytesSent: 1000 * (rank + 1), bytesReceived: 2000),
        time: .init(computeSeconds: 2, communicationSeconds: 1, waitingSeconds: 0.5), staleness: staleness,
        listened: listened.isEmpty
            ? nil : listened.sorted { $0.key < $1.key }.map { .init(peer: $0.key, weight: $0.value) },
        chosenModel: chosen)
}

/// A run of these nodes that nothing was computed for.
func record(_ strategy: String, seed: UInt64 = 1, nodes: [NodeResult], classes: String? = nil) -> RunRecord {
    let community = CommunityPoint.curve(of: nodes.map(\.ownCurve))
    var run = record(strategy, seed: seed, community.map(\.meanAccuracy))
    run.nodes = nodes
    run.community = community
    run.testClasses = classes
    return run
}

/// Results of strategies by name, also of such as the program does not have, that nothing was computed for.
func communityResults(_ runs: [RunRecord], testSamples: Int, target: Double = 0.5) -> Results {
    var seeds: [UInt64] = []
    for run in runs where !seeds.contains(run.seed) { seeds.append(run.seed) }
    var setup = Setup(strategies: ["single"], seeds: seeds)
    setup.target = target
    var plan = setup.plan
    let configuration = plan.strategies[0].configuration
    var names: [String] = []
    for run in runs where !names.contains(run.strategy) { names.append(run.strategy) }
    plan.strategies = names.map {
        StrategyPlan(
            $0, fabric: .simulated, cluster: ClusterPresets.infiniband, allReduce: .ring, configuration: configuration)
    }
    var results = Results(
        plan: plan, machine: machine, computeModel: nil, trainingSamples: 1437, testSamples: testSamples,
        tuning: "rates from a grid")
    results.runs = runs
    results.isComplete = true
    return results
}
