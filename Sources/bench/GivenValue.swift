import Experiments
import Strategies
import Training

/// A value that the command line gives an option, for all rows, for those of a strategy, or for one.
///
/// Of several for one row the nearest counts: what stands in its brackets, then what is set for its label, then for its
/// strategy, then for all.
struct GivenValue {
    /// For whom it is; a later case is nearer.
    private enum Reach: Comparable {
        case all
        case strategy
        case row
        case brackets
    }

    /// As the command line has it, such as `--mu`, `--fedprox.mu` or `mu in fedprox(mu=1)`.
    let word: String
    /// The option's name.
    let name: String
    private let reach: Reach
    /// The row in whose brackets it stands, or the strategy or row that is addressed; nil for all.
    private let address: String?

    func isFor(_ row: StrategyChoice) -> Bool {
        // What scales the learning rate is for whom the learning rate is.
        let option = OptionUse.studied(name).rawValue
        return switch reach {
        case .all: row.has(option)
        case .strategy, .row: row.has(option) && (address == row.label || address == row.description.name)
        case .brackets: address == row.label
        }
    }

    /// All that the command line has.
    ///
    /// - Throws: `ValidationError` for an option that is none.
    static func all(of given: PlanBuilder, _ rows: [StrategyChoice]) throws -> [GivenValue] {
        // Options of strategies are settings; the others are declared one by one.
        let settings = try given.settings.settings(for: rows)
        let declared = OptionUse.all.filter { use in
            !StrategyRegistry.optionInfos.contains { $0.name == use.name } && use.isGiven(given)
        }
        return declared.map { GivenValue(word: "--\($0.name)", name: $0.name, reach: .all, address: nil) }
            + settings.map { setting in
                let reach: Reach =
                    setting.strategy.map { StrategyRegistry.named($0) == nil ? .row : .strategy } ?? .all
                return GivenValue(word: setting.word, name: setting.name, reach: reach, address: setting.strategy)
            }
            + rows.flatMap { row in
                row.options.map { option in
                    GivenValue(
                        word: "\(option.name) in \(row.label)", name: option.name, reach: .brackets, address: row.label)
                }
            }
    }

    /// Those in whose place every row that they are for has a nearer one, each with these rows.
    static func withoutEffect(
        _ values: [GivenValue], on rows: [StrategyChoice]
    ) -> [(value: GivenValue, rows: [String])] {
        var words: Set<String> = []
        return values.compactMap { value in
            let own = rows.filter(value.isFor)
            let isSetNearer = own.allSatisfy { row in
                values.contains { $0.name == value.name && $0.reach > value.reach && $0.isFor(row) }
            }
            guard !own.isEmpty, isSetNearer, words.insert(value.word).inserted else { return nil }
            return (value, own.map(\.label))
        }
    }
}

extension StrategyChoice {
    /// Whether its strategy has an option of this name, of its own or as all strategies have it.
    fileprivate func has(_ name: String) -> Bool {
        description.has(name)
            || PlanOptions.named(name) != nil && !StrategyRegistry.optionInfos.contains { $0.name == name }
    }
}
