import Cluster
import Fabrics
import Foundation
import Kernel
import Randomness

/// Cluster files: read, checked as before a run, and made into machines on which a short job is played.
final class ClusterInputs: InputClass {
    let name = "cluster"
    private let folder: WorkFolder
    private let text = TextMutations(words: [
        "name", "summary", "source", "hardware", "latency", "bandwidth", "uplink", "downlink", "overhead",
        "receive_overhead",
        "speed",
        "cores", "memory", "jitter", "server", "topology", "sharing", "loss", "timeout", "price_per_hour",
        "price_per_gb",
        "watts_busy", "watts_idle", "watt_hours_per_gb", "cost_source", "dropouts", "lifetime", "failure_detection",
        "devices",
        "assign", "stragglers", "slowdowns", "compute", "switch", "star", "ring", "racks", "torus", "sites", "graph",
        "site",
        "between", "nodes", "switches", "edges", "rows", "columns", "nodes_per_rack", "oversubscription", "max-min",
        "ports",
        "rank", "at", "for", "slowdown", "every", "fraction", "count", "weight", "drawn", "order", "steps",
        "vector_element",
        "1ms", "0s", "1e9s", "10Gbit", "1bit", "1e300GB/s", "50%", "0.1%", "lognormal:0.3", "uniform:1ms",
        "uniform:2..8",
        "exponential:60s", "choice:2=1,4=3", "lognormal:4:0.5", "empirical:latencies.csv", "devices.csv", "0.1:4",
        "4:1",
        "uniform:0..1e308", "exponential:1e-9s", "lognormal:1e300:10",
    ])

    init() throws {
        folder = try WorkFolder(name)
        try folder.write(Array("seconds\n0.001\n0.002\n".utf8), "latencies.csv")
        try folder.write(Array("name,count,speed\nnew,3,1\nold,7,uniform:0.1..0.5\n".utf8), "devices.csv")
    }

    deinit { folder.removeAll() }

    func makeSeeds() throws -> [[UInt8]] { [Array(("latency: 1ms\nbandwidth: 1Gbit\n").utf8)] }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        try folder.write(input, "cluster.yaml")
        let spec = try ClusterFile.resolve(folder.path("cluster.yaml"))
        try spec.validate()
        try Self.use(spec)
    }

    /// Makes a cluster's machines and plays a job on them.
    static func use(_ spec: ClusterSpec) throws {
        let again = try JSONDecoder().decode(ClusterSpec.self, from: JSONEncoder().encode(spec))
        guard again == spec else { throw WrongAnswer("the cluster differs when it was written and read again") }
        let ranks = job.ranks
        try spec.validate(ranks: ranks)
        try spec.validate(workers: ranks)
        let seeds = SeedSequence(1)
        let fabric = SimulatedFabric(
            nodes: spec.nodes(ranks: ranks, server: spec.server == nil ? nil : 0, seeds: seeds), jitter: spec.jitter,
            interconnect: spec.network, compute: ComputeModel(.reference, flopsPerSample: 1e6, parameters: 1000),
            slowdowns: spec.slowdowns(server: nil), allReduce: .grouped(size: nil), groups: spec.groups(ranks: ranks),
            seeds: seeds,
            departures: [], pool: HostPool(threads: 1))
        _ = spec.dropouts?.departures(ranks: ranks, server: nil, seeds: seeds)
        _ = try fabric.replay(job, most: 100_000)
    }

    /// Three steps of five ranks, with an all-reduce each, a message and an evaluation.
    private static let job: Schedule = {
        let operations: [Fabrics.Operation] = [
            .compute(.step(samples: 32)), .collective(.allReduce(.mean), elements: 1000, .gradient),
            .send(to: 1, elements: 1000, .model, .peer), .receive(from: 0), .evaluation,
            .collective(.barrier, elements: 0, .control),
        ]
        let steps: [UInt32] = [0, 1, 0, 1, 0, 1]
        return Schedule(
            operations: operations, programs: [[4] + steps + [2, 5, 4], steps + [3, 5], steps + [5]],
            programOfRank: [0, 1, 2, 2, 2])
    }()

    func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + (16 << 20) }
}

/// CSV files that a cluster names: measured latencies, and devices.
final class ClusterTableInputs: InputClass {
    enum Table: String { case latencies, devices }

    let name: String
    private let table: Table
    private let folder: WorkFolder
    private let text = TextMutations(words: [
        "name", "count", "weight", "speed", "cores", "memory", "latency", "bandwidth", "uplink", "downlink",
        "price_per_hour",
        "watts_busy", "watts_idle", "seconds", "0.001", "1ms", "8GB", "uniform:2..8", "choice:2=1,4=3",
        "lognormal:4:0.5", "\"\"",
        "\"a,b\"", ",,,,", "\"\n\"", "time [s]", "rtt_ms", "0,001", "12.5 ms", "1e-3", "3600", "index",
    ])

    init(_ table: Table) throws {
        (self.table, name) = (table, table.rawValue)
        folder = try WorkFolder(name)
        for (index, assign) in ["drawn", "in-order"].enumerated() {
            let line = table == .latencies ? "jitter: empirical:table.csv" : "devices: table.csv\nassign: \(assign)"
            try folder.write(Array("latency: 1ms\nbandwidth: 1Gbit\n\(line)\n".utf8), "cluster\(index).yaml")
        }
    }

    deinit { folder.removeAll() }

    func makeSeeds() throws -> [[UInt8]] {
        [Array((table == .latencies ? "seconds\n0.001\n0.002\n" : "name,count\nold,3\nnew,4\n").utf8)]
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        try folder.write(input, "table.csv")
        let spec = try ClusterFile.resolve(folder.path("cluster\(input.count % 2).yaml"))
        try spec.validate()
        try ClusterInputs.use(spec)
    }

    func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + (16 << 20) }
}
