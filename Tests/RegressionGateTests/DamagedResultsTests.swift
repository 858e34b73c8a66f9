import Foundation
import Testing

@testable import Cluster
@testable import Experiments
@testable import RegressionGate
@testable import Reports
@testable import Storage
@testable import TestSupport

/// Files of results that were cut off, or whose values were changed: a clear error or the right answer, never a crash and
/// never a wrong verdict.
@Suite struct DamagedResultsTests {
    private static let steady = [10.0, 10.1, 10.2, 10.1, 10.0, 10.3, 10.1, 10.2, 10.05, 10.15]

    private func made() -> Results {
        var all = results(
            [1, 2].flatMap { seed in
                [
                    record("sync", seed: seed, [0.1, 0.96, 0.96], timings: timings(Self.steady)),
                    record("federated", seed: seed, [0.1, 0.9, 0.96], uplink: 2000, timings: timings(Self.steady)),
                ]
            }, seeds: [1, 2])
        all.plan.thisMachine = ClusterPresets.workstation
        all.history = [.init(date: "2026-01-01", commit: "a", reason: "first", changes: ["x"])]
        return all
    }

    /// The text of these lines, with the checksum that belongs to it.
    private func resealed(_ lines: [Substring]) -> Data {
        let text = Data(lines.joined(separator: "\n").utf8)
        return SealedJSON.unseal(text).map { SealedJSON.seal($0.text) } ?? text
    }

    /// Makes everything that is made from results: none of it may end the program.
    private func use(_ changed: Results, _ whole: Results) {
        _ = MarkdownReport.render(changed)
        _ = (SummaryCSV.render(changed), CurvesCSV.render(changed), TargetsCSV.render(changed))
        _ = ComparisonTable.terminal(changed)
        for (baseline, current) in [(whole, changed), (changed, whole)] {
            guard let comparison = try? Comparison(baseline: baseline, current: current) else { continue }
            _ = (ComparisonText.terminal(comparison), ComparisonText.markdown(comparison), JUnitXML.render(comparison))
        }
    }

