import Datasets
import Experiments
import Foundation
import Reports
import Storage
import Studies

/// Logs, as `bench watch` follows them: read, and drawn.
final class LogInputs: InputClass {
    let name = "log"
    private let folder: WorkFolder
    private let text = TextMutations(
        words: EventLog.keys + [
            "key", "value", "metadata", "time_ms", "event_type", "namespace", "INTERVAL_START", "POINT_IN_TIME", "null",
            "true", "[]", "{}", "1e400", "-1", "0", "9007199254740993", "1e300", "single", "sync", "\\u001b[2J",
            "\\ud800",
        ])

    init() throws { folder = try WorkFolder(name) }

    deinit { folder.removeAll() }

    /// Written by the program, with the times and the process of one day.
    func makeSeeds() throws -> [[UInt8]] {
        let plan = try SeedRuns.plan(["single", "federated"], seeds: [1, 2])
        let path = folder.path("seed.jsonl")
        let log = try EventLog(path)
        log.start(EventLogHeader(.run, plan))
        let callbacks = Experiment.Callbacks(
            began: { log.begin($0, plan) }, evaluated: { log.evaluate($0, $1, share: $2, by: plan.metric) },
            finished: { run, record, _, _ in log.end(run, record, target: plan.goal) })
        _ = try Experiment(plan, data: DataDirectory(nil)).run(machine: SeedRuns.machine, callbacks: callbacks)
        log.stop(because: nil)
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        let whole = Array(Self.withoutHost(text).utf8)
        // Of a process that was killed.
        return [whole, Array(whole.prefix(2 * whole.count / 3))]
    }

    /// What depends on this machine and its clock set to constants.
    private static func withoutHost(_ text: String) -> String {
        text.replacing(/"(time_ms|pid|process_began|host_seconds)" ?: ?[0-9.]+/) { "\"\($0.output.1)\":1000" }
            .replacing(/"host" ?: ?"[^"]*"/, with: "\"host\":\"here\"")
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        try folder.write(input, "log.jsonl")
        let path = folder.path("log.jsonl")
        var follower = EventLogFollower(path)
        defer { follower.close() }
        var experiment = WatchedExperiment(path)
        for news in try follower.news() {
            guard case .event(let event) = news else { throw WrongAnswer("a file that nobody replaced is begun again") }
            try experiment.take(event)
            _ = WatchText(experiment)?.line(event)
        }
        guard let text = WatchText(experiment) else { return }
        let style = CurveStyle(hasBraille: true, hasColor: true, columns: 79)
        let lines = text.screen(TextLayout(columns: 79, isASCII: false), style, now: 4000, rows: 20)
        guard lines.count <= 20 else { throw WrongAnswer("\(lines.count) lines on a screen of 20") }
    }

    /// Every line is a tree of values, and the runs of a plan are kept.
    func justifiedBytes(_ input: [UInt8]) -> Int { 300 * input.count + (16 << 20) }
}

/// `coalitions.json`, with all that is made from it.
final class CoalitionInputs: SealedInputs, InputClass {
    let name = "coalitions"

    init() {
        super.init(words: [
            "members", "runs", "values", "community", "federated", "iid", "rotations:2", "accuracy", "0", "1",
        ])
    }

    func makeSeeds() throws -> [[UInt8]] {
        var plan = try SeedRuns.plan(["federated"])
        plan.strategies[0].options["clients"] = 2
        plan.strategies[0].options["fraction"] = 1
        plan.strategies[0].configuration.objectives = "iid"
        let results = try CoalitionStudy(CoalitionPlan(plan), data: .init(nil)).run(machine: SeedRuns.machine)
        return [Seal.withoutHostTimes(try CoalitionFile.encode(results))]
    }

    func read(_ input: [UInt8]) throws {
        let results = try CoalitionFile.decode(Data(input), file: "coalitions.json")
        let again = try CoalitionFile.encode(results)
        guard try CoalitionFile.encode(CoalitionFile.decode(again, file: "again.json")) == again else {
            throw WrongAnswer("the coalitions differ when they were written and read again")
        }
        _ = CoalitionReport.terminal(results) + CoalitionReport.render(results) + CoalitionsCSV.render(results)
        _ = CoalitionPage.make(results).html()
    }
}
