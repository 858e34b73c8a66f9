import Advice
import ArgumentParser
import Cluster
import Diagnostics
import Foundation
import Reports

/// What is asked of advice.
struct AdviseOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Clusters that advice is about: presets (see 'bench list') or .yaml files. (default: those of the runs)",
            valueName: "preset|file.yaml,..."))
    var cluster: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Figures of these clusters that are other than they say, such as latency=31us,bandwidth=2Gbit: \
            \(ClusterFigure.allCases.map(\.rawValue).joined(separator: ", ")).
            """, valueName: "figure=value,..."))
    var with: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only these parts: \(AdvicePart.allCases.map(\.rawValue).joined(separator: ", ")). (default: all)",
            valueName: "part,..."))
    var only: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Change only these figures, with the names of --with. (default: all)", valueName: "figure,..."))
    var figure: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Clusters of the table 'if in doubt'. (default: \(RegretTable.standardClusters.joined(separator: ", ")), and those \
            that advice is about)
            """, valueName: "preset|file.yaml,..."))
    var over: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Cells of the map of the first cluster. (default: 40x40, and less where a price takes long)",
            valueName: "columns x rows"),
        transform: AdviseOptions.size)
    var map: MapSize?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Latencies of the map. (default: 100ns..100ms)", valueName: "low..high"),
        transform: { text in try AdviseOptions.range(text) { try Quantity.duration($0).inSeconds } })
    var mapLatency: ClosedRange<Double>?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bandwidths of the map. (default: 1Mbit..1000Gbit)", valueName: "low..high"),
        transform: { text in try AdviseOptions.range(text) { try Quantity.bandwidth($0) } })
    var mapBandwidth: ClosedRange<Double>?

    /// The words that ask for the same map again.
    var mapWords: [String] {
        func range(_ option: String, _ range: ClosedRange<Double>?, _ text: (Double) -> String) -> [String] {
            range.map { ["--\(option)", "\(text($0.lowerBound))..\(text($0.upperBound))"] } ?? []
        }
        return (map.map { ["--map", "\($0.columns)x\($0.rows)"] } ?? [])
            + range("map-latency", mapLatency) { Quantity.text(seconds: $0) }
            + range("map-bandwidth", mapBandwidth, MachineOptions.text(bandwidth:))
    }

    struct MapSize: Hashable, Sendable {
        let columns: Int
        let rows: Int
    }

    private static let sizes = 2...200

    @Sendable private static func size(_ text: String) throws -> MapSize {
        let parts = text.split(separator: "x").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard parts.count == 2, let columns = parts[0], let rows = parts[1], sizes.contains(columns),
            sizes.contains(rows)
        else { throw ValidationError("'\(text)' is no size of a map; allowed is 2x2 to 200x200, such as 40x40") }
        return MapSize(columns: columns, rows: rows)
    }

    private static func range(_ text: String, _ parse: (String) throws -> Double) throws -> ClosedRange<Double> {
        let parts = text.components(separatedBy: "..")
        guard parts.count == 2 else {
            throw ValidationError("'\(text)' is no range; write such as 1us..10ms")
        }
        let (low, high) = (try parse(parts[0]), try parse(parts[1]))
        guard low > 0, low < high else {
            throw ValidationError("'\(text)' does not rise from above 0; write such as 1us..10ms")
        }
        return low...high
    }

    // MARK: Lists

    static func words(_ text: String?) -> [String] {
        text?.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
            ?? []
    }

    /// - Throws: `ValidationError` for a word that is not a name of `type`.
    private static func named<Name: RawRepresentable<String> & CaseIterable>(
        _ kind: String, _ text: String?, _ type: Name.Type
    ) throws -> [Name]? {
        guard text != nil else { return nil }
        return try words(text).map { word in
            guard let name = Name(rawValue: word) else {
                throw ValidationError(
                    UnknownName.message(kind, found: word, allowed: Name.allCases.map(\.rawValue)))
            }
            return name
        }
    }

    func parts() throws -> Set<AdvicePart> {
        try Self.named("part", only, AdvicePart.self).map(Set.init) ?? Set(AdvicePart.allCases)
    }

    func figures() throws -> [ClusterFigure]? { try Self.named("figure", figure, ClusterFigure.self) }

    /// The figures of `--with`, in the order of writing.
    func changes() throws -> [(figure: ClusterFigure, value: String)] {
        try Self.words(with).map { word in
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("--with '\(word)' is not FIGURE=VALUE; write such as latency=31us")
            }
            let figures = try Self.named("figure", parts[0], ClusterFigure.self) ?? []
            return (figures[0], parts[1])
        }
    }

    /// A cluster with the figures of `--with`, which its name says, so that it is not taken for the one of the file.
    ///
    /// - Throws: `ValidationError` where the cluster has no such figure, or not such a value of it.
    func changed(_ cluster: ClusterSpec) throws -> ClusterSpec {
        var spec = cluster
        for (figure, text) in try changes() {
            guard figure.value(in: spec) != nil else {
                let known = ClusterFigure.all(of: spec).map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--with: cluster '\(spec.name)' has no \(figure.rawValue); it has \(known)")
            }
            do throws(Quantity.Failure) {
                spec = figure.changed(spec, to: try figure.parse(text, in: spec))
            } catch { throw ValidationError("--with: \(error.description)") }
        }
        if with != nil {
            spec.name += " with " + (try changes()).map { "\($0.figure.rawValue)=\($0.value)" }.joined(separator: ", ")
        }
        return spec
    }

    /// - Throws: `ValidationError` for a figure of `--figure` that none of the clusters has.
    func checkFigures(of clusters: [ClusterSpec]) throws {
        for figure in try figures() ?? [] where !clusters.contains(where: { figure.value(in: $0) != nil }) {
            let known = clusters.map { spec in
                "'\(spec.name)' has \(ClusterFigure.all(of: spec).map(\.rawValue).joined(separator: ", "))"
            }
            throw ValidationError(
                "--figure: no cluster has \(figure.rawValue); \(known.joined(separator: "; ")). A cluster file can say it"
            )
        }
    }

    func check() throws {
        _ = try parts()
        _ = try figures()
        _ = try changes()
        for name in Self.words(cluster) + Self.words(over) where !name.hasSuffix(".yaml") && !name.hasSuffix(".yml") {
            do { _ = try ClusterPresets.named(name) } catch { throw ValidationError("\(error)") }
        }
    }
}

