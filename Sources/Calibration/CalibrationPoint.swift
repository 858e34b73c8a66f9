import Statistics

/// A time that was measured several times under the same conditions.
package struct CalibrationPoint: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// A training step of `size` samples.
        case step
        /// Reading and adding one number, of a vector of `size` numbers.
        case vectorElement = "vector-element"
        /// Reading two numbers and writing one, over a buffer of `size` bytes; the time of the whole buffer.
        case memory
        /// A message of `size` bytes there and one back; half of that time.
        case pingPong = "ping-pong"
        /// `messages` of `size` bytes at once, and an answer.
        case burst
        /// An all-reduce of `size` bytes.
        case allReduce = "all-reduce"
    }

    package let kind: Kind
    /// The task of a step or a vector; nil for other kinds.
    package var task: String?
    package let size: Int
    package var messages = 1
    /// How many ranks took part, or computed at the same time.
    package let ranks: Int
    /// Seconds of each repetition; those of several ranks are concatenated.
    package let seconds: [Double]

    package init(
        _ kind: Kind, task: String? = nil, size: Int, messages: Int = 1, ranks: Int, seconds: [Double]
    ) {
        precondition(!seconds.isEmpty, "a point without a time")
        self.kind = kind
        self.task = task
        self.size = size
        self.messages = messages
        self.ranks = ranks
        self.seconds = seconds
    }

    /// Why nothing can be fitted to the point in reasonable time, with what is allowed; nil where it can.
    package var problem: String? {
        let sizes: ClosedRange<Int> =
            switch kind {
            case .step, .vectorElement: 1...Self.mostSamples
            case .memory: 1...Self.mostMemoryBytes
            case .pingPong, .burst: 1...NetworkMeasurement.largestSize
            case .allReduce: MemoryLayout<Float>.size...NetworkMeasurement.largestSize
            }
        let checks: [(String, Bool, String)] = [
            ("a size of \(size)", sizes.contains(size), "\(sizes.lowerBound) to \(sizes.upperBound)"),
            ("\(messages) messages", (1...Self.mostMessages).contains(messages), "1 to \(Self.mostMessages)"),
            ("\(ranks) ranks", (1...Self.mostRanks).contains(ranks), "1 to \(Self.mostRanks)"),
            (
                "\(seconds.first { !Self.allowedSeconds.contains($0) } ?? 0) s",
                seconds.allSatisfy(Self.allowedSeconds.contains), "a femtosecond to one hour"
            ),
        ]
        return checks.first { !$0.1 }.map { "\(kind.rawValue): \($0.0); allowed is \($0.2)" }
    }

    private static let mostSamples = 1_000_000_000
    private static let mostMemoryBytes = 1 << 50
    private static let mostMessages = 1_000_000
    /// The fit plays an all-reduce of this many ranks many times, with a number of messages that grows with their
    /// square.
    private static let mostRanks = 1024
    private static let allowedSeconds = 1e-15...3600.0

    package var spread: Spread { Spread(seconds) }
    package var median: Double { spread.median }
}
