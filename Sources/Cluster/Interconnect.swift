import Diagnostics

/// What lies between the nodes' links, and what messages do to each other there.
public struct Interconnect: Hashable, Codable, Sendable {
    /// How messages that need the same link at the same time get on.
    public enum Sharing: String, CaseIterable, Codable, Sendable {
        /// A link carries one message at a time, in the order in which they ask for it.
        case ports
        /// All messages at once, at rates that are max-min fair: no flow can get more without one that has less getting
        /// still less (Bertsekas and Gallager 1992, section 6.5.2). The flow model of SimGrid, validated by Velho,
        /// Schnorr, Casanova and Legrand 2013, *On the validity of flow-level TCP network models*.
        case maxMin = "max-min"
    }

    /// Messages that do not get there and are sent again.
    public struct Loss: Hashable, Codable, Sendable {
        /// The probability that a transmission is lost, independently of all others.
        public var probability: Double
        /// Seconds from when a lost transmission has left until the message is sent again.
        public var timeoutSeconds: Double

        /// - Parameter timeoutSeconds: from when a lost transmission has left until it is sent again.
        public init(probability: Double, timeoutSeconds: Double) {
            self.probability = probability
            self.timeoutSeconds = timeoutSeconds
        }
    }

    /// Which cables there are.
    public var topology: Topology
    /// How messages that meet share a cable.
    public var sharing: Sharing
    /// Messages that get lost; nil for none.
    public var loss: Loss?

    /// - Parameter sharing: without one, ports on one switch and max-min elsewhere.
    public init(_ topology: Topology = .oneSwitch, sharing: Sharing? = nil, loss: Loss? = nil) {
        self.topology = topology
        self.sharing = sharing ?? Self.defaultSharing(topology)
        self.loss = loss
    }

    static func defaultSharing(_ topology: Topology) -> Sharing { topology == .oneSwitch ? .ports : .maxMin }

    /// One switch whose ports carry one message at a time, and nothing is lost.
    public static let plain = Interconnect()

    /// The interconnect in a line, for lists and reports; nil for the plain one.
    func figures(worker: Link) -> String? {
        var parts: [String] = []
        func describe(_ trunk: Topology.Trunk) -> String {
            let (up, down) = (trunk.uplinkBytesPerSecond, trunk.downlinkBytesPerSecond)
            return Format.seconds(trunk.latencySeconds) + ", "
                + (up == down
                    ? Format.bandwidth(up) : "\(Format.bandwidth(up)) out, \(Format.bandwidth(down)) in")
        }
        switch topology {
        case .oneSwitch: break
        case .racks(let racks):
            let uplink = describe(racks.uplink(of: worker))
            parts.append("racks of \(racks.nodesPerRack), uplink \(uplink)")
        case .sites(let lines):
            parts.append(
                "\(Topology.siteNames(lines).count) sites: "
                    + lines.map { line in
                        "\(line.site)\(line.other.map { " to \($0)" } ?? "") \(describe(line.trunk))"
                    }.joined(separator: "; "))
        case .ring: parts.append("ring of these links")
        case .torus(let rows, let columns): parts.append("torus of \(rows) x \(columns) with these links")
        case .graph(let graph):
            parts.append(
                "graph of \(graph.nodes.count) nodes, \(graph.switches.count) switches and \(graph.edges.count) links")
        }
        if sharing != Self.defaultSharing(topology) || topology != .oneSwitch {
            parts.append("sharing \(sharing.rawValue)")
        }
        if let loss {
            parts.append(
                """
                loss \(Format.significant(loss.probability * 100)) %, sent again after \
                \(Format.seconds(loss.timeoutSeconds))
                """)
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
