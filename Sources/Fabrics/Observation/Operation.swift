package import Cluster

/// What a rank program asks of its fabric, without the numbers: all that decides how long it takes.
package enum Operation: Hashable, Sendable {
    case compute(ComputeWork)
    case send(to: Int, elements: Int, TrafficPurpose, TrafficDirection)
    case receive(from: Int)
    case collective(CollectiveKind, elements: Int, TrafficPurpose)
    /// The model is evaluated, which takes no cluster time.
    case evaluation

    static func send(_ message: Message, to receiver: Int) -> Self {
        .send(to: receiver, elements: message.elements, message.purpose, message.direction)
    }
}
