/// A point in cluster time, in whole nanoseconds since the job began: exact, so that a simulation gives the same
/// answer on every machine. Reaches 292 years.
public struct VirtualTime: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = VirtualTime(nanoseconds: 0)

    /// Divided and not multiplied, so that the number is the one nearest to its decimals: 0.006324001, no digits behind.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// So much later.
    package func advanced(byNanoseconds span: Int64) -> Self { Self(nanoseconds: nanoseconds + span) }

    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// A span of time, to the nearest nanosecond.
    public static func span(seconds: Double) -> Int64 { Int64((seconds * 1e9).rounded()) }
}

extension Duration {
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
