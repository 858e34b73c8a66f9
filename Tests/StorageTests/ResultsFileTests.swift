import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

@Suite struct ResultsFileTests {
    private func small() throws -> Results {
        try Setup(strategies: ["sync"], epochs: 0.1, workers: 2).run()
    }

    /// An edited text with the checksum that belongs to it.
    private func resealed(_ text: String) -> Data {
        SealedJSON.unseal(Data(text.utf8)).map { SealedJSON.seal($0.text) } ?? Data()
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

    @Test func whatClientsHoldIsRecordedAsATextEach() throws {
        var setup = Setup(strategies: ["federated"], epochs: 0.1)
        setup.partition = "shards:2"
        let results = try setup.run()
        let holdings = try #require(results.runs[0].partitionSkew?.holdings)
        // Every training sample of digits is somebody's.
        #expect(holdings.reduce(0) { $0 + $1.samples } == results.trainingSamples)
        #expect(holdings.allSatisfy { $0.counts.count == 10 })
        let text = String(decoding: try ResultsFile.encode(results), as: UTF8.self)
        #expect(text.contains("\"holdings\" : ["))
        for holding in holdings {
            let counts = holding.counts.map(String.init).joined(separator: " ")
            #expect(text.contains("\"\(holding.client): \(counts)\""))
        }
    }

    /// What a checksum cannot tell: somebody wrote the file anew.
    @Test(arguments: [
        ("1: 1 0 0 0 0", "the same number for all"), ("9999: ", "distinct ones from 0 to below"),
        ("0: 999999999 ", "the sizes of the smallest and the largest"),
    ])
    func whatNoClientCanHoldIsRefused(_ wrong: String, _ words: String) throws {
        var setup = Setup(strategies: ["federated"], epochs: 0.1)
        setup.partition = "iid"
        let text = String(decoding: try ResultsFile.encode(setup.run()), as: UTF8.self)
        let damaged: String
        if wrong.hasPrefix("1: ") {
            damaged = text.replacing(#/"1: [0-9 ]*"/#, with: "\"\(wrong)\"")
        } else {
            damaged = text.replacing(#/"0: [0-9]+ /#, with: "\"\(wrong)")
        }
        #expect(damaged != text)
        #expect(error(resealed(damaged)).contains(words), "\(error(resealed(damaged)))")
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
        for length in 0..<whole.count {
            #expect(throws: ReportError.self, "\(length) of \(whole.count) bytes") {
                try ResultsFile.decode(whole.prefix(length), file: "results.json")
            }
        }
    }

    @Test func aFlippedBitIsAlwaysFoundOut() throws {
        let whole = try ResultsFile.encode(try small())
        for position in stride(from: 0, to: whole.count, by: 3) {
            var damaged = whole
            damaged[position] ^= 0x10
            #expect(error(damaged).hasPrefix("folder/results.json: "), "byte \(position)")
        }
    }

    @Test func aFlippedBitInAFileWithoutChecksumIsNeverACrash() throws {
        let whole = try Data(contentsOf: schemaFile(1))
        for position in stride(from: 0, to: whole.count, by: 31) {
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

    /// An older schema, which had no checksum, is no way around the one that a file has.
    @Test func aFileWhoseChecksumWasTakenOutAndThatCallsItselfOlderIsRefused() throws {
        let text = String(decoding: try ResultsFile.encode(try small()), as: UTF8.self)
        let unsealed = text.split(separator: "\n").filter { !$0.contains("\"checksum\"") }.joined(separator: "\n")
            .replacing(/"schema" : \d+/, with: "\"schema\" : 1")
        #expect(error(Data(unsealed.utf8)).contains("schema 1 with '"))
        for (key, value, place) in [
            ("testSamples", "360", "testSamples"), ("history", "[]", "history"), ("invented", "1", "invented"),
        ] {
            let old = String(decoding: try Data(contentsOf: schemaFile(1)), as: UTF8.self)
            let later = Data(old.replacing("{", with: "{\n  \"\(key)\" : \(value),", maxReplacements: 1).utf8)
            #expect(
                error(later).contains("schema 1 with '\(place)', which came with a later schema"), "\(error(later))")
        }
    }

    @Test func aFileOfSchemaOneIsReadWithANoteThatNothingVouchesForIt() throws {
        var notes: [String] = []
        _ = try ResultsFile.read(schemaFile(1).path) { notes.append($0) }
        #expect(notes.count == 1 && notes[0].contains("schema 1, which had no checksum"), "\(notes)")
        _ = try ResultsFile.read(schemaFile(2).path) { notes.append($0) }
        #expect(notes.count == 1, "\(notes)")
    }

    @Test func aLaterSchemaIsNamedWithThoseThatAreRead() throws {
        var results = try small()
        results.schema = 8
        #expect(
            try error(ResultsFile.encode(results))
                == "folder/results.json: schema 8; this version reads schemas 1 to 7")
    }

    /// As the program of that schema wrote it.
    private func schemaFile(_ schema: Int) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Schemas/schema-\(schema).json")
    }

    @Test(arguments: 1...Results.currentSchema) func everySchemaIsRead(_ schema: Int) throws {
        let results = try ResultsFile.decode(Data(contentsOf: schemaFile(schema)), file: "old.json")
        #expect(results.schema == Results.currentSchema)
        #expect(results.runs.count == 8 && results.isComplete)
        // What summary.csv of that version said.
        #expect(results.summaries.map(\.strategy) == ["single", "threads", "sync", "federated"])
        #expect(results.summaries[2].count(\.traffic.bytesTotal) == 3_546_048)
        #expect(MarkdownReport.render(results).contains("| federated"))
        let timings = results.runs.map(\.timings.count)
        #expect(timings.allSatisfy { $0 == (schema == 1 ? 0 : 2) }, "\(timings)")
    }

    /// Schema 5 had of nodes their curves alone.
    @Test func theCurvesOfNodesOfSchemaFiveAreTakenOver() throws {
        let text = String(decoding: try Data(contentsOf: schemaFile(5)), as: UTF8.self)
        func points(_ accuracies: [Double]) -> String {
            let points = accuracies.enumerated().map { index, accuracy in
                """
                {"round": \(index), "samples": \(10 * index), "clusterSeconds": \(index), "bytesSent": 0, \
                "testAccuracy": \(accuracy), "testLoss": 1}
                """
            }
            return "[\(points.joined(separator: ","))]"
        }
        let nodes = "\"nodeEvaluations\": [\(points([0.1, 0.5])), \(points([0.1, 0.75]))], \"outcome\" :"
        let edited = text.replacing("\"outcome\" :", with: nodes, maxReplacements: 1)
        #expect(edited != text)
        let results = try ResultsFile.decode(resealed(edited), file: "old.json")
        let run = results.runs[0]
        #expect(run.nodes?.map(\.rank) == [0, 1] && results.runs[1].nodes == nil)
        #expect(run.nodes?.map(\.ownAccuracy) == [0.5, 0.75])
        // What was not known then is not known now.
        let unknown = try #require(run.nodes?[1])
        #expect(unknown.kind == nil && unknown.trainedSamples == nil && unknown.time == nil)
        #expect(run.community?.map(\.meanAccuracy) == [0.1, 0.625])
        let again = try ResultsFile.decode(ResultsFile.encode(results), file: "new.json")
        #expect(again == results)
    }

    @Test func nodesAreReadAsTheyWereWritten() throws {
        let nodes = [
            node(0, answers(right: 3, of: 10), kind: 0, weights: [0.25, 0.75], listened: [1: 0.5], chosen: 1),
            node(1, answers(right: 7, of: 10), kind: 1, weights: [1, 0], staleness: 1.5),
        ]
        let run = record("dpsgd", nodes: nodes, classes: "0101010101")
        let results = communityResults([run], testSamples: 10)
        let data = try ResultsFile.encode(results)
        #expect(try ResultsFile.decode(data, file: "results.json") == results)
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains("\"finalCorrect\" : \"0700\"") && text.contains("\"testClasses\" : \"0101010101\""))
    }

