import Cluster
import Kernel

/// Which all-reduce is the cheapest for a number of ranks, a length of vector and a network: each is played once, on an
/// idle network whose latencies are the medians.
public struct AllReduceChoice: Hashable, Codable, Sendable {
    /// An algorithm that was thought of, and what it would take.
    public struct Candidate: Hashable, Codable, Sendable {
        /// The algorithm that was considered.
        public let algorithm: AllReduceAlgorithm
        /// Messages of one all-reduce.
        public let messages: Int
        /// Cluster time until the last rank is done; nil where it was not played, since it has too many messages.
        public let seconds: Double?
    }

    /// How many ranks take part.
    public let ranks: Int
    /// Numbers in the vector.
    public let elements: Int
    /// The cheapest first, those not played last.
    public let candidates: [Candidate]

    /// The cheapest algorithm of all candidates.
    public var algorithm: AllReduceAlgorithm { candidates[0].algorithm }

    /// The most messages of a candidate that is played: beyond, playing it takes longer than it is worth.
    static let mostMessages = 4_000_000

    /// - Parameter fabric: the ranks' machines and network; its own algorithm does not count.
    /// - Throws: what the fabric throws.
    package init(on fabric: SimulatedFabric, elements: Int) throws {
        ranks = fabric.nodes.count
        self.elements = elements
        var candidates: [Candidate] = []
        for algorithm in AllReduceAlgorithm.allCases {
            var messages = algorithm.messageCount(ranks: ranks)
            var seconds: Double?
            if messages <= Self.mostMessages {
                var trial = fabric
                trial.allReduce = algorithm
                trial.jitter = .none
                let report = try trial.playAllReduce(elements: elements)
                (seconds, messages) = (report.seconds, report.ledger.totalMessages)
            }
            candidates.append(Candidate(algorithm: algorithm, messages: messages, seconds: seconds))
        }
        // Stable: of two that take equally long the first in the list of algorithms is taken.
        self.candidates = candidates.enumerated().sorted {
            ($0.element.seconds ?? .infinity, $0.offset) < ($1.element.seconds ?? .infinity, $1.offset)
        }.map(\.element)
    }
}
