/// Who does what in a strategy with certain options, as plans and results record it: what a reader of results needs to know
/// of a strategy, also of one that the reader's program does not have.
public struct StrategyRoles: Hashable, Codable, Sendable {
    /// All ranks, servers among them.
    public var ranks: Int
    /// Ranks that train nothing.
    public var servers: [Int]
    /// Ranks that train.
    public var workers: Int
    /// Ranks that train at the same time.
    public var concurrentWorkers: Int
    /// Samples of one step of an optimizer; nil where that depends on how many samples a rank has.
    public var stepBatch: Int?
    /// Whether the workers share the samples of a step.
    public var sharesBatch: Bool
    /// Whether gradients or models are added by an all-reduce.
    public var usesAllReduce: Bool
    /// Whether the run cannot go on without any of its ranks unless it is told to.
    public var needsAllRanks: Bool
    /// Whether the order of its work does not depend on time.
    public var hasFixedSchedule: Bool
    /// Whether it is the one device that all others are measured against.
    public var isSingleDevice: Bool
    /// Whether every worker has a model of its own, and there is no common one.
    public var modelsOfNodes: Bool {
        get { models == .ofNodes }
        set { models = newValue ? .ofNodes : nil }
    }
    /// Nil where there is one model, so that the roles of such strategies are written as in older files.
    private var models: Models?
    private enum Models: String, Codable {
        case ofNodes = "of nodes"
    }
    /// Where the strategy runs if the user does not say.
    public var home: StrategyDescription.Home

    /// Roles as a strategy with these options has them.
    public init(
        ranks: Int, servers: [Int] = [], workers: Int, concurrentWorkers: Int, stepBatch: Int? = nil,
        sharesBatch: Bool = false, usesAllReduce: Bool = false, needsAllRanks: Bool = true,
        hasFixedSchedule: Bool = false, isSingleDevice: Bool = false, modelsOfNodes: Bool = false,
        home: StrategyDescription.Home = .simulated
    ) {
        self.ranks = ranks
        self.servers = servers
        self.workers = workers
        self.concurrentWorkers = concurrentWorkers
        self.stepBatch = stepBatch
        self.sharesBatch = sharesBatch
        self.usesAllReduce = usesAllReduce
        self.needsAllRanks = needsAllRanks
        self.hasFixedSchedule = hasFixedSchedule
        self.isSingleDevice = isSingleDevice
        self.home = home
        models = modelsOfNodes ? .ofNodes : nil
    }

    package init(_ strategy: any Strategy, of description: StrategyDescription) {
        self.init(
            ranks: strategy.rankCount, servers: strategy.serverRanks, workers: strategy.workerCount,
            concurrentWorkers: strategy.concurrentWorkers, stepBatch: strategy.stepBatch,
            sharesBatch: strategy.sharesBatch, usesAllReduce: strategy.usesAllReduce,
            needsAllRanks: strategy.dataOfRanks == nil, hasFixedSchedule: strategy.hasFixedSchedule,
            isSingleDevice: description.isSingleDevice, modelsOfNodes: strategy.modelsOfNodes, home: description.home)
    }

    /// The server whose machine a cluster describes apart from the others.
    public var server: Int? { servers.first }
}
