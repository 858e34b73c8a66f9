import Foundation
import Randomness
import Testing

@testable import Cluster

@Suite struct ClusterSpecTests {
    @Test func presetsThatCannotBeAddedAreRefused() throws {
        var taken = ClusterPresets.cable
        taken.summary = "another one"
        #expect(throws: ClusterFileError("there are two clusters 'cable'")) { try ClusterPresets.add(taken) }
        var slow = ClusterPresets.cable
        slow.name = "slow"
        slow.worker.speed = 0
        #expect(throws: ClusterFileError("cluster 'slow': a speed of 0.0; allowed is 0.0001 to 10000")) {
            try ClusterPresets.add(slow)
        }
    }

    /// In a process of its own, since other tests run over all presets.
    @Test func anAddedPresetIsFoundByItsName() async {
        await #expect(processExitsWith: .success) {
            var own = ClusterPresets.cable
            own.name = "own"
            try ClusterPresets.add(own)
            #expect(try ClusterFile.resolve("own") == own)
            #expect(ClusterPresets.all.last == own)
        }
    }

    @Test func presetsHaveSourcesAndPositiveFigures() {
        for spec in ClusterPresets.all {
            #expect(!spec.source.isEmpty && !spec.summary.isEmpty, "\(spec.name)")
            for node in [spec.worker, spec.server].compactMap({ $0 }) {
                #expect(node.link.latencySeconds > 0, "\(spec.name)")
                #expect(node.link.uplinkBytesPerSecond > 0 && node.link.downlinkBytesPerSecond > 0, "\(spec.name)")
                #expect(node.link.overheadSeconds >= 0 && node.speed > 0, "\(spec.name)")
            }
        }
    }

    @Test func presetsAreFoundByTheirDifferentNames() throws {
        #expect(Set(ClusterPresets.all.map(\.name)).count == ClusterPresets.all.count)
        for spec in ClusterPresets.all { #expect(try ClusterFile.resolve(spec.name) == spec) }
    }

    @Test func overridesReplaceTheWorkersLinkAndTheJitterOnly() {
        let spec = ClusterPresets.phones4G
        let all = spec.overridden(by: .init(latencySeconds: 1, bytesPerSecond: 2, jitter: .uniform(seconds: 3)))
        #expect(all.worker.link == Link(latencySeconds: 1, bytesPerSecond: 2))
        #expect(all.worker.speed == spec.worker.speed)
        #expect(all.server == spec.server)
        #expect(all.jitter == .uniform(seconds: 3))
        #expect(all.name == spec.name && all.source == spec.source)
    }

    @Test func eachOverrideLeavesTheRest() {
        let spec = ClusterPresets.cable
        #expect(spec.overridden(by: .init()) == spec)
        var expected = spec
        expected.worker.link.latencySeconds = 0
        #expect(spec.overridden(by: .init(latencySeconds: 0)) == expected)
        expected = spec
        expected.worker.link.uplinkBytesPerSecond = 5
        expected.worker.link.downlinkBytesPerSecond = 5
        #expect(spec.overridden(by: .init(bytesPerSecond: 5)) == expected)
        expected = spec
        expected.jitter = .logNormal(sigma: 1)
        #expect(spec.overridden(by: .init(jitter: .logNormal(sigma: 1))) == expected)
    }

    @Test func onlyTheServerRankIsTheServer() {
        let spec = ClusterPresets.cable
        let nodes = spec.nodes(ranks: 4, server: 2, seeds: SeedSequence(1))
        #expect(nodes.count == 4 && nodes[2] == spec.server)
        #expect([0, 1, 3].allSatisfy { nodes[$0] == spec.worker })
        #expect(spec.nodes(ranks: 3, server: nil, seeds: SeedSequence(1)) == [spec.worker, spec.worker, spec.worker])
        // Without a server of its own the cluster has workers only.
        #expect(
            ClusterPresets.wan.nodes(ranks: 2, server: 0, seeds: SeedSequence(1)) == [
                ClusterPresets.wan.worker, ClusterPresets.wan.worker,
            ])
    }

    @Test func jsonRoundTripKeepsEverything() throws {
        let jitters: [Jitter] = [.none, .uniform(seconds: 1.5e-3), .logNormal(sigma: 0.3)]
        for spec in ClusterPresets.all {
            for jitter in jitters {
                let changed = spec.overridden(by: .init(jitter: jitter))
                let copy = try JSONDecoder().decode(ClusterSpec.self, from: JSONEncoder().encode(changed))
                #expect(copy == changed)
            }
        }
    }

    @Test func figuresNameBothDirectionsServerAndJitter() {
        #expect(ClusterPresets.ethernet1G.figures == "250 µs, 1 Gbit/s")
        let text = ClusterPresets.cable.overridden(by: .init(jitter: .logNormal(sigma: 0.5))).figures
        #expect(text == "10 ms, 10 Mbit/s up, 100 Mbit/s down; server 250 µs, 1 Gbit/s; jitter lognormal:0.5")
    }

    @Test(arguments: ["none", "uniform:1.5ms", "uniform:50us", "uniform:2s", "lognormal:0.25"])
    func jitterIsWrittenAsItIsRead(text: String) throws {
        #expect(try Jitter(parsing: text).description == text)
    }
}
