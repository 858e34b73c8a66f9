import Cluster
import Datasets
import Diagnostics
import Fabrics
import Studies

/// Short texts that stand in options and in files alike: times, rates, sizes, shares, and what else has a grammar of its own. A
/// line is one text, and every parser reads it.
final class ValueInputs: InputClass {
    let name = "values"
    private let text = TextMutations(words: [
        "ns", "us", "µs", "ms", "s", "min", "h", "bit", "Mbit", "Gbit/s", "Gbps", "kB", "GB", "PB", "%", "none",
        "uniform:",
        "lognormal:", "empirical:", "exponential:", ":", "=", "..", ",", "@", "rank", "iid", "dirichlet:0.3",
        "shards:2", "ring",
        "grouped:4", "hierarchical", "parameter-server:2", "learning-rate=0.01..1", "batch=16,32",
        "federated.local-epochs=1,5",
        "fraction=0.1..1:log", "weibull:0.7:1h", "3:12s", "3@12s", "0.1:4",
    ])

    func makeSeeds() throws -> [[UInt8]] {
        [
            "5ms", "250us", "1.5 h", "1Gbit", "100Mbit/s", "25.6GB/s", "64kB", "97%", "0.97", "uniform:1ms",
            "lognormal:0.5",
            "0.1:4", "exponential:60s", "iid", "dirichlet:0.3", "shards:2", "learning-rate=0.01..1",
            "batch=16,32",
            "federated.local-epochs=1,5", "hierarchical:4", "parameter-server:2",
        ].map { Array($0.utf8) }
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        let text = String(decoding: input, as: UTF8.self)
        var (read, failure) = (0, (any Error)?.none)
        func attempt(_ body: () throws -> Void) {
            do {
                try body()
                read += 1
            } catch {
                // The worst of several refusals counts.
                if failure.map({ Judge.complaint($0) == nil }) ?? true { failure = error }
            }
        }
        attempt { _ = Format.seconds(try Quantity.duration(text).inSeconds) }
        attempt { _ = Format.significant(try Quantity.bandwidth(text)) }
        attempt { _ = Format.bytes(Double(try Quantity.bytes(text))) }
        attempt { _ = Format.percent(try Quantity.fraction(text), decimals: 1) }
        attempt { _ = try Jitter(parsing: text).description }
        attempt { _ = try Stragglers(parsing: text) }
        attempt { _ = try Dropouts.Lifetime(parsing: text) }
        attempt { _ = try Partitioners.parse(text).description }
        attempt { _ = try SearchDimension(parsing: text) }
        if let algorithm = AllReduceAlgorithm(rawValue: text) {
            guard AllReduceAlgorithm(rawValue: algorithm.rawValue) == algorithm else {
                throw WrongAnswer("an all-reduce that is another when it was written and read again")
            }
            read += 1
        }
        if let failure, read == 0 || Judge.complaint(failure) != nil { throw failure }
    }
}
