import Cluster

/// The order of all that the ranks of a job do, without their numbers and without times: what a job takes on any cluster
/// follows from it, if its ranks would do the same there.
package struct Schedule: Hashable, Sendable {
    /// All different operations.
    package let operations: [Operation]
    /// All different programs: indices into `operations`.
    package let programs: [[UInt32]]
    /// Each rank's program: an index into `programs`.
    package let programOfRank: [Int]

    package var ranks: Int { programOfRank.count }
    /// The most operations of all programs together that are recorded or read.
    package static let mostOperations = 20_000_000

    package init(operations: [Operation], programs: [[UInt32]], programOfRank: [Int]) {
        self.operations = operations
        self.programs = programs
        self.programOfRank = programOfRank
    }
}

/// Records the schedule of a simulated job.
package final class ScheduleRecorder: SimulationObserver {
    private var operations: [Operation] = []
    private var indices: [Operation: UInt32] = [:]
    private var programs: [[UInt32]]
    private var count = 0
    /// What a rank did that depends on how long things take, so that there is no schedule; nil if nothing.
    package private(set) var dependenceOnTime: String?

    package init(ranks: Int) { programs = Array(repeating: [], count: ranks) }

    package var needsMessages: Bool { false }

    /// What was recorded; nil beyond ``Schedule/mostOperations``, and where it depends on time.
    package var schedule: Schedule? {
        guard count <= Schedule.mostOperations, dependenceOnTime == nil else { return nil }
        var distinct: [[UInt32]] = []
        var positions: [[UInt32]: Int] = [:]
        let ofRank = programs.map { program in
            if let position = positions[program] { return position }
            positions[program] = distinct.count
            distinct.append(program)
            return distinct.count - 1
        }
        return Schedule(operations: operations, programs: distinct, programOfRank: ofRank)
    }

    package func began(_ operation: Operation, on rank: Int, at now: VirtualTime) {
        if let what = operation.dependenceOnTime, dependenceOnTime == nil { dependenceOnTime = "rank \(rank) \(what)" }
        count += 1
        guard count <= Schedule.mostOperations else {
            if count == Schedule.mostOperations + 1 { programs = [] }
            return
        }
        if let index = indices[operation] {
            programs[rank].append(index)
        } else {
            let index = UInt32(operations.count)
            operations.append(operation)
            indices[operation] = index
            programs[rank].append(index)
        }
    }

    package func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) {}
    package func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) {}
    package func delivered(_ number: Int, at now: VirtualTime) {}
}
