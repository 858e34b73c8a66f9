import Cluster
import Foundation
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Times of collectives on contended and unequal networks, beside SimGrid's: the table is `Benchmarks/simgrid/times.csv`,
/// made by the program beside it, which describes the same platforms.
@Suite(.timeLimit(.minutes(60))) struct SimGridTests {
    private struct Row: Sendable, CustomTestStringConvertible {
        let platform, collective: String
        let elements: Int
        let seconds: Double
        var testDescription: String { "\(collective) of \(elements) on \(platform)" }
    }

    /// One direction of a port.
    private static func node(_ bytesPerSecond: Double, _ latency: Double) -> Node {
        Node(link: Link(latencySeconds: latency, bytesPerSecond: bytesPerSecond))
    }

    private static func platform(_ name: String) throws -> (nodes: [Node], topology: Topology) {
        switch name {
        case "switch-8": return (Array(repeating: node(125e6, 50e-6), count: 8), .oneSwitch)
        case "mixed-8": return ((0..<8).map { node(125e6 / Double(1 + $0 % 4), 50e-6) }, .oneSwitch)
        case "racks-16":
            return (
                Array(repeating: node(1.25e9, 20e-6), count: 16),
                .racks(.init(nodesPerRack: 4, latencySeconds: 5e-6, bytesPerSecond: 1.25e9))
            )
        case "sites-12":
            let first = Topology.Trunk(latencySeconds: 10e-3, bytesPerSecond: 25e6)
            let second = Topology.Trunk(latencySeconds: 15e-3, bytesPerSecond: 12.5e6)
            return (
                Array(repeating: node(125e6, 50e-6), count: 12),
                .sites([.init(site: "a", to: "b", first), .init(site: "b", to: "c", second)])
            )
        case "torus-16": return (Array(repeating: node(125e6, 10e-6), count: 16), .torus(rows: 4, columns: 4))
        default: throw UnknownRow(name: name)
        }
    }

    private struct UnknownRow: Error { let name: String }

    private static func program(_ collective: String, _ elements: Int) throws -> RankProgram {
        switch collective {
        case "ring", "recursive-doubling":
            return { try await $0.allReduce(ParameterVector(count: elements), .sum, purpose: .gradient) }
        case "gather": return { _ = try await $0.gather(ParameterVector(count: elements), to: 0, purpose: .model) }
        case "all-to-all":
            return { rank in
                let message = Message(DeferredVector(count: elements) { ParameterVector(count: 0) }, purpose: .model)
                for k in 1..<rank.count { try await rank.send(message, to: (rank.index + k) % rank.count) }
                for k in 1..<rank.count {
                    _ = try await rank.receive(from: (rank.index + rank.count - k) % rank.count)
                }
            }
        default: throw UnknownRow(name: collective)
        }
    }

    private static func rows() throws -> [Row] {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        let text = try String(contentsOf: folder.appending(path: "Benchmarks/simgrid/times.csv"), encoding: .utf8)
        return try text.split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: ",").map(String.init)
            guard fields.count == 5, let elements = Int(fields[2]), let seconds = Double(fields[3]) else {
                throw UnknownRow(name: String(line))
            }
            return Row(platform: fields[0], collective: fields[1], elements: elements, seconds: seconds)
        }
    }

    private static func seconds(_ row: Row) throws -> Double {
        let (nodes, topology) = try platform(row.platform)
        let fabric = SimulatedFabric(
            nodes: nodes, interconnect: Interconnect(topology, sharing: .maxMin), compute: testCompute,
            allReduce: row.collective == "recursive-doubling" ? .recursiveDoubling : .ring, seeds: SeedSequence(1),
            pool: HostPool(threads: 1))
        return try run(fabric, program(row.collective, row.elements)).seconds
    }

    @Test func tableHasContendedAndUnequalPlatforms() throws {
        let rows = try Self.rows()
        #expect(rows.count >= 12 && Set(rows.map(\.platform)).count >= 4 && Set(rows.map(\.collective)).count >= 4)
    }

    @Test func timesAreWithinFivePerCentOfSimGrids() throws {
        for row in try Self.rows() {
            let seconds = try Self.seconds(row)
            #expect(
                abs(seconds / row.seconds - 1) < 0.05, "\(row.testDescription): \(seconds) s, SimGrid \(row.seconds) s")
        }
    }
}
