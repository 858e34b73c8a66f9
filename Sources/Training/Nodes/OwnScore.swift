/// How good a model is by a node's own distribution.
public struct OwnScore: Hashable, Codable, Sendable {
    /// A fraction.
    public let accuracy: Double
    public let loss: Double
    /// The area under the ROC curve; nil where that is not the task's metric.
    public let auc: Double?

    public init(accuracy: Double, loss: Double, auc: Double? = nil) {
        self.accuracy = accuracy
        self.loss = loss
        self.auc = auc
    }
}
