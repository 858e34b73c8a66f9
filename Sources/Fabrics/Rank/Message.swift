public import Cluster
public import Kernel

/// A point-to-point message: a vector that the receiver must not change, and a number beside it.
public struct Message: Sendable {
    private let payload: DeferredVector
    /// The numbers; computed now, if they are still to be.
    public var vector: ParameterVector { payload.value }
    /// A count that travels with the vector, such as the samples behind a client's update.
    public let weight: Int
    public let purpose: TrafficPurpose
    public let direction: TrafficDirection
    /// Numbers for the record of the run that go along where sender and receiver do not share memory, and are no part of
    /// the job: asked of the sender, and what has come.
    let telling: (@Sendable () -> [Double])?
    public let told: [Double]

    /// What every message has around its payload: sender, receiver, tag and length, 32 bits each.
    public static let framingBytes = 16

    public init(
        _ vector: ParameterVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer
    ) {
        self.init(DeferredVector(vector), weight: weight, purpose: purpose, direction: direction)
    }

    public init(
        _ vector: DeferredVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer,
        telling: (@Sendable () -> [Double])? = nil
    ) {
        payload = vector
        self.weight = weight
        self.purpose = purpose
        self.direction = direction
        self.telling = telling
        told = []
    }

    /// A message that has come from another process.
    init(
        _ vector: ParameterVector, weight: Int, purpose: TrafficPurpose, direction: TrafficDirection, told: [Double]
    ) {
        payload = DeferredVector(vector)
        self.weight = weight
        self.purpose = purpose
        self.direction = direction
        telling = nil
        self.told = told
    }

    /// Numbers in the vector.
    var elements: Int { payload.count }
    /// The vector as 32-bit floats, and the framing.
    var bytes: Int { elements * MemoryLayout<Float>.size + Self.framingBytes }
}
