public import Fabrics
public import Kernel

/// Gradients that are sent in buckets while the backward pass still runs: S. Li, Y. Zhao, R. Varma et al. 2020, *PyTorch
/// Distributed: Experiences on Accelerating Data Parallel Training* (VLDB 13(12)), sections 3.2.2 and 3.2.3.
public struct GradientOverlap: Hashable, Codable, Sendable {
    /// Bytes that close a bucket: it gets tensors until it holds this many or more.
    public var bucketBytes: Int

    /// PyTorch's `bucket_cap_mb`, 25 MiB.
    public static let standardBucketBytes = 25 << 20
    /// PyTorch's limit of the bucket that goes out first, 1 MiB, so that communication begins early.
    public static let firstBucketBytes = 1 << 20

    /// - Parameter bucketBytes: bytes of the gradient, 4 for each number, that close a bucket; above 0.
    public init(bucketBytes: Int = standardBucketBytes) {
        precondition(bucketBytes > 0, "buckets of \(bucketBytes) bytes")
        self.bucketBytes = bucketBytes
    }

    /// The buckets of a network's gradient in the order in which they are sent, by DistributedDataParallel's rule:
    /// tensors in the reverse order of the layers, which is about the order of the backward pass, fill a bucket until
    /// it holds its limit or more; a tensor is never split. The first bucket's limit is 1 MiB or, if that is less, the
    /// limit of all.
    public func buckets(of network: any Objective) -> [GradientBucket] {
        let tensors = zip(network.layout.slots, network.gradientReadiness).reversed().map {
            (numbers: $0.range.count, readyShare: $1)
        }
        var end = network.parameterCount
        return buckets(ofTensors: tensors).map { bucket in
            defer { end -= bucket.numbers }
            return GradientBucket(range: (end - bucket.numbers)..<end, readyShare: bucket.readyShare)
        }
    }

    /// The buckets of tensors that are known by their sizes, in the order in which they fill buckets.
    ///
    /// - Parameter bytesPerNumber: bytes of each number that is sent: numbers of two bytes fill a bucket half as
    ///   fast.
    /// - Returns: each bucket's numbers, and the share at which the tensor that closes the bucket is ready.
    package func buckets(
        ofTensors tensors: [(numbers: Int, readyShare: Double)], bytesPerNumber: Int = MemoryLayout<Float>.size
    ) -> [(numbers: Int, readyShare: Double)] {
        var buckets: [(numbers: Int, readyShare: Double)] = []
        var numbers = 0
        for (index, tensor) in tensors.enumerated() {
            numbers += tensor.numbers
            let limit = buckets.isEmpty ? min(Self.firstBucketBytes, bucketBytes) : bucketBytes
            // The last tensor closes what is left.
            guard numbers * bytesPerNumber >= limit || index == tensors.count - 1 else { continue }
            buckets.append((numbers, tensor.readyShare))
            numbers = 0
        }
        return buckets
    }
}
