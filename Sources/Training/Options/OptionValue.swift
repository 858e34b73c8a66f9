/// The value of one option, as plans and results files have it.
///
/// Counts, shares and sizes are numbers; names, forms such as `dirichlet:0.5`, and the word that stands for "no limit" are
/// texts; switches are flags.
public enum OptionValue: Hashable, Sendable {
    /// A count, a share or a size.
    case number(Double)
    /// A name, a form, or a word that stands for no number.
    case text(String)
    /// A switch.
    case flag(Bool)
}

/// The options of a strategy by their names.
public typealias OptionValues = [String: OptionValue]

extension OptionValue: CustomStringConvertible {
    /// The value as the command line takes it, such as `0.1`, `64`, `all` or `true`.
    public var description: String {
        switch self {
        case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
        case .text(let text): text
        case .flag(let isOn): "\(isOn)"
        }
    }
}

extension OptionValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Texts first: a decoder may read "nan" as a number.
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let isOn = try? container.decode(Bool.self) {
            self = .flag(isOn)
        } else {
            self = .number(try container.decode(Double.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .flag(let isOn): try container.encode(isOn)
        }
    }
}

extension OptionValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral
{
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
}

/// A type that a property of ``StrategyOptions`` may have.
public protocol OptionConvertible: Sendable {
    /// The value in this type; nil for a value that this type does not have.
    init?(optionValue: OptionValue)
    /// The value as plans and results files have it.
    var optionValue: OptionValue { get }
}

extension Int: OptionConvertible {
    public init?(optionValue: OptionValue) {
        guard case .number(let number) = optionValue, let value = Int(exactly: number) else { return nil }
        self = value
    }

    public var optionValue: OptionValue { .number(Double(self)) }
}

extension Double: OptionConvertible {
    public init?(optionValue: OptionValue) {
        guard case .number(let number) = optionValue else { return nil }
        self = number
    }

    public var optionValue: OptionValue { .number(self) }
}

extension Float: OptionConvertible {
    public init?(optionValue: OptionValue) {
        guard case .number(let number) = optionValue else { return nil }
        self.init(number)
    }

    /// The number with the fewest digits that is this one: 0.9 and not 0.8999999761581421.
    public var optionValue: OptionValue { .number(Double("\(self)") ?? Double(self)) }
}

extension Bool: OptionConvertible {
    public init?(optionValue: OptionValue) {
        guard case .flag(let isOn) = optionValue else { return nil }
        self = isOn
    }

    public var optionValue: OptionValue { .flag(self) }
}

extension String: OptionConvertible {
    public init?(optionValue: OptionValue) {
        guard case .text(let text) = optionValue else { return nil }
        self = text
    }

    public var optionValue: OptionValue { .text(self) }
}

extension OptionConvertible where Self: RawRepresentable<String> {
    public init?(optionValue: OptionValue) {
        guard case .text(let text) = optionValue else { return nil }
        self.init(rawValue: text)
    }

    public var optionValue: OptionValue { .text(rawValue) }
}
