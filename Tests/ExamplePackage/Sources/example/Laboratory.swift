import DistributedTraining

extension ClusterSpec {
    /// The desktop computers of a laboratory.
    static let laboratory = ClusterSpec(
        name: "laboratory", summary: "desktop computers of a laboratory on 2.5 Gbit/s Ethernet",
        source: "an example: 150 µs and 2.5 Gbit/s are assumptions",
        worker: Node(link: Link(latencySeconds: 150e-6, bytesPerSecond: 2.5e9 / 8), speed: 0.5))
}
