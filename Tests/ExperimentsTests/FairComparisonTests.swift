import Testing

@testable import Experiments
@testable import Reports
@testable import Strategies

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
        let isSame: (RunRecord) -> Bool = { run in (try? FairComparison.checkStart(run, [first])) != nil }
        #expect(isSame(record("sync", seed: 1, [0.1, 0.9], losses: [2.3, 0.5])))
        #expect(!isSame(record("sync", seed: 1, [0.1, 0.5], losses: [Double(2.3).nextUp, 1])))
        #expect(!isSame(record("sync", seed: 1, [0.11, 0.5], losses: [2.3, 1])))
        // Another seed has another model, and the same strategy's repetition is compared elsewhere.
        #expect(isSame(record("sync", seed: 2, [0.2, 0.5], losses: [2.1, 1])))
        #expect(isSame(record("single", seed: 1, [0.2, 0.5], losses: [2.1, 1])))
        let diverged = record("single", seed: 1, [0.1], losses: [.nan])
        #expect((try? FairComparison.checkStart(record("sync", seed: 1, [0.1], losses: [.nan]), [diverged])) != nil)
    }

    @Test func aRepetitionAddsItsTimesAndHasToGiveTheSameResult() throws {
        let sync = try plan("sync")
        var all = results([], seeds: [1])
        try all.add(record(timings: timings([1])), repetition: 0, of: sync)
        try all.add(record(timings: timings([2])), repetition: 1, of: sync)
        #expect(all.runs.count == 1 && all.runs[0].timings == timings([1, 2]))
        let error = #expect(throws: ExperimentError.self) {
            try all.add(record(bytes: 4001), repetition: 2, of: sync)
        }
        #expect(error?.description.contains("sync with seed 1: repetition 3 has another result") == true)
        #expect(throws: ExperimentError.self) { try all.add(record(clusterSeconds: 5), repetition: 2, of: sync) }
        // What a clock measures is another each time.
        var measured = sync
        measured.fabric = .threads
        #expect(throws: Never.self) { try all.add(record(clusterSeconds: 5), repetition: 2, of: measured) }
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
        let all = results([record("single"), record("sync", bytes: 8000)], seeds: [1])
        #expect(FairComparison(all).strategies == ["single", "sync"])
        #expect(try line("task, data", all).status == .enforced)
        #expect(
            try line("samples trained on (budget 2874)", all)
                == .init(
                    quantity: "samples trained on (budget 2874)", status: .enforced, values: ["2560"]))
        #expect(try line("updates", all) == .init(quantity: "updates of the model", status: .equal, values: ["40"]))
        #expect(try line("bytes", all) == .init(quantity: "bytes sent", status: .different, values: ["4 kB", "8 kB"]))
        #expect(try line("trials", all).status == .unknown)
    }

    /// To the byte, though both are "4 kB" to a reader.
    @Test func bytesThatLookAlikeAreNotEqual() throws {
        let all = results([record("single"), record("sync", bytes: 4001)], seeds: [1])
        #expect(try line("bytes", all).status == .different)
    }

    @Test func timesThatDifferByLessThanAClockCanTellAreEqual() throws {
        for (seconds, status) in [(4.07, FairComparison.Line.Status.equal), (4.09, .different)] {
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
        #expect(try line("trials", all) == .init(quantity: "trials of tuning", status: .equal, values: ["8"]))
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
        #expect(try line("samples trained on", limited).status == .equal)
        #expect(MarkdownReport.render(limited).contains("Runs end at the first evaluation after 1 MB sent."))
        let diverged = results([record("single"), record("sync", [0.1, 0.1], outcome: .diverged)], seeds: [1])
        #expect(try line("samples trained on", diverged).status == .different)
    }
}
