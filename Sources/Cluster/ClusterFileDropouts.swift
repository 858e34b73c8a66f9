import Diagnostics
import Yams

/// The part of a cluster file that says which machines leave:
///
///     dropouts:
///       - {rank: 3, at: 12s}                     # cluster time
///       - {rank: 0, at: 1min}
///     lifetime: exponential:2h                   # of every rank that is not named, except a server
///     failure_detection: 1s                      # until the others know; 1s where it is left out
extension ClusterFile {
    static let dropoutKeys = ["dropouts", "lifetime", "failure_detection"]

    /// - Parameter values: the keys of the cluster.
    func dropouts(_ values: [String: Yams.Node]) throws(ClusterFileError) -> Dropouts? {
        var dropouts = Dropouts()
        if let list = values["dropouts"] {
            guard let entries = list.sequence, !entries.isEmpty else {
                throw error(at: list, "expected a list of dropouts, such as '- {rank: 3, at: 12s}'")
            }
            // One by one, so that the error names the line, and without looking at those before it again.
            var seen: Set<Int> = []
            for entry in entries {
                let departure = try departure(entry)
                if let problem = Dropouts.problem(departure, seen: &seen) { throw error(at: entry, problem) }
                dropouts.departures.append(departure)
            }
        }
        dropouts.lifetime = try parsed(values["lifetime"]) { text throws(Quantity.Failure) in
            try Dropouts.Lifetime(parsing: text)
        }
        if let place = values["failure_detection"] {
            guard !dropouts.isEmpty else {
                throw error(at: place, "a 'failure_detection' without 'dropouts' or 'lifetime'")
            }
            dropouts.detectionSeconds = try seconds(place) ?? Dropouts.standardDetectionSeconds
            if let problem = dropouts.problem { throw error(at: place, problem) }
        }
        return dropouts.isEmpty ? nil : dropouts
    }

    private func departure(_ node: Yams.Node) throws(ClusterFileError) -> Departure {
        let values = try fields(of: node, allowed: ["rank", "at"], what: "a dropout")
        let rank = try parsed(values["rank"]) { text throws(Quantity.Failure) in
            guard let rank = Int(text), rank >= 0 else {
                throw Quantity.Failure(description: "'\(text)' is not a rank; allowed is a whole number from 0 up")
            }
            return rank
        }
        guard let rank, let time = try seconds(values["at"]) else {
            throw error(at: node, "incomplete: a dropout needs 'rank' and 'at', such as {rank: 3, at: 12s}")
        }
        return Departure(rank: rank, seconds: time)
    }
}
