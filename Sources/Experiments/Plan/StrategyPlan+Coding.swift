import Cluster
import Fabrics
import Tasks
import Training

extension StrategyPlan: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, strategy, fabric, cluster, allReduce, allReduceChoice, bucketChoices, configuration, options, roles
        case tuning, isBaseline
    }

    /// Files of older schemas have the options of all strategies in the configuration, and no roles.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        fabric = try container.decode(FabricKind.self, forKey: .fabric)
        cluster = try container.decodeIfPresent(ClusterSpec.self, forKey: .cluster)
        allReduce = try container.decode(AllReduceAlgorithm.self, forKey: .allReduce)
        allReduceChoice = try container.decodeIfPresent(AllReduceChoice.self, forKey: .allReduceChoice)
        bucketChoices = try container.decodeIfPresent([AllReduceChoice].self, forKey: .bucketChoices)
        configuration = try container.decode(TrainingConfiguration.self, forKey: .configuration)
        tuning = try container.decodeIfPresent(Tuning.self, forKey: .tuning)
        isBaseline = try container.decodeIfPresent(Bool.self, forKey: .isBaseline) ?? false
        if container.contains(.options) {
            strategy = try container.decode(String.self, forKey: .strategy)
            options = try container.decode(OptionValues.self, forKey: .options)
            roles = try container.decode(StrategyRoles.self, forKey: .roles)
        } else {
            strategy = name
            let older = try container.decode(OlderOptions.self, forKey: .configuration)
            (options, roles) = try older.split(of: name, at: container.codingPath)
        }
    }

    /// Leaves out what is nil, and `isBaseline` unless it is true, so that plans without such rows are written as
    /// before.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(strategy, forKey: .strategy)
        try container.encode(fabric, forKey: .fabric)
        try container.encodeIfPresent(cluster, forKey: .cluster)
        try container.encode(allReduce, forKey: .allReduce)
        try container.encodeIfPresent(allReduceChoice, forKey: .allReduceChoice)
        try container.encodeIfPresent(bucketChoices, forKey: .bucketChoices)
        try container.encode(configuration, forKey: .configuration)
        try container.encode(options, forKey: .options)
        try container.encode(roles, forKey: .roles)
        try container.encodeIfPresent(tuning, forKey: .tuning)
        // Plans without baseline rows are written as in older versions.
        if isBaseline { try container.encode(true, forKey: .isBaseline) }
    }
}

/// What the configurations of schemas 1 to 4 have for the four strategies of that time.
private struct OlderOptions: Decodable {
    let batch: Int
    let workers: Int
    let federated: Federated
    let overlap: Overlap?

    struct Overlap: Decodable { let bucketBytes: Int }

    struct Federated: Decodable {
        let clients: Int
        let fraction: Double
        let localEpochs: Int
        let localBatch: Int?
        let partition: String
    }

    func split(of strategy: String, at path: [any CodingKey]) throws -> (options: OptionValues, roles: StrategyRoles) {
        let (options, roles) = (try options(of: strategy, at: path), roles(of: strategy))
        return (options, roles)
    }

    private func options(of strategy: String, at path: [any CodingKey]) throws -> OptionValues {
        switch strategy {
        case "single": return ["batch": batch.optionValue]
        case "threads", "sync":
            let bytes = overlap?.bucketBytes ?? GradientOverlap.standardBucketBytes
            return [
                "batch": batch.optionValue, "workers": workers.optionValue, "overlap": .flag(overlap != nil),
                "bucket": bytes.optionValue,
            ]
        case "federated":
            return [
                "clients": federated.clients.optionValue, "fraction": .number(federated.fraction),
                "local-epochs": federated.localEpochs.optionValue,
                "local-batch": federated.localBatch?.optionValue ?? .text("all"),
                "partition": .text(federated.partition),
            ]
        default:
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: path, debugDescription: "strategy '\(strategy)', which no program of that schema had"))
        }
    }

    /// The roles of the four strategies of that time, written down here since the strategies' code may change.
    private func roles(of strategy: String) -> StrategyRoles {
        guard strategy == "federated" else {
            let isSingle = strategy == "single"
            let ranks = isSingle ? 1 : workers
            return StrategyRoles(
                ranks: ranks, workers: ranks, concurrentWorkers: ranks, stepBatch: batch, sharesBatch: true,
                usesAllReduce: true, hasFixedSchedule: true, isSingleDevice: isSingle,
                home: strategy == "sync" ? .simulated : .threads)
        }
        // A damaged file may have any number here; an impossible number of clients is refused when everything is
        // decoded.
        let clients = min(max(federated.clients, 1), Allowed.largestCount)
        let share = min(max(federated.fraction, 0), 1)
        let cohort = min(clients, max(1, Int((share * Double(clients)).rounded())))
        return StrategyRoles(
            ranks: clients + 1, servers: [0], workers: clients, concurrentWorkers: cohort,
            stepBatch: federated.localBatch, needsAllRanks: false, hasFixedSchedule: true)
    }
}
