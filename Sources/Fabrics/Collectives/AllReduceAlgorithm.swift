/// The all-reduce algorithms, by the names that `--allreduce` takes.
public enum AllReduceAlgorithm: Hashable, Sendable {
    /// See ``RingAllReduce``.
    case ring
    /// See ``RecursiveDoublingAllReduce``.
    case recursiveDoubling
    /// See ``RabenseifnerAllReduce``.
    case rabenseifner
    /// See ``BinomialTreeAllReduce``.
    case tree
    /// See ``DoubleTreeAllReduce``.
    case doubleTree
    /// Two levels, with groups of so many consecutive ranks. With nil, the groups are the cluster's racks or sites;
    /// where it has none, their size is about the root of the number of ranks.
    case grouped(size: Int?)
    /// So many servers, which add up a part of the vector each; see ``ParameterServerAllReduce``.
    case servers(count: Int)
    /// The cheapest algorithm, which is found out before the runs: see ``AllReduceChoice``.
    case automatic

    /// Two levels with groups of the cluster or, where it has none, of about the root of the number of ranks.
    public static let hierarchical = Self.grouped(size: nil)
    /// One server, rank 0, which adds up all vectors.
    public static let parameterServer = Self.servers(count: 1)

    /// - Parameter groups: the cluster's racks or sites, of consecutive ranks, where it has any.
    package func messages(ranks: Int, groups: [Range<Int>]? = nil) -> any CollectiveAlgorithm {
        switch self {
        case .ring: return RingAllReduce()
        case .recursiveDoubling: return RecursiveDoublingAllReduce()
        case .rabenseifner: return RabenseifnerAllReduce()
        case .tree: return BinomialTreeAllReduce()
        case .doubleTree: return DoubleTreeAllReduce()
        case .grouped(let size):
            if size == nil, let groups, groups.count > 1 { return HierarchicalAllReduce(groups: groups) }
            let size = size ?? Int(Double(ranks).squareRoot().rounded(.up))
            return HierarchicalAllReduce(groups: HierarchicalAllReduce.groups(of: size, ranks: ranks))
        case .servers(let count): return ParameterServerAllReduce(shards: count)
        case .automatic: preconditionFailure("an all-reduce that nobody has chosen")
        }
    }

    /// Messages of one all-reduce among so many ranks. Two trees send more where the vector is longer; the number is
    /// that of the shortest vector.
    public func messageCount(ranks: Int) -> Int {
        guard ranks > 1 else { return 0 }
        let core = PowerOfTwoCore(ranks: ranks)
        switch self {
        case .ring: return 2 * ranks * (ranks - 1)
        case .recursiveDoubling: return core.positions * core.rounds + 2 * core.folded
        case .rabenseifner: return 2 * core.positions * core.rounds + 2 * core.folded
        case .tree: return 2 * (ranks - 1)
        case .doubleTree: return 4 * (ranks - 1)
        // The most there can be: every rank is a group of its own.
        case .grouped: return 2 * ranks + Self.rabenseifner.messageCount(ranks: ranks)
        case .servers(let count): return 2 * min(count, ranks) * (ranks - 1)
        case .automatic: preconditionFailure("an all-reduce that nobody has chosen")
        }
    }

    /// What the algorithm does, in a line.
    public var summary: String {
        switch self {
        case .ring: "2(n-1) steps of 1/n of the vector: least bytes a link (Patarasuk and Yuan 2009)"
        case .recursiveDoubling:
            "log2(n) exchanges of the whole vector: least latency (Thakur, Rabenseifner and Gropp 2005)"
        case .rabenseifner:
            "reduce-scatter and all-gather in 2 log2(n) steps: few bytes and little latency (Rabenseifner 2004)"
        case .tree: "binomial tree up to rank 0 and down again"
        case .doubleTree:
            "two complementary binary trees with half of the vector each, in segments of 64 KiB (Sanders et al. 2009)"
        case .grouped:
            """
            trees within groups, Rabenseifner's between their first ranks; hierarchical:SIZE sets the ranks of a group \
            (else the cluster's racks or sites, or about the root of n)
            """
        case .servers:
            "all send to rank 0, which sends the sum to all; parameter-server:COUNT has more servers, each with a part"
        case .automatic: "the cheapest of these for model, ranks and network, each played once before the runs"
        }
    }
}

extension AllReduceAlgorithm: CaseIterable {
    /// Every algorithm once, with its default parameter.
    public static let allCases: [Self] = [
        .ring, .recursiveDoubling, .rabenseifner, .tree, .doubleTree, .hierarchical, .parameterServer,
    ]

    /// All that `--allreduce` takes, for lists and errors.
    public static let usages =
        allCases.map(\.rawValue) + ["hierarchical:SIZE", "parameter-server:COUNT", automatic.rawValue]
}

extension AllReduceAlgorithm: RawRepresentable {
    private static let greatestParameter = 1_000_000

    /// The algorithm as `--allreduce` takes it, such as `hierarchical:4`.
    public var rawValue: String {
        switch self {
        case .ring: "ring"
        case .recursiveDoubling: "recursive-doubling"
        case .rabenseifner: "rabenseifner"
        case .tree: "tree"
        case .doubleTree: "double-tree"
        case .grouped(let size): "hierarchical" + (size.map { ":\($0)" } ?? "")
        case .servers(let count): "parameter-server" + (count == 1 ? "" : ":\(count)")
        case .automatic: "auto"
        }
    }

    /// The algorithm of a text as `--allreduce` takes it; nil for an unknown name, and for a number that is not from 1
    /// to a million.
    public init?(rawValue: String) {
        let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let number = Int(parts[1]), (1...Self.greatestParameter).contains(number) else { return nil }
            switch parts[0] {
            case "hierarchical": self = .grouped(size: number)
            case "parameter-server": self = .servers(count: number)
            default: return nil
            }
        } else {
            guard let known = (Self.allCases + [.automatic]).first(where: { $0.rawValue == rawValue }) else {
                return nil
            }
            self = known
        }
    }
}

extension AllReduceAlgorithm: Codable {
    public init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let algorithm = Self(rawValue: name) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: """
                        unknown all-reduce algorithm '\(name)'; allowed are \(Self.usages.joined(separator: ", "))
                        """))
        }
        self = algorithm
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
