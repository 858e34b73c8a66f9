import Testing

@testable import Experiments
@testable import Reports
@testable import Strategies
@testable import Tasks
@testable import TestSupport
@testable import Training

/// What the harness enforces, and what the report says was equal.
@Suite struct FairComparisonTests {
    private static let training = 1437

    private func plan(_ strategy: String, limits: TrainingConfiguration.Limits? = nil) throws -> StrategyPlan {
        var plan = try #require(Setup(strategies: [strategy]).plan.strategies.first)
        plan.configuration.limits = limits
        return plan
    }

    private func isAccepted(_ run: RunRecord, _ plan: StrategyPlan, budget: Int) -> Bool {
        do {
            try FairComparison.check(run, plan, budget: budget, trainingSamples: Self.training)
            return true
        } catch {
            return false
        }
    }

    // MARK: Enforced

    /// The run of `record` ends after four evaluations of 640 samples each: 2,560, by batches of 64.
    @Test func aRunHasToUseItsSamplesUpAndNotMoreThanARoundBeyond() throws {
        let sync = try plan("sync")
        for (budget, isRight) in [(2560, true), (2561, false), (2496, true), (2495, false)] {
            #expect(isAccepted(record("sync"), sync, budget: budget) == isRight, "\(budget)")
        }
        // Two local epochs of all clients, at the most.
        let federated = try plan("federated")
        #expect(isAccepted(record("federated"), federated, budget: 1))
        #expect(!isAccepted(record("federated"), federated, budget: 2561))
    }

