import Experiments
import Fabrics
import Foundation
import RegressionGate
import Reports
import Storage
import Studies

/// Files with a checksum, which is made again after most changes, so that what is behind it is read.
class SealedInputs {
    private let json: JSONMutations

    init(words: [String]) {
        json = JSONMutations(words: words + ["nan", "inf", "-inf", "schema", "sync", "federated", "single"])
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        json.mutate(&input, other: other, &draws)
    }

    func finish(_ input: inout [UInt8], _ draws: inout Draws) {
        if !draws.oneIn(16) { input = Seal.renewed(input) }
    }

    /// The tree of values that a text describes takes many times its bytes, and a table of it as much again.
    func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count }
}

/// `results.json`, with all that is made from it.
final class ResultsInputs: SealedInputs, InputClass {
    let name = "results"
    private var original: Results?

    init() {
        super.init(words: [
            "completed", "diverged", "stopped", "threads", "simulated", "emulated", "mpi", "digits", "mnist-cnn",
            "reference",
            "calibrated", "ring", "auto", "uniform", "logNormal", "gradient", "uplink", "he", "drawn",
            "2026-01-02T03:04:05Z",
        ])
    }

    func makeSeeds() throws -> [[UInt8]] {
        let results = try SeedRuns.run(SeedRuns.plan(["single", "sync", "federated"], seeds: [1, 2])).results
        let data = Seal.withoutHostTimes(try ResultsFile.encode(results))
        original = try ResultsFile.decode(Data(data), file: "results.json")
        return try [data]
            + (1..<Results.currentSchema).map { schema in
                let file = Self.olderFiles.appendingPathComponent("schema-\(schema).json")
                return [UInt8](try Data(contentsOf: file))
            }
    }

    /// Files that older versions of the program wrote.
    private static let olderFiles = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }
    .appendingPathComponent("StorageTests/Schemas")

    override func finish(_ input: inout [UInt8], _ draws: inout Draws) {
        super.finish(&input, &draws)
        guard draws.oneIn(24) else { return }
        // The oldest schema had no checksum, which must not be a way around it.
        let text = String(decoding: Seal.removed(input), as: UTF8.self)
        input = Array(
            text.replacingOccurrences(of: "\"schema\" : \(Results.currentSchema)", with: "\"schema\" : 1").utf8)
    }

    func read(_ input: [UInt8]) throws {
        let results = try ResultsFile.decode(Data(input), file: "results.json")
        let again = try ResultsFile.encode(results)
        guard try ResultsFile.encode(ResultsFile.decode(again, file: "again.json")) == again else {
            throw WrongAnswer("the results differ when they were written and read again")
        }
        _ = ComparisonTable.terminal(results) + MarkdownReport.render(results) + MarkdownReport.summary(results)
        _ = SummaryCSV.render(results) + CurvesCSV.render(results) + TargetsCSV.render(results)
        _ = HistoryTable.render(
            [HistoryTable.Entry(path: "results", results)], metrics: HistoryTable.metrics, strategies: nil, .table)
        // Two results of one plan are a history, whatever is damaged in one of them.
        var before = original ?? results
        before.machine.date = "2000-01-01T00:00:00Z"
        let both = [HistoryTable.Entry(path: "before", before), HistoryTable.Entry(path: "results", results)]
        _ = HistoryPage.html(both, metrics: HistoryTable.metrics, strategies: nil, command: "bench history")
        for baseline in [results, original].compactMap({ $0 }) {
            // What cannot be compared says so by an error of its own, which is not this file's.
            guard let comparison = try? Comparison(baseline: baseline, current: results) else { continue }
            _ = ComparisonText.terminal(comparison) + ComparisonText.markdown(comparison) + JUnitXML.render(comparison)
        }
    }
}

/// `study.json`, with all that is made from it and what `--tuned` takes from it.
final class StudyInputs: SealedInputs, InputClass {
    let name = "study"

