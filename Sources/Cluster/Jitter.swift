import Diagnostics
import Foundation
import Randomness

/// How much a message's latency varies.
public enum Jitter: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Every message takes the latency of its links.
    case none
    /// Added to the latency: uniform between zero and this many seconds.
    case uniform(seconds: Double)
    /// Multiplies the latency: log-normal with median 1 and this sigma.
    case logNormal(sigma: Double)
    /// Replaces the latency of the nodes' links by one of these, drawn uniformly; they come from a file of
    /// measurements.
    case empirical(file: String, seconds: [Double])

    /// Parses `none`, `uniform:1ms`, `lognormal:0.5`, `empirical:FILE.csv`.
    package init(parsing text: String) throws(Quantity.Failure) { try self.init(parsing: text, in: nil) }

    /// - Parameter folder: which a file's name is relative to; nil for the current one.
    init(parsing text: String, in folder: URL?) throws(Quantity.Failure) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let allowed =
            "none, uniform:TIME such as uniform:1ms, lognormal:SIGMA such as lognormal:0.5, empirical:FILE.csv"
        switch (parts.first, parts.dropFirst().first) {
        case ("none", nil): self = .none
        case ("uniform", let width?): self = .uniform(seconds: try Quantity.duration(width).inSeconds)
        case ("lognormal", let sigma?):
            guard let value = Quantity.number(sigma), Self.sigmas.contains(value) else {
                throw Quantity.Failure(description: "jitter '\(text)': sigma must be a number in 0...3")
            }
            self = .logNormal(sigma: value)
        case ("empirical", let file?) where !file.isEmpty:
            self = .empirical(file: file, seconds: try LatencyFile.read(file, in: folder))
        default: throw Quantity.Failure(description: "unknown jitter '\(text)'; allowed are \(allowed)")
        }
    }

    /// As the command line takes it, such as `lognormal:0.5`.
    public var description: String {
        switch self {
        case .none: "none"
        case .uniform(let seconds): "uniform:\(Quantity.text(seconds: seconds))"
        case .logNormal(let sigma): "lognormal:\(sigma)"
        case .empirical(let file, _): "empirical:\(file)"
        }
    }

    /// The values of sigma that are allowed: beyond 3, every 40th message would take 350 times the latency.
    private static let sigmas = 0...3.0

    /// What makes the jitter impossible to simulate, with what is allowed; nil where nothing does.
    var problem: String? {
        switch self {
        case .none: nil
        case .uniform(let seconds):
            (0...ClusterSpec.longestSeconds).contains(seconds)
                ? nil : "a jitter of \(seconds) s; allowed is 0 s to one hour"
        case .logNormal(let sigma):
            Self.sigmas.contains(sigma) ? nil : "a jitter with sigma \(sigma); allowed is 0 to 3"
        case .empirical(let file, let seconds): LatencyFile.problem(seconds).map { "jitter of '\(file)': \($0)" }
        }
    }

    /// One message's latency in seconds, from the median.
    func latency(_ median: Double, _ stream: inout RandomStream) -> Double {
        switch self {
        case .none: median
        case .uniform(let width): median + width * stream.uniform()
        case .logNormal(let sigma): median * exp(sigma * stream.normal())
        case .empirical(_, let seconds): seconds[stream.integer(below: seconds.count)]
        }
    }

    /// As ``latency(_:_:)`` for the nodes' links, with the factor for all other links of the message's route: a slow
    /// moment of a log-normal network is one everywhere.
    func latency(access: Double, _ stream: inout RandomStream) -> (access: Double, factor: Double) {
        guard case .logNormal = self else { return (latency(access, &stream), 1) }
        let factor = latency(1, &stream)
        return (access * factor, factor)
    }
}
