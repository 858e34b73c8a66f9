/// How good a model is by a node's own distribution.
public struct OwnScore: Hashable, Codable, Sendable {
    /// The accuracy, from 0 to 1.
    public let accuracy: Double
    /// The mean loss, in the unit of the objective.
    public let loss: Double
    /// The area under the ROC curve; nil where that is not the task's metric.
    public let auc: Double?

    /// A score.
    ///
    /// - Parameters:
    ///   - accuracy: from 0 to 1.
    ///   - loss: the mean loss.
    ///   - auc: the area under the ROC curve; nil where that is not the task's metric.
    public init(accuracy: Double, loss: Double, auc: Double? = nil) {
        self.accuracy = accuracy
        self.loss = loss
        self.auc = auc
    }
}