    @Test func whoIsNamedWhereARunStoppedEarly() throws {
        let sync = try plan("sync")
        let error = #expect(throws: ExperimentError.self) {
            try FairComparison.check(record("sync", seed: 7), sync, budget: 5000, trainingSamples: Self.training)
        }
        let message = error?.description ?? ""
        #expect(message.contains("sync with seed 7 trained on 2560 samples; its budget is 5000"), "\(message)")
    }

    @Test func aLimitOrADivergenceMayEndARunEarly() throws {
        let limited = try plan("sync", limits: TrainingConfiguration.Limits(updates: 40))
        #expect(isAccepted(record("sync"), limited, budget: 5000))
        let unreached = try plan("sync", limits: TrainingConfiguration.Limits(updates: 41))
        #expect(!isAccepted(record("sync"), unreached, budget: 5000))
        #expect(isAccepted(record("sync", outcome: .diverged), try plan("sync"), budget: 5000))
    }

    @Test func strategiesOfASeedHaveToBeginWithTheSameModel() throws {
        let first = record("single", seed: 1, [0.1, 0.5], losses: [2.3, 1])
        let plan = results([record()], seeds: [1]).plan
        let isSame: (RunRecord) -> Bool = { run in (try? FairComparison.checkStart(run, [first], plan)) != nil }
        #expect(isSame(record("sync", seed: 1, [0.1, 0.9], losses: [2.3, 0.5])))
        #expect(!isSame(record("sync", seed: 1, [0.1, 0.5], losses: [Double(2.3).nextUp, 1])))
        #expect(!isSame(record("sync", seed: 1, [0.11, 0.5], losses: [2.3, 1])))
        // Another seed has another model, and the same strategy's repetition is compared elsewhere.
        #expect(isSame(record("sync", seed: 2, [0.2, 0.5], losses: [2.1, 1])))
        #expect(isSame(record("single", seed: 1, [0.2, 0.5], losses: [2.1, 1])))
        let diverged = record("single", seed: 1, [0.1], losses: [.nan])
        let alsoDiverged = record("sync", seed: 1, [0.1], losses: [.nan])
        #expect((try? FairComparison.checkStart(alsoDiverged, [diverged], plan)) != nil)
    }

    /// Other hidden layers are another model: that is said before, and no reason to throw away what was trained.
    @Test func nodesOfOtherArchitecturesBeginWithOtherModels() throws {
        let first = record("alone", seed: 1, [0.1, 0.5], losses: [2.5, 1])
        let second = record("community", seed: 1, [0.1, 0.5], losses: [2.4, 1])
        var plan = results([first, second], seeds: [1]).plan
        #expect(plan.strategies.map(\.name) == ["alone", "community"])
        func check() throws { try FairComparison.checkStart(second, [first], plan) }
        #expect(throws: ExperimentError.self) { try check() }
        #expect(plan.architectureNotes.isEmpty)
        plan.strategies[1].options["hidden-units"] = "64/0-2:16"
        try check()
        let note = try #require(plan.architectureNotes.first)
        #expect(note.contains("'alone(hidden-units=64/0-2:16)'") && note.contains("no verdict"), "\(note)")
        plan.strategies[0].options["hidden-units"] = "64/0-2:16"
        #expect(throws: ExperimentError.self) { try check() }
        #expect(plan.architectureNotes.isEmpty)
        // A file of before `alone` had the option.
        plan.strategies[1].options["hidden-units"] = "all"
        plan.strategies[0].options["hidden-units"] = nil
        #expect(throws: ExperimentError.self) { try check() }
    }

    /// Results of sync with seed 1, to which four repetitions are to be added.
    private var growing: GrowingResults {
        var empty = results([record()], seeds: [1])
        (empty.runs, empty.isComplete, empty.plan.repetitions) = ([], false, 4)
        return GrowingResults(empty, finished: 0)
    }

    private func run(_ repetition: Int, of plan: StrategyPlan) -> Experiment.RunIdentity {
        Experiment.RunIdentity(strategy: plan, seed: 1, repetition: repetition, index: repetition, count: 4)
    }

    @Test func aRepetitionAddsItsTimesAndHasToGiveTheSameResult() throws {
        let sync = try plan("sync")
        var all = growing
        try all.add(record(timings: timings([1])), of: run(0, of: sync))
        try all.add(record(timings: timings([2])), of: run(1, of: sync))
        #expect(all.results.runs.count == 1 && all.results.runs[0].timings == timings([1, 2]))
        let error = #expect(throws: ExperimentError.self) {
            try all.add(record(bytes: 4001), of: run(2, of: sync))
        }
        #expect(error?.description.contains("sync with seed 1: repetition 3 has another result") == true)
        #expect(throws: ExperimentError.self) { try all.add(record(clusterSeconds: 5), of: run(2, of: sync)) }
        // What a clock measures is another each time.
        var measured = sync
        measured.fabric = .threads
        #expect(throws: Never.self) { try all.add(record(clusterSeconds: 5), of: run(2, of: measured)) }
    }

    @Test func repetitionsThatComeInAnyOrderStandInTheirs() throws {
        let sync = try plan("sync")
        var all = growing
        for repetition in [2, 0, 3, 1] {
            #expect(!all.results.isComplete)
            try all.add(record(timings: timings([Double(repetition)])), of: run(repetition, of: sync))
        }
        #expect(all.results.isComplete && all.results.runs.map(\.timings) == [timings([0, 1, 2, 3])])
    }

    @Test func theHarnessMakesAsManyRepetitionsAsThePlanSays() throws {
        var plan = Setup(strategies: ["single", "sync"], epochs: 1).plan
        plan.repetitions = 3
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine)
        #expect(results.isComplete && results.runs.map(\.strategy) == ["single", "sync"])
        #expect(results.runs.map(\.timings.count) == [3, 3])
        for timing in results.runs.flatMap(\.timings) {
            #expect(timing.control.sgemmSeconds > 0 && timing.control.sweepSeconds > 0)
            #expect(!timing.segmentSeconds.isEmpty && timing.segmentSeconds.allSatisfy { $0 > 0 })
        }
    }

    @Test(arguments: [
        TrainingConfiguration.Limits(updates: 24), TrainingConfiguration.Limits(clusterSeconds: 1e-9),
        TrainingConfiguration.Limits(bytesSent: 1),
    ])
    func aRunEndsAtTheFirstEvaluationAtWhichALimitIsReached(_ limits: TrainingConfiguration.Limits) throws {
        var plan = Setup(strategies: ["sync"], epochs: 4).plan
        plan.strategies[0].configuration.limits = limits
        let run = try #require(Experiment(plan, data: .init(nil)).run(machine: machine).runs.first)
        // An epoch of 23 steps: the second evaluation after the start for 24 updates, the first for all else.
        #expect(run.evaluations.count == (limits.updates == nil ? 2 : 3) && run.outcome == .completed)
    }

    // MARK: Told

    private func line(_ quantity: String, _ results: Results) throws -> FairComparison.Line {
        let lines = FairComparison(results).lines
        return try #require(lines.first { $0.quantity.hasPrefix(quantity) }, "\(lines.map(\.quantity))")
    }

    @Test func eachQuantityIsEqualOrNotInFigures() throws {
        var all = results([record("single"), record("sync", bytes: 8000)], seeds: [1])
        // 2,560 samples, which both runs use up.
        for index in all.plan.strategies.indices { all.plan.strategies[index].configuration.epochs = 2560 / 1437.0 }
        #expect(FairComparison(all).strategies == ["single", "sync"])
        #expect(try line("task and data", all) == .init("task and data", .equal, ["digits"]))
        #expect(try line("seeds", all) == .init("seeds", .equal, ["1"]))
        #expect(try line("initial parameters", all).status == .enforced)
        #expect(try line("initial parameters", all).values == ["1.25"])
        #expect(
            try line("sample budget", all)
                == .init("sample budget, which every run used up", .enforced, ["2560"]))
        #expect(
            try line("samples trained on", all) == .init("samples trained on, with the last round", .equal, ["2560"]))
        #expect(try line("updates", all) == .init("updates of the model", .equal, ["40"]))
        #expect(try line("bytes", all) == .init("bytes sent", .different, ["4 kB", "8 kB"]))
        #expect(try line("trials", all).status == .unknown)
    }

    /// A round of the one can be a hundred budgets: what was enforced is that the budget was used up, and no more.
    @Test func aLongLastRoundIsNotCalledEqual() throws {
        let long = Array(repeating: 0.1, count: 3) + [0.96, 0.96]
        var all = results([record("single", [0.1, 0.96]), record("federated", long)], seeds: [1])
        for index in all.plan.strategies.indices { all.plan.strategies[index].configuration.epochs = 640 / 1437.0 }
        #expect(try line("sample budget", all).status == .enforced && line("sample budget", all).values == ["640"])
        let samples = try line("samples trained on", all)
        #expect(samples.status == .different && samples.values == ["640", "2560"])
    }

    /// The harness would have ended such an experiment; a file that says otherwise is told as it is.
    @Test func noLineIsCalledEnforcedThatTheRecordsDoNotBearOut() throws {
        let unused = results([record("single"), record("sync")], seeds: [1])
        #expect(try line("sample budget", unused).status == .equal, "2,560 of 2,874 samples")
        let otherModel = results(
            [record("single", losses: [2.3, 1, 1, 1, 1]), record("sync", losses: [2.4, 1, 1, 1, 1])], seeds: [1])
        let start = try line("initial parameters", otherModel)
        #expect(start.status == .different && start.values == ["2.3", "2.4"])
        let lateStart = results([record("single"), record("sync", [0.1, 0.5])], seeds: [1])
        #expect(try line("initial parameters", lateStart).status == .enforced)
        let fewer = results(
            [record("single", seed: 1), record("single", seed: 2), record("sync", seed: 1)], seeds: [1, 2])
        #expect(try line("seeds", fewer) == .init("seeds", .different, ["1, 2", "1"]))
    }

    /// Medians of 4,000 each, of which no seed has the same.
    @Test func countsAreComparedSeedBySeed() throws {
        let all = results(
            [record("single", seed: 1, bytes: 3000), record("single", seed: 2, bytes: 4000)]
                + [record("sync", seed: 1, bytes: 4000), record("sync", seed: 2, bytes: 3000)], seeds: [1, 2])
        #expect(try line("bytes", all) == .init("bytes sent", .different, ["3000 to 4000"]))
    }

    @Test func figuresOfDifferentKindsAreNotCalledEqualOrNot() throws {
        var all = results([record("threads"), record("sync")], seeds: [1])
        #expect(try line("cluster time", all).status == .equal)
        all.plan.strategies[0].fabric = .threads
        #expect(try line("cluster time", all).status == .notComparable)
        #expect(try line("cluster time", all).values == ["4 s measured", "4 s simulated"])
        #expect(try line("bytes", all).status == .notComparable)
        #expect(try line("bytes", all).values == ["4 kB in shared memory", "4 kB"])
        let words = "What `threads` sends passes through shared memory, without the 16 bytes of framing"
        #expect(MarkdownReport.summary(all).contains(words) && MarkdownReport.render(all).contains("- " + words))
        all.plan.strategies[1].fabric = .threads
        #expect(!MarkdownReport.render(all).contains("of framing"), "all bytes are of one kind")
    }

    /// Byte counts are compared to the byte, although both are "4 kB" to a reader.
    @Test func bytesThatLookAlikeAreNotEqual() throws {
        let all = results([record("single"), record("sync", bytes: 4001)], seeds: [1])
        #expect(try line("bytes", all) == .init("bytes sent", .different, ["4000", "4001"]))
    }

    @Test func timesThatAreNearlyEqualAreNotCalledEqual() throws {
        for (seconds, status) in [(4, FairComparison.Line.Status.equal), (4.07, .nearlyEqual), (4.09, .different)] {
            let all = results([record("single"), record("sync", clusterSeconds: seconds)], seeds: [1])
            #expect(try line("cluster time", all).status == status, "\(seconds)")
        }
    }

    @Test func trialsAreEqualOrNotOrNotKnown() throws {
        var all = results([record("single"), record("sync")], seeds: [1])
        func tuning(_ trials: Int) -> Tuning {
            Tuning(
                options: [.init(name: "learning-rate", values: ["0.1", "0.2"])], trials: trials, seeds: 3,
                chosenOn: "test set", source: "Results/tuning")
        }
        all.plan.strategies[0].tuning = tuning(8)
        #expect(try line("trials", all).values == ["8", "not known"])
        all.plan.strategies[1].tuning = tuning(8)
        #expect(try line("trials", all) == .init("trials of tuning", .equal, ["8"]))
        all.plan.strategies[1].tuning?.differences = ["batch 32 instead of 64"]
        #expect(try line("trials", all).status == .different)
        #expect(try line("trials", all).values == ["8", "untuned (batch 32 instead of 64)"])
        #expect(
            MarkdownReport.render(all).contains(
                "- `sync`: untuned (batch 32 instead of 64): what it has is from 8 trials"))
        all.plan.strategies[1].tuning = .untuned(source: "a paper")
        #expect(try line("trials", all).values == ["8", "untuned"])
        all.plan.strategies[1].tuning = tuning(4)
        #expect(try line("trials", all).status == .different)
        let report = MarkdownReport.render(all)
        #expect(
            report.contains("- `single`: 8 trials of learning-rate over 0.1, 0.2; 3 seeds each, chosen on the test set")
        )
    }

    @Test func samplesAreNotCalledEnforcedWhereALimitOrADivergenceEndedThem() throws {
        var limited = results([record("single"), record("sync")], seeds: [1])
        limited.plan.strategies[0].configuration.limits = TrainingConfiguration.Limits(bytesSent: 1_000_000)
        #expect(try line("sample budget", limited).status == .equal)
        let report = MarkdownReport.render(limited)
        #expect(report.contains("Runs of `single` end at the first evaluation after 1 MB sent."))
        limited.plan.strategies[1].configuration.limits = TrainingConfiguration.Limits(bytesSent: 1_000_000)
        #expect(MarkdownReport.render(limited).contains("- Runs end at the first evaluation after 1 MB sent."))
        let diverged = results([record("single"), record("sync", [0.1, 0.1], outcome: .diverged)], seeds: [1])
        #expect(try line("samples trained on", diverged).status == .different)
    }
}
