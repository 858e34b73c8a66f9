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
        _ folder: TemporaryFolder, _ written: Guarded<[Int]>, fails: @escaping @Sendable (Int) -> Bool = { _ in false }
    ) throws -> LatestResults<Int> {
        LatestResults<Int>(
            try OutputDirectory(folder.path("out")), runCount: { $0 },
            writeMain: { count in
                if fails(count) { throw Full() }
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
