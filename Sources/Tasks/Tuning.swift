public import Datasets

/// How the options of a strategy were found: what the fair comparison of tables hangs on.
public struct Tuning: Hashable, Codable, Sendable {
    /// One option and what was tried for it.
    public struct Option: Hashable, Codable, Sendable {
        /// As the command line has it.
        public var name: String
        /// The values of a grid, or the two ends of a range.
        public var values: [String]

        /// - Parameter values: those that were tried, as written.
        public init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// What was searched for.
    public var options: [Option]
    /// Configurations that were tried.
    public var trials: Int
    /// Seeds of each trial.
    public var seeds: Int
    /// What the choice was made on: `test set` or `validation split`.
    public var chosenOn: String
    /// Where the trials are.
    public var source: String
    /// The data of the trials; nil where the source does not say.
    public var data: DataIdentity?
    /// The epochs of a trial; nil where they are not recorded.
    public var epochs: Double?
    /// What the options are used with and were not tuned with, such as `batch 32 instead of 64`: then they are not tuned
    /// for what they are used for. Nil for nothing, and in older files.
    public var differences: [String]?

    /// How values were found, for the record.
    public init(
        options: [Option], trials: Int, seeds: Int, chosenOn: String, source: String, data: DataIdentity? = nil,
        epochs: Double? = nil, differences: [String]? = nil
    ) {
        self.options = options
        self.trials = trials
        self.seeds = seeds
        self.chosenOn = chosenOn
        self.source = source
        self.data = data
        self.epochs = epochs
        self.differences = differences
    }

    /// Options that nobody searched for.
    ///
    /// - Parameter source: where they are from.
    public static func untuned(source: String) -> Tuning {
        Tuning(options: [], trials: 0, seeds: 0, chosenOn: "nothing", source: source)
    }

    /// Whether the options were searched for, with what they are used with.
    public var isTuned: Bool { trials > 0 && (differences ?? []).isEmpty }

    /// The trials that count for a comparison, or that there are none and why.
    package var trialsText: String {
        guard !isTuned else { return String(trials) }
        let differences = differences ?? []
        return differences.isEmpty ? "untuned" : "untuned (\(differences.joined(separator: ", ")))"
    }

    /// In a sentence's words, for the report.
    package var words: String {
        guard trials > 0 else { return "untuned (\(source))" }
        let search =
            "\(trials) trial\(trials == 1 ? "" : "s") of \(searched); \(seeds) seed\(seeds == 1 ? "" : "s") each, chosen on the \(chosenOn) (\(source))"
        return isTuned ? search : "\(trialsText): what it has is from \(search)"
    }

    /// Such as `learning-rate over 0.1, 0.2`.
    package var searched: String {
        options.map { "\($0.name) over \($0.values.joined(separator: ", "))" }.joined(separator: "; ")
    }
}
