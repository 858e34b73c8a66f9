/// A part of a vector that is sent while the rest of it is still being computed.
public struct GradientBucket: Hashable, Sendable {
    /// The bucket's place in the vector.
    public let range: Range<Int>
    /// The share of the vector's computation that is done when the bucket's numbers are there, above 0 up to 1.
    public let readyShare: Double

    /// - Parameter readyShare: the share of the backward pass after which all numbers of the range are final; above
    ///   0, at most 1.
    public init(range: Range<Int>, readyShare: Double) {
        precondition(readyShare > 0 && readyShare <= 1, "a bucket that is ready at \(readyShare) of a computation")
        self.range = range
        self.readyShare = readyShare
    }

    /// Checks that every number of the vector is in one bucket, and that no bucket is ready before those in front of
    /// it.
    static func check(_ buckets: [Self], count: Int) {
        let places = buckets.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
        precondition(
            places.first?.lowerBound == 0 && places.last?.upperBound == count
                && zip(places, places.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound },
            "buckets \(places) of a vector of \(count)")
        let shares = buckets.map(\.readyShare)
        precondition(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 }, "buckets that are ready at \(shares)")
    }
}
