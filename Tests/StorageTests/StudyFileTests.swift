import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Studies
@testable import TestSupport

@Suite struct StudyFileTests {
    private func small() throws -> StudyResults {
        var setup = StudySetup(vary: ["learning-rate=0.1,0.4", "federated.local-epochs=2"])
        setup.setup.strategies = ["single", "federated"]
        return try setup.run()
    }

    private func error(_ data: Data) -> String {
        do {
            _ = try StudyFile.decode(data, file: "folder/study.json")
            return "none"
        } catch {
            return error.description
        }
    }

    @Test func aStudyComesBackAsItWas() throws {
        let results = try small()
        let data = try StudyFile.encode(results)
        #expect(try StudyFile.decode(data, file: "study.json") == results)
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.hasPrefix("{\n  \"checksum\" : \"sha256:") && text.hasSuffix("}\n"))
        #expect(text.contains("\"schema\" : \(StudyResults.currentSchema)"))
    }

    @Test func aStudyThatIsCutOffIsRefusedWhereverItEnds() throws {
        let data = try StudyFile.encode(try small())
        for part in 0..<20 {
            let message = error(data.prefix(data.count * part / 20))
            #expect(message.hasPrefix("folder/study.json: not a complete study"), "\(part): \(message)")
        }
    }

    @Test(arguments: [
        ("\"accuracy\" : 0.", "\"accuracy\" : 0.9"), ("\"value\" : \"0.4\"", "\"value\" : \"0.5\""),
        ("\"bytesSent\" : ", "\"bytesSent\" : 1"), ("\"trial\" : 1", "\"trial\" : 0"),
        ("\"isComplete\" : true", "\"isComplete\" : false"), ("sha256:", "sha256:0"),
    ])
    func aChangedValueIsFoundOut(_ find: String, _ replace: String) throws {
        let text = String(decoding: try StudyFile.encode(try small()), as: UTF8.self)
        let changed = text.replacing(find, with: replace, maxReplacements: 1)
        #expect(changed != text && error(Data(changed.utf8)).contains("changed"), "\(error(Data(changed.utf8)))")
    }

    @Test func aLaterSchemaIsNamed() throws {
        var results = try small()
        results.schema = 5
        #expect(error(try StudyFile.encode(results)).contains("schema 5; this version reads studies of schema 1 to 4"))
    }

    /// With a right checksum, as a program with a fault would write it.
    @Test func whatCannotBeIsNamedWithWhatIsAllowed() throws {
        let whole = try small()
        func message(_ change: (inout StudyResults) -> Void) throws -> String {
            var results = whole
            change(&results)
            return error(try StudyFile.encode(results))
        }
        #expect(try message { $0.runs[0].accuracy = 1.5 }.contains("accuracy: found 1.5, allowed is 0 to 1"))
        #expect(try message { $0.runs[0].trial = 7 }.contains("trial 7 of single with seed 1: found it"))
        #expect(try message { $0.runs[0].rung = 1 }.contains("rung: found 1"))
        #expect(try message { $0.runs[0].seed = 9 }.contains("a seed of the plan"))
        #expect(try message { $0.runs[0] = $0.runs[2] }.contains("it twice"))
        #expect(try message { $0.runs.removeLast() }.contains("runs of a complete study: found 3, allowed is 4"))
        #expect(try message { $0.runs[0].cost.clusterSeconds = -1 }.contains("a time: found -1.0"))
        #expect(try message { $0.plan.trials.removeLast() }.contains("the grids are not equally large"))
        #expect(try message { $0.plan.trials[0].index = 3 }.contains("trials of single: found [3, 1]"))
        #expect(
            try message { $0.plan.trials[0].choices[0].value = "-1" }.contains("is -1; allowed is a number above 0"))
        #expect(try message { $0.plan.experiment.seeds = [] }.contains("plan.seeds"))
        #expect(try message { $0.plan.halving = 9 }.contains("--halving is 9 with 2 trials"))
    }

    // MARK: Reports

    @Test func trialsAreARowEachAndTheirCostsAddUp() throws {
        var setup = StudySetup(halving: 3)
        setup.setup.strategies = ["single", "federated"]
        let results = try setup.run()
        let text = TrialsCSV.render(results)
        #expect(text.split(separator: "\n").count == 1 + 2 * (3 + 1))
        let rows = (1...8).map { fields(text, line: $0) }
        #expect(
            rows[0]["learning_rate"] == "0.05" && rows[0]["epochs"] == "0.666667"
                && rows[0]["chosen_on"] == "validation")
        for summary in results.summaries {
            let own = rows.filter { $0["strategy"] == summary.strategy.name }
            #expect(own.compactMap { $0["bytes_sent"].flatMap(Int.init) }.reduce(0, +) == summary.cost.bytesSent)
            #expect(own.compactMap { $0["rank"] }.filter { !$0.isEmpty }.sorted() == ["1", "2", "3"])
            #expect(own.first { $0["rank"] == "1" }?["rung"] == "2")
        }
    }

    @Test func theExpectedBestIsARowForEachNumberOfTrials() throws {
        let text = ExpectedBestCSV.render(try made([[0.4], [0.1], [0.8], [0.2]]))
        let rows = (1...4).map { fields(text, line: $0) }
        #expect(rows.map { $0["best"] } == ["0.375000", "0.566667", "0.700000", "0.800000"])
        #expect(rows.map { $0["cluster_seconds"] } == ["2.000000", "4.000000", "6.000000", "8.000000"])
        #expect(rows.map { $0["money_usd"] } == ["0.250000000", "0.500000000", "0.750000000", "1.000000000"])
    }

    @Test func theReportTellsWhatItCostAndHowItWasChosen() throws {
        let report = StudyReport.render(try small(), folder: "Results/study")
        for part in [
            "# A search for the options of distributed training on digits", "Expected best accuracy after k trials",
            "bench run --task digits --epochs 2 --strategy single,federated --tuned Results/study",
            "The whole search made 4 runs",
            "2 trials for every strategy, enforced", "Chosen on a validation split: 239 samples",
            "bench --strategy all",
            "learning-rate over 0.1, 0.4", "local-epochs over 2", "USD/h", "the test set was not looked at",
            "one run with the best options, the search took: `single` 2 times as long, `federated` 2 times as long",
        ] {
            #expect(report.contains(part), "\(part)")
        }
        #expect(!report.contains("Stopped before its end") && !report.contains("\n\n\n"))
    }

    @Test func theReportSaysWhatIsWrongWithTheChoice() throws {
        var results = try made([[0.9], [0.5], [0.5], [0.1]], isComplete: false)
        results.plan.selection = .test
        let report = StudyReport.render(results, folder: "study")
        #expect(report.contains("the best learning-rate of `single`, 0.1, is at the lower edge of what was tried"))
        #expect(report.contains("**Stopped before its end: 4 runs are finished"))
        #expect(report.contains("**not on a validation split**"))
        results.runs = []
        #expect(StudyReport.render(results, folder: "study").contains("No trial was finished."))
        #expect(StudyTable.terminal(results) == "No trial was finished.\n")
    }

    @Test func byTimeWhatNeverGotThereIsADash() throws {
        let results = try made([[0.9], [0.5], [0.5], [0.1]], metric: .time, seconds: [[nil], [nil], [nil], [nil]])
        let table = StudyTable.terminal(results)
        #expect(table.contains("none got there") && table.contains("no trial of `single` got to 80 %"), "\(table)")
    }
}
