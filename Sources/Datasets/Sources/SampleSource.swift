public import Kernel

/// What samples look like before a model sees them: how a data set keeps its numbers is up to the source, which turns them
/// into floats batch by batch.
///
/// A batch is one call, so that the loops over its samples are compiled for the source's own numbers: see ``ByteImages`` and
/// ``StandardisedFeatures``.
public protocol SampleSource: Sendable {
    /// The shape of one sample.
    var shape: FeatureShape { get }
    /// N: samples.
    var count: Int { get }
    /// What kind of numbers they are and how they are scaled, in a few words that belong to the data's digest.
    var form: String { get }

    /// Writes samples as floats.
    ///
    /// - Parameters:
    ///   - samples: B of them, each in 0..<N.
    ///   - inputs: `[B, features]`
    ///   - places: which number of a sample stands at each place, `[features]`; nil for all where they are.
    func gather(_ samples: SampleIndices, into inputs: UnsafeMutablePointer<Float>, places: [Int32]?)

    /// The samples at `indices`, in that order.
    func selecting(_ indices: [Int]) -> Self

    /// These samples and, behind them, the samples of `other`.
    /// - Precondition: `other` is a source of the same type, of samples of the same shape.
    func appending(_ other: any SampleSource) -> Self

    /// The same samples, with whatever is estimated of samples, such as a scale, estimated from the samples of
    /// `training`.
    /// - Precondition: `training` is a source of the same type.
    func scaled(by training: any SampleSource) -> Self

    /// Hands the bytes of all samples over, in any number of pieces, for the data's digest.
    func withBytes(_ body: ([UInt8]) -> Void)
}

/// The samples of a batch: any, or consecutive ones.
public enum SampleIndices: Sendable {
    /// Any samples, by their indices.
    case list(ArraySlice<Int32>)
    /// Consecutive samples.
    case range(Range<Int32>)

    /// How many samples the batch has.
    @inlinable public var count: Int {
        switch self {
        case .list(let indices): indices.count
        case .range(let range): range.count
        }
    }

    /// Calls `body` with each row of the batch and its sample.
    @inlinable @inline(__always)
    public func forEachRow(_ body: (_ row: Int, _ sample: Int) -> Void) {
        switch self {
        case .list(let indices):
            // By hand, since a batch is small and a generic collection's elements come one call each.
            indices.withUnsafeBufferPointer { indices in
                for row in 0..<indices.count { body(row, Int(indices[row])) }
            }
        case .range(let range):
            for row in 0..<range.count { body(row, Int(range.lowerBound) + row) }
        }
    }
}
