/// One choice of options of one strategy.
public struct StudyTrial: Hashable, Codable, Sendable {
    /// One option's value.
    public struct Choice: Hashable, Codable, Sendable {
        /// The option that is varied.
        public var option: StudyOption
        /// The value as written.
        public var value: String

        /// - Parameter value: the value as the command line takes it.
        public init(_ option: StudyOption, _ value: String) {
            self.option = option
            self.value = value
        }
    }

    /// The name of the row.
    public var strategy: String
    /// The trial's place among the strategy's trials, from 0; reports count from 1.
    public var index: Int
    /// The choices of values, one for each dimension of the strategy.
    public var choices: [Choice]

    /// - Parameter index: the trial's place among the strategy's trials, from 0.
    public init(strategy: String, index: Int, choices: [Choice]) {
        self.strategy = strategy
        self.index = index
        self.choices = choices
    }

    /// The value chosen for an option; nil for an option that was not varied.
    public func value(of option: StudyOption) -> String? { choices.first { $0.option == option }?.value }

    /// The choices in words, such as `learning-rate 0.2, local-epochs 5`.
    package var words: String { choices.map { "\($0.option.rawValue) \($0.value)" }.joined(separator: ", ") }

    /// The words of a command line that make this choice, such as `--learning-rate`, `0.2`.
    package var arguments: [String] {
        choices.flatMap { choice in
            // Some options have no effect without a flag, such as the size of buckets without sending in buckets.
            (choice.option.neededFlag.map { ["--\($0)"] } ?? []) + ["--\(choice.option.rawValue)", choice.value]
        }
    }
}
