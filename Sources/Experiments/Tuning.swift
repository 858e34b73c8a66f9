public import Datasets

/// How the options of a strategy were found: what the fair comparison of tables hangs on.
public struct Tuning: Hashable, Codable, Sendable {
    /// One option and what was tried for it.
    public struct Option: Hashable, Codable, Sendable {
        public var name: String
        /// The values of a grid, or the two ends of a range.
        public var values: [String]

        public init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

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

    public init(
        options: [Option], trials: Int, seeds: Int, chosenOn: String, source: String, data: DataIdentity? = nil
    ) {
        self.options = options
        self.trials = trials
        self.seeds = seeds
        self.chosenOn = chosenOn
        self.source = source
        self.data = data
    }

    /// Such as `learning-rate over 0.1, 0.2`.
    public var searched: String {
        options.map { "\($0.name) over \($0.values.joined(separator: ", "))" }.joined(separator: "; ")
    }
}
