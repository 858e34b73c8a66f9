/// A point in cluster time, in whole nanoseconds since the job began: exact, so that a simulation gives the same
/// answer on every machine.
///
/// A job may last 285 years (``longestSeconds``); what is later is held at ``end``, so that no sum of times overflows, and
/// whoever moves the clock says that the job takes too long.
public struct VirtualTime: Hashable, Comparable, Sendable {
    /// Since the start of the run.
    public var nanoseconds: Int64

    /// - Parameter nanoseconds: since the start of the run.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// So many seconds since the job began, from 0 up, to the nearest nanosecond.
    public init(seconds: Double) { nanoseconds = Self.span(seconds: seconds) }

    /// The start of the run.
    public static let zero = VirtualTime(nanoseconds: 0)

    /// The longest that a job may take, in seconds.
    public static let longestSeconds = 9e9
    /// Later than any moment of a job that is not too long; one nanosecond short of the largest number, which stands for
    /// what never happens.
    public static let end = VirtualTime(nanoseconds: .max - 1)

    /// Whether a job that is at this point takes longer than ``longestSeconds``.
    public var isBeyondClock: Bool { nanoseconds > 9_000_000_000_000_000_000 }

    /// So many nanoseconds later; ``end`` where that cannot be told any more.
    ///
    /// - Parameter nanoseconds: 0 or more.
    @inline(__always)
    public func later(by nanoseconds: Int64) -> VirtualTime {
        let (sum, isOver) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return isOver ? Self.end : VirtualTime(nanoseconds: min(sum, Self.end.nanoseconds))
    }

    /// Seconds since the job began. Divided and not multiplied, so that the number is the nearest to its decimals:
    /// 0.006324001, without digits behind.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// So much later.
    package func advanced(byNanoseconds span: Int64) -> Self { Self(nanoseconds: nanoseconds + span) }

    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// A span of time from 0 up, to the nearest nanosecond; as long as the clock goes where it is longer, or no number.
    public static func span(seconds: Double) -> Int64 {
        let nanoseconds = (seconds * 1e9).rounded()
        return abs(nanoseconds) < 0x1p63 ? Int64(nanoseconds) : end.nanoseconds
    }
}

extension Duration {
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
