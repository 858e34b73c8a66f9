public import Cluster
public import Kernel

/// What a rank program may do: compute, exchange messages, take part in collectives. A strategy is written against
/// this, and nothing in it knows which fabric carries it.
///
///     for step in 0..<steps {
///         try await rank.compute(.step(samples: batch)) { differentiate(step, into: gradient) }
///         try await rank.allReduce(gradient, .sum, purpose: .gradient)
///     }
///
/// On a cluster whose machines may leave, a rank that does learns it by ``FabricError/left(at:)``, with which its program has
/// to end, and the others by ``FabricError/rankLeft(rank:at:)`` in a collective that it had not finished or does not come to;
/// see ``ElasticRank``.
///
/// Collectives are called by all ranks in the same order. A rank touches a vector that it handed to `compute` or to a
/// collective only after the call has returned.
public protocol Rank: AnyObject, Sendable {
    /// The rank's number, in 0..<count.
    var index: Int { get }
    /// How many ranks the job has.
    var count: Int { get }
    /// Cluster time since the job began.
    var now: VirtualTime { get }

    /// Runs `body`, which costs what the fabric says `work` costs.
    ///
    /// A closure that is made once and called every step costs a step no memory allocation.
    func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws
    /// Runs `body` for every index in 0..<parts. To the cluster it is one computation of one rank; a fabric that only
    /// simulates the rank uses all host cores. Calls may be concurrent.
    func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws
    /// A computation whose result travels: cluster time passes now, but on a fabric that only simulates the rank `body`
    /// runs when somebody looks at the result, or a little ahead of that on a core that is free. So of thousands of clients'
    /// models only those exist that are being used, and what nobody looks at is never computed: `body` may read what is not
    /// changed any more, such as a message, and must leave nothing behind but its result and what goes with that, such as
    /// the losses.
    ///
    /// - Parameter count: the numbers in the vector that `body` returns.
    func compute(
        _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
    ) async throws -> DeferredVector

    /// Returns when the message has left this rank's port.
    func send(_ message: Message, to receiver: Int) async throws
    /// Hands a message to this rank's port, which takes no time: it leaves when those before it have. Messages that a rank
    /// posts and sends to another stay in order.
    func post(_ message: Message, to receiver: Int) throws
    /// The message of one of `senders` that arrives first, or is there already: of several that are there the one that has
    /// arrived first, of those that arrived at the same time the one that was sent first.
    ///
    /// What happens then depends on how long things take: a strategy that says `hasFixedSchedule` may not use it with more
    /// than one sender or with a deadline.
    ///
    /// - Parameter deadline: cluster time at which the rank goes on without a message; one that is there by then is received.
    ///   A deadline that is over asks for what is there now; nil is none.
    /// - Throws: ``FabricError/rankLeft(rank:at:)`` when nothing can come any more and one of the senders has left.
    func receive(from senders: Senders, until deadline: VirtualTime?) async throws -> Reception
    /// Does nothing until a point in cluster time. May not be used by a strategy that says `hasFixedSchedule`.
    func sleep(until time: VirtualTime) async throws

    /// Adds the ranks' vectors in the order of ranks, and puts the sum where the request says.
    func allReduce(_ request: AllReduceRequest) async throws
    /// Takes part in a collective other than an all-reduce; strategies call the method that is named after it, such as
    /// ``broadcast(_:from:purpose:)``.
    ///
    /// - Parameter vector: of the same length on all ranks; nil for a barrier.
    func collective(
        _ kind: CollectiveKind, _ vector: ParameterVector?, purpose: TrafficPurpose
    ) async throws -> CollectiveResult
}

extension Rank {
    /// Runs `body`, which costs what the fabric says `work` costs, and returns what it returns.
    public func compute<Result: Sendable>(
        _ work: ComputeWork, returning body: @escaping @Sendable () -> Result
    ) async throws -> Result {
        let box = ResultBox<Result>()
        try await compute(work) { box.value = body() }
        guard let value = box.value else { preconditionFailure("a computation ended without a result") }
        return value
    }
}

/// `@unchecked Sendable`: written by one thread, read by another after it has waited for the first.
final class ResultBox<Value>: @unchecked Sendable {
    var value: Value?
}