    init() {
        super.init(words: [
            "learning-rate", "batch", "momentum", "optimizer", "beta1", "fraction", "local-epochs", "bucket", "grid",
            "random", "log",
            "linear",
            "accuracy", "time", "validation", "test", "list", "range", "0.1", "completed", "diverged",
        ])
    }

    func makeSeeds() throws -> [[UInt8]] {
        let plans = try [
            StudyPlan(
                experiment: SeedRuns.plan(["single", "federated"]), search: .grid, trialCount: nil,
                dimensions: [try SearchDimension(parsing: "learning-rate=0.05,0.2")], metric: .time),
            StudyPlan(
                experiment: SeedRuns.plan(["single"]), search: .random, trialCount: 3,
                dimensions: [
                    try SearchDimension(parsing: "learning-rate=0.01..1"),
                    try SearchDimension(parsing: "momentum=0,0.5"),
                ],
                halving: 3),
        ]
        return try plans.map { plan in
            let results = try Study(plan, data: .init(nil)).run(machine: SeedRuns.machine)
            return Seal.withoutHostTimes(try StudyFile.encode(results))
        }
    }

    func read(_ input: [UInt8]) throws {
        let study = try StudyFile.decode(Data(input), file: "study.json")
        let again = try StudyFile.encode(study)
        guard try StudyFile.encode(StudyFile.decode(again, file: "again.json")) == again else {
            throw WrongAnswer("the study differs when it was written and read again")
        }
        _ = StudyTable.terminal(study) + StudyReport.render(study, folder: "study")
        _ = TrialsCSV.render(study) + ExpectedBestCSV.render(study)
        _ = try study.tuned(study.plan.experiment, source: "study.json")
    }
}

/// Recorded schedules, read and re-priced as `bench reprice` does, against the results of their runs.
final class ScheduleInputs: SealedInputs, InputClass {
    let name = "schedule"
    private var results: Results?
    private static let strategies = ["sync", "federated"]

    init() {
        super.init(words: [
            "compute", "step", "ready", "update", "send", "receive", "evaluation", "all-reduce", "allReduce",
            "broadcast", "gather",
            "scatter", "barrier", "meeting", "all-gather", "gradient", "modelDown", "modelUp", "peer", "uplink", "0-3",
            "0 1 2",
            "22*(1 2)", "1000000*(0)", "0-9999999", "3*(3*(3*(0)))", "isMean", "root", "shares",
        ])
    }

    func makeSeeds() throws -> [[UInt8]] {
        let made = try SeedRuns.run(SeedRuns.plan(Self.strategies))
        results = made.results
        return try Self.strategies.map { strategy in
            guard let schedule = made.schedules["\(strategy) 1"] else {
                throw WrongAnswer("no schedule of \(strategy)")
            }
            return [UInt8](try ScheduleFile.encode(schedule, strategy: strategy, seed: 1))
        }
    }

    func read(_ input: [UInt8]) throws {
        guard let results else { throw WrongAnswer("the seeds come first") }
        // A file is of one of the two; who it says it is of decides.
        let isFederated = String(decoding: input.suffix(200), as: UTF8.self).contains("federated")
        let strategy = Self.strategies[isFederated ? 1 : 0]
        let schedule = try ScheduleFile.decode(Data(input), strategy: strategy, seed: 1, file: "schedule.json")
        let again = try ScheduleFile.encode(schedule, strategy: strategy, seed: 1)
        guard try ScheduleFile.decode(again, strategy: strategy, seed: 1, file: "again.json") == schedule else {
            throw WrongAnswer("the schedule differs when it was written and read again")
        }
        guard let plan = results.plan.strategies.first(where: { $0.name == strategy }) else { return }
        let repricing = try Repricing(results, plan) { _ in schedule }
        var other = plan
        other.allReduce = .tree
        _ = try repricing.price(other)
    }

    /// A schedule is written without its repetitions, and its programs are what they are repeated to.
    override func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + 5 * 4 * Schedule.mostOperations }
}
