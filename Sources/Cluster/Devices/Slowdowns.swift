import Diagnostics

/// Times in which a rank computes more slowly: another program on its machine, heat, a scheduler.
public enum Slowdowns: Hashable, Codable, Sendable, CustomStringConvertible {
    /// An alternating renewal process for each worker, from a random stream of its own: the worker computes at its full
    /// speed for `every` seconds, then slowly for `lasting` seconds, and so on, each time drawn anew. Meanwhile
    /// computations take `factor` times as long.
    case random(every: DrawnFigure, lasting: DrawnFigure, factor: DrawnFigure)
    /// The slow times that are listed here, and no others.
    case listed([Entry])

    /// One slow time of one rank. Where two of a rank overlap, their factors multiply.
    public struct Entry: Hashable, Codable, Sendable {
        /// The rank that is slow.
        public var rank: Int
        /// When the slow time begins, in seconds on the cluster's clock.
        public var beginSeconds: Double
        /// How long it lasts, in seconds.
        public var lastingSeconds: Double
        /// How many times as long a computation takes meanwhile.
        public var factor: Double

        /// One slow time of one rank.
        public init(rank: Int, beginSeconds: Double, lastingSeconds: Double, factor: Double) {
            self.rank = rank
            self.beginSeconds = beginSeconds
            self.lastingSeconds = lastingSeconds
            self.factor = factor
        }
    }

    static let factors = 1...1000.0
    static let factorForm = FigureForm(
        name: "slowdown", parse: factor, range: factors, rangeText: "1 to 1000, how many times as long it takes")
    /// Shorter ones would only be many.
    static let leastSeconds = 1e-3
    static let mostSeconds = 1e7
    static let everyForm = form("gap between slowdowns")
    static let lastingForm = form("length of a slowdown")
    static let mostEntries = 100_000

    private static func form(_ name: String) -> FigureForm {
        FigureForm(
            name: name, parse: { text throws(Quantity.Failure) in try Quantity.duration(text).inSeconds },
            range: leastSeconds...mostSeconds, rangeText: "1 ms to 10000000 s", hasExponential: true)
    }

    @Sendable private static func factor(_ text: String) throws(Quantity.Failure) -> Double {
        guard let value = Quantity.number(text) else {
            throw Quantity.Failure(
                description: "'\(text)' is not a slowdown; allowed is 1 to 1000, how many times as long it takes")
        }
        return value
    }

    /// What makes them none, with what is allowed; nil where nothing does.
    var problem: String? {
        switch self {
        case .random(let every, let lasting, let factor):
            return every.problem(Self.everyForm) ?? lasting.problem(Self.lastingForm)
                ?? factor.problem(Self.factorForm)
        case .listed(let entries):
            if entries.count > Self.mostEntries {
                return "\(entries.count) slowdowns; allowed are up to \(Self.mostEntries)"
            }
            for entry in entries {
                if entry.rank < 0 { return "a slowdown of rank \(entry.rank); allowed is 0 or more" }
                guard Self.factors.contains(entry.factor) else {
                    return "a slowdown of \(entry.factor); allowed is \(Self.factorForm.rangeText)"
                }
                guard (0...Self.mostSeconds).contains(entry.beginSeconds),
                    (0...Self.mostSeconds).contains(entry.lastingSeconds)
                else {
                    return
                        "a slowdown at \(entry.beginSeconds) s for \(entry.lastingSeconds) s; allowed is up to 10000000 s"
                }
            }
            return nil
        }
    }

    /// The slowdowns in words, for lists and reports.
    public var description: String {
        switch self {
        case .random(let every, let lasting, let factor):
            """
            every \(every.text(Format.seconds)), for \(lasting.text(Format.seconds)), \(factor.text(Format.significant)) \
            times slower
            """
        case .listed(let entries): "\(entries.count) of \(Set(entries.map(\.rank)).count) ranks, listed"
        }
    }
}
