import Testing

@testable import Cluster

@Suite struct ClusterFileTests {
    private func parse(_ text: String) throws -> ClusterSpec { try ClusterFile(file: "lab/two-sites.yaml").parse(text) }

    @Test func fullFileIsReadEntirely() throws {
        let spec = try parse(
            """
            name: sites
            summary: workers in Zurich and Oslo
            source: iperf3, 2026-05-04
            latency: 5ms
            uplink: 100Mbit
            downlink: 200Mbit
            overhead: 20us
            jitter: lognormal:0.2
            speed: 0.5
            server:
              latency: 250us
              bandwidth: 10Gbit
              overhead: 5us
              speed: 2
            """)
        let worker = Link(
            latencySeconds: 5e-3, uplinkBytesPerSecond: 12.5e6, downlinkBytesPerSecond: 25e6, overheadSeconds: 20e-6)
        let server = Link(latencySeconds: 250e-6, bytesPerSecond: 1.25e9, overheadSeconds: 5e-6)
        let expected = ClusterSpec(
            name: "sites", summary: "workers in Zurich and Oslo", source: "iperf3, 2026-05-04",
            worker: Node(link: worker, speed: 0.5), server: Node(link: server, speed: 2), jitter: .logNormal(sigma: 0.2)
        )
        #expect(spec == expected)
    }

    @Test func minimalFileHasDefaults() throws {
        let spec = try parse("latency: 5ms\nbandwidth: 1Gbit")
        #expect(spec.name == "two-sites", "the name of the file")
        #expect(spec.summary == "")
        #expect(spec.source == "lab/two-sites.yaml")
        #expect(
            spec.worker == Node(link: Link(latencySeconds: 5e-3, bytesPerSecond: 125e6, overheadSeconds: 0), speed: 1))
        #expect(spec.server == nil)
        #expect(spec.jitter == .none)
    }

    @Test func latencyMayBeZeroWithoutUnit() throws {
        #expect(try parse("latency: 0\nbandwidth: 1Gbit").worker.link.latencySeconds == 0)
    }

    @Test func serverMayHaveDifferentDirectionsToo() throws {
        let spec = try parse("latency: 0\nbandwidth: 1Gbit\nserver: {latency: 1ms, uplink: 8Mbit, downlink: 16Mbit}")
        #expect(spec.server?.link.uplinkBytesPerSecond == 1e6)
        #expect(spec.server?.link.downlinkBytesPerSecond == 2e6)
        #expect(spec.server?.speed == 1)
    }

    @Test func commentsAndQuotesAreFine() throws {
        let spec = try parse("# ours\nlatency: '5ms' # measured\nbandwidth: \"1Gbit\"\njitter: none\n")
        #expect(spec.worker.link.latencySeconds == 5e-3)
    }
}
