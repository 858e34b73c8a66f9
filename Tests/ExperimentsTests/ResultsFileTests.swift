import Foundation
import Testing

@testable import Experiments
@testable import Reports

@Suite struct ResultsFileTests {
    private func small() throws -> Results {
        try Setup(strategies: ["sync"], epochs: 0.1, workers: 2).run()
    }

    private func error(_ data: Data) -> String {
        #expect(throws: ReportError.self) { try ResultsFile.decode(data, file: "folder/results.json") }?.description
            ?? ""
    }

    @Test func resultsAreReadAsTheyWereWritten() throws {
        var setup = Setup()
        setup.partition = "shards:2"
        let results = try setup.run()
        let data = try ResultsFile.encode(results)
        #expect(try ResultsFile.decode(data, file: "results.json") == results)
        #expect(try ResultsFile.encode(ResultsFile.decode(data, file: "results.json")) == data)
    }

    @Test func notANumberAndInfinityAreWordsAndComeBack() throws {
        // As a run that diverges has them.
        let strange = results([record("sync", [0.1, 0.1, 0.1], losses: [.nan, .infinity, -.infinity])], seeds: [1])
        let data = try ResultsFile.encode(strange)
        let text = String(decoding: data, as: UTF8.self)
        for word in ["\"nan\"", "\"inf\"", "\"-inf\""] {
            #expect(text.contains("\"testLoss\" : \(word)"), "\(word)")
        }
        let losses = try ResultsFile.decode(data, file: "results.json").runs[0].evaluations.map(\.testLoss)
        #expect(losses[0].isNaN && losses[1] == .infinity && losses[2] == -.infinity)
    }

    @Test func keysAreSortedAndOnLinesOfTheirOwn() throws {
        let text = String(decoding: try ResultsFile.encode(try small()), as: UTF8.self)
        let keys = text.split(separator: "\n").filter { $0.hasPrefix("  \"") }.map { $0.split(separator: "\"")[1] }
        #expect(keys == keys.sorted())
        #expect(keys.contains("schema") && keys.contains("runs"))
        #expect(text.hasSuffix("}\n"))
    }

    @Test func aFileThatIsCutShortAnywhereIsRefused() throws {
        let whole = try ResultsFile.encode(try small())
        #expect(whole.count < 10_000, "\(whole.count) bytes take long to cut at each")
        // Without its last byte, a newline, the file is complete.
        for length in 0..<whole.count - 1 {
            #expect(throws: ReportError.self, "\(length) of \(whole.count) bytes") {
                try ResultsFile.decode(whole.prefix(length), file: "results.json")
            }
        }
        #expect(throws: Never.self) { try ResultsFile.decode(whole.dropLast(), file: "results.json") }
    }

    @Test func aFlippedBitIsNeverACrash() throws {
        let whole = try ResultsFile.encode(try small())
        for position in stride(from: 0, to: whole.count, by: 3) {
            var damaged = whole
            damaged[position] ^= 0x10
            // Many flips leave a file that can be read, with another number or name in it.
            do throws(ReportError) {
                _ = try ResultsFile.decode(damaged, file: "results.json")
            } catch {
                #expect(error.description.hasPrefix("results.json: "), "byte \(position): \(error)")
            }
        }
    }

    @Test func anotherSchemaIsNamedWithTheOneThatIsRead() throws {
        var results = try small()
        results.schema = 2
        #expect(try error(ResultsFile.encode(results)) == "folder/results.json: schema 2; this version reads schema 1")
    }

    @Test func aMissingFieldAndAWrongKindAreNamedWithTheirPlace() throws {
        let text = String(decoding: try ResultsFile.encode(try small()), as: UTF8.self)
        let missing = error(Data(text.replacingOccurrences(of: "\"outcome\"", with: "\"outcom\"").utf8))
        #expect(missing.hasPrefix("folder/results.json: "))
        #expect(missing.contains("'outcome' is missing at runs.[0]"))
        let wrong = error(Data(text.replacingOccurrences(of: "\"seed\" : 1", with: "\"seed\" : \"one\"").utf8))
        #expect(wrong.contains("another kind at runs.[0].seed"))
    }

    @Test(arguments: [
        "", "[]", "{}", "null", "{\"schema\": \"1\"}", "schema: 1", "{\"schema\": 1}", "{\"schema\": 1e400}",
    ])
    func whatIsNoResultsFileIsRefused(_ text: String) {
        #expect(error(Data(text.utf8)).hasPrefix("folder/results.json: not a complete results file"), "\(text)")
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(error(Data([0xff, 0xfe, 0x00, 0x80])).contains("not a complete results file"))
    }
}
