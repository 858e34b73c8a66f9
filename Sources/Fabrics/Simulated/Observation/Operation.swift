package import Cluster

/// What a rank program asks of its fabric, without the numbers: all that decides how long it takes.
package enum Operation: Hashable, Sendable {
    case compute(ComputeWork)
    /// Begins a step that is computed beside the operations that follow; `elements` numbers are in its gradient.
    ///
    /// - shares: of the gradient's computation, which ``ready(share:)`` names by their index.
    case step(ComputeWork, elements: Int, shares: [Double])
    /// Lasts until a share of the step's gradient is there.
    case ready(share: Int)
    /// The update of the step, which follows its gradient.
    case update
    case send(to: Int, elements: Int, TrafficPurpose, TrafficDirection)
    case receive(from: Int)
    case collective(CollectiveKind, elements: Int, TrafficPurpose)
    /// The model is evaluated, which takes no cluster time.
    case evaluation

    static func send(_ message: Message, to receiver: Int) -> Self {
        .send(to: receiver, elements: message.elements, message.purpose, message.direction)
    }
}
