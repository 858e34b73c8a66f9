import Cluster

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
    /// - bytes: without framing.
    case send(to: Int, bytes: Int, TrafficPurpose, TrafficDirection)
    /// Sends like `send`, but the sender goes on while the message leaves its port.
    case post(to: Int, bytes: Int, TrafficPurpose, TrafficDirection)
    case receive(from: Int)
    /// Receives from whoever of several sends first, or with a deadline.
    case receiveFirst
    /// Does nothing until a point in time.
    case sleep
    case collective(CollectiveKind, elements: Int, TrafficPurpose)
    /// The model is evaluated, which takes no cluster time.
    case evaluation
    /// The rank's own model is shown for an evaluation of all ranks' models, which is made when the last of them has come: on
    /// another cluster that may be another rank. Takes no cluster time.
    case show

    /// Sends a vector without a coding.
    package static func send(
        to receiver: Int, elements: Int, _ purpose: TrafficPurpose, _ direction: TrafficDirection
    ) -> Self {
        .send(to: receiver, bytes: elements * bytesPerElement, purpose, direction)
    }

    static func send(_ message: Message, to receiver: Int) -> Self {
        .send(to: receiver, bytes: message.payloadBytes, message.purpose, message.direction)
    }

    static func post(_ message: Message, to receiver: Int) -> Self {
        .post(to: receiver, bytes: message.payloadBytes, message.purpose, message.direction)
    }

    static func receive(from senders: Senders, hasDeadline: Bool) -> Self {
        if case .rank(let sender) = senders, !hasDeadline { return .receive(from: sender) }
        return .receiveFirst
    }

    /// What a rank does that, on another cluster, could end in another way, so that a schedule says nothing of it; nil for
    /// all else.
    var dependenceOnTime: String? {
        switch self {
        case .receiveFirst: "receives what comes first of several senders, or with a deadline"
        case .sleep: "sleeps until a point in time"
        case .compute, .step, .ready, .update, .send, .post, .receive, .collective, .evaluation, .show: nil
        }
    }
}
