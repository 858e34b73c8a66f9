import Testing

@testable import Experiments
@testable import Studies
@testable import Tasks
@testable import TestSupport

/// What is tried: dimensions, grids and draws.
@Suite struct StudySearchTests {
    // MARK: Dimensions

    @Test func aDimensionIsAnOptionWithValuesOrARange() throws {
        #expect(
            try SearchDimension(parsing: "learning-rate=0.1, 0.2")
                == SearchDimension(.learningRate, .list(values: ["0.1", "0.2"])))
        #expect(
            try SearchDimension(parsing: "federated.local-batch=10,all")
                == SearchDimension(.localBatch, of: "federated", .list(values: ["10", "all"])))
        #expect(
            try SearchDimension(parsing: "learning-rate=0.01..1")
                == SearchDimension(.learningRate, .range(low: 0.01, high: 1, scale: .log)))
        #expect(
            try SearchDimension(parsing: "momentum=0..0.9")
                == SearchDimension(.momentum, .range(low: 0, high: 0.9, scale: .linear)))
        #expect(
            try SearchDimension(parsing: "batch=16..256:linear")
                == SearchDimension(.batch, .range(low: 16, high: 256, scale: .linear)))
    }

    @Test(arguments: [
        ("learning-rate", "write such as learning-rate=0.1,0.2"), ("learning-rte=1", "did you mean 'learning-rate'?"),
        ("learning-rate=", "is ''; allowed is a number above 0"),
        ("learning-rate=0", "is 0; allowed is a number above 0"),
        ("learning-rate=1e39", "is 1e39; allowed is a number above 0 up to 3.4"),
        ("momentum=0.9999999999", "momentum is"),
        ("weight-decay=1e39", "weight-decay is 1e39; allowed is a number from 0"),
        ("bucket=0.4", "bucket is 0.4; allowed is a size"),
        ("learning-rate=nan", "learning-rate is nan; allowed is"), ("learning-rate=0.1,0.10", "a value stands twice"),
        ("learning-rate=1..0.1", "the first end must be below"), ("momentum=0..0.9:log", "above 0 on a log scale"),
        ("learning-rate=0.1..x", "write LOW..HIGH"), ("learning-rate=0.1..1:lin", "log, linear"),
        ("batch=1.5", "a whole number"), ("batch=1.5..8", "is 1.5; allowed is a whole number"),
        ("allreduce=ring..tree", "is not a range"), ("allreduce=rng", "ring, recursive-doubling"),
        ("momentum=1", "0 to below 1"), ("fraction=0", "above 0 up to 1"), ("local-batch=most", "or 'all'"),
    ])
    func aDimensionThatIsNoneSaysWhatIsAllowed(_ text: String, _ part: String) throws {
        let error = #expect(throws: ExperimentError.self) { try SearchDimension(parsing: text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    // MARK: Grids

    @Test func aGridIsAllCombinationsTheFirstDimensionSlowest() throws {
        var setup = StudySetup(vary: ["learning-rate=0.1,0.2", "local-epochs=1,5"])
        setup.setup.strategies = ["federated"]
        let words = try setup.plan().trials.map { "\($0.index): \($0.words)" }
        #expect(
            words == [
                "0: learning-rate 0.1, local-epochs 1", "1: learning-rate 0.1, local-epochs 5",
                "2: learning-rate 0.2, local-epochs 1", "3: learning-rate 0.2, local-epochs 5",
            ])
    }

    @Test func aDimensionOfOneStrategyTakesThePlaceOfTheSharedOne() throws {
        let setup = StudySetup(
            vary: ["learning-rate=0.1,0.2,0.4,0.8", "federated.learning-rate=0.1,0.4", "federated.local-epochs=1,5"])
        let plan = try setup.plan()
        #expect(plan.trialCount == 4)
        #expect(plan.trials(of: "sync").compactMap { $0.value(of: .learningRate) } == ["0.1", "0.2", "0.4", "0.8"])
        #expect(
            plan.trials(of: "federated").compactMap { $0.value(of: .learningRate) } == ["0.1", "0.1", "0.4", "0.4"])
        #expect(plan.trials(of: "federated").compactMap { $0.value(of: .localEpochs) } == ["1", "5", "1", "5"])
        #expect(plan.trials(of: "single").allSatisfy { $0.value(of: .localEpochs) == nil })
    }

    @Test(arguments: [
        (["learning-rate=0.1,0.2", "local-epochs=1,5"], "single 2, threads 2, sync 2, federated 4 trials"),
        (["local-epochs=1,5"], "nothing is varied for single"), (["learning-rate=0.01..1"], "--search random"),
        (["learning-rate=0.1", "learning-rate=0.2"], "varied twice"),
        (["single.local-epochs=1,5"], "single has no option local-epochs here; it has learning-rate, momentum"),
        (["telepathy.learning-rate=1"], "unknown strategy 'telepathy'"), ([], "no option is varied"),
    ])
    func aGridThatIsNotFairOrOfNoUseIsRefused(_ vary: [String], _ part: String) {
        #expect(StudySetup(vary: vary).error?.contains(part) == true, "\(StudySetup(vary: vary).error ?? "")")
    }

    // MARK: Draws

    private func random(_ vary: [String], trials: Int = 200, seed: UInt64 = 1) throws -> StudyPlan {
        var setup = StudySetup(search: .random, trials: trials, vary: vary)
        setup.setup.seeds = [seed]
        return try setup.plan()
    }

    private func numbers(_ option: StudyOption, _ strategy: String, _ plan: StudyPlan) -> [Double] {
        plan.trials(of: strategy).compactMap { $0.value(of: option).flatMap(option.number) }
    }

    @Test func drawsLieInTheirRangeEvenlyOnItsScale() throws {
        let plan = try random(["learning-rate=0.01..1", "momentum=0..0.9", "batch=8..128", "local-epochs=1..10"])
        let rates = numbers(.learningRate, "single", plan)
        #expect(rates.count == 200 && rates.allSatisfy { (0.01...1).contains($0) })
        // Half of them below the middle of the logarithms: binomial with a deviation of 7.
        #expect((70...130).contains(rates.filter { $0 < 0.1 }.count), "\(rates.filter { $0 < 0.1 }.count)")
        let momenta = numbers(.momentum, "single", plan)
        #expect(momenta.count == 200 && momenta.allSatisfy { (0...0.9).contains($0) })
        #expect((70...130).contains(momenta.filter { $0 < 0.45 }.count))
        let batches = numbers(.batch, "sync", plan)
        #expect(batches.allSatisfy { $0 == $0.rounded() && (8...128).contains($0) } && Set(batches).count > 20)
        #expect(Set(numbers(.localEpochs, "federated", plan)) == Set((1...10).map(Double.init)))
    }

    @Test func strategiesThatShareARangeGetTheSameValues() throws {
        let plan = try random(["learning-rate=0.01..1", "federated.local-epochs=1..10", "momentum=0,0.5,0.9"])
        let rates = plan.trials(of: "single").map { $0.value(of: .learningRate) }
        for strategy in ["threads", "sync", "federated"] {
            #expect(plan.trials(of: strategy).map { $0.value(of: .learningRate) } == rates, "\(strategy)")
        }
        // More options of a strategy change nothing for what it had.
        let alone = try random(["learning-rate=0.01..1"])
        #expect(alone.trials(of: "federated").map { $0.value(of: .learningRate) } == rates)
        #expect(Set(numbers(.momentum, "sync", plan)) == [0, 0.5, 0.9])
    }

    @Test func drawsDependOnTheSeedAndNothingElse() throws {
        let vary = ["learning-rate=0.01..1"]
        #expect(try random(vary) == random(vary))
        #expect(try random(vary).trials != random(vary, seed: 2).trials)
        // A longer search begins with the trials of a shorter one.
        #expect(try Array(random(vary).trials(of: "sync").prefix(20)) == random(vary, trials: 20).trials(of: "sync"))
    }

    @Test(arguments: [0, 10_001]) func aNumberOfTrialsOutOfRangeIsRefused(_ count: Int) {
        let setup = StudySetup(search: .random, trials: count, vary: ["learning-rate=0.01..1"])
        #expect(setup.error?.contains("allowed is 1 to 10000") == true)
    }

    // MARK: Options

    @Test func everyOptionReachesThePlanOfItsStrategy() throws {
        let vary = [
            "learning-rate=0.3", "momentum=0.5", "weight-decay=0.001", "batch=32", "local-epochs=3", "local-batch=all",
            "fraction=0.5", "sync.allreduce=tree", "federated.optimizer=adam",
        ]
        let plan = try StudySetup(vary: vary).plan()
        let sync = try plan.strategy(plan.trials(of: "sync")[0])
        #expect(sync.configuration.schedule.baseRate == 0.3 && sync.options["batch"] == 32)
        #expect(sync.configuration.optimizer.momentum == 0.5 && sync.configuration.optimizer.weightDecay == 0.001)
        #expect(
            sync.allReduce == .tree
                && sync.options["workers"] == plan.experiment.strategies.first { $0.name == "sync" }?.options["workers"]
        )
        let federated = try plan.strategy(plan.trials(of: "federated")[0])
        #expect(federated.options["local-epochs"] == 3 && federated.options["local-batch"] == "all")
        #expect(federated.options["fraction"] == 0.5 && federated.options["batch"] == nil)
        #expect(federated.configuration.optimizer == .adam(weightDecay: 0.001))
    }
}
