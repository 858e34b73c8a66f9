/// How good a model is by a node's own distribution.
public struct OwnScore: Hashable, Codable, Sendable {
    /// A fraction.
    public let accuracy: Double
    public let loss: Double

    public init(accuracy: Double, loss: Double) {
        self.accuracy = accuracy
        self.loss = loss
    }
}
