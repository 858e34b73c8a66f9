import Cluster
package import Kernel

/// What only the harness needs of a rank, and no strategy: evaluation, records and checkpoints, none of which costs
/// cluster time. All ranks of this package's fabrics have it.
package protocol HarnessRank: Rank {
    /// What all ranks together have sent so far, framing included.
    var totalBytesSent: Int { get }
    /// Whether all ranks are in one process, and so share what a strategy keeps beside its messages, such as the record of
    /// the run.
    var sharesMemory: Bool { get }
    /// Whether a rank that comes to what all do off the clock stands there until all others have come, so that it answers nobody
    /// meanwhile.
    var waitsOffTheClock: Bool { get }

    /// Runs `body` once for every index in 0..<chunks, on as many host cores as there are, then `finish`, while
    /// cluster time stands still: for evaluation and logging.
    ///
    /// Where every rank makes this call, which of them runs a chunk is not said: `body` and `finish` must mean the same on
    /// all. What each rank has of its own, such as a model, goes through ``offTheClock(showing:chunks:_:finish:)``.
    ///
    /// - Parameter pause: `.allRanks` where every rank makes this call, as in a program that all ranks share;
    ///   `.allRanksTogether` where in addition none may go on before `finish` is over, since it decides something for
    ///   all; `.thisRank` where the others wait for messages of this one.
    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws

    /// As ``offTheClock(_:chunks:_:finish:)``, for ranks with a vector each. `body` and `finish` get the vectors of all
    /// ranks, in the order of ranks, each as it was when its rank made this call, which every rank has to make.
    ///
    /// Cluster time stands still. On a simulated fabric no rank waits for another: the `body` and `finish` that are
    /// called are those of the last rank to come; where ranks do not share memory, those of rank 0. A rank that has
    /// left or ended shows nothing.
    ///
    /// - Parameter vector: of the same length on all ranks.
    func offTheClock(
        showing vector: ParameterVector, chunks: Int,
        _ body: @escaping @Sendable (_ chunk: Int, _ shown: [ShownVector]) -> Void,
        finish: @escaping @Sendable (_ shown: [ShownVector]) -> Void
    ) async throws

    /// Says that this rank will show nothing more, so that nobody waits for it. The end of its program says the same.
    func showsNothingMore()

    /// All ranks' numbers, in the order of ranks, on all ranks, while cluster time stands still: for the record of a
    /// run whose ranks do not share memory. All ranks have to make the call.
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
}

/// Which ranks make a call that stops the clock.
public enum Pause: Sendable {
    /// Every rank makes the call.
    case allRanks
    /// Every rank makes the call, and none goes on before it is over.
    case allRanksTogether
    /// One rank makes the call, while the others wait for its messages.
    case thisRank
}

/// A rank's vector at the moment at which the rank showed it.
package struct ShownVector: Sendable {
    package let rank: Int
    package let vector: ParameterVector
    /// What the rank's clock showed.
    package let time: VirtualTime
}

extension HarnessRank {
    package var sharesMemory: Bool { true }
    package var waitsOffTheClock: Bool { true }

    package func showsNothingMore() {}

    package func exchange(_ numbers: [Double]) async throws -> [[Double]] {
        preconditionFailure("ranks that share memory have nothing to tell each other")
    }

    package func checkpoint(
        _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
    ) async throws {
        preconditionFailure("this fabric plays its time again, and has nothing to start with")
    }
}

extension Rank {
    /// The rank as the harness sees it.
    package var harness: any HarnessRank {
        guard let rank = self as? any HarnessRank else {
            preconditionFailure("rank \(index) is of a fabric that this package's harness does not know")
        }
        return rank
    }
}

/// The harness's calls on a rank as strategies know it.
extension Rank {
    package var totalBytesSent: Int { harness.totalBytesSent }
    package var sharesMemory: Bool { harness.sharesMemory }
    package var waitsOffTheClock: Bool { harness.waitsOffTheClock }

    package func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws {
        try await harness.offTheClock(pause, chunks: chunks, body, finish: finish)
    }

    package func showsNothingMore() { harness.showsNothingMore() }

    package func offTheClock(
        showing vector: ParameterVector, chunks: Int,
        _ body: @escaping @Sendable (_ chunk: Int, _ shown: [ShownVector]) -> Void,
        finish: @escaping @Sendable (_ shown: [ShownVector]) -> Void
    ) async throws {
        try await harness.offTheClock(showing: vector, chunks: chunks, body, finish: finish)
    }

    package func exchange(_ numbers: [Double]) async throws -> [[Double]] { try await harness.exchange(numbers) }

    package func checkpoint(
        _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
    ) async throws {
        try await harness.checkpoint(pause, write)
    }
}
