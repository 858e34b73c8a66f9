import Foundation

/// The curves of nodes as numbers, of which a checkpoint can hold many: for each node its rank and the number of its
/// evaluations, and for each of these nine numbers, or eleven where the metric is an AUC.
enum NodeCurves {
    private static let numbersOfEvaluation = 9
    private static let withAUC = 11

    /// Whether evaluations have eleven numbers.
    static func haveAUC(_ nodes: [TrainingRun.NodeRecord]) -> Bool {
        nodes.contains { $0.evaluations.contains { $0.testAUC != nil } }
    }

    static func numbers(of nodes: [TrainingRun.NodeRecord]) -> [Double] {
        var numbers: [Double] = []
        let haveAUC = haveAUC(nodes)
        for node in nodes {
            numbers += [Double(node.rank), Double(node.evaluations.count)]
            for (point, own) in zip(node.evaluations, node.own) {
                numbers += [Double(point.round), Double(point.samples), point.clusterSeconds]
                numbers += [Double(point.bytesSent), point.trainLoss ?? .nan]
                numbers += [point.testAccuracy, point.testLoss, own.accuracy, own.loss]
                if haveAUC { numbers += [point.testAUC ?? .nan, own.auc ?? .nan] }
            }
        }
        return numbers
    }

    /// - Parameters:
    ///   - right: by node.
    ///   - scores: by node, as ``SampleNumbers`` has them; nil where there are none.
    ///   - haveAUC: whether evaluations have eleven numbers.
    /// - Throws: ``CheckpointError`` for numbers that are no curves.
    static func nodes(
        _ numbers: [Double], right: [Data], scores: [Data]?, haveAUC: Bool
    ) throws(CheckpointError) -> [TrainingRun.NodeRecord] {
        let numbersOfEvaluation = haveAUC ? withAUC : Self.numbersOfEvaluation
        var nodes: [TrainingRun.NodeRecord] = []
        var rest = numbers[...]
        func count(_ value: Double) throws(CheckpointError) -> Int {
            guard let count = Int(exactly: value) else {
                throw CheckpointError("curves of nodes with a count of \(value)")
            }
            return count
        }
        while !rest.isEmpty {
            guard rest.count >= 2 else { throw CheckpointError("curves of nodes that are cut short") }
            let (rank, points) = (try count(rest.removeFirst()), try count(rest.removeFirst()))
            guard (0...rest.count / numbersOfEvaluation).contains(points) else {
                throw CheckpointError("curves of nodes that are cut short")
            }
            var node = TrainingRun.NodeRecord(rank: rank)
            for _ in 0..<points {
                let values = Array(rest.prefix(numbersOfEvaluation))
                rest = rest.dropFirst(numbersOfEvaluation)
                node.evaluations.append(
                    TrainingRun.Evaluation(
                        round: try count(values[0]), samples: try count(values[1]), clusterSeconds: values[2],
                        bytesSent: try count(values[3]), trainLoss: values[4].isNaN ? nil : values[4],
                        testAccuracy: values[5], testLoss: values[6], testAUC: haveAUC ? values[9] : nil))
                node.own.append(OwnScore(accuracy: values[7], loss: values[8], auc: haveAUC ? values[10] : nil))
            }
            if let scores, scores.indices.contains(nodes.count) {
                node.finalScores = SampleNumbers.decoded(scores[nodes.count])
            }
            node.finalCorrect = right.indices.contains(nodes.count) ? [UInt8](right[nodes.count]) : []
            nodes.append(node)
        }
        return nodes
    }
}
