import Diagnostics
import Locking

/// Clusters that can be named on the command line, from a workstation's memory to phones, each with the source of
/// its figures.
public enum ClusterPresets {
    private static let builtIn = [
        workstation, infiniband, torus, fatRacks, racks, ethernet10G, ethernet1G, sites, wan, cable, phones4G, phones3G,
        phonesMixed,
    ]

    private static let added = Guarded<[ClusterSpec]>([])

    /// All presets: this package's own, and behind them those that were added.
    public static var all: [ClusterSpec] { builtIn + added.withLock { $0 } }

    /// Adds a cluster of another package, which `--cluster` then finds by its name. To be called before any is looked up.
    ///
    /// - Throws: ``ClusterFileError`` if another has its name, or a figure is out of its range.
    public static func add(_ cluster: ClusterSpec) throws(ClusterFileError) {
        let name = cluster.name
        guard !all.contains(where: { $0.name == name }) else {
            throw ClusterFileError("there are two clusters '\(name)'")
        }
        try cluster.validate()
        added.withLock { $0.append(cluster) }
    }

    /// - Throws: ``ClusterFileError`` naming the presets, if there is none of that name.
    public static func named(_ name: String) throws(ClusterFileError) -> ClusterSpec {
        guard let spec = all.first(where: { $0.name == name }) else {
            throw ClusterFileError(
                UnknownName.message("cluster", found: name, allowed: all.map(\.name)) + "; or a file ending in .yaml")
        }
        return spec
    }

    /// Threads of one machine that share memory.
    public static let workstation = ClusterSpec(
        name: "workstation", summary: "threads of one machine that share memory",
        source: """
            JEDEC JESD79-4: a channel of DDR4-3200 moves 25.6 GB/s; J. Dean, "Numbers everyone should know": a memory \
            reference takes 100 ns
            """,
        worker: server(Link(latencySeconds: 100e-9, bytesPerSecond: 25.6e9)), pricePerGB: 0, wattHoursPerGB: 0,
        costSource: serverCosts)

    /// Servers of a rack on 200 Gbit/s InfiniBand.
    public static let infiniband = ClusterSpec(
        name: "infiniband", summary: "servers of a rack on 200 Gbit/s InfiniBand",
        source: "InfiniBand Trade Association: HDR 4x carries 200 Gbit/s; 1 µs of latency is an assumption",
        worker: server(Link(latencySeconds: 1e-6, bytesPerSecond: 25e9)), pricePerGB: 0, wattHoursPerGB: 1,
        costSource: dataCentreCosts)

    /// Servers of one data centre on 10 Gbit/s Ethernet.
    public static let ethernet10G = ClusterSpec(
        name: "ethernet-10g", summary: "servers of one data centre on 10 Gbit/s Ethernet",
        source: """
            IEEE 802.3ae: 10 Gbit/s; J. Dean, "Numbers everyone should know": a round trip within a data centre takes \
            500 µs, half of it one way
            """,
        worker: server(Link(latencySeconds: 250e-6, bytesPerSecond: 1.25e9)), pricePerGB: 0, wattHoursPerGB: 1,
        costSource: dataCentreCosts)

    /// Machines of one building on 1 Gbit/s Ethernet.
    public static let ethernet1G = ClusterSpec(
        name: "ethernet-1g", summary: "machines of one building on 1 Gbit/s Ethernet",
        source: "IEEE 802.3ab: 1 Gbit/s; latency as ethernet-10g",
        worker: server(Link(latencySeconds: 250e-6, bytesPerSecond: 125e6)), pricePerGB: 0, wattHoursPerGB: 1,
        costSource: dataCentreCosts)

    /// Data centres on different continents.
    public static let wan = ClusterSpec(
        name: "wan", summary: "data centres on different continents",
        source: """
            J. Dean, "Numbers everyone should know": California to the Netherlands and back takes 150 ms; K. Hsieh et \
            al., Gaia, NSDI 2017: bandwidth between data centres is 15 times less than within one (1 Gbit/s / 15)
            """,
        worker: server(Link(latencySeconds: 75e-3, bytesPerSecond: 125e6 / 15)), pricePerGB: 0.02, wattHoursPerGB: 1,
        costSource:
            "\(serverCosts); traffic 0.02 USD/GB (Amazon EC2, between regions, from us-east-1), \(networkEnergy)")

