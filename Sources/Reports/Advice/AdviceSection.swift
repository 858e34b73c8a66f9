import Diagnostics

/// Something that advice says, and the command that says it again.
package struct AdviceStatement: Hashable, Sendable {
    /// Sentences without how that is known.
    package let plain: String
    package let command: [String]
    /// For a headline: without how the seeds compare.
    package let short: String?
    /// How it is known: `simulated on a preset, ...`; nil where that is not said.
    package let evidence: String?

    package init(text plain: String, command: [String], short: String? = nil, evidence: String? = nil) {
        (self.plain, self.command, self.short, self.evidence) = (plain, command, short, evidence)
    }

    package var text: String { evidence.map { "\(plain.dropLast()) (\($0))." } ?? plain }

    /// As somebody pastes it into a shell.
    package var commandText: String { ShellText.command(command) }
}

/// The parts of advice, by the names that `--only` has for them.
package enum AdvicePart: String, CaseIterable, Codable, Sendable {
    case first
    case because
    case until
    case tornado
    case inverse
    case regret
    case map
    case pareto
    case machines

    package var title: String {
        switch self {
        case .first: "Which strategy is the first"
        case .because: "Because"
        case .until: "Until"
        case .tornado: "If one figure were other"
        case .inverse: "What would make another one the first"
        case .regret: "If in doubt"
        case .map: "Map of latency and bandwidth"
        case .pareto: "Time, bytes, money and energy"
        case .machines: "Which machines"
        }
    }
}

/// One part of advice, as text.
package struct AdviceSection {
    package let part: AdvicePart
    package let title: String
    /// The cluster that it is about; nil where it is about several.
    package let cluster: String?
    package var statements: [AdviceStatement] = []
    package var table: TextTable?
    /// Lines whose columns stand under each other.
    package var drawing: String?
    /// What a reader has to know of the figures.
    package var note: String?

    package init(_ part: AdvicePart, on cluster: String? = nil) {
        self.part = part
        self.cluster = cluster
        title = part.title + (cluster.map { ": \($0)" } ?? "")
    }
}

/// The words that every command of some advice begins with.
package struct AdviceCommand: Hashable, Sendable {
    private let base: [String]

    /// - Parameters:
    ///   - folder: of the recorded runs.
    ///   - options: what chooses rows and target.
    package init(folder: String, options: [String] = []) { base = ["bench", "advise", folder] + options }

    package func words(_ part: AdvicePart, _ more: [String] = []) -> [String] {
        base + more + ["--only", part.rawValue]
    }
}
