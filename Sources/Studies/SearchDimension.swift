import Diagnostics
import Foundation
import Randomness
internal import Experiments
public import Tasks
public import Training

/// One option that is varied, and its values.
public struct SearchDimension: Hashable, Codable, Sendable {
    /// The scale on which values of a range are drawn.
    public typealias Scale = SearchScale

    /// What is tried.
    public enum Values: Hashable, Codable, Sendable {
        case list(values: [String])
        /// Numbers from `low` to `high`, both included.
        case range(low: Double, high: Double, scale: Scale)
    }

    /// What is varied.
    public var option: StudyOption
    /// The strategy that the dimension is for; nil for all strategies that have the option and no dimension of their
    /// own for it.
    public var strategy: String?
    /// What is tried.
    public var values: Values

    /// - Parameter strategy: the strategy or row that the dimension is for; nil for all.
    public init(_ option: StudyOption, of strategy: String? = nil, _ values: Values) {
        self.option = option
        self.strategy = strategy
        self.values = values
    }

    /// Reads `learning-rate=0.1,0.2`, `federated.local-epochs=1,5`, `learning-rate=0.01..1` or `fraction=0.1..1:log`.
    ///
    /// - Throws: ``ExperimentError`` saying what was found and what is allowed.
    public init(parsing text: String) throws(ExperimentError) {
        guard let path = OptionPath(text) else {
            throw ExperimentError(
                """
                '\(text)' is not [STRATEGY.]OPTION=VALUES; write such as learning-rate=0.1,0.2 or \
                federated.local-epochs=1,5 or learning-rate=0.01..1
                """)
        }
        let option = try StudyOption.named(path.option)
        self.init(option, of: path.strategy, try Self.values(path.value, of: option))
        try check()
    }

    private static func values(_ text: String, of option: StudyOption) throws(ExperimentError) -> Values {
        guard let dots = text.range(of: "..") else {
            let list = text.split(separator: ",", omittingEmptySubsequences: false)
            return .list(values: list.map { $0.trimmingCharacters(in: .whitespaces) })
        }
        let (first, rest) = (String(text[..<dots.lowerBound]), text[dots.upperBound...])
        let end = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var scale = option.naturalScale
        if end.count == 2 {
            guard let named = Scale(rawValue: end[1]) else {
                throw ExperimentError(
                    UnknownName.message("scale", found: end[1], allowed: Scale.allCases.map(\.rawValue)))
            }
            scale = named
        }
        guard option.isNumber, let low = Double(first), let high = Double(end[0]) else {
            throw ExperimentError(
                "\(option.rawValue): '\(text)' is not a range; "
                    + (option.isNumber ? "write LOW..HIGH such as 0.01..1" : "allowed are \(option.allowedWords)"))
        }
        return .range(low: low, high: high, scale: scale)
    }

    /// Checks the values against the option.
    /// - Throws: ``ExperimentError`` for a value that is not allowed or occurs twice.
    func check() throws(ExperimentError) {
        switch values {
        case .list(let values):
            for value in values { try option.check(value) }
            // 0.1 and 0.10 are the same value.
            let distinct = Set(values.map { option.number($0).map { "\($0)" } ?? $0 })
            guard distinct.count == values.count else {
                throw ExperimentError("\(name): a value stands twice in \(values.joined(separator: ", "))")
            }
        case .range(let low, let high, let scale):
            for end in [low, high] {
                try option.check(option.isWhole ? Int(exactly: end).map(String.init) ?? "\(end)" : "\(end)")
            }
            guard low < high, scale.includes(low), scale.includes(high) else {
                throw ExperimentError(
                    "\(name): the range \(searched.joined(separator: " ")) is empty; the first end must be below the second"
                        + scale.condition)
            }
        }
    }

    /// Whether the dimension is for this row alone, or for all rows of this row's strategy, and not for all strategies.
    func isOnly(for plan: StrategyPlan) -> Bool { strategy == plan.name || strategy == plan.strategy }

    /// Whether it is for a row of this strategy and label, be it for this one alone or for all.
    package func isFor(_ name: String, label: String) -> Bool {
        strategy == nil || strategy == label || strategy == name
    }

    /// As the command line has it.
    public var name: String { (strategy.map { "\($0)." } ?? "") + option.rawValue }

    /// The values, or the two ends of a range and its scale: for ``Tuning/Option``.
    public var searched: [String] {
        switch values {
        case .list(let values): values
        case .range(let low, let high, let scale):
            ["\(Format.exact(low)) to \(Format.exact(high)) (\(scale.words))"]
        }
    }

    // MARK: Drawing

    /// A random value. It depends on the option and the trial only, so that strategies that share a dimension get the
    /// same values.
    ///
    /// Numbers have three significant digits, so that the value that is tried is the one that is written down.
    func draw(trial: Int, _ seeds: SeedSequence) -> String {
        var stream = seeds.stream(.search, option.stream, trial)
        // In (0, 1].
        let uniform = stream.uniform()
        switch values {
        case .list(let values): return values[min(values.count - 1, Int(uniform * Double(values.count)))]
        case .range(let low, let high, let scale):
            let value = scale.value(at: uniform, low, high)
            if option.isWhole { return "\(Int(min(high, max(low, value)).rounded()))" }
            let text = Format.significant(value)
            let rounded = Double(text) ?? value
            return rounded < low ? "\(low)" : rounded > high ? "\(high)" : text
        }
    }
}

extension SearchScale {
    /// Whether a range on this scale can end at `end`.
    fileprivate func includes(_ end: Double) -> Bool {
        switch self {
        case .log: end > 0
        case .linear: true
        case .oneMinus: end < 1
        }
    }

    /// A further condition on the ends, for an error message.
    fileprivate var condition: String {
        switch self {
        case .log: ", and above 0 on a log scale"
        case .linear: ""
        case .oneMinus: ", and both below 1 on a scale of the distance from 1"
        }
    }

    fileprivate var words: String {
        switch self {
        case .log: "log-uniform"
        case .linear: "uniform"
        case .oneMinus: "log-uniform in the distance from 1"
        }
    }

    /// How far a value is on the way from one end to the other.
    func share(of value: Double, _ low: Double, _ high: Double) -> Double {
        switch self {
        case .log: Foundation.log(value / low) / Foundation.log(high / low)
        case .linear: (value - low) / (high - low)
        case .oneMinus: Foundation.log((1 - value) / (1 - low)) / Foundation.log((1 - high) / (1 - low))
        }
    }

    /// The value at a share of the way from one end to the other.
    fileprivate func value(at share: Double, _ low: Double, _ high: Double) -> Double {
        switch self {
        case .log: exp(Foundation.log(low) + share * (Foundation.log(high) - Foundation.log(low)))
        case .linear: low + share * (high - low)
        case .oneMinus: 1 - exp(Foundation.log(1 - low) + share * (Foundation.log(1 - high) - Foundation.log(1 - low)))
        }
    }
}