    @Test func aFileThatIsCutOffIsRefusedWherever() throws {
        let data = try ResultsFile.encode(made())
        for part in 0..<20 {
            let error = #expect(throws: ReportError.self) {
                try ResultsFile.decode(data.prefix(data.count * part / 20), file: "results.json")
            }
            #expect(error?.description.hasPrefix("results.json: not a complete results file") == true, "\(part)/20")
        }
    }

    /// Each kind of number of the file, as every number that a damaged or edited file might have there.
    @Test func noNumberThatFitsTheFormEndsTheProgram() throws {
        let whole = made()
        let lines = String(decoding: try ResultsFile.encode(whole), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        var seen: Set<Substring> = []
        var (edits, refused) = (0, 0)
        for (index, line) in lines.enumerated() {
            guard let separator = line.range(of: "\" : ") else { continue }
            let number = line[separator.upperBound...].prefix { $0 != "," }
            // Only the first of all numbers of one name and depth is changed; the same is checked for all of them.
            guard Double(number) != nil, seen.insert(line[..<separator.upperBound]).inserted else { continue }
            for value in [
                "0", "-1", "1", "100000000000", "9223372036854775807", "1e300", "1e-300", "1.5", "\"nan\"", "\"inf\"",
                "null",
            ] {
                var changed = lines
                changed[index] = line[..<separator.upperBound] + value + line[number.endIndex...]
                edits += 1
                do {
                    use(try ResultsFile.decode(resealed(changed), file: "results.json"), whole)
                } catch {
                    refused += 1
                    let message = "\(error)"
                    #expect(
                        message.hasPrefix("results.json: ") && message.count < 1000, "\(line) as \(value): \(message)")
                }
            }
        }
        #expect(seen.count > 50 && refused > edits / 4 && refused < edits, "\(refused) of \(edits) refused")
    }

    // MARK: Verdicts

    struct Edit: Sendable, CustomTestStringConvertible {
        let find: String
        let replace: String
        /// The names of the figures that become worse by the edit; empty where none is compared.
        let regressions: [String]
        let improvements: [String]
        /// A part of the reason why the edited results are not compared; nil where they are.
        let refusal: String?

        init(
            _ find: String, _ replace: String, worse: [String] = [], better: [String] = [], refusal: String? = nil
        ) {
            (self.find, self.replace, self.refusal) = (find, replace, refusal)
            (regressions, improvements) = (worse, better)
        }

        var testDescription: String { "\(find) -> \(replace)" }
        var isOfWork: Bool { find.contains("\"round\"") || find.contains("\"samples\"") }
    }

    /// Single values; the first place of each is changed.
    static let edits = [
        Edit("\"bytesTotal\" : 4000", "\"bytesTotal\" : 4001", worse: ["bytes sent"]),
        Edit("\"bytesTotal\" : 4000", "\"bytesTotal\" : 3999", better: ["bytes sent"]),
        Edit("\"messagesTotal\" : 40", "\"messagesTotal\" : 41", worse: ["messages"]),
        Edit("\"messagesTotal\" : 40", "\"messagesTotal\" : 39", better: ["messages"]),
        Edit("\"bytesSent\" : 1000,", "\"bytesSent\" : 1001,", worse: ["curve bytes"]),
        Edit("\"bytesSent\" : 1000,", "\"bytesSent\" : 999,", better: ["curve bytes"]),
        Edit("\"clusterSeconds\" : 4,", "\"clusterSeconds\" : 4.000000001,", worse: ["simulated time"]),
        Edit("\"outcome\" : \"completed\"", "\"outcome\" : \"diverged\"", worse: ["outcome", "final accuracy"]),
        Edit("\"round\" : 20", "\"round\" : 21", worse: ["updates of the model", "curve updates"]),
        Edit("\"samples\" : 1280", "\"samples\" : 1281", worse: ["samples trained on", "curve samples"]),
        Edit("\"samples\" : 1280", "\"samples\" : 640", worse: ["samples trained on", "curve samples"]),
        Edit("\"batch\" : 64", "\"batch\" : 65", refusal: "sync's options.batch: 64 against 65"),
        Edit("\"target\" : 0.95", "\"target\" : 0.96", refusal: "target: 0.95 against 0.96"),
        Edit("\"shuffles\" : true", "\"shuffles\" : false", refusal: "shuffles"),
        Edit("\"isComplete\" : true", "\"isComplete\" : false", refusal: "was stopped"),
        Edit(
            "\"compute\" : \"reference\"", "\"compute\" : \"calibrated\"",
            refusal: "compute: reference against calibrated"),
        Edit("\"trainingSamples\" : 1437", "\"trainingSamples\" : 1438", refusal: "trainingSamples"),
        Edit("\"workers\" : 4", "\"workers\" : 5", refusal: "workers: 4 against 5"),
        Edit("\"hostSeconds\" : 0.25", "\"hostSeconds\" : 25"),
        Edit("\"commit\" : \"0123456789ab\"", "\"commit\" : \"0123456789ac\""),
        Edit("\"pricePerHour\" : 0.038", "\"pricePerHour\" : 0.138"),
        Edit("\"date\" : \"2026-01-02", "\"date\" : \"2027-01-02"),
    ]

    private func changed(_ edit: Edit, _ whole: Results) throws -> String {
        let text = String(decoding: try ResultsFile.encode(whole), as: UTF8.self)
        let changed = text.replacing(edit.find, with: edit.replace, maxReplacements: 1)
        #expect(changed != text, "there is no \(edit.find)")
        return changed
    }

    @Test(arguments: edits) func aChangedValueIsRefusedByTheChecksum(_ edit: Edit) throws {
        let text = try changed(edit, made())
        let error = #expect(throws: ReportError.self) { try ResultsFile.decode(Data(text.utf8), file: "results.json") }
        #expect(error?.description.contains("checksum") == true)
    }

    @Test(arguments: edits) func withACorrectedChecksumTheVerdictIsThatOfTheValue(_ edit: Edit) throws {
        let whole = made()
        let text = try changed(edit, whole)
        let results = try ResultsFile.decode(
            resealed(text.split(separator: "\n", omittingEmptySubsequences: false)), file: "results.json")
        if let refusal = edit.refusal {
            #expect(reasons(whole, results).contains { $0.contains(refusal) }, "\(reasons(whole, results))")
            return
        }
        let comparison = try Comparison(baseline: whole, current: results)
        #expect(comparison.regressions.map(\.name) == edit.regressions)
        #expect(comparison.improvements.map(\.name) == edit.improvements)
        // The other way round, what was worse is better. Work is an exception: less of it is no improvement.
        let back = try Comparison(baseline: results, current: whole)
        #expect(back.regressions.map(\.name) == (edit.isOfWork ? edit.regressions : edit.improvements))
        #expect(back.improvements.map(\.name) == (edit.isOfWork ? [] : edit.regressions))
    }

    private func reasons(_ baseline: Results, _ current: Results) -> [String] {
        do {
            _ = try Comparison(baseline: baseline, current: current)
            return []
        } catch {
            return error.reasons
        }
    }
}
