import Diagnostics
import Foundation
import Randomness

/// A figure of a device or of a slowdown: one number for all, or a distribution from which each is drawn.
public enum DrawnFigure: Hashable, Sendable {
    /// Every device or slowdown has this one number.
    case constant(Double)
    /// All numbers between the two are equally likely.
    case uniform(low: Double, high: Double)
    /// The logarithm is normally distributed with standard deviation `sigma`.
    case logNormal(median: Double, sigma: Double)
    /// Exponentially distributed, with this mean.
    case exponential(mean: Double)
    /// One of these values, as often as their weights say.
    case choice([Option])

    /// One value of a choice; of two options the one with twice the weight is drawn twice as often.
    public struct Option: Hashable, Codable, Sendable {
        /// One of the values.
        public var value: Double
        /// How often it is drawn in proportion to the others.
        public var weight: Double

        /// - Parameter weight: in proportion to the others.
        public init(value: Double, weight: Double = 1) {
            self.value = value
            self.weight = weight
        }
    }

    /// The values of sigma that are allowed: beyond 3, where every 40th value is 350 times the median, a population is
    /// one of outliers.
    static let sigmas = 0...3.0

    package var isConstant: Bool {
        if case .constant = self { return true }
        return false
    }

    /// Half of what is drawn is below it.
    public var median: Double {
        switch self {
        case .constant(let value): return value
        case .uniform(let low, let high): return (low + high) / 2
        case .logNormal(let median, _): return median
        case .exponential(let mean): return mean * log(2)
        case .choice(let options):
            let sorted = options.sorted { $0.value < $1.value }
            var left = sorted.reduce(0) { $0 + $1.weight } / 2
            for option in sorted {
                left -= option.weight
                if left <= 0 { return option.value }
            }
            return sorted.last?.value ?? 0
        }
    }

    /// The numbers that it is made of, to check them.
    var values: [Double] {
        switch self {
        case .constant(let value), .exponential(let value): [value]
        case .uniform(let low, let high): [low, high]
        case .logNormal(let median, _): [median]
        case .choice(let options): options.map(\.value)
        }
    }

    /// - Parameter isWhole: draws one of the whole numbers from `low` to `high` where it is uniform.
    func draw(_ stream: inout RandomStream, isWhole: Bool = false) -> Double {
        switch self {
        case .constant(let value): return value
        case .uniform(let low, let high):
            if isWhole { return low + ((high - low + 1) * (1 - stream.uniform())).rounded(.down) }
            return low + (high - low) * stream.uniform()
        case .logNormal(let median, let sigma): return median * exp(sigma * stream.normal())
        case .exponential(let mean): return -mean * log(stream.uniform())
        case .choice(let options):
            var left = options.reduce(0) { $0 + $1.weight } * stream.uniform()
            for option in options {
                left -= option.weight
                if left <= 0 { return option.value }
            }
            return options.last?.value ?? 0
        }
    }

    /// The figure in words, for lists and reports.
    ///
    /// - Parameter format: writes a number with its unit.
    func text(_ format: (Double) -> String) -> String {
        switch self {
        case .constant(let value): format(value)
        case .uniform(let low, let high): "\(format(low)) to \(format(high))"
        case .logNormal(let median, let sigma):
            "log-normal around \(format(median)), sigma \(Format.significant(sigma))"
        case .exponential(let mean): "exponential with mean \(format(mean))"
        case .choice(let options): "one of \(options.map { format($0.value) }.joined(separator: ", "))"
        }
    }
}

/// In JSON a constant is a number, and a distribution an object with the names of its numbers.
extension DrawnFigure: Codable {
    private enum CodingKeys: String, CodingKey { case low, high, median, sigma, mean, choice }

    public init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer().decode(Double.self) {
            self = .constant(value)
            return
        }
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        if let options = try fields.decodeIfPresent([Option].self, forKey: .choice) {
            self = .choice(options)
        } else if let mean = try fields.decodeIfPresent(Double.self, forKey: .mean) {
            self = .exponential(mean: mean)
        } else if let median = try fields.decodeIfPresent(Double.self, forKey: .median) {
            self = .logNormal(median: median, sigma: try fields.decode(Double.self, forKey: .sigma))
        } else {
            self = .uniform(
                low: try fields.decode(Double.self, forKey: .low), high: try fields.decode(Double.self, forKey: .high))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if case .constant(let value) = self {
            var container = encoder.singleValueContainer()
            return try container.encode(value)
        }
        var fields = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .constant: break
        case .uniform(let low, let high):
            try fields.encode(low, forKey: .low)
            try fields.encode(high, forKey: .high)
        case .logNormal(let median, let sigma):
            try fields.encode(median, forKey: .median)
            try fields.encode(sigma, forKey: .sigma)
        case .exponential(let mean): try fields.encode(mean, forKey: .mean)
        case .choice(let options): try fields.encode(options, forKey: .choice)
        }
    }
}

