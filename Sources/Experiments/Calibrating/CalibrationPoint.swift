/// A time that was measured several times under the same conditions.
package struct CalibrationPoint: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// A training step of `size` samples.
        case step
        /// Reading and adding one number, of a vector of `size` numbers.
        case vectorElement = "vector-element"
        /// Reading two numbers and writing one, over a buffer of `size` bytes; the time of all of it.
        case memory
        /// A message of `size` bytes there and one back: half of that.
        case pingPong = "ping-pong"
        /// `messages` of `size` bytes at once, and an answer.
        case burst
        /// An all-reduce of `size` bytes.
        case allReduce = "all-reduce"
    }

    package let kind: Kind
    /// Of a step and a vector; nil for others.
    package var task: String?
    package let size: Int
    package var messages = 1
    /// Ranks that took part, or that computed at the same time.
    package let ranks: Int
    /// One for each repetition; several ranks' one behind the other.
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

    package var spread: Spread { Spread(seconds) }
    package var median: Double { spread.median }
}
