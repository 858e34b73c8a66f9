import Diagnostics
import Foundation
import Yams

/// The part of a cluster file that says how workers differ. Of a worker, `speed`, `cores`, `memory`, `latency`,
/// `bandwidth` (or `uplink` and `downlink`), `price_per_hour`, `watts_busy` and `watts_idle` may be distributions:
///
///     speed: lognormal:0.25:0.5                  # around a median, here 0.25; with one number, around 1
///     memory: choice:2GB=1,4GB=3,8GB=1           # as often as the weights say; 1 where there is none
///     cores: uniform:2..8
///
/// and each worker is one of the devices, if there are any:
///
///     devices: phones.csv                        # beside this file; see ``DeviceFile``
///
///     devices:
///       - {name: new, count: 3, speed: 0.5, memory: 8GB}   # or weight:
///       - {name: old, count: 7, speed: uniform:0.05..0.2, memory: 2GB}
///     assign: drawn                              # or in-order: the first worker is the first device, and so on
///
/// Stragglers and slowdowns:
///
///     stragglers: {fraction: 0.1, slowdown: 4}   # or 0.1:4; the slowdown may be drawn
///
///     slowdowns: {every: exponential:60s, for: 5s, slowdown: 4}   # of each worker; all three may be drawn
///
///     slowdowns:
///       - {rank: 3, at: 10s, for: 5s, slowdown: 4}
extension ClusterFile {
    static let deviceKeys = ["devices", "assign", "stragglers", "slowdowns"]

    // MARK: Figures

    /// A figure of a device, if it is there.
    func figure(
        _ figure: DeviceFigure, _ values: [String: Yams.Node]
    ) throws(ClusterFileError) -> DrawnFigure? {
        try parsed(values[figure.rawValue]) { text throws(Quantity.Failure) in
            // What is out of range of a single figure, the whole cluster is checked for.
            text.contains(":") ? try figure.form.figure(text) : .constant(try figure.form.parse(text))
        }
    }

    /// The figures of a worker that are drawn from a distribution.
    func drawnFigures(_ values: [String: Yams.Node]) throws(ClusterFileError) -> [DeviceFigure: DrawnFigure] {
        var figures: [DeviceFigure: DrawnFigure] = [:]
        for figure in DeviceFigure.allCases {
            if let drawn = try self.figure(figure, values), !drawn.isConstant { figures[figure] = drawn }
        }
        return figures
    }

    /// A server is one machine.
    func checkIsOne(_ values: [String: Yams.Node], _ what: String) throws(ClusterFileError) {
        for figure in DeviceFigure.allCases {
            if let node = values[figure.rawValue], let text = node.scalar?.string, text.contains(":") {
                throw error(at: node, "'\(text)': \(what) is one machine; allowed is one \(figure.form.name)")
            }
        }
    }

    // MARK: Populations

    /// - Parameter values: the keys of the cluster.
    func population(
        _ values: [String: Yams.Node], topology: Topology
    ) throws(ClusterFileError) -> DevicePopulation? {
        let figures = try drawnFigures(values)
        let assignment = try parsed(values["assign"]) { text throws(Quantity.Failure) in
            guard let assignment = DevicePopulation.Assignment(rawValue: text) else {
                throw Quantity.Failure(
                    description: UnknownName.message(
                        "assignment", found: text, allowed: DevicePopulation.Assignment.allCases.map(\.rawValue)))
            }
            return assignment
        }
        if let assign = values["assign"], values["devices"] == nil {
            throw error(at: assign, "'assign' without 'devices'")
        }
        guard let place = values["devices"] else {
            let population = figures.isEmpty ? nil : DevicePopulation(figures: figures)
            for (figure, _) in figures {
                guard let population, let node = values[figure.rawValue] else { continue }
                try check(population.removing { $0 != figure }, topology, at: node)
            }
            return population
        }
        let population = DevicePopulation(
            figures: figures, kinds: try kinds(place, assignment ?? .drawn), assignment: assignment ?? .drawn)
        if let problem = population.problem { throw error(at: place, problem) }
        try check(population, topology, at: place)
        return population
    }

    private func check(
        _ population: DevicePopulation, _ topology: Topology, at place: Yams.Node
    ) throws(ClusterFileError) {
        if !topology.hasPorts, population.hasLinkFigures { throw error(at: place, ClusterSpec.linksAreAlike) }
        if case .racks(let racks) = topology, racks.oversubscription != nil, population.hasBandwidths {
            throw error(at: place, ClusterSpec.rackUplinksAreFixed)
        }
    }

