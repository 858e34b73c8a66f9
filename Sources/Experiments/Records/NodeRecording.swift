import Cluster
import Fabrics
import Foundation
import Training

extension NodeResult {
    /// The results of all nodes at the end of a run, with what the fabric's ledger and accounts recorded about their
    /// ranks.
    static func all(
        _ nodes: [TrainingRun.NodeRecord], _ report: FabricReport, _ strategy: any Strategy, hasObjectives: Bool
    ) -> [NodeResult] {
        let traffic = Self.traffic(report.ledger, ranks: strategy.rankCount)
        let kept = CurveThinning.kept(nodes.map(\.evaluations.count).max() ?? 0, nodes: nodes.count)
        let places = Dictionary(nodes.enumerated().map { ($1.rank, $0) }, uniquingKeysWith: { first, _ in first })
        return nodes.map {
            NodeResult(
                $0, kept: kept, places, traffic[$0.rank], report.accounts[$0.rank], hasObjectives: hasObjectives)
        }
    }

    private static func traffic(_ ledger: TrafficLedger, ranks: Int) -> [Traffic] {
        var (sent, received) = (Array(repeating: 0, count: ranks), Array(repeating: 0, count: ranks))
        for entry in ledger.entries {
            sent[entry.rank] += entry.bytesSent
            received[entry.rank] += entry.bytesReceived
        }
        return zip(sent, received).map { Traffic(bytesSent: $0, bytesReceived: $1) }
    }

    private init(
        _ node: TrainingRun.NodeRecord, kept: [Int], _ places: [Int: Int], _ traffic: Traffic, _ account: TimeAccount,
        hasObjectives: Bool
    ) {
        // A node that left has fewer evaluations than the others.
        var kept = kept.filter { $0 < node.evaluations.count }
        if let last = node.evaluations.indices.last, kept.last != last { kept.append(last) }
        let listened = node.listened.compactMap { rank, weight in
            places[rank].map { Listened(peer: $0, weight: weight) }
        }
        self.init(
            rank: node.rank, kind: hasObjectives ? node.kind : nil, trainedSamples: node.trainedSamples,
            evaluations: kept.map { node.evaluations[$0] },
            own: node.hasOwnScores ? kept.map { node.own[$0] } : nil,
            finalCorrect: node.finalCorrect.isEmpty ? nil : HexadecimalBytes.encode(node.finalCorrect),
            finalScores: node.finalScores.isEmpty
                ? nil : SampleNumbers.encoded(node.finalScores).base64EncodedString(),
            classWeights: node.classWeights, traffic: traffic,
            time: Time(
                computeSeconds: account.computeSeconds.toTheNanosecond,
                communicationSeconds: account.communicationSeconds.toTheNanosecond,
                waitingSeconds: account.waitingSeconds.toTheNanosecond),
            staleness: node.meanStaleness,
            listened: listened.isEmpty ? nil : listened.sorted { $0.peer < $1.peer }, chosenModel: node.chosenModel)
    }
}

extension RunRecord {
    /// Adds the curves of nodes with models of their own, in the order of ranks. Nothing else was recorded about these
    /// nodes but their ranks' traffic.
    package mutating func take(curves: [[TrainingRun.Evaluation]], by metric: Metric = .accuracy) {
        var (sent, received) = ([Int: Int](), [Int: Int]())
        for entry in traffic.entries ?? [] {
            sent[entry.rank, default: 0] += entry.bytesSent
            received[entry.rank, default: 0] += entry.bytesReceived
        }
        nodes = curves.enumerated().map { rank, curve in
            NodeResult(
                rank: rank, evaluations: curve,
                traffic: traffic.entries.map { _ in
                    NodeResult.Traffic(bytesSent: sent[rank] ?? 0, bytesReceived: received[rank] ?? 0)
                })
        }
        community = CommunityPoint.curve(of: curves, by: metric)
    }
}

extension TrainingRun.NodeRecord {
    /// Whether the node's own scores differ from those on everybody's data.
    fileprivate var hasOwnScores: Bool {
        own.count == evaluations.count
            && !zip(own, evaluations).allSatisfy {
                $0.accuracy == $1.testAccuracy && isSame($0.loss, $1.testLoss) && isSame($0.auc ?? 0, $1.testAUC ?? 0)
            }
    }

    private func isSame(_ first: Double, _ second: Double) -> Bool {
        first == second || first.isNaN && second.isNaN
    }

    /// The curve on the node's own distribution.
    var judged: [TrainingRun.Evaluation] {
        own.count == evaluations.count ? zip(evaluations, own).map { $0.judged(by: $1) } : evaluations
    }
}

/// The classes of test samples as a text in which every character is one.
enum TestClasses {
    private static let characters = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

    /// The text of labels; nil where there are more classes than characters.
    static func text(_ labels: [UInt8]) -> String? {
        guard labels.allSatisfy({ Int($0) < characters.count }) else { return nil }
        return String(decoding: labels.map { characters[Int($0)] }, as: UTF8.self)
    }

    /// The labels of such a text; nil for any other text.
    static func labels(_ text: String) -> [Int]? {
        var labels: [Int] = []
        for character in text.utf8 {
            guard let label = characters.firstIndex(of: character) else { return nil }
            labels.append(label)
        }
        return labels
    }
}
