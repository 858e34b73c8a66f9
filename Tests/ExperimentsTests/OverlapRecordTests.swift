import Cluster
import Fabrics
import Foundation
import Locking
import Testing
import Training

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

/// Hidden and exposed communication in records and reports.
@Suite(.timeLimit(.minutes(60))) struct OverlapRecordTests {
    private func results(
        _ overlap: GradientOverlap?, _ allReduce: AllReduceAlgorithm = .ring, clock: ClockChoice = .simulated
    ) throws -> Results {
        var setup = Setup(strategies: ["single", "threads", "sync", "federated"])
        setup.clock = clock
        setup.allReduce = allReduce
        setup.overlap = overlap
        return try setup.run()
    }

    private func run(_ results: Results, _ strategy: String) throws -> RunRecord {
        try #require(results.runs.first { $0.strategy == strategy })
    }

    @Test func communicationIsSplitIntoHiddenAndExposed() throws {
        let plain = try results(nil)
        let overlapped = try results(GradientOverlap(bucketBytes: 1))
        for run in plain.runs { #expect(run.hiddenCommunicationSeconds == 0, "\(run.strategy)") }
        for strategy in ["threads", "sync"] {
            let run = try run(overlapped, strategy)
            #expect(try #require(run.hiddenCommunicationSeconds) > 0, "\(strategy)")
            #expect(try #require(run.hiddenCommunicationSeconds) < run.computeSeconds, "\(strategy)")
            let sum = run.computeSeconds + run.communicationSeconds + run.idleSeconds
            // The clock counts whole nanoseconds, compute time does not: a step may lose half of one.
            #expect(abs(sum - run.clusterSeconds) <= 0.5e-9 * Double(run.samples), "\(strategy)")
            // The tensors go out one by one: four buckets in place of one.
            let before = try self.run(plain, strategy)
            #expect(run.traffic.messagesTotal == 4 * before.traffic.messagesTotal, "\(strategy)")
            #expect(run.finalAccuracy == before.finalAccuracy, "\(strategy)")
            #expect(run.evaluations.map(\.testLoss) == before.evaluations.map(\.testLoss), "\(strategy)")
        }
        for strategy in ["single", "federated"] {
            let run = try run(overlapped, strategy)
            #expect(run.hiddenCommunicationSeconds == 0, "\(strategy)")
            #expect(run.clusterSeconds == (try self.run(plain, strategy)).clusterSeconds, "\(strategy)")
        }
    }

    @Test func filesAndTablesShowIt() throws {
        let results = try results(GradientOverlap(bucketBytes: 1))
        let decoded = try ResultsFile.decode(try ResultsFile.encode(results), file: "results.json")
        #expect(decoded == results)
        #expect(decoded.plan.strategies[2].overlap == GradientOverlap(bucketBytes: 1))
        let hidden = try #require(try run(results, "sync").hiddenCommunicationSeconds)
        // Microseconds in this file.
        let shown = try #require(hiddenSeconds(results)[2])
        #expect(abs(shown - hidden) <= 0.5e-6)
        let report = MarkdownReport.render(results)
        #expect(report.contains("| idle | hidden |"))
        #expect(report.contains("*hidden* is the communication beside which it computed"))
        #expect(
            report.contains(
                """
                It sends its gradients while the backward pass runs, in 4 buckets: 40 B, 2.56 kB, 256 B, 16.4 kB (closed at \
                1 B).
                """), "\(report)")
        #expect(ComparisonTable.terminal(results).contains("hidden"))
    }

    @Test func withoutOverlapNothingOfItIsShown() throws {
        let results = try results(nil)
        #expect(!MarkdownReport.render(results).contains("hidden"))
        #expect(!ComparisonTable.terminal(results).contains("hidden"))
        #expect(try hiddenSeconds(results).allSatisfy { $0 == 0 })
    }

    /// Hidden communication by strategy, in seconds, as `summary.csv` has it.
    private func hiddenSeconds(_ results: Results) throws -> [Double?] {
        let rows = SummaryCSV.render(results).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        let column = try #require(rows[0].firstIndex(of: "hidden_communication_seconds_median"))
        return rows.dropFirst().map { Double($0[column]) }
    }

    @Test func threadsOfThisMachineSayThatNothingChanges() throws {
        let results = try results(GradientOverlap(), clock: .auto)
        let threads = results.plan.strategies[1]
        #expect(threads.overlapInUse == nil)
        #expect(OptionText.overlapNote(threads, in: results.plan)?.contains("goes on as without --overlap") == true)
        #expect(MarkdownReport.render(results).contains("It goes on as without --overlap: on threads of this machine"))
        #expect(try run(results, "threads").hiddenCommunicationSeconds == 0)
        #expect(OptionText.overlapNote(results.plan.strategies[3], in: results.plan) == nil)
    }

    @Test func everyLengthOfBucketGetsItsCheapestAllReduce() throws {
        let results = try results(GradientOverlap(bucketBytes: 1), .automatic)
        let plan = results.plan.strategies[2]
        let choices = try #require(plan.bucketChoices)
        #expect(choices.map(\.elements) == [10, 640, 64, 4096])
        #expect(plan.allReduceChoice == nil && choices.allSatisfy { $0.ranks == 4 })
        #expect(plan.allReduceByLength == Dictionary(uniqueKeysWithValues: choices.map { ($0.elements, $0.algorithm) }))
        #expect(plan.allReduceInUse == choices[0].algorithm)
        let text = OptionText.allReduce(plan)
        for choice in choices { #expect(text.contains("the cheapest for \(choice.elements) numbers"), "\(text)") }
        // Four messages a step and rank fewer or more show which was played.
        let messages = choices.reduce(0) { $0 + $1.candidates[0].messages }
        let run = try run(results, "sync")
        #expect(run.traffic.messagesTotal == messages * run.rounds)
        let data = try JSONEncoder().encode(results.plan)
        #expect(try JSONDecoder().decode(ExperimentPlan.self, from: data) == results.plan)
    }

    /// An overlapped run that is recorded and priced on another cluster is the run there, with its buckets.
    @Test(arguments: [AllReduceAlgorithm.ring, .automatic])
    func overlappedRunsAreRepricedToTheLastDigit(_ allReduce: AllReduceAlgorithm) throws {
        func run(on cluster: ClusterSpec) throws -> (results: Results, schedules: [UInt64: Schedule]) {
            var setup = Setup(strategies: ["sync"], seeds: [1, 2], epochs: 2.3, evaluateEvery: 0.5)
            (setup.allReduce, setup.overlap) = (allReduce, GradientOverlap(bucketBytes: 2_000))
            var plan = setup.plan
            plan.strategies[0].cluster = cluster
            let schedules = Guarded<[UInt64: Schedule]>([:])
            var callbacks = Experiment.Callbacks()
            callbacks.scheduled = { run, schedule in schedules.withLock { $0[run.seed] = schedule } }
            let results = try Experiment(plan, data: .init(nil)).run(machine: machine, callbacks: callbacks)
            return (results, schedules.withLock { $0 })
        }
        let (results, schedules) = try run(on: ClusterPresets.infiniband)
        #expect(results.runs[0].attribution?.isEmpty == false)
        let repricing = try Repricing(results, results.plan.strategies[0]) { seed in
            let schedule = try #require(schedules[seed])
            let data = try ScheduleFile.encode(schedule, strategy: "sync", seed: seed)
            let read = try ScheduleFile.decode(data, strategy: "sync", seed: seed, file: "f")
            #expect(read == schedule)
            return read
        }
        let other = try run(on: ClusterPresets.wan).results
        var variant = results.plan.strategies[0]
        variant.cluster = ClusterPresets.wan
        let priced = try repricing.price(variant)
        #expect(priced.plan.bucketChoices == other.plan.strategies[0].bucketChoices)
        #expect(priced.runs.count == 2)
        for (priced, run) in zip(priced.runs, other.runs) {
            #expect(priced.clusterSeconds == run.clusterSeconds && priced.evaluations == run.evaluations)
            #expect(priced.computeSeconds == run.computeSeconds && priced.idleSeconds == run.idleSeconds)
            #expect(priced.communicationSeconds == run.communicationSeconds)
            #expect(priced.hiddenCommunicationSeconds == run.hiddenCommunicationSeconds)
            #expect(priced.messagesSent == run.traffic.messagesTotal && priced.bytesSent == run.traffic.bytesTotal)
        }
        var table = RepriceTable(target: .accuracy(0.8))
        table.append(priced.plan, priced.runs)
        #expect(table.terminal.contains(" hidden "))
    }

    @Test(
        arguments: [
            ([.ready(share: 0), .update], "share 0 of a step that has 0"),
            (
                [.step(.step(samples: 1), elements: 4, shares: [0.5, 1]), .ready(share: 2)],
                "share 2 of a step that has 2"
            ),
            ([.update], "'update' before any step"),
            ([.step(.step(samples: 1), elements: 4, shares: [1, 0.5])], "above 0 up to 1, ascending"),
            ([.step(.step(samples: 1), elements: 4, shares: [0])], "above 0 up to 1, ascending"),
            ([.step(.step(samples: 1), elements: 4, shares: [])], "above 0 up to 1, ascending"),
        ] as [([Fabrics.Operation], String)])
    func aScheduleWithAStepThatCannotBeIsRefused(_ operations: [Fabrics.Operation], _ answer: String) throws {
        let schedule = Schedule(
            operations: operations, programs: [operations.indices.map { UInt32($0) }], programOfRank: [0])
        let data = try ScheduleFile.encode(schedule, strategy: "sync", seed: 1)
        let error = #expect(throws: ReportError.self) {
            try ScheduleFile.decode(data, strategy: "sync", seed: 1, file: "f")
        }
        #expect(error?.description.contains(answer) == true, "\(String(describing: error))")
    }

    @Test func aStudyCanVaryTheBucketOfWhatOverlaps() throws {
        var study = StudySetup(vary: ["bucket=1B,1MB"])
        study.setup.strategies = ["sync"]
        #expect(study.error?.contains("bucket is an option of none of the strategies sync") == true)
        study.setup.overlap = GradientOverlap()
        let plan = try study.plan()
        #expect(plan.trials.map { $0.choices.map(\.value) } == [["1B"], ["1MB"]])
        let overlaps = try plan.trials.map { try plan.strategy($0).overlap?.bucketBytes }
        #expect(overlaps == [1, 1_000_000])
        study.vary = ["bucket=1XB"]
        #expect(study.error?.contains("bucket: '1XB' has the unknown unit 'XB'") == true, "\(study.error ?? "")")
        study.vary = ["bucket=1..100"]
        #expect(study.error?.contains("is not a range") == true, "\(study.error ?? "")")
    }
}