    private func kinds(
        _ node: Yams.Node, _ assignment: DevicePopulation.Assignment
    ) throws(ClusterFileError) -> [DevicePopulation.Kind] {
        if let name = node.scalar?.string {
            guard name.hasSuffix(".csv") else {
                throw error(at: node, "'\(name)' is no list of devices; allowed is a .csv file, or a list of kinds")
            }
            let url = URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: file).deletingLastPathComponent())
            guard let data = FileManager.default.contents(atPath: url.path) else {
                throw error(at: node, "device file '\(url.relativePath)' does not exist or cannot be read")
            }
            let path = (file as NSString).deletingLastPathComponent
            return try DeviceFile(name: path.isEmpty ? name : "\(path)/\(name)", assignment).parse(data)
        }
        var kinds: [DevicePopulation.Kind] = []
        for entry in try list(node, of: "kinds of devices, or the name of a .csv file") {
            let values = try fields(of: entry, allowed: DeviceFile.columns, what: "a kind of devices")
            if values["count"] != nil, let extra = values["weight"] {
                throw error(at: extra, "either 'count' or 'weight', not both")
            }
            if values["bandwidth"] != nil, let extra = values["uplink"] ?? values["downlink"] {
                throw error(at: extra, "either 'bandwidth' or 'uplink' and 'downlink', not both")
            }
            var kind = DevicePopulation.Kind(name: try string(values["name"]), figures: [:])
            let count = try parsed(values["count"] ?? values["weight"]) { text throws(Quantity.Failure) in
                try DeviceFile.count(text, assignment)
            }
            kind.count = count ?? 1
            for figure in DeviceFigure.allCases {
                kind.figures[figure] = try parsed(values[figure.rawValue]) { text throws(Quantity.Failure) in
                    try figure.form.figure(text)
                }
            }
            kinds.append(kind)
        }
        if kinds.isEmpty { throw error(at: node, "no kind of devices; allowed are 1 to \(DevicePopulation.mostKinds)") }
        return kinds
    }

    // MARK: Stragglers and slowdowns

    func stragglers(_ values: [String: Yams.Node]) throws(ClusterFileError) -> Stragglers? {
        guard let place = values["stragglers"] else { return nil }
        if place.scalar != nil {
            return try parsed(place) { text throws(Quantity.Failure) in try Stragglers(parsing: text) }
        }
        let values = try fields(of: place, allowed: ["fraction", "slowdown"], what: "stragglers")
        let fraction = try parsed(values["fraction"], Quantity.fraction)
        guard let fraction, let slowdown = try slowdown(values) else {
            throw error(
                at: place, "incomplete: stragglers need 'fraction' and 'slowdown', such as {fraction: 0.1, slowdown: 4}"
            )
        }
        return Stragglers(fraction: fraction, slowdown: slowdown)
    }

    private func slowdown(_ values: [String: Yams.Node]) throws(ClusterFileError) -> DrawnFigure? {
        try parsed(values["slowdown"]) { text throws(Quantity.Failure) in try Slowdowns.factorForm.figure(text) }
    }

    func slowdowns(_ values: [String: Yams.Node]) throws(ClusterFileError) -> Slowdowns? {
        guard let place = values["slowdowns"] else { return nil }
        if place.sequence != nil { return .listed(try entries(place)) }
        let values = try fields(
            of: place, allowed: ["every", "for", "slowdown"], what: "slowdowns (or a list of them)")
        let every = try parsed(values["every"]) { text throws(Quantity.Failure) in
            try Slowdowns.everyForm.figure(text)
        }
        let lasting = try parsed(values["for"]) { text throws(Quantity.Failure) in
            try Slowdowns.lastingForm.figure(text)
        }
        guard let every, let lasting, let factor = try slowdown(values) else {
            throw error(
                at: place,
                "incomplete: slowdowns need 'every', 'for' and 'slowdown', such as {every: exponential:60s, for: 5s, slowdown: 4}"
            )
        }
        return .random(every: every, lasting: lasting, factor: factor)
    }

    private func entries(_ place: Yams.Node) throws(ClusterFileError) -> [Slowdowns.Entry] {
        var entries: [Slowdowns.Entry] = []
        for entry in try list(place, of: "slowdowns") {
            let values = try fields(of: entry, allowed: ["rank", "at", "for", "slowdown"], what: "a slowdown")
            let rank = try parsed(values["rank"]) { text throws(Quantity.Failure) in
                guard let rank = Int(text), (0..<Topology.mostMachines).contains(rank) else {
                    throw Quantity.Failure(
                        description: "'\(text)' is not a rank; allowed is 0 to \(Topology.mostMachines - 1)")
                }
                return rank
            }
            guard let rank, let begin = try moment(values["at"]), let lasting = try moment(values["for"]),
                let factor = try slowdown(values)
            else { throw error(at: entry, "incomplete: a slowdown needs 'rank', 'at', 'for' and 'slowdown'") }
            guard case .constant(let factor) = factor else {
                throw error(at: entry, "a slowdown of one rank at one time is not drawn; allowed is 1 to 1000")
            }
            entries.append(
                Slowdowns.Entry(rank: rank, beginSeconds: begin, lastingSeconds: lasting, factor: factor))
        }
        if let problem = Slowdowns.listed(entries).problem { throw error(at: place, problem) }
        return entries
    }

    private func moment(_ node: Yams.Node?) throws(ClusterFileError) -> Double? {
        try parsed(node) { text throws(Quantity.Failure) in
            let seconds = try Quantity.duration(text).inSeconds
            guard seconds <= Slowdowns.mostSeconds else {
                throw Quantity.Failure(description: "'\(text)' is too long; allowed is up to 10000000 s")
            }
            return seconds
        }
    }
}
