public import Fabrics
public import Kernel

/// Gradients that are sent in buckets while the backward pass still runs: S. Li, Y. Zhao, R. Varma et al. 2020, *PyTorch
/// Distributed: Experiences on Accelerating Data Parallel Training* (VLDB 13(12)), sections 3.2.2 and 3.2.3.
public struct GradientOverlap: Hashable, Codable, Sendable {
    /// A bucket is closed by the tensor with which it holds so many bytes.
    public var bucketBytes: Int

    /// PyTorch's `bucket_cap_mb`, 25 MiB.
    public static let standardBucketBytes = 25 << 20
    /// PyTorch's limit of the bucket that goes out first, 1 MiB, so that communication begins early.
    public static let firstBucketBytes = 1 << 20

    /// - Parameter bucketBytes: of a gradient's 4-byte numbers that go in one message.
    public init(bucketBytes: Int = standardBucketBytes) {
        precondition(bucketBytes > 0, "buckets of \(bucketBytes) bytes")
        self.bucketBytes = bucketBytes
    }

    /// The buckets of a network's gradient in the order in which they are sent, by DistributedDataParallel's rule: tensors
    /// in the reverse order of the layers, which is about that of the backward pass, fill a bucket until it holds its
    /// limit or more; a tensor is never split. Of the first bucket the limit is 1 MiB or, if that is less, that of all.
    public func buckets(of network: any Objective) -> [GradientBucket] {
        let readiness = network.gradientReadiness
        var buckets: [GradientBucket] = []
        var end = network.parameterCount
        for (slot, share) in zip(network.layout.slots, readiness).reversed() {
            let range = slot.range.lowerBound..<end
            let limit = buckets.isEmpty ? min(Self.firstBucketBytes, bucketBytes) : bucketBytes
            // The last tensor closes what is left.
            guard range.count * MemoryLayout<Float>.size >= limit || range.lowerBound == 0 else { continue }
            buckets.append(GradientBucket(range: range, readyShare: share))
            end = range.lowerBound
        }
        return buckets
    }
}
