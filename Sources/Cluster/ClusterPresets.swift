import Diagnostics

/// Clusters that can be named on the command line, from a workstation's memory to phones, each with the source of
/// its figures.
public enum ClusterPresets {
    public static let all = [workstation, infiniband, ethernet10G, ethernet1G, wan, cable, phones4G, phones3G]

    /// - Throws: ``ClusterFileError`` naming the presets, if there is none of that name.
    public static func named(_ name: String) throws(ClusterFileError) -> ClusterSpec {
        guard let spec = all.first(where: { $0.name == name }) else {
            throw ClusterFileError(
                UnknownName.message("cluster", found: name, allowed: all.map(\.name)) + "; or a file ending in .yaml")
        }
        return spec
    }

    public static let workstation = ClusterSpec(
        name: "workstation", summary: "threads of one machine that share memory",
        source: """
            JEDEC JESD79-4: a channel of DDR4-3200 moves 25.6 GB/s; J. Dean, "Numbers everyone should know": a memory \
            reference takes 100 ns
            """,
        worker: Node(link: Link(latencySeconds: 100e-9, bytesPerSecond: 25.6e9)))

    public static let infiniband = ClusterSpec(
        name: "infiniband", summary: "servers of a rack on 200 Gbit/s InfiniBand",
        source: "InfiniBand Trade Association: HDR 4x carries 200 Gbit/s; 1 µs of latency is an assumption",
        worker: Node(link: Link(latencySeconds: 1e-6, bytesPerSecond: 25e9)))

    public static let ethernet10G = ClusterSpec(
        name: "ethernet-10g", summary: "servers of one data centre on 10 Gbit/s Ethernet",
        source: """
            IEEE 802.3ae: 10 Gbit/s; J. Dean, "Numbers everyone should know": a round trip within a data centre takes \
            500 µs, half of it one way
            """,
        worker: Node(link: Link(latencySeconds: 250e-6, bytesPerSecond: 1.25e9)))

    public static let ethernet1G = ClusterSpec(
        name: "ethernet-1g", summary: "machines of one building on 1 Gbit/s Ethernet",
        source: "IEEE 802.3ab: 1 Gbit/s; latency as ethernet-10g",
        worker: Node(link: Link(latencySeconds: 250e-6, bytesPerSecond: 125e6)))

    public static let wan = ClusterSpec(
        name: "wan", summary: "data centres on different continents",
        source: """
            J. Dean, "Numbers everyone should know": California to the Netherlands and back takes 150 ms; K. Hsieh et \
            al., Gaia, NSDI 2017: bandwidth between data centres is 15 times less than within one (1 Gbit/s / 15)
            """,
        worker: Node(link: Link(latencySeconds: 75e-3, bytesPerSecond: 125e6 / 15)))

    public static let cable = ClusterSpec(
        name: "cable", summary: "homes on cable, a server in a data centre",
        source: """
            an assumption, not a measurement: an offer of 100 Mbit/s down and 10 up, 10 ms one way; server as \
            ethernet-1g
            """,
        worker: Node(
            link: Link(latencySeconds: 10e-3, uplinkBytesPerSecond: 1.25e6, downlinkBytesPerSecond: 12.5e6)),
        server: ethernet1G.worker)

    public static let phones4G = ClusterSpec(
        name: "phones-4g", summary: "phones on 4G, a server in a data centre",
        source: """
            Ofcom, Measuring mobile broadband performance in the UK, second report (tests of October to December 2014): \
            14.7 Mbit/s down, 13.6 up, 53.1 ms round trip; speed 0.25 of the host's core is an assumption; server as \
            ethernet-10g
            """,
        worker: Node(
            link: Link(latencySeconds: 26.55e-3, uplinkBytesPerSecond: 1.7e6, downlinkBytesPerSecond: 1.8375e6),
            speed: 0.25),
        server: ethernet10G.worker)

    public static let phones3G = ClusterSpec(
        name: "phones-3g", summary: "phones on 3G, a server in a data centre",
        source: """
            Ofcom, as phones-4g: 5.9 Mbit/s down, 1.6 up, 63.5 ms round trip; speed and server as phones-4g
            """,
        worker: Node(
            link: Link(latencySeconds: 31.75e-3, uplinkBytesPerSecond: 0.2e6, downlinkBytesPerSecond: 0.7375e6),
            speed: 0.25),
        server: ethernet10G.worker)
}
