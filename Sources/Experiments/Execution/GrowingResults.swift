import Tasks

/// Which places of an order are taken, so that things that arrive in any order can be put where they belong.
package struct TakenPlaces {
    private var taken: [Int]

    /// - Parameter count: how many places, from the first, are already taken.
    package init(first count: Int = 0) { taken = Array(0..<count) }

    /// The position among the taken places; nil where the place is not taken.
    func position(of place: Int) -> Int? { taken.firstIndex(of: place) }

    /// Takes a place, and returns the position at which to insert.
    package mutating func take(_ place: Int) -> Int {
        let position = taken.firstIndex { $0 > place } ?? taken.count
        taken.insert(place, at: position)
        return position
    }
}

/// The results of an experiment whose runs end in any order; the records are kept in the experiment's order.
struct GrowingResults {
    private(set) var results: Results
    private let runCount: Int
    /// How many records there will be: one for each strategy and seed.
    private let recordCount: Int
    private var finishedCount: Int
    private var places: TakenPlaces
    /// Records of repetitions that ended before an earlier repetition of the same run, by the index of their run.
    private var early: [Int: RunRecord] = [:]

    /// - Parameter finished: how many runs, from the first, are in the results already.
    init(_ results: Results, finished: Int) {
        self.results = results
        recordCount = results.plan.seeds.count * results.plan.strategies.count
        runCount = results.plan.repetitions * recordCount
        finishedCount = finished
        places = TakenPlaces(first: min(finished, recordCount))
    }

    /// Takes up a finished run: the whole record for the first run of its strategy and seed, the times alone for a
    /// repetition.
    ///
    /// - Throws: ``ExperimentError`` where a repetition has another result than the first run, or a strategy another
    ///   start than the other strategies.
    mutating func add(_ record: RunRecord, of run: Experiment.RunIdentity) throws(ExperimentError) {
        let place = run.index % recordCount
        early[run.index] = record
        // The repetition that the others were waiting for: this one, or one before it.
        var repetition = places.position(of: place).map { results.runs[$0].timings.count } ?? 0
        while let next = early.removeValue(forKey: repetition * recordCount + place) {
            if let position = places.position(of: place) {
                try append(next, repetition, to: position, run.strategy)
            } else {
                try FairComparison.checkStart(next, results.runs, results.plan)
                try FairComparison.checkNodes(next, results.runs)
                results.runs.insert(next, at: places.take(place))
            }
            finishedCount += 1
            repetition += 1
        }
        results.isComplete = finishedCount == runCount
    }

    private mutating func append(
        _ record: RunRecord, _ repetition: Int, to position: Int, _ plan: StrategyPlan
    ) throws(ExperimentError) {
        guard results.runs[position].hasSameResult(as: record, isMeasured: plan.fabric.isMeasured) else {
            throw ExperimentError(
                """
                \(record.strategy) with seed \(record.seed): repetition \(repetition + 1) has another result than the \
                first; a run must give the same each time
                """)
        }
        results.runs[position].timings += record.timings
    }
}
