import Diagnostics

/// The values that an option may have: how they are written, what an error says of others, and on which scale they are searched.
public enum Allowed: Sendable {
    /// A number, or where there is one, a word that stands for a choice that follows from other options.
    case number(Bounds, SearchScale, or: String? = nil)
    /// A part of a whole, written as `0.1` or `10%`.
    case share(Bounds, SearchScale)
    /// A whole number, or where there is one, a word that stands for no number.
    case count(ClosedRange<Int>, or: String? = nil)
    /// A number of bytes, written with its unit, such as `25MB`.
    case size(ClosedRange<Int>)
    /// One of these words.
    case oneOf([String])
    /// On or off: given alone it is on.
    case flag
    /// Words of a form, such as `dirichlet:0.5`; `check` throws an error that says what is wrong with one.
    case form(usages: [String], check: @Sendable (String) throws -> Void)

    /// The numbers between two ends, each of which may belong to them or not.
    public struct Bounds: Hashable, Sendable {
        /// The lower end.
        public let low: Double
        /// The upper end.
        public let high: Double
        let includesLow: Bool
        let includesHigh: Bool

        /// All numbers of the range, both ends included.
        public init(_ range: ClosedRange<Double>) {
            (low, high, includesLow, includesHigh) = (range.lowerBound, range.upperBound, true, true)
        }

        /// All numbers of the range, whose upper end is excluded.
        public init(_ range: Range<Double>) {
            (low, high, includesLow, includesHigh) = (range.lowerBound, range.upperBound, true, false)
        }

        private init(above low: Double, through high: Double) {
            (self.low, self.high, includesLow, includesHigh) = (low, high, false, true)
        }

        /// All numbers above the first up to the second, which is included.
        public static func above(_ low: Double, through high: Double) -> Bounds { Bounds(above: low, through: high) }
        /// All numbers from this one up to the largest of single precision.
        public static func from(_ low: Double) -> Bounds { Bounds(low...Double(Float.greatestFiniteMagnitude)) }

        func contains(_ number: Double) -> Bool {
            number.isFinite && (includesLow ? number >= low : number > low)
                && (includesHigh ? number <= high : number < high)
        }

        /// The range in words, such as `from 0 to below 1`.
        var words: String {
            let largest = Double(Float.greatestFiniteMagnitude)
            let end = (includesHigh ? "" : "below ") + (high == largest ? "\(Float(high))" : Format.exact(high))
            guard includesLow else { return "above \(Format.exact(low)) up to \(end)" }
            return "from \(Format.exact(low)) " + (high == largest ? "up" : "to \(end)")
        }
    }

    /// The most of whatever is counted.
    public static let largestCount = 1_000_000

    /// The words that come after "allowed is".
    public var words: String {
        switch self {
        case .number(let bounds, _, let word): "a number \(bounds.words)" + (word.map { ", or '\($0)'" } ?? "")
        case .share(let bounds, _): "a share such as 10% or 0.1, \(bounds.words)"
        case .count(let range, let word):
            "a whole number from \(range.lowerBound) to \(range.upperBound)" + (word.map { ", or '\($0)'" } ?? "")
        case .size: "a size with its unit, such as 64kB, 1MB or 25MB"
        case .oneOf(let names): names.joined(separator: ", ")
        case .flag: "true or false"
        case .form(let usages, _): usages.joined(separator: ", ")
        }
    }

    /// What help calls a value; nil for a flag, which has none.
    public var valueName: String? {
        switch self {
        case .number(_, _, let word): word.map { "number|\($0)" } ?? "number"
        case .share: "share"
        case .count(_, let word): word.map { "count|\($0)" } ?? "count"
        case .size: "size"
        case .oneOf: "name"
        case .flag: nil
        case .form: "form"
        }
    }

    // MARK: Values

    /// The value that somebody wrote.
    ///
    /// - Throws: ``OptionError`` with what was found and what is allowed.
    public func value(of text: String) throws(OptionError) -> OptionValue {
        let value: OptionValue?
        switch self {
        case .number(_, _, let word): value = text == word ? .text(text) : Double(text).map(OptionValue.number)
        case .share:
            do throws(Quantity.Failure) {
                value = .number(try Quantity.fraction(text))
            } catch { throw OptionError("\(error)") }
        case .count(_, let word): value = text == word ? .text(text) : Int(text).map { .number(Double($0)) }
        case .size:
            do throws(Quantity.Failure) {
                value = .number(Double(try Quantity.bytes(text)))
            } catch { throw OptionError("\(error)") }
        case .oneOf(let names):
            guard names.contains(text) else {
                throw OptionError(UnknownName.message("value", found: text, allowed: names))
            }
            value = .text(text)
        case .flag: value = Bool(text).map(OptionValue.flag)
        case .form(_, let check):
            do { try check(text) } catch { throw OptionError("\(error)") }
            value = .text(text)
        }
        guard let value, accepts(value) else { throw OptionError(found: text, allowed: words) }
        return value
    }

    /// Whether a value, such as one of a file, is among these.
    public func accepts(_ value: OptionValue) -> Bool {
        switch (self, value) {
        case (.number(let bounds, _, _), .number(let number)), (.share(let bounds, _), .number(let number)):
            bounds.contains(number)
        case (.count(let range, _), .number(let number)), (.size(let range), .number(let number)):
            Int(exactly: number).map(range.contains) ?? false
        case (.count(_, let word), .text(let text)), (.number(_, _, let word), .text(let text)): text == word
        case (.oneOf(let names), .text(let text)): names.contains(text)
        case (.flag, .flag): true
        case (.form(_, let check), .text(let text)): (try? check(text)) != nil
        default: false
        }
    }

    // MARK: Searches

    /// Whether a search can draw from between two ends.
    public var isNumber: Bool {
        switch self {
        case .number, .share, .count: true
        case .size, .oneOf, .flag, .form: false
        }
    }

    /// Whether a value is a whole number.
    public var isWhole: Bool { if case .count = self { true } else { false } }

    /// The scale on which a range is drawn from, unless another is given.
    public var scale: SearchScale {
        switch self {
        case .number(_, let scale, _), .share(_, let scale): scale
        case .count, .size, .oneOf, .flag, .form: .log
        }
    }

    /// The ends that belong to the range, beyond which nothing can lie; a word is beyond all numbers.
    public var ends: [Double] {
        switch self {
        case .number(let bounds, _, _), .share(let bounds, _):
            (bounds.includesLow ? [bounds.low] : []) + (bounds.includesHigh ? [bounds.high] : [])
        case .count(let range, let word):
            [Double(range.lowerBound), word == nil ? Double(range.upperBound) : .infinity]
        case .size, .oneOf, .flag, .form: []
        }
    }
}

/// The scale on which values of an option are spread evenly.
public enum SearchScale: String, CaseIterable, Codable, Sendable {
    /// Rates and counts, which differ by factors.
    case log
    /// Shares, which differ by differences.
    case linear
    /// Numbers that matter by their distance from 1, such as momenta: the logarithm of that distance.
    case oneMinus = "one-minus"
}
