import Diagnostics
import Foundation
public import Randomness

/// A rank that leaves the job, and when: in seconds of cluster time.
public struct Departure: Hashable, Codable, Sendable {
    /// The rank that leaves.
    public var rank: Int
    /// When, on the cluster's clock.
    public var seconds: Double

    /// One rank leaves at one time.
    public init(rank: Int, seconds: Double) {
        self.rank = rank
        self.seconds = seconds
    }
}

/// Machines that leave for good while the job runs, and how soon the others learn it.
public struct Dropouts: Hashable, Codable, Sendable {
    /// The distribution of how long a machine stays. Exponential: at any moment the machine is as likely to leave as at
    /// any other, the usual model of failures that do not come from wear.
    public enum Lifetime: Hashable, Codable, Sendable, CustomStringConvertible {
        /// An exponential distribution with this mean, in seconds.
        case exponential(meanSeconds: Double)

        static let allowed = "exponential:TIME with the mean, such as exponential:2h"

        /// Parses `exponential:2h`.
        package init(parsing text: String) throws(Quantity.Failure) {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0] == "exponential" else {
                throw Quantity.Failure(description: "'\(text)' is not a lifetime; allowed is \(Self.allowed)")
            }
            let mean = try Quantity.duration(parts[1]).inSeconds
            guard mean > 0 else {
                throw Quantity.Failure(description: "'\(text)' has a mean of zero; allowed is \(Self.allowed)")
            }
            self = .exponential(meanSeconds: mean)
        }

        /// The law in words, such as `exponential, 2 h in the mean`.
        public var description: String {
            switch self {
            case .exponential(let mean): "exponential, \(Format.seconds(mean)) in the mean"
            }
        }

        func seconds(_ stream: inout RandomStream) -> Double {
            switch self {
            case .exponential(let mean): -mean * log(stream.uniform())
            }
        }
    }

    /// Ranks that leave at a given time, each once.
    public var departures: [Departure]
    /// How long each rank stays that `departures` does not name, drawn rank by rank. A server has no lifetime. Nil
    /// where these ranks stay.
    public var lifetime: Lifetime?
    /// Seconds from when a rank leaves until the others know.
    public var detectionSeconds: Double

    /// The detection span, in seconds, of a heartbeat every fraction of a second. A TCP connection alone, whose host
    /// falls silent, takes minutes.
    public static let standardDetectionSeconds = 1.0

    /// Nobody leaves, unless departures or a lifetime are given.
    public init(
        _ departures: [Departure] = [], lifetime: Lifetime? = nil, detectionSeconds: Double = standardDetectionSeconds
    ) {
        self.departures = departures
        self.lifetime = lifetime
        self.detectionSeconds = detectionSeconds
    }

    /// Whether nobody leaves.
    public var isEmpty: Bool { departures.isEmpty && lifetime == nil }

    /// In seconds. A virtual clock ends here, so a rank with a longer lifetime stays for ever.
    private static let longestSeconds = 9e9

    /// Who leaves a job of so many ranks when, in the order of time.
    ///
    /// - Parameter server: the rank that has no lifetime: it leaves only if it is named.
    public func departures(ranks: Int, server: Int?, seeds: SeedSequence) -> [Departure] {
        var all = departures.filter { $0.rank < ranks }
        if let lifetime {
            let named = Set(all.map(\.rank))
            for rank in 0..<ranks where rank != server && !named.contains(rank) {
                var stream = seeds.stream(.lifetime, rank)
                let seconds = lifetime.seconds(&stream)
                if seconds < Self.longestSeconds { all.append(Departure(rank: rank, seconds: seconds)) }
            }
        }
        return all.sorted { ($0.seconds, $0.rank) < ($1.seconds, $1.rank) }
    }

    /// Parses `3@12s`: rank 3 leaves after 12 s of cluster time.
    package static func departure(parsing text: String) throws(Quantity.Failure) -> Departure {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let rank = Int(parts[0]), rank >= 0 else {
            throw Quantity.Failure(
                description: "'\(text)' is not a dropout; allowed is RANK@TIME, such as 3@12s, with ranks from 0 up")
        }
        return Departure(rank: rank, seconds: try Quantity.duration(parts[1]).inSeconds)
    }

    /// The dropouts in a line, for lists and reports.
    var figures: String {
        var parts = departures.prefix(4).map { "rank \($0.rank) leaves at \(Format.seconds($0.seconds))" }
        if departures.count > 4 { parts.append("\(departures.count - 4) more") }
        if let lifetime { parts.append("lifetime \(lifetime)") }
        return "dropouts: \(parts.joined(separator: ", ")); known after \(Format.seconds(detectionSeconds))"
    }

    /// What makes these dropouts impossible to simulate, with what is allowed; nil where nothing does.
    var problem: String? {
        var seen: Set<Int> = []
        for departure in departures {
            if let problem = Self.problem(departure, seen: &seen) { return problem }
        }
        if case .exponential(let mean) = lifetime, !(mean > 0 && mean <= Self.longestSeconds) {
            return "a lifetime of \(mean) s; allowed is above 0 up to 9e9 s"
        }
        return (0...3600).contains(detectionSeconds)
            ? nil : "a failure detection of \(detectionSeconds) s; allowed is up to one hour"
    }

    /// What makes one departure none that can be simulated; nil where nothing does.
    ///
    /// - Parameter seen: the ranks of those before it, to which its own is added.
    static func problem(_ departure: Departure, seen: inout Set<Int>) -> String? {
        guard departure.rank >= 0 else { return "a dropout of rank \(departure.rank); allowed are ranks from 0 up" }
        guard (0...longestSeconds).contains(departure.seconds) else {
            return "a dropout at \(departure.seconds) s; allowed is 0 to 9e9 s"
        }
        guard seen.insert(departure.rank).inserted else {
            return "rank \(departure.rank) leaves twice; allowed is once"
        }
        return nil
    }
}

extension ClusterSpec {
    /// Ranks that are to leave, of which a job of so many ranks has none.
    public func dropouts(beyond ranks: Int) -> [Int] {
        (dropouts?.departures ?? []).map(\.rank).filter { $0 >= ranks }.sorted()
    }
}
