import Diagnostics
import Randomness

/// The devices that a cluster's workers are. Workers may be of several kinds, and figures may differ from device to
/// device. A figure that neither a kind nor the population gives is the cluster's worker's.
public struct DevicePopulation: Hashable, Codable, Sendable {
    /// Devices that are alike, or drawn alike.
    public struct Kind: Hashable, Codable, Sendable {
        /// The kind's name in reports; nil for none.
        public var name: String?
        /// Where kinds are drawn, how often this one is, relative to the others. Where they are handed out in order,
        /// how many devices of this kind there are.
        public var count: Double
        /// The figures in which the kind differs from the cluster's worker.
        public var figures: [DeviceFigure: DrawnFigure]

        /// - Parameter count: the weight of the kind in proportion to the other kinds, or the number of its devices.
        public init(name: String? = nil, count: Double = 1, figures: [DeviceFigure: DrawnFigure]) {
            self.name = name
            self.count = count
            self.figures = figures
        }
    }

    /// Which device a worker is.
    public enum Assignment: String, CaseIterable, Codable, Sendable {
        /// Drawn for each rank, as often as the kind's count says, from the run's seed and the rank: the rank is the same
        /// device in all strategies of a seed.
        case drawn
        /// The first worker is the first device, and so on: every device once.
        case inOrder = "in-order"
    }

    /// The figures of all devices whose kind does not give its own.
    public var figures: [DeviceFigure: DrawnFigure]
    /// The kinds of devices; empty where devices differ in `figures` only.
    public var kinds: [Kind]
    /// How kinds are spread over ranks.
    public var assignment: Assignment

    /// Workers that differ by figures drawn for each, by their kinds, or by both.
    public init(
        figures: [DeviceFigure: DrawnFigure] = [:], kinds: [Kind] = [], assignment: Assignment = .drawn
    ) {
        self.figures = figures
        self.kinds = kinds
        self.assignment = assignment
    }

    /// The most kinds: more would only make results large.
    static let mostKinds = 10_000
    static let counts = 1e-9...1e9

    /// All devices of a list that is handed out in order; nil where they are drawn.
    var deviceCount: Int? {
        assignment == .inOrder && !kinds.isEmpty ? Int(kinds.reduce(0) { $0 + $1.count }) : nil
    }

    var hasLinkFigures: Bool { figures.keys.contains(where: \.isOfLink) || kinds.contains(where: \.hasLinkFigures) }
    var hasBandwidths: Bool {
        func differs(_ figures: [DeviceFigure: DrawnFigure]) -> Bool {
            figures.keys.contains { $0.isOfLink && $0 != .latency }
        }
        return differs(figures) || kinds.contains { differs($0.figures) }
    }

    /// The population without the figures for which `isRemoved` is true.
    package func removing(_ isRemoved: (DeviceFigure) -> Bool) -> DevicePopulation {
        var population = self
        population.figures = figures.filter { !isRemoved($0.key) }
        for index in kinds.indices {
            population.kinds[index].figures = kinds[index].figures.filter { !isRemoved($0.key) }
        }
        return population
    }

    /// The population; nil where nothing is left in which devices could differ.
    package var orNil: DevicePopulation? { figures.isEmpty && kinds.isEmpty ? nil : self }

    /// The population with only those figures that the results of a run depend on.
    package var withoutNamesAndCosts: DevicePopulation {
        var population = removing(\.isCost)
        for index in kinds.indices { population.kinds[index].name = nil }
        return population
    }

    /// The devices of a job's workers.
    ///
    /// - Parameters:
    ///   - worker: what devices are where they say nothing else.
    ///   - ranks: of the workers, ascending.
    func devices(_ worker: Node, ranks: [Int], seeds: SeedSequence) -> [Node] {
        var ends: [Double] = []
        for kind in kinds { ends.append((ends.last ?? 0) + kind.count) }
        return ranks.enumerated().map { index, rank in
            var device = worker
            apply(figures, to: &device, rank, seeds, order: 0)
            guard let total = ends.last else { return device }
            let place: Double
            switch assignment {
            case .inOrder: place = Double(index) + 0.5
            case .drawn:
                var stream = seeds.stream(.device, rank)
                place = total * stream.uniform()
            }
            let kind = kinds[min(kinds.count - 1, Self.firstIndex(in: ends, from: place))]
            apply(kind.figures, to: &device, rank, seeds, order: 1)
            return device
        }
    }

    /// Each figure from a stream of its own, so that one more does not change the others.
    private func apply(
        _ figures: [DeviceFigure: DrawnFigure], to device: inout Node, _ rank: Int, _ seeds: SeedSequence, order: Int
    ) {
        for (number, figure) in DeviceFigure.allCases.enumerated() {
            guard let drawn = figures[figure] else { continue }
            var value = drawn.median
            if !drawn.isConstant {
                var stream = seeds.stream(.device, rank, 1 + 2 * number + order)
                value = drawn.draw(&stream, isWhole: figure.form.isWhole)
            }
            device.set(figure, min(max(value, figure.range.lowerBound), figure.range.upperBound))
        }
    }

    /// The first of the ascending `ends` that is not below `place`.
    private static func firstIndex(in ends: [Double], from place: Double) -> Int {
        var (low, high) = (0, ends.count)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What makes it no population, with what is allowed; nil where it is one.
    var problem: String? {
        if kinds.count > Self.mostKinds {
            return "\(kinds.count) kinds of devices; allowed are up to \(Self.mostKinds)"
        }
        for kind in kinds where !Self.counts.contains(kind.count) {
            return "a kind of \(kind.count) devices; allowed is a number above 0 up to 1e9"
        }
        if assignment == .inOrder {
            if kinds.isEmpty { return "'assign: in-order' needs 'devices'" }
            for kind in kinds where kind.count != kind.count.rounded() {
                return "\(kind.count) devices in order; allowed is a whole number"
            }
        }
        for figures in [figures] + kinds.map(\.figures) {
            for (figure, drawn) in figures {
                if let problem = drawn.problem(figure.form) { return problem }
            }
        }
        return nil
    }
}

extension DevicePopulation.Kind {
    var hasLinkFigures: Bool { figures.keys.contains(where: \.isOfLink) }
}

extension DrawnFigure {
    /// What a file that was edited could have wrong.
    func problem(_ form: FigureForm) -> String? {
        for value in values where !form.range.contains(value) {
            return "a \(form.name) of \(value); allowed is \(form.rangeText)"
        }
        switch self {
        case .constant, .exponential: return nil
        case .uniform(let low, let high): return low <= high ? nil : "a \(form.name) from \(low) down to \(high)"
        case .logNormal(_, let sigma):
            return Self.sigmas.contains(sigma) ? nil : "a \(form.name) with sigma \(sigma); allowed is 0 to 3"
        case .choice(let options):
            if options.isEmpty { return "a choice of no \(form.name)" }
            return options.allSatisfy { $0.weight > 0 && $0.weight.isFinite }
                ? nil : "a \(form.name) with a weight that is not above 0"
        }
    }
}
