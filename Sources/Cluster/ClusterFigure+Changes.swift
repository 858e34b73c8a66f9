extension ClusterFigure {
    /// The cluster with this figure changed, and all else as it was.
    ///
    /// - Precondition: the cluster has the figure.
    package func changed(_ spec: ClusterSpec, to value: Double) -> ClusterSpec {
        guard let old = self.value(in: spec) else { preconditionFailure("cluster '\(spec.name)' has no \(rawValue)") }
        // The figure itself keeps all bits.
        if value == old { return spec }
        let factor = old > 0 ? value / old : 1
        var spec = spec
        switch self {
        case .latency:
            spec.worker.link.latencySeconds = value
            spec.scaleDevices([.latency], by: factor)
        case .bandwidth:
            (spec.worker.link.uplinkBytesPerSecond, spec.worker.link.downlinkBytesPerSecond) = (value, value)
            spec.scaleDevices([.bandwidth, .uplink, .downlink], by: factor)
        case .uplink:
            spec.worker.link.uplinkBytesPerSecond = value
            spec.scaleDevices([.uplink], by: factor)
        case .downlink:
            spec.worker.link.downlinkBytesPerSecond = value
            spec.scaleDevices([.downlink], by: factor)
        case .overhead: spec.worker.link.overheadSeconds = value
        case .receiveOverhead: spec.worker.link.receiveOverheadSeconds = value
        case .speed:
            spec.worker.speed = value
            spec.scaleDevices([.speed], by: factor)
        case .cores:
            spec.worker.cores = max(1, Int(value.rounded()))
            spec.scaleDevices([.cores], by: factor)
        case .jitter: spec.jitter = spec.jitter.with(figure: value)
        case .stragglerShare: spec.stragglers?.fraction = value
        case .stragglerSlowdown: spec.stragglers?.slowdown.scale(by: factor, within: allowed)
        case .slowdownEvery, .slowdownLength, .slowdownFactor: changeSlowdowns(of: &spec, by: factor)
        case .loss: spec.interconnect?.loss?.probability = value
        case .lossTimeout: spec.interconnect?.loss?.timeoutSeconds = value
        case .lineLatency: spec.interconnect?.topology.scaleLines(latency: factor)
        case .lineBandwidth: spec.interconnect?.topology.scaleLines(bandwidth: factor)
        case .serverLatency: spec.server?.link.latencySeconds = value
        case .serverBandwidth:
            spec.server?.link.uplinkBytesPerSecond = value
            spec.server?.link.downlinkBytesPerSecond = value
        case .serverOverhead: spec.server?.link.overheadSeconds = value
        case .serverSpeed: spec.server?.speed = value
        }
        return spec
    }

    private func changeSlowdowns(of spec: inout ClusterSpec, by factor: Double) {
        guard case .random(var every, var lasting, var times)? = spec.slowdowns else { return }
        switch self {
        case .slowdownEvery: every.scale(by: factor, within: allowed)
        case .slowdownLength: lasting.scale(by: factor, within: allowed)
        default: times.scale(by: factor, within: allowed)
        }
        spec.slowdowns = .random(every: every, lasting: lasting, factor: times)
    }
}

extension ClusterSpec {
    fileprivate mutating func scaleDevices(_ scaled: Set<DeviceFigure>, by factor: Double) {
        guard var population = devices else { return }
        func scale(_ figures: inout [DeviceFigure: DrawnFigure]) {
            for figure in figures.keys where scaled.contains(figure) {
                figures[figure]?.scale(by: factor, within: figure.range)
            }
        }
        scale(&population.figures)
        for index in population.kinds.indices { scale(&population.kinds[index].figures) }
        devices = population
    }
}

extension DrawnFigure {
    /// Scales every number that could be drawn, as far as it stays within the range.
    fileprivate mutating func scale(by factor: Double, within range: ClosedRange<Double>) {
        func scaled(_ value: Double) -> Double { min(max(value * factor, range.lowerBound), range.upperBound) }
        switch self {
        case .constant(let value): self = .constant(scaled(value))
        case .uniform(let low, let high): self = .uniform(low: scaled(low), high: scaled(high))
        case .logNormal(let median, let sigma): self = .logNormal(median: scaled(median), sigma: sigma)
        case .exponential(let mean): self = .exponential(mean: scaled(mean))
        case .choice(let options):
            self = .choice(options.map { Option(value: scaled($0.value), weight: $0.weight) })
        }
    }
}

extension Jitter {
    fileprivate func with(figure: Double) -> Jitter {
        switch self {
        case .none: return .none
        case .uniform: return .uniform(seconds: figure)
        case .logNormal: return .logNormal(sigma: figure)
        case .empirical(let file, let seconds):
            guard let old = self.figure, old > 0 else { return self }
            return .empirical(file: file, seconds: seconds.map { $0 * figure / old })
        }
    }
}

extension Topology {
    fileprivate mutating func scaleLines(latency: Double = 1, bandwidth: Double = 1) {
        switch self {
        case .oneSwitch, .ring, .torus: break
        case .racks(var racks):
            racks.latencySeconds *= latency
            racks.bytesPerSecond = racks.bytesPerSecond.map { $0 * bandwidth }
            self = .racks(racks)
        case .sites(var lines):
            for index in lines.indices {
                lines[index].trunk.latencySeconds *= latency
                lines[index].trunk.uplinkBytesPerSecond *= bandwidth
                lines[index].trunk.downlinkBytesPerSecond *= bandwidth
            }
            self = .sites(lines)
        case .graph(var graph):
            for index in graph.edges.indices {
                graph.edges[index].latencySeconds = graph.edges[index].latencySeconds.map { $0 * latency }
                graph.edges[index].bytesPerSecond = graph.edges[index].bytesPerSecond.map { $0 * bandwidth }
            }
            self = .graph(graph)
        }
    }
}