/// How a figure is written: what a single value looks like, and which distributions make sense.
struct FigureForm: Sendable {
    /// The figure's name in errors, as in `'x' is not a speed`.
    let name: String
    /// One value.
    let parse: @Sendable (String) throws(Quantity.Failure) -> Double
    let range: ClosedRange<Double>
    let rangeText: String
    var isWhole = false
    var hasExponential = false
    /// What a log-normal distribution without one has as its median.
    var defaultMedian: Double?

    /// Parses `4`, `uniform:2..8`, `lognormal:4:0.5`, `choice:2=1,4=3`, and `exponential:4` where that makes sense.
    func figure(_ text: String) throws(Quantity.Failure) -> DrawnFigure {
        guard let colon = text.firstIndex(of: ":") else { return .constant(try value(text)) }
        let (kind, rest) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        switch kind {
        case "uniform": return try uniform(rest, text)
        case "lognormal" where !isWhole: return try logNormal(rest, text)
        case "exponential" where hasExponential: return .exponential(mean: try value(rest))
        case "choice": return try choice(rest, text)
        default:
            throw Quantity.Failure(
                description: UnknownName.message(
                    "distribution", found: kind,
                    allowed: usages.compactMap { $0.split(separator: ":").first.map(String.init) })
                    + "; write \(usages.joined(separator: ", "))")
        }
    }

    var usages: [String] {
        var usages = ["uniform:LOW..HIGH"]
        if !isWhole { usages.append(defaultMedian == nil ? "lognormal:MEDIAN:SIGMA" : "lognormal:[MEDIAN:]SIGMA") }
        if hasExponential { usages.append("exponential:MEAN") }
        return usages + ["choice:VALUE[=WEIGHT],..."]
    }

    private func value(_ text: String) throws(Quantity.Failure) -> Double {
        let value = try parse(text.trimmingCharacters(in: .whitespaces))
        guard range.contains(value) else {
            throw Quantity.Failure(description: "'\(text)' is not a \(name); allowed is \(rangeText)")
        }
        return value
    }

    private func uniform(_ rest: String, _ text: String) throws(Quantity.Failure) -> DrawnFigure {
        let ends = rest.components(separatedBy: "..")
        guard ends.count == 2 else {
            throw Quantity.Failure(description: "'\(text)' has no two ends; write uniform:LOW..HIGH")
        }
        let (low, high) = (try value(ends[0]), try value(ends[1]))
        guard low <= high else {
            throw Quantity.Failure(description: "'\(text)' ends before it begins; write uniform:LOW..HIGH")
        }
        return .uniform(low: low, high: high)
    }

    private func logNormal(_ rest: String, _ text: String) throws(Quantity.Failure) -> DrawnFigure {
        let parts = rest.components(separatedBy: ":")
        guard let sigma = parts.last.flatMap(Quantity.number), DrawnFigure.sigmas.contains(sigma), parts.count <= 2
        else {
            throw Quantity.Failure(description: "'\(text)': sigma must be a number in 0...3; write \(usages[1])")
        }
        if parts.count == 2 { return .logNormal(median: try value(parts[0]), sigma: sigma) }
        guard let defaultMedian else {
            throw Quantity.Failure(description: "'\(text)' has no median; write \(usages[1])")
        }
        return .logNormal(median: defaultMedian, sigma: sigma)
    }

    private func choice(_ rest: String, _ text: String) throws(Quantity.Failure) -> DrawnFigure {
        var options: [DrawnFigure.Option] = []
        for part in rest.components(separatedBy: ",") {
            let parts = part.components(separatedBy: "=")
            guard parts.count <= 2, let weight = parts.count == 2 ? Quantity.number(parts[1]) : 1, weight > 0
            else {
                throw Quantity.Failure(
                    description:
                        "'\(text)': the weight in '\(part)' is not a number above 0; write \(usages.last ?? "")")
            }
            options.append(DrawnFigure.Option(value: try value(parts[0]), weight: weight))
        }
        return .choice(options)
    }
}
