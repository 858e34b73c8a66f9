import Foundation
import Testing

@testable import Storage

@Suite struct EventLogFollowerTests {
    private func withLog(_ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }

    private func append(_ text: String, to path: String) throws { try append(Array(text.utf8), to: path) }

    private func append(_ bytes: [UInt8], to path: String) throws {
        if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    private func line(_ key: String) -> String { "{\"key\":\"\(key)\",\"time_ms\":1,\"metadata\":{\"µ\":\"ü\"}}\n" }

    private func words(_ news: [EventLogFollower.News]) -> [String] {
        news.map { news in
            switch news {
            case .begunAgain: "again"
            case .event(let event): event.key
            }
        }
    }

    /// Whatever the parts in which a line arrives, down to single bytes of a character.
    @Test func aLineIsReadWhenItIsWhole() throws {
        try withLog { path in
            var follower = EventLogFollower(path)
            #expect(try follower.news().isEmpty, "it is not there yet")
            var found: [String] = []
            for byte in Data((line("a") + line("b")).utf8) {
                try append([byte], to: path)
                found += words(try follower.news())
            }
            #expect(found == ["a", "b"])
            try append(line("c") + line("d") + "{\"ke", to: path)
            #expect(words(try follower.news()) == ["c", "d"])
            try append("y\":\"e\",\"time_ms\":2}\n", to: path)
            #expect(words(try follower.news()) == ["e"])
        }
    }

    @Test func aFileThatIsCutOrReplacedOrWrittenAnewIsReadFromItsBeginning() throws {
        try withLog { path in
            var follower = EventLogFollower(path)
            try append(line("a") + line("b"), to: path)
            #expect(words(try follower.news()) == ["a", "b"])
            try #require(truncate(path, 0) == 0)
            try append(line("c"), to: path)
            #expect(words(try follower.news()) == ["again", "c"])
            // As long as before and longer, but another one.
            try #require(truncate(path, 0) == 0)
            try append(line("d") + line("e"), to: path)
            #expect(words(try follower.news()) == ["again", "d", "e"])
            try FileManager.default.removeItem(atPath: path)
            #expect(words(try follower.news()) == ["again"])
            try append(line("f"), to: path)
            #expect(words(try follower.news()) == ["f"])
        }
    }

    @Test func aLineThatIsNoneIsNamed() throws {
        try withLog { path in
            var follower = EventLogFollower(path)
            try append(line("a") + "\n" + "nonsense\u{1B}[31m\n", to: path)
            let error = #expect(throws: ReportError.self) { try follower.news() }
            #expect(
                error?.description
                    == "\(path), line 3: found 'nonsense\\u{1B}[31m'; allowed is a JSON object with 'key' and "
                    + "'time_ms', as --log writes it")
        }
    }

    @Test func thisProcessRunsAndOneThatWasBeforeItDoesNot() {
        let own = ProcessIdentity.current
        #expect(own.isRunning == true)
        #expect(ProcessIdentity(host: own.host + "x", number: own.number, began: own.began).isRunning == nil)
        #if os(Linux)
            #expect((own.began ?? 0) > 0)
            #expect(ProcessIdentity(host: own.host, number: own.number, began: 1).isRunning == false)
        #endif
        #expect(ProcessIdentity(host: own.host, number: own.number, began: nil).isRunning == true)
    }
}
