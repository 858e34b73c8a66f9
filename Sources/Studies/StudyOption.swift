import Diagnostics
package import Experiments
import Fabrics
import Foundation
public import Tasks
import Training

/// An option that a study can vary, by its name on the command line. Most are listed by ``PlanOptions``; a file of a
/// program with other strategies may name others.
public struct StudyOption: RawRepresentable, Hashable, Codable, Sendable {
    /// The name that `--vary` takes.
    public let rawValue: String
    /// - Parameter rawValue: the name that `--vary` takes.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The learning rate, which every strategy has.
    public static let learningRate = StudyOption(rawValue: "learning-rate")
    /// All options that can be varied.
    public static let all = PlanOptions.all.map { StudyOption(rawValue: $0.name) }

    /// The options of the first version; their places in this list select random streams, so they must never change.
    private static let numbered = [
        "learning-rate", "momentum", "weight-decay", "batch", "local-epochs", "local-batch", "fraction", "allreduce",
        "bucket",
    ]

    /// The random stream that the option's values are drawn from. It follows from the name alone, so that adding an
    /// option never changes the draws of another one (FNV-1a, 64 bits, of the name's UTF-8).
    var stream: Int {
        Self.numbered.firstIndex(of: rawValue)
            ?? Int(
                truncatingIfNeeded: rawValue.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
                    ($0 ^ UInt64($1)) &* 0x100_0000_01b3
                })
    }

    /// The order of options in tables: those of the first version first, in their order; others by name.
    package static func isBefore(_ first: StudyOption, _ second: StudyOption) -> Bool {
        func key(_ option: StudyOption) -> (Int, String) {
            (numbered.firstIndex(of: option.rawValue) ?? numbered.count, option.rawValue)
        }
        return key(first) < key(second)
    }

    private var allowed: Allowed? { PlanOptions.named(rawValue)?.allowed }

    /// The flag that has to be on for this option to have an effect; nil without one.
    var neededFlag: String? {
        if case .beside(let flag)? = PlanOptions.named(rawValue)?.effect { flag } else { nil }
    }

    // MARK: Values

    package var isWhole: Bool { allowed?.isWhole ?? false }

    /// Whether the option's values are numbers, which a range can cover.
    package var isNumber: Bool { allowed?.isNumber ?? false }

    package var naturalScale: SearchScale { allowed?.scale ?? .log }

    /// The ends of the range of all allowed values.
    var naturalEnds: [Double] { allowed?.ends ?? [] }

    /// The words that come after "allowed is".
    package var allowedWords: String { allowed?.words ?? "any value" }

    /// The value as a number, infinity for a word that stands for no limit; nil where it is none, as a word for a choice that
    /// follows from other options is, or is not allowed.
    package func number(_ value: String) -> Double? {
        guard isNumber, let parsed = try? allowed?.value(of: value) else { return nil }
        if case .number(let number) = parsed { return number }
        return isWhole ? .infinity : nil
    }

    /// - Throws: ``ExperimentError`` saying what was found and what is allowed.
    package func check(_ value: String) throws(ExperimentError) {
        guard let allowed else { return }
        do throws(OptionError) {
            let parsed = try allowed.value(of: value)
            var configuration = TrainingConfiguration.plain
            try TrainingConfiguration.specs.first { $0.info.name == rawValue }?.set(parsed, in: &configuration)
        } catch { throw ExperimentError("\(error.of(rawValue))") }
    }

    /// Sets the option, and switches on the flag that it needs.
    ///
    /// - Throws: ``ExperimentError`` for a value that is not allowed.
    package func apply(_ value: String, to plan: inout StrategyPlan) throws(ExperimentError) {
        do throws(OptionError) {
            try plan.set(rawValue, to: value)
            if let neededFlag { try plan.set(neededFlag, to: "true") }
        } catch { throw ExperimentError("\(error)") }
    }

    /// The option with this name.
    ///
    /// - Throws: ``ExperimentError`` listing the options.
    public static func named(_ name: String) throws(ExperimentError) -> StudyOption {
        guard PlanOptions.named(name) != nil else {
            throw ExperimentError(UnknownName.message("option", found: name, allowed: PlanOptions.all.map(\.name)))
        }
        return StudyOption(rawValue: name)
    }
}