    /// Servers with direct links to four neighbours each.
    public static let torus = ClusterSpec(
        name: "torus", summary: "servers with direct links to four neighbours each, at most 256",
        source: """
            N. P. Jouppi et al., A domain-specific supercomputer for training deep neural networks, CACM 63(7), 2020: a \
            TPUv2 pod is a 16 x 16 torus of links of 496 Gbit/s each way; 1 µs of latency is an assumption
            """,
        worker: server(Link(latencySeconds: 1e-6, bytesPerSecond: 62e9)),
        interconnect: Interconnect(.torus(rows: 16, columns: 16)), pricePerGB: 0, wattHoursPerGB: 1,
        costSource: dataCentreCosts)

    /// Racks of 40 servers on 10 Gbit/s Ethernet.
    public static let fatRacks = ClusterSpec(
        name: "racks-10g", summary: "racks of 40 servers on 10 Gbit/s Ethernet, uplinks 2.5 times oversubscribed",
        source: """
            M. Al-Fares, A. Loukissas, A. Vahdat, A scalable, commodity data center network architecture, SIGCOMM 2008, \
            section 2.1: typical designs are oversubscribed by 2.5:1 to 8:1; A. Greenberg et al., VL2, SIGCOMM 2009: racks \
            have 20 to 40 servers; latency as ethernet-10g, 5 µs for an uplink are an assumption
            """,
        worker: server(Link(latencySeconds: 250e-6, bytesPerSecond: 1.25e9)),
        interconnect: Interconnect(
            .racks(Topology.Racks(nodesPerRack: 40, latencySeconds: 5e-6, oversubscription: 2.5))), pricePerGB: 0,
        wattHoursPerGB: 1, costSource: dataCentreCosts)

    /// Racks of 20 servers on 1 Gbit/s Ethernet.
    public static let racks = ClusterSpec(
        name: "racks-1g", summary: "racks of 20 servers on 1 Gbit/s Ethernet, uplinks 8 times oversubscribed",
        source: "oversubscription and size as racks-10g; latency as ethernet-1g, of an uplink as racks-10g",
        worker: server(Link(latencySeconds: 250e-6, bytesPerSecond: 125e6)),
        interconnect: Interconnect(
            .racks(Topology.Racks(nodesPerRack: 20, latencySeconds: 5e-6, oversubscription: 8))), pricePerGB: 0,
        wattHoursPerGB: 1, costSource: dataCentreCosts)

    /// Data centres on three continents, each with a line to the others.
    public static let sites = ClusterSpec(
        name: "three-sites",
        summary: "data centres on three continents, nodes spread evenly, each with a line to the others",
        source: """
            within a site as ethernet-1g; lines: J. Dean, as wan, 75 ms one way, of 1 Gbit/s / 15 each (Gaia, as wan)
            """,
        worker: server(Link(latencySeconds: 250e-6, bytesPerSecond: 125e6)),
        interconnect: Interconnect(
            .sites(
                [("america", "europe"), ("europe", "asia"), ("asia", "america")].map { pair in
                    Topology.SiteLine(
                        site: pair.0, to: pair.1, Topology.Trunk(latencySeconds: 75e-3, bytesPerSecond: 125e6 / 15))
                })), pricePerGB: 0.02, wattHoursPerGB: 1, costSource: wan.costSource)

    /// Homes on cable, and a server in a data centre.
    public static let cable = ClusterSpec(
        name: "cable", summary: "homes on cable, a server in a data centre",
        source: """
            an assumption, not a measurement: an offer of 100 Mbit/s down and 10 up, 10 ms one way; server as \
            ethernet-1g
            """,
        worker: Node(
            link: Link(latencySeconds: 10e-3, uplinkBytesPerSecond: 1.25e6, downlinkBytesPerSecond: 12.5e6),
            pricePerHour: 0, wattsBusy: 65, wattsIdle: 0),
        server: ethernet1G.worker, pricePerGB: egress, wattHoursPerGB: 1,
        costSource: """
            homes: an assumption: 65 W busy; they would be on anyway, and their owners pay for them. Server: \(serverCosts); \
            traffic: \(egressCosts), \(networkEnergy)
            """)

    /// Phones on 4G, and a server in a data centre.
    public static let phones4G = ClusterSpec(
        name: "phones-4g", summary: "phones on 4G, a server in a data centre",
        source: """
            Ofcom, Measuring mobile broadband performance in the UK, second report (tests of October to December 2014): \
            14.7 Mbit/s down, 13.6 up, 53.1 ms round trip; speed 0.25 of the host's core is an assumption; server as \
            ethernet-10g
            """,
        worker: Node(
            link: Link(latencySeconds: 26.55e-3, uplinkBytesPerSecond: 1.7e6, downlinkBytesPerSecond: 1.8375e6),
            speed: 0.25, pricePerHour: 0, wattsBusy: 3, wattsIdle: 0),
        server: ethernet10G.worker, pricePerGB: mobileData + egress, wattHoursPerGB: 300, costSource: phoneCosts)

