import Cluster
import Foundation
import Kernel
import Locking
import Randomness
import Testing

@testable import Fabrics

/// A job that did not end; thrown instead of waiting for ever.
struct Hang: Error {}

/// What a rank throws on purpose.
struct Boom: Error, Equatable {
    let rank: Int
}

/// What the ranks of a job noted down, by rank.
final class Notes<Value: Sendable>: Sendable {
    private let values = Guarded<[Int: Value]>([:])

    subscript(rank: Int) -> Value? {
        get { values.withLock { $0[rank] } }
        set { values.withLock { $0[rank] = newValue } }
    }

    var byRank: [Value] { values.withLock { values in values.keys.sorted().compactMap { values[$0] } } }
    var count: Int { values.withLock { $0.count } }

    func update(_ rank: Int, from initial: Value, _ change: @Sendable (inout Value) -> Void) {
        values.withLock { change(&$0[rank, default: initial]) }
    }
}

/// After how many seconds a wait is taken for one that never ends: longer than any machine is too busy for it.
let longestWait = 1200.0

/// Runs `body` on a thread of its own and gives up on it after a while: a test that waits for ever says nothing.
func withDeadline<Result: Sendable>(
    _ seconds: Double = longestWait, _ body: @escaping @Sendable () throws -> Result
) throws -> Result {
    let done = DispatchSemaphore(value: 0)
    let outcome = Notes<Swift.Result<Result, any Error>>()
    Thread.detachNewThread {
        outcome[0] = Swift.Result { try body() }
        done.signal()
    }
    guard done.wait(timeout: .now() + seconds) == .success, let result = outcome[0] else { throw Hang() }
    return try result.get()
}

@discardableResult
func run(_ fabric: any Fabric, _ program: @escaping RankProgram) throws -> FabricReport {
    // The fabric is handed over to the thread and not used here again.
    nonisolated(unsafe) let fabric = fabric
    return try withDeadline { try fabric.run(program) }
}

/// 1 ms a sample, 1 ns a number of a vector.
let testCompute = ComputeModel(calibrated: [.init(samples: 1, seconds: 1e-3)], secondsPerVectorElement: 1e-9)

/// One byte a nanosecond, 1 µs of latency, 100 ns of overhead: whole nanoseconds for whole bytes.
let roundLink = Link(latencySeconds: 1e-6, bytesPerSecond: 1e9, overheadSeconds: 100e-9)

func simulated(
    _ ranks: Int, link: Link = roundLink, jitter: Jitter = .none, _ allReduce: AllReduceAlgorithm = .ring,
    threads: Int = 1, seed: UInt64 = 1
) -> SimulatedFabric {
    SimulatedFabric(
        nodes: Array(repeating: Node(link: link), count: ranks), jitter: jitter, compute: testCompute,
        allReduce: allReduce, seeds: SeedSequence(seed), pool: HostPool(threads: threads))
}

func emulated(
    _ ranks: Int, link: Link = roundLink, _ allReduce: AllReduceAlgorithm = .ring
) throws -> ThreadFabric {
    try ThreadFabric(
        ranks: ranks,
        emulating: .init(
            nodes: Array(repeating: Node(link: link), count: ranks), compute: testCompute, allReduce: allReduce,
            seeds: SeedSequence(1)))
}

/// Runs a job on an emulated cluster until it is over, by the model's own clock, at the nanosecond of the simulation, and every
/// rank has spent its time as there.
///
/// What else this machine does can make a thread so late that its message loses its turn at a port: one attempt without that
/// counts. Each attempt goes by a slower clock than the one before, so that the same lateness is less of the job's time. The clock
/// on the wall judges nothing.
func emulate(
    _ emulation: ThreadFabric.Emulation, as simulation: FabricReport, _ program: @escaping RankProgram
) throws -> FabricReport {
    for attempt in 0... {
        let last = try withDeadline {
            try ThreadFabric(ranks: emulation.nodes.count, emulating: emulation)
                .runKnowingTheEnd(slowdown: pow(1.5, Double(attempt)), program)
        }
        #expect(last.report.ledger.entries == simulation.ledger.entries)
        #expect(last.report.seconds >= last.due.seconds, "the clock showed less than the model says")
        let isAlike = zip(last.report.accounts, simulation.accounts).allSatisfy(isAlike)
        if last.due.seconds == simulation.seconds, isAlike { return last.report }
        guard attempt == 14 else { continue }
        Issue.record(
            """
            \(emulation.allReduce): over at \(last.due.seconds) s, simulated at \(simulation.seconds) s; accounts \
            \(last.report.accounts), simulated \(simulation.accounts)
            """)
        return last.report
    }
    throw Hang()
}

private func isAlike(_ own: TimeAccount, _ virtual: TimeAccount) -> Bool {
    abs(own.computeSeconds - virtual.computeSeconds) < 1e-9
        && abs(own.communicationSeconds - virtual.communicationSeconds) < 1e-9
        && abs(own.waitingSeconds - virtual.waitingSeconds) < 1e-9
}

/// Every fabric that can run here.
enum FabricKind: String, CaseIterable, Sendable {
    case simulated, threads, emulatedThreads

    func fabric(_ ranks: Int, _ allReduce: AllReduceAlgorithm = .ring) throws -> any Fabric {
        switch self {
        case .simulated: FabricsTests.simulated(ranks, allReduce)
        case .threads: try ThreadFabric(ranks: ranks)
        case .emulatedThreads: try emulated(ranks, allReduce)
        }
    }
}

/// Numbers of different magnitudes, so that the order of additions shows in the last bits.
func testVector(_ rank: Int, count: Int) -> ParameterVector {
    var stream = SeedSequence(5).stream(.test, rank)
    return ParameterVector((0..<count).map { _ in Float(exp(6 * stream.normal())) * (stream.uniform() < 0.5 ? -1 : 1) })
}

func bits(_ vector: ParameterVector) -> [UInt32] { vector.values.map(\.bitPattern) }

/// The sum or mean of all ranks' test vectors, added in the order of ranks by the plainest loop.
func reducedTestVectors(_ ranks: Int, count: Int, _ reduction: Reduction) -> [UInt32] {
    var sum = testVector(0, count: count).values
    for rank in 1..<max(ranks, 1) {
        for (index, value) in testVector(rank, count: count).values.enumerated() { sum[index] += value }
    }
    return sum.map { (reduction == .sum ? $0 : $0 * (1 / Float(ranks))).bitPattern }
}

/// Every all-reduce; those with a parameter stand there twice, with different ones.
let allReduceVariants = AllReduceAlgorithm.allCases + [.grouped(size: 3), .servers(count: 3)]

/// 1, 2, 3 ... ranks, the last of what is left.
func unequalGroups(ranks: Int) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    while (groups.last?.upperBound ?? 0) < ranks {
        let first = groups.last?.upperBound ?? 0
        groups.append(first..<min(ranks, first + groups.count + 1))
    }
    return groups
}
