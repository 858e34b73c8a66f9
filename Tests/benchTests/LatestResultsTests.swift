import Foundation
import Locking
import Storage
import Testing

@testable import BenchCommands

@Suite struct LatestResultsTests {
    private struct Full: Error, CustomStringConvertible {
        var description: String { "no room" }
    }

    /// Numbers of runs stand for results.
    private func latest(
        _ folder: TemporaryFolder, _ written: Guarded<[Int]>, at time: Guarded<Duration> = Guarded(.zero),
        fails: @escaping @Sendable (Int) -> Bool = { _ in false }
    ) throws -> LatestResults<Int> {
        LatestResults<Int>(
            try OutputDirectory(folder.path("out")), now: { time.withLock { $0 } }, runCount: { $0 },
            writeMain: { count in
                if fails(count) { throw Full() }
                // Runs of hundreds take long to write.
                if count > 100 { time.withLock { $0 += .seconds(1) } }
                written.withLock { $0.append(count) }
            }, writeDerived: { _ in written.withLock { $0.append(-1) } })
    }

    @Test func nothingIsWrittenAfterTheLastWords() async throws {
        try await withFolder { folder in
            let written = Guarded<[Int]>([])
            let latest = try latest(folder, written)
            try latest.save(1, all: false)
            latest.set(2)
            #expect(latest.writeUnfinished()?.hasPrefix("2 finished runs are in ") == true)
            try latest.save(3, all: true)
            try latest.finish(4)
            #expect(latest.writeUnfinished() == nil)
            #expect(written.withLock { $0 } == [1, 2, -1])
        }
    }

    @Test func aFullDiskIsAnErrorAtOnceAndWhatIsThereIsSaid() async throws {
        try await withFolder { folder in
            let written = Guarded<[Int]>([])
            let latest = try latest(folder, written, fails: { $0 > 2 })
            try latest.save(1, all: true)
            try latest.save(2, all: true)
            #expect(throws: Full.self) { try latest.save(3, all: true) }
            let words = latest.writeUnfinished(after: Full()) ?? ""
            #expect(words.hasPrefix("2 of 3 finished runs are in ") && !words.contains("no room"), "\(words)")
        }
    }

    @Test func aFailureThatNobodyElseSaysIsSaid() async throws {
        try await withFolder { folder in
            let latest = try latest(folder, Guarded([]), fails: { _ in true })
            latest.set(1)
            let words = latest.writeUnfinished() ?? ""
            #expect(words.hasPrefix("0 of 1 finished run are in ") && words.contains("no room"), "\(words)")
            #expect(!folder.exists("out"), "a folder for nothing")
        }
    }

    @Test func theFirstRunIsKeptAtOnceAndLaterOnesEveryFewSeconds() async throws {
        try await withFolder { folder in
            let (written, time) = (Guarded<[Int]>([]), Guarded(Duration.seconds(100)))
            let latest = try latest(folder, written, at: time)
            func keep(_ runs: Int, after seconds: Int) throws {
                time.withLock { $0 += .seconds(seconds) }
                try latest.keep(runs)
            }
            try keep(0, after: 0)
            try keep(1, after: 1)
            try keep(2, after: 4)
            try keep(3, after: 1)
            try keep(4, after: 1)
            #expect(written.withLock { $0 } == [1, 3])
            // What takes a second is written every twenty.
            try keep(200, after: 4)
            try keep(201, after: 19)
            try keep(202, after: 1)
            #expect(written.withLock { $0 } == [1, 3, 200, 202])
            // Nothing of what was not written is lost with a signal.
            try keep(203, after: 1)
            #expect(latest.writeUnfinished()?.hasPrefix("203 finished runs are in ") == true)
            #expect(written.withLock { $0 } == [1, 3, 200, 202, 203, -1])
        }
    }

    @Test func aFullDiskEndsARunThatIsKept() async throws {
        try await withFolder { folder in
            let (written, time) = (Guarded<[Int]>([]), Guarded(Duration.zero))
            let latest = try latest(folder, written, at: time, fails: { $0 > 1 })
            try latest.keep(1)
            time.withLock { $0 += .seconds(5) }
            #expect(throws: Full.self) { try latest.keep(2) }
            #expect(latest.writeUnfinished(after: Full())?.hasPrefix("1 of 2 finished runs is in ") == true)
        }
    }

    @Test func withoutRunsNothingIsWritten() async throws {
        try await withFolder { folder in
            let written = Guarded<[Int]>([])
            let latest = try latest(folder, written)
            try latest.save(0, all: true)
            #expect(latest.writeUnfinished() == "No run was finished; nothing was written.")
            #expect(written.withLock { $0 }.isEmpty)
        }
    }
}
