import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage

/// `--limit-*`, `--repetitions` and `--machine`.
@Suite struct LimitTests {
    private func results(_ arguments: [String]) async throws -> Results {
        try await withFolder { folder in
            let outcome = try await bench(quick + arguments, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            return try ResultsFile.read(folder.path("results"))
        }
    }

    private static let long = ["--epochs", "20", "--evaluate-every", "1", "--clock", "simulated"]

    @Test func updatesEndEveryStrategyAtTheNextEvaluation() async throws {
        let all = try await results(Self.long + ["--limit-updates", "24"])
        for run in all.runs where ["single", "threads", "sync"].contains(run.strategy) {
            // Evaluations after 23 and 46 steps.
            #expect(run.evaluations.map(\.round) == [0, 23, 46], "\(run.strategy)")
        }
        let federated = try #require(all.runs.first { $0.strategy == "federated" })
        #expect(federated.rounds >= 24 && federated.evaluations.dropLast().allSatisfy { $0.round < 24 })
        #expect(all.isComplete && all.runs.allSatisfy { $0.outcome == .completed })
    }

    @Test func bytesAndTimeEndThoseThatSendAndTakeSoMuch() async throws {
        let bytes = try await results(Self.long + ["--limit-bytes", "5MB", "--strategy", "single,sync"])
        #expect(bytes.runs[0].samples == 20 * 1437, "single sends nothing")
        let sync = bytes.runs[1].evaluations.map(\.bytesSent)
        #expect(sync.last.map { $0 >= 5_000_000 } == true && sync.dropLast().allSatisfy { $0 < 5_000_000 }, "\(sync)")
        let time = try await results(Self.long + ["--limit-time", "100ms", "--strategy", "sync"])
        let seconds = time.runs[0].evaluations.map(\.clusterSeconds)
        #expect(seconds.last.map { $0 >= 0.1 } == true && seconds.dropLast().allSatisfy { $0 < 0.1 }, "\(seconds)")
        #expect(seconds.count < 21)
    }

    @Test(arguments: [
        (["--limit-time", "0s"], ["--limit-time", "above 0"]), (["--limit-time", "5"], ["no unit"]),
        (["--limit-bytes", "lots"], ["'lots'", "--limit-bytes"]),
        (["--limit-bytes", "-5MB"], ["'-5MB'", "above 0 up to 1 PB"]),
        (["--limit-updates", "0"], ["--limit-updates is 0", "1 to 1000000000"]),
        (["--repetitions", "0"], ["--repetitions is 0", "1 to 10000"]),
        (["--machine", "toaster"], ["'toaster'", "workstation"]),
    ])
    func wrongValuesAreAnsweredWithWhatIsAllowed(_ arguments: [String], _ parts: [String]) async throws {
        try await expectError(arguments, code: 64, parts)
    }

    @Test func repetitionsAddTimesAndNothingElse() async throws {
        let arguments = ["--strategy", "single,sync", "--clock", "simulated"]
        let (one, three) = (try await results(arguments), try await results(arguments + ["--repetitions", "3"]))
        #expect(one.runs.map(\.timings.count) == [1, 1] && three.runs.map(\.timings.count) == [3, 3])
        #expect(one.runs.map(\.evaluations) == three.runs.map(\.evaluations))
        #expect(one.runs.map(\.traffic) == three.runs.map(\.traffic))
    }

    @Test func theMachineOfTheCommandLineHasThePriceOfMeasuredRuns() async throws {
        try await withFolder { folder in
            let description = "latency: 100ns\nbandwidth: 100Gbit\nprice_per_hour: 7200\nprice_per_gb: 0\n"
            try folder.write(Data(description.utf8), "mine.yaml")
            let outcome = try await bench(quick + ["--strategy", "single", "--machine", "mine.yaml"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let run = try #require(ResultsFile.read(folder.path("results")).runs.first)
            let rows = table(try folder.text("results/summary.csv"))
            let column = try #require(rows[0].firstIndex(of: "money_usd_median"))
            // Two dollars a second, to the nine decimals of the file.
            #expect(Double(rows[1][column]).map { abs($0 - 2 * run.clusterSeconds) < 1e-9 } == true, "\(rows[1])")
            #expect(try folder.text("results/report.md").contains("- `single`: mine: a node 7200 USD/h"))
        }
    }

    @Test func aBrokenMachineFileIsAnErrorOfTheFile() async throws {
        try await expectError(["--machine", "mine.yaml"], code: 1, ["mine.yaml:3: ", "'-1'", "a price in USD"]) {
            try $0.write(Data("latency: 1ms\nbandwidth: 1Gbit\nprice_per_hour: -1\n".utf8), "mine.yaml")
        }
    }
}
