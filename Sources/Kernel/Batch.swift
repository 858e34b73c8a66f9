/// Samples for one step: `[B, features]` inputs and `[B]` labels, in buffers that are reused.
///
/// `@unchecked Sendable`: a batch belongs to a ``Workspace``, which one thread at a time has.
public final class Batch: @unchecked Sendable {
    public let capacity: Int
    public let featureCount: Int
    /// B, at most `capacity`.
    public private(set) var count = 0
    /// `[B, features]`
    public let inputs: UnsafeMutableBufferPointer<Float>
    /// `[B]`
    public let labels: UnsafeMutableBufferPointer<UInt8>

    public init(capacity: Int, featureCount: Int) {
        precondition(capacity > 0 && featureCount > 0, "a batch of \(capacity) samples of \(featureCount) features")
        self.capacity = capacity
        self.featureCount = featureCount
        inputs = .allocate(capacity: capacity * featureCount)
        inputs.initialize(repeating: 0)
        labels = .allocate(capacity: capacity)
        labels.initialize(repeating: 0)
    }

    deinit {
        inputs.deallocate()
        labels.deallocate()
    }

    public func resize(to count: Int) {
        precondition(count > 0 && count <= capacity, "a batch of \(count) samples; its capacity is \(capacity)")
        self.count = count
    }
}