/// Machines that could be rented.
struct MachineOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Compare these numbers of workers by time and money: of the recorded rows those that have as many; without a folder, \
            every strategy runs with each. All clients take part in every round then, if --fraction says nothing else.
            """, valueName: "count,..."))
    var machines: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --machines: bandwidths of their links.", valueName: "rate,..."),
        transform: { text in try AdviseOptions.words(text).map { try Quantity.bandwidth($0) } })
    var bandwidth: [Double]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --machines: latencies of their links.", valueName: "time,..."),
        transform: { text in try AdviseOptions.words(text).map { try Quantity.duration($0).inSeconds } })
    var latency: [Double]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --machines: USD an hour of a machine, one for all or one for each bandwidth. (default: the cluster's)",
            valueName: "price,..."))
    var pricePerHour: String?

    private static let counts = 1...100_000
    private static let mostOffers = 1000

    func counts() throws -> [Int]? {
        guard machines != nil else { return nil }
        return try AdviseOptions.words(machines).map { word in
            guard let count = Int(word), Self.counts.contains(count) else {
                throw ValidationError("--machines '\(word)' is no number of machines; allowed is 1 to 100000")
            }
            return count
        }
    }

    func prices() throws -> [Double] {
        try AdviseOptions.words(pricePerHour).map { word in
            let number = word.hasPrefix("$") ? String(word.dropFirst()) : word
            guard let price = Quantity.number(number), (0...1e6).contains(price) else {
                throw ValidationError("--price-per-hour '\(word)' is no price in USD; allowed is 0 to 1000000")
            }
            return price
        }
    }

    /// Every combination of a latency and a bandwidth, with its price.
    func offers() throws -> [MachineSearch.Offer] {
        let prices = try prices()
        let rates = bandwidth.map { $0.map { Optional($0) } } ?? [nil]
        guard prices.count <= 1 || prices.count == rates.count else {
            throw ValidationError(
                "--price-per-hour has \(prices.count) prices and --bandwidth \(rates.count) rates; allowed is one price, or as many"
            )
        }
        let offers = (latency.map { $0.map { Optional($0) } } ?? [nil]).flatMap { latency in
            rates.enumerated().map { index, rate in
                MachineSearch.Offer(
                    latencySeconds: latency, bytesPerSecond: rate,
                    pricePerHour: prices.count > 1 ? prices[index] : prices.first)
            }
        }
        guard offers.count <= Self.mostOffers else {
            throw ValidationError("\(offers.count) links; allowed are up to \(Self.mostOffers)")
        }
        return offers
    }

    func check() throws {
        _ = try counts()
        _ = try offers()
        for (name, isGiven) in [
            ("bandwidth", bandwidth != nil), ("latency", latency != nil), ("price-per-hour", pricePerHour != nil),
        ] where isGiven && machines == nil {
            throw ValidationError(
                "--\(name) is for --machines; a figure of the cluster is changed by --with, such as --with latency=31us"
            )
        }
    }

    static func text(bandwidth: Double) -> String { "\(Format.exact(bandwidth * 8 / 1e9))Gbit" }

    /// The words that ask for the same again, without those of the machines' rows, which are recorded.
    var words: [String] {
        func option(_ name: String, _ values: [String]?) -> [String] {
            values.map { ["--\(name)", $0.joined(separator: ",")] } ?? []
        }
        return option("machines", machines.map { [$0] })
            + option("bandwidth", bandwidth?.map(Self.text(bandwidth:)))
            + option("latency", latency?.map { Quantity.text(seconds: $0) })
            + option("price-per-hour", pricePerHour.map { [$0] })
    }
}
