import Diagnostics
import Randomness

/// Workers that are slow for the whole job: every worker is a straggler with the same probability, whatever its device.
public struct Stragglers: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The probability that a worker is a straggler, from 0 to 1.
    public var fraction: Double
    /// How many times as long a straggler's computations take.
    public var slowdown: DrawnFigure

    /// - Parameter fraction: the share of workers that are slow, by the factor drawn for each.
    public init(fraction: Double, slowdown: DrawnFigure) {
        self.fraction = fraction
        self.slowdown = slowdown
    }

    static let usage = "FRACTION:SLOWDOWN such as 0.1:4 or 10%:uniform:2..8"

    /// Parses `0.1:4`: a tenth of the workers take four times as long; `none` for no stragglers is not one of them.
    package init(parsing text: String) throws(Quantity.Failure) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw Quantity.Failure(description: "'\(text)' are no stragglers; write \(Self.usage)")
        }
        self.init(fraction: try Quantity.fraction(parts[0]), slowdown: try Slowdowns.factorForm.figure(parts[1]))
    }

    /// How many times as long the rank's computations take; nil where the rank is no straggler. The same for all
    /// strategies of a seed.
    func slowdown(ofRank rank: Int, _ seeds: SeedSequence) -> Double? {
        var stream = seeds.stream(.straggler, rank)
        // In (0, 1], so that a fraction of 0 has none.
        guard stream.uniform() <= fraction else { return nil }
        return min(max(slowdown.draw(&stream), 1), Slowdowns.factors.upperBound)
    }

    var problem: String? {
        guard (0...1).contains(fraction) else { return "stragglers of \(fraction) of the workers; allowed is 0 to 1" }
        return slowdown.problem(Slowdowns.factorForm)
    }

    /// The stragglers in words, for lists and reports.
    public var description: String {
        "\(Format.significant(fraction * 100)) % of the workers, \(slowdown.text(Format.significant)) times slower"
    }
}
