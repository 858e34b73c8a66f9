import Cluster

/// Told what the ranks of a simulation do, on the simulation's thread, in the order in which it happens there.
package protocol SimulationObserver: AnyObject {
    /// Whether the observer has to be told of every message. Otherwise it is not told of messages of collectives that
    /// are played as a whole (``RoundPlay``).
    var needsMessages: Bool { get }
    /// A rank calls an operation.
    func began(_ operation: Operation, on rank: Int, at now: VirtualTime)
    /// A rank computes meanwhile, beside the operation that it has begun and those that follow.
    func computes(on rank: Int, from begin: VirtualTime, to end: VirtualTime)
    /// The rank's operation is over.
    /// - Parameter ready: when all that it needed of others had been sent, or had come; until then it waited for them.
    func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime)
    /// A message asks for its sender's port.
    /// - Parameter departs: when it will have left the port.
    func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime)
    /// A message is there.
    /// - Parameter number: the message's.
    func delivered(_ number: Int, at now: VirtualTime)
    /// A message will not arrive, or not be taken: its sender has left, or its receiver.
    func dropped(_ number: Int, at now: VirtualTime)
    /// A rank leaves; the operation that it was in ends at the same time.
    func left(_ rank: Int, at now: VirtualTime)
}

extension SimulationObserver {
    package func dropped(_ number: Int, at now: VirtualTime) {}
    package func left(_ rank: Int, at now: VirtualTime) {}
}

extension SimulationObserver {
    package func computes(on rank: Int, from begin: VirtualTime, to end: VirtualTime) {}
}

/// A message as a network sees it.
package struct SimulatedMessage: Sendable {
    /// The message's number: messages of the job are counted.
    package let number: Int
    package let sender: Int
    package let receiver: Int
    /// Bytes of the message, framing included.
    package let bytes: Int
    package let purpose: TrafficPurpose

    package init(number: Int, sender: Int, receiver: Int, bytes: Int, purpose: TrafficPurpose) {
        self.number = number
        self.sender = sender
        self.receiver = receiver
        self.bytes = bytes
        self.purpose = purpose
    }
}

/// Tells two observers.
package final class ObserverPair: SimulationObserver {
    private let first: any SimulationObserver
    private let second: any SimulationObserver

    package init(_ first: any SimulationObserver, _ second: any SimulationObserver) {
        self.first = first
        self.second = second
    }

    package var needsMessages: Bool { first.needsMessages || second.needsMessages }

    package func began(_ operation: Operation, on rank: Int, at now: VirtualTime) {
        first.began(operation, on: rank, at: now)
        second.began(operation, on: rank, at: now)
    }

    package func computes(on rank: Int, from begin: VirtualTime, to end: VirtualTime) {
        first.computes(on: rank, from: begin, to: end)
        second.computes(on: rank, from: begin, to: end)
    }

    package func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) {
        first.ended(on: rank, at: now, ready: ready)
        second.ended(on: rank, at: now, ready: ready)
    }

    package func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) {
        first.posted(message, at: now, departs: departs)
        second.posted(message, at: now, departs: departs)
    }

    package func delivered(_ number: Int, at now: VirtualTime) {
        first.delivered(number, at: now)
        second.delivered(number, at: now)
    }

    package func dropped(_ number: Int, at now: VirtualTime) {
        first.dropped(number, at: now)
        second.dropped(number, at: now)
    }

    package func left(_ rank: Int, at now: VirtualTime) {
        first.left(rank, at: now)
        second.left(rank, at: now)
    }
}
