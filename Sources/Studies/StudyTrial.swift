/// One choice of options of one strategy.
public struct StudyTrial: Hashable, Codable, Sendable {
    /// One option's value.
    public struct Choice: Hashable, Codable, Sendable {
        /// What is varied.
        public var option: StudyOption
        /// As written.
        public var value: String

        /// - Parameter value: as the command line takes it.
        public init(_ option: StudyOption, _ value: String) {
            self.option = option
            self.value = value
        }
    }

    /// The name of the row.
    public var strategy: String
    /// From 0; people are shown one more.
    public var index: Int
    /// One for each dimension.
    public var choices: [Choice]

    /// - Parameter index: its place among the strategy's trials, from 0.
    public init(strategy: String, index: Int, choices: [Choice]) {
        self.strategy = strategy
        self.index = index
        self.choices = choices
    }

    /// Nil for an option that was not varied.
    public func value(of option: StudyOption) -> String? { choices.first { $0.option == option }?.value }

    /// Such as `learning-rate 0.2, local-epochs 5`.
    package var words: String { choices.map { "\($0.option.rawValue) \($0.value)" }.joined(separator: ", ") }

    /// The words of a command line that make this choice, such as `--learning-rate`, `0.2`.
    package var arguments: [String] {
        choices.flatMap { choice in
            // Such as a size of buckets, which has no effect unless gradients are sent in buckets.
            (choice.option.neededFlag.map { ["--\($0)"] } ?? []) + ["--\(choice.option.rawValue)", choice.value]
        }
    }
}
