public import Cluster
public import Kernel

/// A point-to-point message: a vector, as it is or in a coding, and a number beside it.
///
/// A message is frozen when it is made: the receiver sees the numbers that the vector had then, whatever its owner does with
/// it afterwards, and may change what it gets without the sender seeing that. Nothing is copied until one of them changes
/// the numbers (``ParameterVector/snapshot()``).
public struct Message: Sendable {
    enum Payload: Sendable {
        case vector(ParameterVector)
        case deferred(DeferredVector)
        case encoded(EncodedVector)
        /// So many bytes without contents, where only their time is asked for.
        case nothing(bytes: Int)
    }

    let payload: Payload
    /// The numbers of a message without a coding; computed now, if they are still to be.
    public var vector: ParameterVector {
        switch payload {
        case .vector(let vector): return vector
        case .deferred(let vector): return vector.value
        case .encoded(let encoded):
            preconditionFailure("a message in '\(encoded.coding)' is decoded by that coding, and has no vector")
        case .nothing: preconditionFailure("a message of a replay has no numbers")
        }
    }
    /// What a coding made of the numbers; nil where they are as they were.
    public var encoded: EncodedVector? {
        if case .encoded(let encoded) = payload { encoded } else { nil }
    }
    /// A count that travels with the vector, such as the samples behind a client's update.
    public let weight: Int
    /// What the message is sent for, as it was charged.
    public let purpose: TrafficPurpose
    /// The message's direction: up to a server, down from one, or between equals.
    public let direction: TrafficDirection
    /// Losses that ride on a message between processes; never charged or timed. `telling` runs at the sender, `told` is what
    /// arrived.
    let telling: (@Sendable () -> [Double])?
    /// Numbers that ride along and are never charged.
    public let told: [Double]

    /// What every message has around its payload: sender, receiver, tag and length, 32 bits each.
    public static let framingBytes = 16

    package init(
        _ vector: ParameterVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer
    ) {
        self.init(.vector(vector.snapshot()), weight: weight, purpose, direction)
    }

    package init(
        _ vector: DeferredVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer,
        telling: (@Sendable () -> [Double])? = nil
    ) {
        self.init(.deferred(vector), weight: weight, purpose, direction, telling: telling)
    }

    package init(
        _ encoded: EncodedVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer,
        telling: (@Sendable () -> [Double])? = nil
    ) {
        self.init(.encoded(encoded), weight: weight, purpose, direction, telling: telling)
    }

    /// A message that has come from another process.
    init(
        _ payload: Payload, weight: Int, purpose: TrafficPurpose, direction: TrafficDirection, told: [Double]
    ) {
        self.init(payload, weight: weight, purpose, direction, told: told)
    }

    /// A message of a replay.
    init(bytes: Int, purpose: TrafficPurpose, direction: TrafficDirection) {
        self.init(.nothing(bytes: bytes), weight: 0, purpose, direction)
    }

    private init(
        _ payload: Payload, weight: Int, _ purpose: TrafficPurpose, _ direction: TrafficDirection,
        telling: (@Sendable () -> [Double])? = nil, told: [Double] = []
    ) {
        self.payload = payload
        self.weight = weight
        self.purpose = purpose
        self.direction = direction
        self.telling = telling
        self.told = told
    }

    /// Bytes on the wire, without framing.
    var payloadBytes: Int {
        switch payload {
        case .vector(let vector): vector.count * bytesPerElement
        case .deferred(let vector): vector.count * bytesPerElement
        case .encoded(let encoded): encoded.bytes.count
        case .nothing(let bytes): bytes
        }
    }
    var bytes: Int { payloadBytes + Self.framingBytes }
}
