package import Training

/// All nodes of a run at one evaluation.
public struct CommunityPoint: Hashable, Codable, Sendable {
    /// Updates of the model, or rounds, until this evaluation.
    public let round: Int
    /// Samples that all nodes together have trained on.
    public let samples: Int
    /// When the last node came to this evaluation.
    public let clusterSeconds: Double
    /// Bytes sent by all ranks together.
    public let bytesSent: Int
    /// Mean accuracy over nodes, each on its own distribution; 0 to 1.
    public let meanAccuracy: Double
    /// Mean loss over nodes, each on its own distribution.
    public let meanLoss: Double
    /// Accuracy of the worst node; 0 to 1.
    public let worstAccuracy: Double
    /// At least nine of ten nodes have this accuracy or more: of n accuracies in ascending order, the one at place
    /// ceil(n / 10).
    public let lowestTenthAccuracy: Double
    /// How far apart the nodes' models were: ``TrainingRun/Consensus/distance``. Nil where they share one.
    public let consensusDistance: Double?
    /// Accuracy on everybody's data of the mean of all models, which no node has itself. Nil where nodes share one
    /// model.
    public let averageAccuracy: Double?
    /// The same figures for a metric other than accuracy; else nil.
    public let values: Values?

    /// Values of a metric other than accuracy, each node's on its own distribution.
    public struct Values: Hashable, Codable, Sendable {
        /// The metric's value for the mean accuracy, mean loss and mean AUC over nodes.
        public let mean: Double
        /// The value of the worst node.
        public let worst: Double
        /// At least nine of ten nodes have this value or a better one.
        public let worstTenth: Double
        /// The value of the mean of all models on everybody's data, as ``CommunityPoint/averageAccuracy``.
        public let average: Double?
    }

    /// Values of all nodes' models by a metric; for accuracy they are made from the other fields.
    package func values(_ metric: Metric) -> Values? {
        guard metric == .accuracy else { return values }
        return Values(
            mean: meanAccuracy, worst: worstAccuracy, worstTenth: lowestTenthAccuracy, average: averageAccuracy)
    }

    package init(
        round: Int, samples: Int, clusterSeconds: Double, bytesSent: Int, meanAccuracy: Double, meanLoss: Double,
        worstAccuracy: Double, lowestTenthAccuracy: Double, consensusDistance: Double? = nil,
        averageAccuracy: Double? = nil, values: Values? = nil
    ) {
        self.round = round
        self.samples = samples
        self.clusterSeconds = clusterSeconds
        self.bytesSent = bytesSent
        self.meanAccuracy = meanAccuracy
        self.meanLoss = meanLoss
        self.worstAccuracy = worstAccuracy
        self.lowestTenthAccuracy = lowestTenthAccuracy
        self.consensusDistance = consensusDistance
        self.averageAccuracy = averageAccuracy
        self.values = values
    }

    /// The curves of all nodes on their own distributions, evaluation by evaluation. A node that left earlier than
    /// others counts with its last values.
    ///
    /// - Parameters:
    /// - consensus: the distances between the models, where known, by their rounds.
    ///   - metric: what nodes are judged by.
    package static func curve(
        of curves: [[TrainingRun.Evaluation]], _ consensus: [TrainingRun.Consensus] = [], by metric: Metric = .accuracy
    ) -> [CommunityPoint] {
        guard let longest = curves.max(by: { $0.count < $1.count }), !longest.isEmpty else { return [] }
        let byRound = Dictionary(consensus.map { ($0.round, $0) }, uniquingKeysWith: { first, _ in first })
        return longest.indices.map { index in
            let points = curves.compactMap { $0.isEmpty ? nil : $0[min(index, $0.count - 1)] }
            let accuracies = points.map(\.testAccuracy).sorted()
            func mean(_ value: (TrainingRun.Evaluation) -> Double) -> Double {
                // The sum of equal values, as before training, could round to a mean that differs from them.
                guard points.contains(where: { value($0) != value(points[0]) }) else { return value(points[0]) }
                return points.reduce(0) { $0 + value($1) } / Double(points.count)
            }
            let known = byRound[longest[index].round]
            let values = metric.fromWorstToBest(points.map(metric.value(of:)))
            let meanAUC = metric == .auc ? mean { $0.testAUC ?? .nan } : nil
            return CommunityPoint(
                round: longest[index].round, samples: points.map(\.samples).max() ?? 0,
                clusterSeconds: points.map(\.clusterSeconds).max() ?? 0, bytesSent: points.map(\.bytesSent).max() ?? 0,
                meanAccuracy: mean(\.testAccuracy), meanLoss: mean(\.testLoss), worstAccuracy: accuracies[0],
                lowestTenthAccuracy: lowestTenth(accuracies), consensusDistance: known?.distance,
                averageAccuracy: known?.averageAccuracy,
                values: metric == .accuracy
                    ? nil
                    : Values(
                        mean: metric.value(accuracy: mean(\.testAccuracy), loss: mean(\.testLoss), auc: meanAUC),
                        worst: values[0], worstTenth: lowestTenth(values), average: known.map(metric.value(ofAverage:)))
            )
        }
    }

    /// The value that at least nine of ten reach or exceed, among values from the worst to the best.
    static func lowestTenth(_ sorted: [Double]) -> Double { sorted[(sorted.count + 9) / 10 - 1] }
}
