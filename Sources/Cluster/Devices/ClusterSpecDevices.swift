import Diagnostics
import Randomness

/// The nodes of a job's ranks, which differ where the cluster has a population or stragglers.
extension ClusterSpec {
    /// The node of every rank.
    ///
    /// - Parameter seeds: of the run; the same rank is the same device for all strategies of a seed. The server is not drawn.
    package func nodes(ranks: Int, server serverRank: Int?, seeds: SeedSequence) -> [Node] {
        var nodes = (0..<ranks).map { $0 == serverRank ? server ?? worker : worker }
        let workers = (0..<ranks).filter { $0 != serverRank }
        if let devices {
            for (rank, device) in zip(workers, devices.devices(worker, ranks: workers, seeds: seeds)) {
                nodes[rank] = device
            }
        }
        if let stragglers {
            for rank in workers {
                guard let slowdown = stragglers.slowdown(ofRank: rank, seeds) else { continue }
                nodes[rank].speed = max(nodes[rank].speed / slowdown, Self.speeds.lowerBound)
            }
        }
        return nodes
    }

    /// Whether workers differ from each other.
    package var hasDifferentWorkers: Bool { devices != nil || stragglers != nil }

    /// How many of these workers are stragglers.
    package func stragglerCount(among workers: [Int], seeds: SeedSequence) -> Int {
        guard let stragglers else { return 0 }
        return workers.count { stragglers.slowdown(ofRank: $0, seeds) != nil }
    }

    /// The slowdowns as a simulation needs them; nil where no rank is slowed down for a while.
    package func slowdowns(server serverRank: Int?) -> RankSlowdowns? {
        slowdowns.map { RankSlowdowns($0, server: serverRank) }
    }

    func validateDevices() throws(ClusterFileError) {
        for problem in [devices?.problem, stragglers?.problem, slowdowns?.problem] {
            if let problem { throw ClusterFileError("cluster '\(name)': \(problem)") }
        }
        guard let devices else { return }
        if !network.topology.hasPorts, devices.hasLinkFigures {
            throw ClusterFileError("cluster '\(name)': \(Self.linksAreAlike)")
        }
        if case .racks(let racks) = network.topology, racks.oversubscription != nil, devices.hasBandwidths {
            throw ClusterFileError("cluster '\(name)': \(Self.rackUplinksAreFixed)")
        }
    }

    static let linksAreAlike = "the links of a ring, torus or graph are alike; allowed is one figure for all"
    static let rackUplinksAreFixed = """
        racks whose nodes differ in bandwidth need the 'bandwidth' of their uplinks; 'oversubscription' says nothing there
        """

    /// Checks that every worker finds a device and every listed slowdown a rank.
    func validateDevices(ranks: Int) throws(ClusterFileError) {
        if case .listed(let entries) = slowdowns, let entry = entries.first(where: { $0.rank >= ranks }) {
            throw ClusterFileError(
                "cluster '\(name)': a slowdown of rank \(entry.rank); the job's ranks are 0 to \(ranks - 1)")
        }
    }

    /// Checks that a list of devices, handed out in order, is long enough.
    ///
    /// - Throws: ``ClusterFileError`` with the most workers that find a device.
    public func validate(workers: Int) throws(ClusterFileError) {
        guard let most = devices?.deviceCount, workers > most else { return }
        throw ClusterFileError(
            """
            cluster '\(name)' has \(most) devices in order, and the job \(workers) workers; allowed are up to \(most), or \
            'assign: drawn'
            """)
    }

    /// Devices, stragglers and slowdowns in a line, behind the figures of the links; empty where there are none.
    var devicesFigures: String {
        var text = ""
        if let devices {
            let kinds = devices.kinds.count
            text += "; devices"
            if kinds > 0 { text += " of \(kinds) kind\(kinds == 1 ? "" : "s")" }
            text += devices.assignment == .inOrder ? " in order" : " drawn"
            if let sample = DeviceSummary(sampleOf: self).figures { text += ": \(sample)" }
        }
        if let stragglers { text += "; stragglers: \(stragglers)" }
        if let slowdowns { text += "; slowdowns: \(slowdowns)" }
        return text
    }
}
