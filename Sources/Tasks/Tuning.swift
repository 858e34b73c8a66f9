public import Datasets

/// How the options of a strategy were found, which decides whether a comparison of strategies is fair.
public struct Tuning: Hashable, Codable, Sendable {
    /// One option and what was tried for it.
    public struct Option: Hashable, Codable, Sendable {
        /// The option's name on the command line.
        public var name: String
        /// The values of a grid, or the two ends of a range.
        public var values: [String]

        /// - Parameter values: the values that were tried, as written.
        public init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// What was searched for.
    public var options: [Option]
    /// How many configurations were tried.
    public var trials: Int
    /// How many seeds each trial had.
    public var seeds: Int
    /// What the choice was made on: `test set` or `validation split`.
    public var chosenOn: String
    /// Where the trials are recorded.
    public var source: String
    /// The data of the trials; nil where the source does not say.
    public var data: DataIdentity?
    /// The epochs of a trial; nil where they are not recorded.
    public var epochs: Double?
    /// How the use of the options differs from their trials, such as `batch 32 instead of 64`, so that they are not
    /// tuned for it. Nil for no difference, and in older files.
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
    /// - Parameter source: where the values come from.
    public static func untuned(source: String) -> Tuning {
        Tuning(options: [], trials: 0, seeds: 0, chosenOn: "nothing", source: source)
    }

    /// Whether the options were searched for under the conditions in which they are used.
    public var isTuned: Bool { trials > 0 && (differences ?? []).isEmpty }

    /// The number of trials for a comparison, or `untuned` with the reason.
    package var trialsText: String {
        guard !isTuned else { return String(trials) }
        let differences = differences ?? []
        return differences.isEmpty ? "untuned" : "untuned (\(differences.joined(separator: "; ")))"
    }

    /// The search in words, for reports.
    package var words: String {
        guard trials > 0 else { return "untuned (\(source))" }
        let search =
            "\(trials) trial\(trials == 1 ? "" : "s") of \(searched); \(seeds) seed\(seeds == 1 ? "" : "s") each, chosen on the \(chosenOn) (\(source))"
        return isTuned ? search : "\(trialsText): what it has is from \(search)"
    }

    /// The options and values of the search, such as `learning-rate over 0.1, 0.2`.
    package var searched: String {
        options.map { "\($0.name) over \($0.values.joined(separator: ", "))" }.joined(separator: "; ")
    }
}
