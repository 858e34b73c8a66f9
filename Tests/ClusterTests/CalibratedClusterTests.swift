import Diagnostics
import Testing

@testable import Cluster

@Suite struct CalibratedClusterTests {
    private static let compute = [
        MeasuredCompute(
            task: "mnist-2nn",
            steps: [.init(samples: 1, seconds: 35.1355e-6), .init(samples: 64, seconds: 291.683e-6)],
            secondsPerVectorElement: 0.065541e-9),
        MeasuredCompute(
            task: "digits", steps: [.init(samples: 32, seconds: 8.49731e-6)], secondsPerVectorElement: 0.0332174e-9),
    ]

    private static func cluster(_ link: Link, _ compute: [MeasuredCompute] = compute) -> CalibratedCluster {
        CalibratedCluster(
            name: "two: hosts", summary: "a \"fast\" \\ one # of ours", source: "bench calibrate, 2026-11-25",
            link: link,
            compute: compute, notes: ["Measured by: bench calibrate", "two\nlines"],
            remarks: ["latency": "standard error 1 µs"])
    }

    private static let links = [
        Link(latencySeconds: 4.62692e-6, bytesPerSecond: 28.6373e9 / 8, overheadSeconds: 173.143e-9),
        Link(
            latencySeconds: 0, uplinkBytesPerSecond: 50e6 / 8, downlinkBytesPerSecond: 123_456, overheadSeconds: 0,
            receiveOverheadSeconds: 1.5e-3),
        Link(latencySeconds: 1.25, bytesPerSecond: 150, overheadSeconds: 1e-9),
    ]

    /// Expects equal numbers, to the digits that the conversion of units leaves of sixteen.
    private func expectSame(_ found: Double, _ expected: Double) {
        #expect(abs(found - expected) <= 1e-12 * abs(expected), "\(found), not \(expected)")
    }

    @Test(arguments: links) func theFileReadsBackToWhatWasWritten(_ link: Link) throws {
        let spec = try Self.cluster(link).spec(file: "c.yaml")
        #expect(spec.name == "two: hosts" && spec.summary == "a \"fast\" \\ one # of ours")
        #expect(spec.source == "bench calibrate, 2026-11-25")
        let read = spec.worker.link
        expectSame(read.latencySeconds, link.latencySeconds)
        expectSame(read.uplinkBytesPerSecond, link.uplinkBytesPerSecond)
        expectSame(read.downlinkBytesPerSecond, link.downlinkBytesPerSecond)
        expectSame(read.overheadSeconds, link.overheadSeconds)
        expectSame(read.receiveOverheadSeconds ?? 0, link.receiveOverheadSeconds ?? 0)
        let compute = try #require(spec.compute)
        #expect(compute.map(\.task) == ["digits", "mnist-2nn"])
        for (found, written) in zip(compute, Self.compute.reversed()) {
            #expect(found.steps.map(\.samples) == written.steps.map(\.samples))
            for (found, written) in zip(found.steps, written.steps) { expectSame(found.seconds, written.seconds) }
            expectSame(found.secondsPerVectorElement, written.secondsPerVectorElement)
        }
        // Nothing else is in it.
        var rest = spec
        rest.compute = nil
        #expect(
            rest == ClusterSpec(name: spec.name, summary: spec.summary, source: spec.source, worker: Node(link: read)))
    }

    @Test(arguments: links) func aSpecThatWasReadIsWrittenToTheSameSpec(_ link: Link) throws {
        let spec = try Self.cluster(link).spec(file: "c.yaml")
        let again = CalibratedCluster(
            name: spec.name, summary: spec.summary, source: spec.source, link: spec.worker.link,
            compute: spec.compute ?? [])
        #expect(try again.spec(file: "c.yaml") == spec)
    }

    @Test func aFileWithoutStepTimesHasNone() throws {
        let cluster = Self.cluster(Self.links[0], [])
        #expect(try cluster.spec(file: "c.yaml").compute == nil && !cluster.yaml.contains("compute"))
    }

    @Test func commentsTellWhereFiguresComeFrom() {
        let lines = Self.cluster(Self.links[0]).yaml.split(separator: "\n").map(String.init)
        #expect(lines.prefix(3) == ["# Measured by: bench calibrate", "# two", "# lines"])
        #expect(lines.contains("latency: 4.62692us  # standard error 1 µs"))
        #expect(lines.contains("bandwidth: 28.6373Gbit"))
    }

    @Test func stepTimesAreThoseOfTheFile() throws {
        let spec = try ClusterFile(file: "c.yaml").parse(
            """
            latency: 1ms
            bandwidth: 1Gbit
            compute: {digits: {steps: {8: 3us, 2: 1us}, vector_element: 0.5ns}}
            """)
        let model = ComputeModel(try #require(spec.compute?.first))
        #expect(model.name == "cluster file")
        #expect(spec.figures.hasSuffix("; step times of digits"), "\(spec.figures)")
        for (samples, seconds) in [(1, 0.5e-6), (2, 1e-6), (5, 2e-6), (8, 3e-6), (11, 4e-6)] {
            expectSame(model.seconds(.step(samples: samples)), seconds)
        }
        expectSame(model.seconds(.vector(elements: 4)), 2e-9)
    }
}
