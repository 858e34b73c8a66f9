import Foundation
internal import Host

/// Does pieces of work on a few threads of this machine, including the calling one.
///
/// `@unchecked Sendable`: guarded by `condition`.
package final class SideBySide<Worker: Sendable>: @unchecked Sendable {
    package typealias Body = @Sendable (Worker, _ piece: Int) throws -> Void

    /// How far ahead of the first unfinished piece others may be begun, for each worker: early results are kept until
    /// their turn comes.
    private static var reachPerWorker: Int { 8 }

    private let condition = NSCondition()
    private var order: WorkOrder
    /// The first piece that failed, with its error.
    private var failure: (piece: Int, error: any Error)?
    private let body: Body

    private init(_ order: WorkOrder, _ body: @escaping Body) {
        self.order = order
        self.body = body
    }

    /// Calls `body` for every piece, and returns when all calls have returned.
    ///
    /// - Parameters:
    ///   - isAlone: for each piece, whether nothing may be done beside it.
    ///   - workers: each does one piece at a time. A single worker does the pieces in their order, on the calling
    ///     thread.
    /// - Throws: the error of the first piece that failed. All pieces before it were done, and none after it was
    ///   begun from then on.
    package static func run(_ isAlone: [Bool], by workers: [Worker], _ body: @escaping Body) throws {
        let work = SideBySide(WorkOrder(isAlone, reach: reachPerWorker * workers.count), body)
        let helpers = HelperCount()
        for (index, worker) in workers.enumerated().dropFirst() {
            helpers.enter()
            do {
                try HostThread.start(named: "runs \(index)") {
                    work.work(worker)
                    helpers.leave()
                }
            } catch {
                // Where the system makes no more threads, fewer do the work.
                helpers.leave()
                break
            }
        }
        if let worker = workers.first { work.work(worker) }
        helpers.wait()
        if let failure = work.failure { throw failure.error }
    }

    private func work(_ worker: Worker) {
        condition.lock()
        defer { condition.unlock() }
        while !order.isOver {
            guard let piece = order.begin() else {
                condition.wait()
                continue
            }
            condition.unlock()
            let result = Result { try body(worker, piece) }
            condition.lock()
            switch result {
            case .success: order.finish(piece)
            case .failure(let error):
                order.fail(piece)
                if failure.map({ piece < $0.piece }) ?? true { failure = (piece, error) }
            }
            condition.broadcast()
        }
    }
}
