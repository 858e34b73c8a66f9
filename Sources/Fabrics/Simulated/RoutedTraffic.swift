import Cluster

/// The messages of a ``Simulation`` whose network is more than the ports of one switch.
final class RoutedTraffic {
    /// What the ledger has to know again when a message is sent once more.
    private struct Envelope {
        let parcel: Parcel
        let bytes: Int
        let direction: TrafficDirection
    }

    let network: RoutedNetwork
    private let ledger: TrafficLedger
    /// What the ledger needs of each message under way, by the network's number of the message.
    private var envelopes: [Envelope?] = []

    init(_ network: RoutedNetwork, _ ledger: TrafficLedger) {
        self.network = network
        self.ledger = ledger
    }

    /// - Returns: the message's number, when its sender may go on, and when ``Simulation`` is to ask what is next.
    func post(
        _ parcel: Parcel, bytes: Int, _ direction: TrafficDirection, at now: VirtualTime
    ) -> (message: Int, departed: VirtualTime, next: VirtualTime) {
        let departure = network.depart(from: parcel.sender, to: parcel.receiver, bytes: bytes, at: now)
        while envelopes.count <= departure.message { envelopes.append(nil) }
        envelopes[departure.message] = Envelope(parcel: parcel, bytes: bytes, direction: direction)
        return departure
    }

    /// Appends all that decides what the network does from `now` on; false where that depends on more
    /// (``RoutedNetwork/appendState(to:at:message:)``).
    ///
    /// - Parameter parcel: appends what a message carries.
    func appendState(
        to words: inout [Int64], at now: VirtualTime, parcel: (Parcel, inout [Int64]) -> Void
    ) -> Bool {
        network.appendState(to: &words, at: now) { append($0, to: &$1, parcel: parcel) }
    }

    /// Appends what is known of a message.
    func append(_ message: Int, to words: inout [Int64], parcel: (Parcel, inout [Int64]) -> Void) {
        network.append(message, to: &words)
        if let envelope = envelopes[message] { parcel(envelope.parcel, &words) }
    }

    /// Takes a message a step farther.
    ///
    /// - Returns: when to ask again; nil where a flow or another message will tell.
    func advance(
        _ message: Int, at now: VirtualTime, deliver: (Parcel) -> Void, drop: (Parcel) -> Void
    ) -> VirtualTime? {
        switch network.advance(message, at: now) {
        case .waits(let next): return next
        case .sentAgain(let next):
            if let envelope = envelopes[message] {
                ledger.chargeRetransmission(
                    from: envelope.parcel.sender, bytes: envelope.bytes, envelope.direction)
            }
            return next
        case .flows: return nil
        case .cut:
            for parcel in takeOut(network.takeCut()) { drop(parcel) }
            return nil
        case .arrived:
            for parcel in takeOut(network.takeDelivered()) { deliver(parcel) }
            return nil
        }
    }

    /// A rank leaves; returns its messages that will not arrive.
    func leave(_ rank: Int) -> [Parcel] {
        network.leave(rank) ? takeOut(network.takeCut()) : []
    }

    /// The parcels of these messages. All are taken out before the first is handled, since new messages may get their
    /// numbers.
    private func takeOut(_ messages: [Int]) -> [Parcel] {
        messages.compactMap { message in
            defer { envelopes[message] = nil }
            return envelopes[message]?.parcel
        }
    }
}
