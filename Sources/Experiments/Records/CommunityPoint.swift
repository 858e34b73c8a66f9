package import Training

/// All nodes of a run at one evaluation.
public struct CommunityPoint: Hashable, Codable, Sendable {
    /// Updates of the model, or rounds.
    public let round: Int
    /// Samples that all nodes together have trained on.
    public let samples: Int
    /// When the last node came to this evaluation.
    public let clusterSeconds: Double
    /// By all ranks together.
    public let bytesSent: Int
    /// Over nodes, each on its own distribution.
    public let meanAccuracy: Double
    /// Over nodes, each on its own distribution.
    public let meanLoss: Double
    /// Of the node that is worst off.
    public let worstAccuracy: Double
    /// Nine of ten nodes, or more, are at or above it: of n accuracies in ascending order that of place ceil(n / 10).
    public let lowestTenthAccuracy: Double
    /// How far apart the nodes' models were: ``TrainingRun/Consensus/distance``. Nil where they share one.
    public let consensusDistance: Double?
    /// Of the mean of all models on everybody's data, and of no node's own. Nil where nodes share one model.
    public let averageAccuracy: Double?
    /// The same figures of the metric, where that is no accuracy; else nil.
    public let values: Values?

    /// Values of a metric that is no accuracy, each node's on its own distribution.
    public struct Values: Hashable, Codable, Sendable {
        /// Of the accuracy, loss and AUC that are means over nodes.
        public let mean: Double
        /// Of the node that is worst off.
        public let worst: Double
        /// Nine of ten nodes, or more, are at it or better off.
        public let worstTenth: Double
        /// As ``CommunityPoint/averageAccuracy``.
        public let average: Double?
    }

    /// What models of all nodes are by a metric; of accuracies what the other fields have.
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

    /// The curves of all nodes on their own distributions, evaluation by evaluation. A node that left earlier than others
    /// counts with what it had to the end.
    ///
    /// - Parameters:
    ///   - consensus: what is known of the models' distances, by their rounds.
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
                // Of equal values, as all are before training, their sum could round to another mean than one of them.
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

    /// Of values from the worst to the best that which nine of ten, or more, are at or better than.
    static func lowestTenth(_ sorted: [Double]) -> Double { sorted[(sorted.count + 9) / 10 - 1] }
}
