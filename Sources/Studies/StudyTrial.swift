/// One choice of options of one strategy.
public struct StudyTrial: Hashable, Codable, Sendable {
    public struct Choice: Hashable, Codable, Sendable {
        public var option: StudyOption
        public var value: String

        public init(_ option: StudyOption, _ value: String) {
            self.option = option
            self.value = value
        }
    }

    public var strategy: String
    /// From 0; people are shown one more.
    public var index: Int
    public var choices: [Choice]

    public init(strategy: String, index: Int, choices: [Choice]) {
        self.strategy = strategy
        self.index = index
        self.choices = choices
    }

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
