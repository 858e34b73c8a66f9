import Testing

@testable import Cluster

/// Figures of clusters, and what changing one changes.
@Suite struct ClusterFigureTests {
    @Test func aChangedFigureHasTheValueAndAllOthersStay() throws {
        for preset in ClusterPresets.all {
            for figure in ClusterFigure.all(of: preset) {
                let value = try #require(figure.value(in: preset))
                #expect(figure.changed(preset, to: value) == preset, "\(preset.name), \(figure)")
                let range = try #require(figure.searched(in: preset))
                let other = min(max(value * 1.5, range.lowerBound), range.upperBound)
                guard other != value else { continue }
                let changed = figure.changed(preset, to: other)
                let found = try #require(figure.value(in: changed))
                #expect(abs(found / other - 1) < 1e-12, "\(preset.name), \(figure): \(found), \(other)")
                for rest in ClusterFigure.all(of: preset) where rest != figure {
                    #expect(
                        rest.value(in: changed) == rest.value(in: preset), "\(preset.name): \(figure) moves \(rest)")
                }
                #expect(throws: Never.self) { try changed.validate() }
            }
        }
    }

    @Test func figuresOfDrawnDevicesAndOfLinesChangeInProportion() throws {
        var cluster = ClusterPresets.sites
        cluster.devices = DevicePopulation(
            figures: [.speed: .logNormal(median: 1, sigma: 0.5)],
            kinds: [.init(figures: [.speed: .uniform(low: 1, high: 3)])])
        let faster = ClusterFigure.speed.changed(cluster, to: 2)
        #expect(faster.devices?.figures[.speed] == .logNormal(median: 2, sigma: 0.5))
        #expect(faster.devices?.kinds[0].figures[.speed] == .uniform(low: 2, high: 6))
        let nearer = ClusterFigure.lineLatency.changed(cluster, to: 7.5e-3)
        guard case .sites(let lines)? = nearer.interconnect?.topology else {
            Issue.record("no sites any more")
            return
        }
        #expect(lines.allSatisfy { abs($0.trunk.latencySeconds - 7.5e-3) < 1e-12 })
    }

    @Test func jitterStragglersAndLossAreFigures() throws {
        var cluster = ClusterPresets.ethernet1G
        #expect(ClusterFigure.all(of: cluster) == [.latency, .bandwidth, .speed])
        cluster.jitter = .logNormal(sigma: 0.2)
        cluster.stragglers = Stragglers(fraction: 0.1, slowdown: .constant(4))
        cluster.interconnect = Interconnect(loss: .init(probability: 0.01, timeoutSeconds: 0.2))
        cluster.slowdowns = .random(every: .constant(1), lasting: .constant(0.1), factor: .constant(2))
        for (figure, value) in [
            (ClusterFigure.jitter, 0.2), (.stragglerShare, 0.1), (.stragglerSlowdown, 4), (.loss, 0.01),
            (.lossTimeout, 0.2), (.slowdownEvery, 1), (.slowdownLength, 0.1), (.slowdownFactor, 2),
        ] { #expect(figure.value(in: cluster) == value, "\(figure)") }
        #expect(ClusterFigure.jitter.changed(cluster, to: 0.4).jitter == .logNormal(sigma: 0.4))
        #expect(ClusterFigure.jitter.searched(in: cluster)?.upperBound == 3)
        #expect(ClusterFigure.stragglerShare.searched(in: cluster)?.upperBound == 1)
    }

    @Test func valuesReadBackFromWhatACommandHas() throws {
        let cluster = ClusterPresets.ethernet1G
        #expect(ClusterFigure.latency.argument(31.2345e-6, in: cluster) == "31.23us")
        #expect(try abs(ClusterFigure.latency.parse("31.23us", in: cluster) - 31.23e-6) < 1e-18)
        #expect(ClusterFigure.bandwidth.argument(1.13777e9, in: cluster) == "9.102Gbit")
        #expect(try abs(ClusterFigure.bandwidth.parse("9.102Gbit", in: cluster) / 1.13775e9 - 1) < 1e-12)
        #expect(throws: (any Error).self) { try ClusterFigure.latency.parse("2h", in: cluster) }
        #expect(throws: (any Error).self) { try ClusterFigure.speed.parse("fast", in: cluster) }
    }

    @Test func standardErrorsStandBehindTheFiguresOfACalibratedFile() {
        let text = """
            # standard error of nothing
            name: "rack"
            latency: 51.2us  # standard error 1.5 µs
            bandwidth: 941Mbit  # standard error 12.5 Mbit/s
            overhead: 4us  # standard error unknown
            speed: 1  # measured
            """
        let errors = ClusterFile.standardErrors(in: text)
        #expect(errors.count == 2)
        #expect(abs((errors[.latency] ?? 0) - 1.5e-6) < 1e-12 && abs((errors[.bandwidth] ?? 0) - 12.5e6 / 8) < 1e-3)
    }
}
