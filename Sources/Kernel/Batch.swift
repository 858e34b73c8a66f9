/// Samples for one step: `[B, features]` inputs and `[B]` labels, in buffers that are reused.
///
/// `@unchecked Sendable`: a batch belongs to a ``Workspace``, which one thread at a time has.
package final class Batch: @unchecked Sendable {
    package let capacity: Int
    package let featureCount: Int
    /// B, at most `capacity`.
    package private(set) var count = 0
    /// `[B, features]`
    package let inputs: UnsafeMutableBufferPointer<Float>
    /// `[B]`
    package let labels: UnsafeMutableBufferPointer<UInt8>

    package init(capacity: Int, featureCount: Int) {
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

    package func resize(to count: Int) {
        precondition(count > 0 && count <= capacity, "a batch of \(count) samples; its capacity is \(capacity)")
        self.count = count
    }
}