    /// Sorted keys and numbers of one form, at every depth: what did not change stands in git as it did.
    @Test func aFileOfThisSchemaIsWrittenAgainByteForByte() throws {
        let data = try Data(contentsOf: schemaFile(Results.currentSchema))
        let again = try ResultsFile.encode(ResultsFile.decode(data, file: "results.json"))
        #expect(again == data)
        let text = String(decoding: data, as: UTF8.self)
        #expect(!text.contains(#/: -?[0-9.]+[eE]/#), "an exponent")
    }

    @Test func keysAreSortedAtEveryDepth() throws {
        let text = try String(contentsOf: schemaFile(Results.currentSchema), encoding: .utf8)
        // By depth, the last key of the object that is open there.
        var open: [Int: Substring] = [:]
        var count = 0
        for line in text.split(separator: "\n") {
            let depth = line.prefix { $0 == " " }.count
            if line.hasSuffix("{") || line.contains("}") { open = open.filter { $0.key <= depth } }
            guard line.contains("\" : ") else { continue }
            let key = line.split(separator: "\"", maxSplits: 2)[1]
            if let last = open[depth] { #expect(last < key, "\(last) before \(key)") }
            open[depth] = key
            count += 1
        }
        #expect(count > 500)
    }

    @Test func numbersHaveNoExponentsAndComeBackToTheLastBit() throws {
        struct Numbers: Codable, Equatable {
            var values: [Double]
            var named: [String: Double]
            var text: String
        }
        let values = [
            1.5e-06, -2e-9, 1e16, 1.25e20, .leastNonzeroMagnitude, 1.7976931348623157e308, 0.1, 3, -0.0, 123456.789e-12,
        ]
        let numbers = Numbers(values: values, named: ["a": 1e-07, "b e-05": 2], text: "1e-06, \" : 1e-06")
        let data = try SealedJSON.encode(numbers)
        let text = String(decoding: data, as: UTF8.self)
        #expect(try SealedJSON.decode(Numbers.self, from: data) == numbers)
        for plain in ["0.0000015,", "-0.000000002,", "10000000000000000,", "\"a\" : 0.0000001,"] {
            #expect(text.contains(plain), "\(plain) in \(text)")
        }
        #expect(text.contains(#""text" : "1e-06, \" : 1e-06""#), "texts stay as they are: \(text)")
    }

    @Test func aChangedValueIsFoundOutWhateverItIs() throws {
        let text = String(decoding: try ResultsFile.encode(try small()), as: UTF8.self)
        for (find, replace) in [
            ("\"bytesTotal\" : ", "\"bytesTotal\" : 1"), ("\"seed\" : 1", "\"seed\" : 2"),
            ("\"schema\" : 6", "\"schema\" : 1"), ("\"shuffles\" : true", "\"shuffles\" : false"),
            ("sha256:", "sha256:0"),
        ] {
            let changed = text.replacing(find, with: replace, maxReplacements: 1)
            #expect(changed != text, "\(find)")
            #expect(error(Data(changed.utf8)).contains("changed"), "\(find)")
        }
        let unsealed = try #require(SealedJSON.unseal(Data(text.utf8))).text
        #expect(error(unsealed).contains("no checksum"))
    }

    @Test func aMissingFieldAndAWrongKindAreNamedWithTheirPlace() throws {
        let text = String(decoding: try ResultsFile.encode(try small()), as: UTF8.self)
        let missing = error(resealed(text.replacingOccurrences(of: "\"outcome\"", with: "\"outcom\"")))
        #expect(missing.hasPrefix("folder/results.json: "))
        #expect(missing.contains("'outcome' is missing at runs.[0]"))
        let wrong = error(resealed(text.replacingOccurrences(of: "\"seed\" : 1", with: "\"seed\" : \"one\"")))
        #expect(wrong.contains("another kind at runs.[0].seed"))
    }

    /// With a right checksum: of two values a reader would take one, and nobody could say which.
    @Test func aKeyThatStandsTwiceIsNamedWithItsLine() throws {
        let text = String(decoding: try ResultsFile.encode(try small()), as: UTF8.self)
        let twice = text.replacing("  \"runs\" : ", with: "  \"schema\" : 6,\n  \"runs\" : ", maxReplacements: 1)
        #expect(error(resealed(twice)).contains("the key 'schema' stands twice in one object"))
        let inner = text.replacing("\"seed\" : 1", with: "\"seed\" : 1,\n      \"seed\" : 2", maxReplacements: 1)
        #expect(error(resealed(inner)).contains("the key 'seed' stands twice in one object"))
        // Files of the first schema have no checksum.
        let first = try String(contentsOf: schemaFile(1), encoding: .utf8)
        let firstTwice = first.replacing("\"schema\"", with: "\"task\" : \"x\",\n  \"task\" : \"y\",\n  \"schema\"")
        #expect(error(Data(firstTwice.utf8)).contains("the key 'task' stands twice in one object"))
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
