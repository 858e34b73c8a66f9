import Foundation
public import Training

/// What one node did in a run whose nodes are judged one by one, each on its own distribution.
public struct NodeResult: Hashable, Codable, Sendable {
    /// The node's rank.
    public let rank: Int
    /// Nodes of one kind have one distribution; nil where nodes have no objectives of their own.
    public let kind: Int?
    /// Samples that the node trained on; nil in files without the figure.
    public let trainedSamples: Int?
    /// The curve of the node's model on everybody's data, at the node's own time; see ``CurveThinning``.
    public let evaluations: [TrainingRun.Evaluation]
    /// Scores of the same models on the node's own distribution, one for each evaluation; nil where that is
    /// everybody's.
    public let own: [OwnScore]?
    /// Which test samples the last model had right, as the node sees them, in hexadecimal: sample i is bit i % 8 of
    /// byte i / 8, and 0 if it does not count for the node. Nil where it was not recorded.
    public let finalCorrect: String?
    /// A number from the last model for each test sample, as the node sees it: its loss or, where the metric is an AUC,
    /// its score; NaN for samples that do not count for the node. In base 64, see ``SampleNumbers``. Nil where the
    /// metric is accuracy.
    public let finalScores: String?
    /// The weight of each class in the node's own score; nil where all test samples have the same weight.
    public let classWeights: [Double]?
    /// What the node sent and received; nil in files without the figure.
    public let traffic: Traffic?
    /// Where the node's time went; nil in files without the figure.
    public let time: Time?
    /// Age of peers' models when they were taken in, in updates, on average; nil where it is always 0.
    public let staleness: Double?
    /// The peers that the node listened to, in their order; nil for none.
    public let listened: [Listened]?
    /// Which of several models the node chose last; nil where there is no choice.
    public let chosenModel: Int?

    /// Bytes that the ledger charged to the node, framing included.
    public struct Traffic: Hashable, Codable, Sendable {
        /// Bytes that the node's rank sent.
        public let bytesSent: Int
        /// Bytes that the node's rank received.
        public let bytesReceived: Int

        package init(bytesSent: Int, bytesReceived: Int) {
            (self.bytesSent, self.bytesReceived) = (bytesSent, bytesReceived)
        }
    }

    /// Where the node's cluster time went; time in none of the three came after the end of the node's program.
    public struct Time: Hashable, Codable, Sendable {
        /// Seconds spent on computations.
        public let computeSeconds: Double
        /// Seconds of exposed communication: the node computed nothing at the same time.
        public let communicationSeconds: Double
        /// Seconds until others sent what the node was receiving.
        public let waitingSeconds: Double

        package init(computeSeconds: Double, communicationSeconds: Double, waitingSeconds: Double) {
            (self.computeSeconds, self.communicationSeconds) = (computeSeconds, communicationSeconds)
            self.waitingSeconds = waitingSeconds
        }
    }

    /// How much the node listened to one peer.
    public struct Listened: Hashable, Codable, Sendable {
        /// The peer's place among the nodes.
        public let peer: Int
        /// The sum of the weights with which the peer's models were taken in.
        public let weight: Double

        package init(peer: Int, weight: Double) { (self.peer, self.weight) = (peer, weight) }
    }

    package init(
        rank: Int, kind: Int? = nil, trainedSamples: Int? = nil, evaluations: [TrainingRun.Evaluation],
        own: [OwnScore]? = nil, finalCorrect: String? = nil, finalScores: String? = nil, classWeights: [Double]? = nil,
        traffic: Traffic? = nil, time: Time? = nil, staleness: Double? = nil, listened: [Listened]? = nil,
        chosenModel: Int? = nil
    ) {
        self.rank = rank
        self.kind = kind
        self.trainedSamples = trainedSamples
        self.evaluations = evaluations
        self.own = own
        self.finalCorrect = finalCorrect
        self.finalScores = finalScores
        self.classWeights = classWeights
        self.traffic = traffic
        self.time = time
        self.staleness = staleness
        self.listened = listened
        self.chosenModel = chosenModel
    }

    // MARK: Its own score

    /// The curve on the node's own distribution: accuracies and losses are its own scores.
    public var ownCurve: [TrainingRun.Evaluation] {
        guard let own else { return evaluations }
        return zip(evaluations, own).map { $0.judged(by: $1) }
    }

    /// Accuracy at the end, 0 to 1; 0 without evaluations.
    public var ownAccuracy: Double { ownCurve.last?.testAccuracy ?? 0 }
    /// The value of any metric at the end; the metric's worst value without evaluations.
    public func ownValue(_ metric: Metric) -> Double { ownCurve.last.map(metric.value(of:)) ?? metric.worst }
    /// Loss at the end; NaN without evaluations.
    public var ownLoss: Double { ownCurve.last?.testLoss ?? .nan }

    /// Cluster time of the node's last evaluation, in seconds.
    public var seconds: Double { evaluations.last?.clusterSeconds ?? 0 }

    /// Whether two runs of one plan agree in what the node learned, whatever time they took.
    func hasSameScores(as other: NodeResult) -> Bool {
        func figures(_ node: NodeResult) -> [Double] {
            (node.evaluations + node.ownCurve).flatMap {
                [
                    Double($0.round), Double($0.samples), $0.testAccuracy, $0.testLoss, $0.trainLoss ?? 0,
                    $0.testAUC ?? 0,
                ]
            }.map { $0.isNaN ? -1 : $0 }
        }
        return figures(self) == figures(other) && finalCorrect == other.finalCorrect && finalScores == other.finalScores
            && kind == other.kind
            && trainedSamples == other.trainedSamples && classWeights == other.classWeights
    }

    /// The bytes of ``finalCorrect``; nil where there are none.
    public var correctBits: [UInt8]? { finalCorrect.flatMap(HexadecimalBytes.decode) }
    /// The numbers of ``finalScores``; nil where there are none.
    package var sampleNumbers: [Float]? {
        finalScores.flatMap { Data(base64Encoded: $0) }.map(SampleNumbers.decoded)
    }
}

extension TrainingRun.Evaluation {
    /// The same model, judged on another distribution.
    func judged(by score: OwnScore) -> Self {
        Self(
            round: round, samples: samples, clusterSeconds: clusterSeconds, bytesSent: bytesSent, trainLoss: trainLoss,
            testAccuracy: score.accuracy, testLoss: score.loss, testAUC: score.auc)
    }
}

/// Bytes as text in files: two digits each.
enum HexadecimalBytes {
    static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// - Returns: nil for text of any other form.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
    }
}

/// Which evaluations of nodes' curves a record keeps: all of them while the curves of all nodes together have up to
/// ``mostPoints`` points, else that many divided by the number of nodes, evenly spaced, including the first and the
/// last. ``RunRecord/community`` is made from all evaluations.
enum CurveThinning {
    static let mostPoints = 20_000

    static func kept(_ evaluations: Int, nodes: Int) -> [Int] {
        let most = max(2, mostPoints / max(1, nodes))
        guard evaluations > most else { return Array(0..<evaluations) }
        return (0..<most).map { $0 * (evaluations - 1) / (most - 1) }
    }
}
