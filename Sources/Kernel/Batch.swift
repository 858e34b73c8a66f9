/// Samples for one step: `[B, features]` inputs, `[B]` labels and `[B, targets]` targets, in buffers that are reused.
///
/// `@unchecked Sendable`: a batch belongs to a ``Workspace``, which one thread at a time has.
public final class Batch: @unchecked Sendable {
    /// The most samples that the buffers have room for.
    public let capacity: Int
    /// Numbers of a sample's input.
    public let featureCount: Int
    /// Numbers that a sample's outputs are compared with; 0 where outputs are compared with labels.
    public let targetCount: Int
    /// B, at most `capacity`.
    public private(set) var count = 0
    /// `[B, features]`
    public let inputs: UnsafeMutableBufferPointer<Float>
    /// `[B]`
    public let labels: UnsafeMutableBufferPointer<UInt8>
    /// `[B, targets]`; no memory where there are none.
    public let targets: UnsafeMutableBufferPointer<Float>

    /// Buffers for up to `capacity` samples, with numbers that are 0 at first.
    ///
    /// - Precondition: `capacity` and `featureCount` are above 0, `targetCount` is not below.
    public init(capacity: Int, featureCount: Int, targetCount: Int = 0) {
        precondition(
            capacity > 0 && featureCount > 0 && targetCount >= 0,
            "a batch of \(capacity) samples of \(featureCount) features and \(targetCount) targets")
        self.targetCount = targetCount
        self.capacity = capacity
        self.featureCount = featureCount
        inputs = .allocate(capacity: capacity * featureCount)
        inputs.initialize(repeating: 0)
        labels = .allocate(capacity: capacity)
        labels.initialize(repeating: 0)
        targets =
            targetCount == 0
            ? UnsafeMutableBufferPointer(start: nil, count: 0) : .allocate(capacity: capacity * targetCount)
        targets.initialize(repeating: 0)
    }

    deinit {
        inputs.deallocate()
        labels.deallocate()
        targets.deallocate()
    }

    /// The bytes of a batch's buffers.
    static func bytes(capacity: Int, featureCount: Int, targetCount: Int) -> Int {
        capacity * ((featureCount + targetCount) * MemoryLayout<Float>.stride + MemoryLayout<UInt8>.stride)
    }

    /// Sets how many samples the batch has; what is in the buffers stays.
    ///
    /// - Precondition: `count` is in 1...capacity.
    public func resize(to count: Int) {
        precondition(count > 0 && count <= capacity, "a batch of \(count) samples; its capacity is \(capacity)")
        self.count = count
    }
}
