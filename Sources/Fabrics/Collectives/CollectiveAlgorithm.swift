import Cluster
import Kernel

/// What one rank does in one step of a collective: post a message, if any, then wait for one, if any.
package struct CollectiveStep: Equatable, Sendable {
    package var send: (to: Int, bytes: Int, direction: TrafficDirection)?
    package var receiveFrom: Int?

    package static func == (left: Self, right: Self) -> Bool {
        left.receiveFrom == right.receiveFrom && left.send?.to == right.send?.to
            && left.send?.bytes == right.send?.bytes
            && left.send?.direction == right.send?.direction
    }

    static func send(to rank: Int, bytes: Int, _ direction: TrafficDirection = .peer) -> Self {
        Self(send: (rank, bytes, direction), receiveFrom: nil)
    }

    static func receive(from rank: Int) -> Self { Self(send: nil, receiveFrom: rank) }

    static func exchange(to receiver: Int, bytes: Int, from sender: Int) -> Self {
        Self(send: (receiver, bytes, .peer), receiveFrom: sender)
    }

    /// This step with each rank's number replaced by what `number` makes of it.
    func renumbered(_ number: (Int) -> Int) -> Self {
        Self(send: send.map { (number($0.to), $0.bytes, $0.direction) }, receiveFrom: receiveFrom.map(number))
    }
}

/// The messages of a collective, rank by rank and step by step. Time and bytes emerge from playing them on a network;
/// the numbers are combined elsewhere, once, in the order of ranks.
///
/// A rank goes on to its next step when it has what the step waits for, and is done when its last step is done and
/// its last message has left. Payload bytes are given; the fabric adds the framing.
package protocol CollectiveAlgorithm: Sendable {
    /// Step `index` of `rank` among `ranks`, for vectors of `elements` floats; nil when the rank has no more.
    func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep?

    /// How many rounds the collective has; nil for an algorithm that does not work in rounds. In every round each rank
    /// sends one message to another, between equals, and receives the one that another sends in that round.
    func rounds(of ranks: Int) -> Int?
}

extension CollectiveAlgorithm {
    package func rounds(of ranks: Int) -> Int? { nil }
}

let bytesPerElement = MemoryLayout<Float>.size

/// The least k with 2^k >= count: rounds of a tree.
func ceilLog2(_ count: Int) -> Int { count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount }
