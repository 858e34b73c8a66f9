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
/// to end, and the others by ``FabricError/rankLeft(rank:at:)`` in a collective that it had not finished or does not come to.
///
/// Collectives are called by all ranks in the same order. A rank touches a vector that it handed to `compute` or to a
/// collective only after the call has returned.
public protocol Rank: AnyObject, Sendable {
    /// 0..<count
    var index: Int { get }
    var count: Int { get }
    /// Cluster time since the job began.
    var now: VirtualTime { get }
    /// What all ranks together have sent so far, framing included.
    var totalBytesSent: Int { get }
    /// Whether all ranks are in one process, and so share what a strategy keeps beside its messages, such as the record of
    /// the run.
    var sharesMemory: Bool { get }

    /// The ranks that take part in collectives, in ascending order: all, and after ``regroup(at:)`` those that remain.
    var members: [Int] { get }
    /// Whether another rank has left and this one knows it, which takes the cluster's failure detection.
    func isKnownToHaveLeft(_ rank: Int) -> Bool
    /// Agrees with all ranks that remain on who they are: collectives from here on are theirs, numbered anew. To be called
    /// by every rank after a collective threw ``FabricError/rankLeft(rank:at:)``. Returns when all have come; costs a
    /// barrier among them.
    ///
    /// - Parameter step: how far this rank is.
    /// - Returns: how far the one is that is least far: on all ranks the same.
    /// - Throws: ``FabricError/rankLeft(rank:at:)`` when another one leaves meanwhile; then it is to be called again.
    func regroup(at step: Int) async throws -> Int

    /// Runs `body`, which costs what the fabric says `work` costs.
    ///
    /// A closure that is made once and called every step costs a step no memory allocation.
    func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws
    /// Runs `body` for every index in 0..<parts. To the cluster it is one computation of one rank; a fabric that only
    /// simulates the rank uses all host cores. Calls may be concurrent.
    func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws
    /// A computation whose result travels: cluster time passes now, but on a fabric that only simulates the rank `body`
    /// runs when somebody looks at the result, on the thread that looks. So of thousands of clients' models only those
    /// exist that are being used.
    ///
    /// - Parameter count: the numbers in the vector that `body` returns.
    func compute(
        _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
    ) async throws -> DeferredVector

    /// Runs `body` once for every index in 0..<chunks, on as many host cores as there are, then `finish`, while
    /// cluster time stands still: for evaluation and logging.
    ///
    /// - Parameter pause: `.allRanks` where every rank makes this call, as in a program that all ranks share;
    ///   `.allRanksTogether` where in addition none may go on before `finish` is over, since it decides something for
    ///   all; `.thisRank` where the others wait for messages of this one.
    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws
    /// All ranks' numbers, in the order of ranks, on all ranks, while cluster time stands still: for the record of a run
    /// whose ranks do not share memory. All of them call it.
    func exchange(_ numbers: [Double]) async throws -> [[Double]]

    /// Calls `write` once while cluster time stands still, with what the fabric has to start with to go on from here.
    ///
    /// Only for fabrics that do not play their time again (``Fabric/replaysTime``).
    /// - Parameter pause: `.allRanks` where every rank makes this call, and one of them calls `write`; `.thisRank` where the
    ///   others wait for messages of this one.
    /// - Throws: what `write` threw, on the rank that called it.
    func checkpoint(
        _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
    ) async throws

    /// Returns when the message has left this rank's port.
    func send(_ message: Message, to receiver: Int) async throws
    /// The next message from `sender`; nil when its program has ended and nothing is left to come.
    /// - Throws: ``FabricError/rankLeft(rank:at:)`` when the sender has left, that is known, and nothing is left to come.
    func receive(from sender: Int) async throws -> Message?

    /// Replaces the vector, on all ranks, by the sum or mean over ranks, added in the order of ranks.
    func allReduce(_ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose) async throws
    /// The all-reduce of a data-parallel step: `update` is given the sum, range by range, and changes what all ranks that
    /// share memory share, such as their one replica of the model. It is called once for every range for each memory
    /// that ranks share, maybe concurrently; all calls are over when this returns on any rank. Of the vector's own
    /// numbers nothing can be said afterwards.
    func allReduce(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws
    /// A computation whose result goes into an all-reduce and nowhere else, such as the gradient of a data-parallel step:
    /// `contribution` writes the rank's numbers into the vector that it is given, of arbitrary contents. Cluster time
    /// passes as for ``compute(_:_:)`` and then an all-reduce with the same `update`.
    ///
    /// A fabric that only simulates the rank calls `contribution` when all ranks are there, so that of thousands of
    /// ranks' vectors no more exist than are being computed. What it leaves elsewhere, such as the loss, is there when
    /// this returns.
    ///
    /// - Parameter count: numbers in the vector.
    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, purpose: TrafficPurpose,
        contribution: @escaping @Sendable (_ vector: ParameterVector) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws
    /// The same with communication that overlaps the computation: the vector is sent in buckets, each as soon as its
    /// numbers are there and the rank's part in the bucket before it is over, while the rank computes on. The update,
    /// which takes as long as a pass over the vector and is part of `work`, follows the last bucket.
    ///
    /// The numbers are those of the all-reduce above, to the last bit. Threads of this machine that emulate no network
    /// have nothing to overlap, and make that.
    ///
    /// - Parameters:
    ///   - work: forward and backward pass and the update.
    ///   - buckets: in the order in which they are sent; together the whole vector.
    ///   - contribution: tells its progress, if it is asked to.
    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket],
        purpose: TrafficPurpose,
        contribution: @escaping @Sendable (_ vector: ParameterVector, _ progress: GradientProgress?) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws
    /// Replaces, on every rank r, the r-th of n parts of the vector (`part(r, of: n)` of its range) by the sum or mean
    /// over ranks, added in the order of ranks; the other parts stay as they are.
    /// - Returns: the rank's part.
    func reduceScatter(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose
    ) async throws -> Range<Int>
    /// All ranks' vectors, in the order of ranks, on all ranks: copies, which ranks may share and nobody may change.
    func allGather(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> [ParameterVector]
    /// Every rank r gets the r-th of n parts of every rank's vector, one behind the other in the order of ranks.
    func allToAll(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> ParameterVector
    /// Replaces, on every rank r, the r-th of n parts of the vector by that of the root; the other parts stay as they
    /// are.
    /// - Returns: the rank's part.
    func scatter(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws -> Range<Int>
    /// Replaces the vector, on all ranks, by the root's.
    func broadcast(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws
    /// Copies of all ranks' vectors, in the order of ranks, on the root; nil on the others.
    func gather(_ vector: ParameterVector, to root: Int, purpose: TrafficPurpose) async throws -> [ParameterVector]?
    /// Returns when all ranks have called it.
    func barrier() async throws
}

extension Rank {
    public var members: [Int] { Array(0..<count) }
    public func isKnownToHaveLeft(_ rank: Int) -> Bool { false }
    public func regroup(at step: Int) async throws -> Int { preconditionFailure("no rank leaves this fabric") }
    public var sharesMemory: Bool { true }
    public func exchange(_ numbers: [Double]) async throws -> [[Double]] {
        preconditionFailure("ranks that share memory have nothing to tell each other")
    }

    /// An overlapped all-reduce of a contribution that cannot tell its progress.
    public func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket],
        purpose: TrafficPurpose, contribution: @escaping @Sendable (_ vector: ParameterVector) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        try await allReduce(
            reduction, count: count, computing: work, sending: buckets, purpose: purpose,
            contribution: { vector, _ in contribution(vector) }, update: update)
    }

    public func checkpoint(
        _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
    ) async throws {
        preconditionFailure("this fabric plays its time again, and has nothing to start with")
    }

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

/// `@unchecked Sendable`: written by the thread that runs the body, read after the body is known to be done.
private final class ResultBox<Value>: @unchecked Sendable {
    var value: Value?
}

public enum Pause: Sendable {
    case allRanks
    case allRanksTogether
    case thisRank
}

public enum Reduction: Sendable {
    case sum
    case mean

    func scale(ranks: Int) -> Float { self == .sum ? 1 : 1 / Float(ranks) }
}

/// A point-to-point message: a vector that the receiver must not change, and a number beside it.
public struct Message: Sendable {
    private let payload: DeferredVector
    /// The numbers; computed now, if they are still to be.
    public var vector: ParameterVector { payload.value }
    /// A count that travels with the vector, such as the samples behind a client's update.
    public let weight: Int
    public let purpose: TrafficPurpose
    public let direction: TrafficDirection
    /// Numbers for the record of the run that go along where sender and receiver do not share memory, and are no part of
    /// the job: asked of the sender, and what has come.
    let telling: (@Sendable () -> [Double])?
    public let told: [Double]

    /// What every message has around its payload: sender, receiver, tag and length, 32 bits each.
    public static let framingBytes = 16

    public init(
        _ vector: ParameterVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer
    ) {
        self.init(DeferredVector(vector), weight: weight, purpose: purpose, direction: direction)
    }

    public init(
        _ vector: DeferredVector, weight: Int = 0, purpose: TrafficPurpose, direction: TrafficDirection = .peer,
        telling: (@Sendable () -> [Double])? = nil
    ) {
        payload = vector
        self.weight = weight
        self.purpose = purpose
        self.direction = direction
        self.telling = telling
        told = []
    }

    /// A message that has come from another process.
    init(
        _ vector: ParameterVector, weight: Int, purpose: TrafficPurpose, direction: TrafficDirection, told: [Double]
    ) {
        payload = DeferredVector(vector)
        self.weight = weight
        self.purpose = purpose
        self.direction = direction
        telling = nil
        self.told = told
    }

    /// Numbers in the vector.
    var elements: Int { payload.count }
    /// The vector as 32-bit floats, and the framing.
    var bytes: Int { elements * MemoryLayout<Float>.size + Self.framingBytes }
}

/// Something went wrong between ranks.
public enum FabricError: Error, CustomStringConvertible {
    /// Ranks wait for messages that nobody will send.
    case deadlock(String)
    /// This rank's machine has left; nothing that it asks for is done any more.
    case left(at: VirtualTime)
    /// Another rank has left, and what was asked for needs it.
    case rankLeft(rank: Int, at: VirtualTime)
    /// The job takes longer than a virtual clock can tell.
    case beyondClock
    /// The job sends more bytes than are counted.
    case tooMuchTraffic(mostBytes: Int)
    /// Another rank failed; its error is the one that the fabric reports.
    case aborted
    /// The fabric cannot run so many ranks.
    case tooManyRanks(String)
    /// MPI did not do what it was asked for.
    case mpi(String)

    public var description: String {
        switch self {
        case .deadlock(let what): "deadlock: \(what)"
        case .left(let time): "left the job at \(time.seconds) s"
        case .rankLeft(let rank, let time): "rank \(rank) left the job at \(time.seconds) s"
        case .beyondClock:
            """
            the job would take more than 9e9 s (285 years) of cluster time, where the virtual clock ends; allowed are \
            machines, links and work that take less
            """
        case .tooMuchTraffic(let most): "the job would send more than \(most) bytes, which is the most that is counted"
        case .aborted: "another rank failed"
        case .tooManyRanks(let what): what
        case .mpi(let what): what
        }
    }
}
