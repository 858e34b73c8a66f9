import Cluster
import Foundation
import Kernel

/// The collectives of an emulated job that not all ranks have left, by their number in the program.
///
/// Ranks leave a collective when their own part of its messages is over, as on the cluster: nobody waits for the
/// slowest. The last rank to come combines the numbers before it sends anything. So they are combined before any rank
/// is done whose part needs the numbers of all.
///
/// `@unchecked Sendable`: guarded by `condition`, except for the deposits of a ``Run``, whose rule is said there.
final class EmulatedCollectives: @unchecked Sendable {
    /// `@unchecked Sendable`: changed under the lock of its collectives; `deposits` are complete when `isCombined` is true, or
    /// when a message of the rank that brought one has come.
    final class Run: @unchecked Sendable {
        let kind: CollectiveKind
        let elements: Int
        fileprivate(set) var deposits: [ParameterVector?]
        fileprivate var hasEntered: [Bool]
        fileprivate var enteredCount = 0
        fileprivate var leftCount = 0
        fileprivate var isCombined = false
        /// When the last rank has come, by the model; not to be asked before the numbers are combined.
        fileprivate(set) var completed = VirtualTime.zero

        init(_ kind: CollectiveKind, elements: Int, ranks: Int) {
            self.kind = kind
            self.elements = elements
            deposits = Array(repeating: nil, count: ranks)
            hasEntered = Array(repeating: false, count: ranks)
        }
    }

    private let ranks: Int
    private let condition = NSCondition()
    private var runs: [Int: Run] = [:]
    private var ended: Set<Int> = []
    private var hasFailed = false

    init(ranks: Int) { self.ranks = ranks }

    /// Enters a collective, which the first to come begins.
    ///
    /// - Parameters:
    ///   - deposit: what the others need of this rank.
    ///   - time: by the model.
    /// - Returns: whether all have come: then this rank is to combine the numbers and say so by ``combined(_:)``.
    func enter(
        _ number: Int, _ kind: CollectiveKind, rank: Int, _ deposit: ParameterVector?, elements: Int,
        at time: VirtualTime
    ) throws -> (run: Run, isLast: Bool) {
        condition.lock()
        defer { condition.unlock() }
        if hasFailed { throw FabricError.aborted }
        let run = runs[number] ?? Run(kind, elements: elements, ranks: ranks)
        precondition(
            run.kind == kind && run.elements == elements,
            "rank \(rank) called \(kind) of \(elements) where another called \(run.kind) of \(run.elements)")
        runs[number] = run
        run.deposits[rank] = deposit
        run.hasEntered[rank] = true
        run.enteredCount += 1
        run.completed = max(run.completed, time)
        return (run, run.enteredCount == ranks)
    }

    func combined(_ run: Run) {
        condition.lock()
        run.isCombined = true
        condition.broadcast()
        condition.unlock()
    }

    /// Returns when all ranks have come and the numbers are combined.
    /// - Throws: ``FabricError/deadlock(_:)`` when a rank's program has ended that has not come.
    func waitUntilCombined(_ run: Run) throws {
        condition.lock()
        defer { condition.unlock() }
        while !run.isCombined {
            if hasFailed { throw FabricError.aborted }
            if let missing = ended.first(where: { !run.hasEntered[$0] }) {
                throw FabricError.deadlock("rank \(missing) has ended, and others wait for it in a collective")
            }
            condition.wait()
        }
    }

    /// What the ranks have brought, by rank: of those whose messages have come.
    func deposits(in run: Run) -> [ParameterVector?] {
        condition.lock()
        defer { condition.unlock() }
        return run.deposits
    }

    func leave(_ run: Run, _ number: Int) {
        condition.lock()
        run.leftCount += 1
        if run.leftCount == ranks { runs[number] = nil }
        condition.unlock()
    }

    func rankEnded(_ rank: Int, failed: Bool) {
        condition.lock()
        ended.insert(rank)
        if failed { hasFailed = true }
        condition.broadcast()
        condition.unlock()
    }
}