    /// Phones on 3G, and a server in a data centre.
    public static let phones3G = ClusterSpec(
        name: "phones-3g", summary: "phones on 3G, a server in a data centre",
        source: """
            Ofcom, as phones-4g: 5.9 Mbit/s down, 1.6 up, 63.5 ms round trip; speed and server as phones-4g
            """,
        worker: Node(
            link: Link(latencySeconds: 31.75e-3, uplinkBytesPerSecond: 0.2e6, downlinkBytesPerSecond: 0.7375e6),
            speed: 0.25, pricePerHour: 0, wattsBusy: 3, wattsIdle: 0),
        server: ethernet10G.worker, pricePerGB: mobileData + egress, wattHoursPerGB: 300, costSource: phoneCosts)

    /// Phones from fast to slow on 4G, and a server in a data centre.
    public static let phonesMixed = ClusterSpec(
        name: "phones-mixed", summary: "phones from fast to slow on 4G, a server in a data centre",
        source: """
            A. Ignatov et al., AI Benchmark: All About Deep Learning on Smartphones in 2019 (ICCV workshops 2019), ranking of \
            January 2020: twelve phones of its list with their scores for floating point on the CPU, all cores together, and \
            their RAM; the choice of phones, each as likely as the others, is an assumption, and so are a speed of 0.25 of \
            the host's core for the median score and half of the RAM for the job; links and server as phones-4g
            """,
        worker: phones4G.worker, server: phones4G.server, pricePerGB: phones4G.pricePerGB,
        wattHoursPerGB: phones4G.wattHoursPerGB, costSource: phones4G.costSource,
        devices: DevicePopulation(
            kinds: aiBenchmark.map { phone in
                DevicePopulation.Kind(
                    name: phone.name,
                    figures: [
                        .speed: .constant(0.25 * phone.score / medianScore),
                        .memory: .constant(phone.gigabytes * 0.5e9),
                    ])
            }))

    private static let aiBenchmark: [(name: String, score: Double, gigabytes: Double)] = [
        ("Samsung Galaxy Note10+", 4310, 12), ("Huawei Mate 30 Pro 5G", 3744, 8), ("Google Pixel 4", 3212, 6),
        ("Samsung Galaxy S10", 2713, 8), ("Google Pixel 3", 2324, 4), ("Xiaomi Mi 9T", 2112, 6),
        ("Huawei P20", 1986, 4), ("Google Pixel 3a", 1569, 4), ("Xiaomi Redmi Note 7", 1426, 4),
        ("Samsung Galaxy A20", 1041, 3), ("Xiaomi Mi A2 Lite", 786, 4), ("Samsung Galaxy J5 (2016)", 381, 2),
    ]
    /// The mean of the two middle ones.
    private static let medianScore = 2049.0

    // MARK: Prices and watts

    /// A node computes like one core of a server, so it has the price and the power of one.
    private static func server(_ link: Link) -> Node {
        Node(link: link, pricePerHour: 0.0765 / 2, wattsBusy: 3.5, wattsIdle: 0.74)
    }

    private static let serverCosts = """
        a node is a vCPU: half of an Amazon EC2 c6a.large (0.0765 USD/h, Linux, on demand, us-east-1); 3.5 W busy and 0.74 W \
        idle (Cloud Carbon Footprint, methodology: its averages for a vCPU of AWS)
        """
    private static let networkEnergy = "1 Wh/GB (Cloud Carbon Footprint, methodology: 0.001 kWh per GB)"
    private static let dataCentreCosts = "\(serverCosts); traffic within a data centre is free, \(networkEnergy)"

    /// Only what leaves a data centre is paid for, which is half of what is sent between it and its clients.
    private static let egress = 0.09 / 2
    private static let egressCosts = "half of 0.09 USD/GB (Amazon EC2 to the internet; what comes in is free)"
    private static let mobileData = 0.62
    private static let phoneCosts = """
        phones: an assumption: 3 W busy; they would be on anyway, and their owners pay for them. Server: \(serverCosts); \
        traffic: mobile data 0.62 USD/GB (Cable.co.uk 2023, United Kingdom) and \(egressCosts); 300 Wh/GB (of the order of \
        what H. Pihkola et al., Sustainability 10(7):2494, 2018, give for Finland's mobile networks)
        """
}
