import Foundation
import Testing

@testable import Cluster

@Suite struct CSVTextTests {
    private func fields(_ text: String) -> [[String]] { CSVText(text).records.map(\.fields) }

    @Test(arguments: ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "\u{FEFF}a,b\n1,2", "\n\na,b\n\n1,2\n\n", " a , b \n 1 , 2 "])
    func lineEndsMarksEmptyLinesAndBlanksCountForNothing(_ text: String) {
        #expect(fields(text) == [["a", "b"], ["1", "2"]])
    }

    @Test func quotesKeepCommasQuotesBlanksAndLineBreaks() {
        #expect(
            fields("\"a, b\",\" c \"\n\"say \"\"no\"\"\",\"two\nlines\"\n,\"\"") == [
                ["a, b", " c "], ["say \"no\"", "two\nlines"], ["", ""],
            ])
    }

    @Test func recordsKnowTheLineTheyBeginOn() {
        let csv = CSVText("\na\r\n\r\n\"b\nb\"\nc")
        #expect(csv.records.map(\.line) == [2, 4, 6])
        #expect(csv.unclosedQuoteLine == nil)
        #expect(CSVText("a\n\"b\nc").unclosedQuoteLine == 2)
    }

    /// Latency files went wrong with both: the first value was taken for a heading.
    @Test(arguments: ["seconds\r\n0.001\r\n0.0005\r\n", "\u{FEFF}0.001\n0.0005\n", "0.001;x\n\n0.0005,y\n"])
    func latencyFilesAreReadAlike(_ text: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: UUID().uuidString, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appending(path: "ping.csv"))
        #expect(try LatencyFile.read("ping.csv", in: folder) == [0.001, 0.0005])
    }
}
