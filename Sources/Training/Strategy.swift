public import Fabrics
public import Kernel

/// A way of distributing training. It is written from the point of view of one rank, and knows nothing of the fabric
/// that runs it:
///
///     struct LocalOnly: Strategy {
///         let configuration: TrainingConfiguration
///         var rankCount: Int { configuration.workers }
///         func program(for run: TrainingRun) throws -> RankProgram {
///             { rank in
///                 let model = run.initialParameters.copied()
///                 ...                                            // rank.compute, rank.send, rank.allReduce
///                 _ = try await run.evaluate(model, round: 1, samples: 64, on: rank, .allRanks)
///             }
///         }
///     }
///
/// To add one: a file like this with the paper at its top, a line in ``StrategyRegistry``, and a test file; the
/// conformance tests run over the registry.
public protocol Strategy: Sendable {
    var rankCount: Int { get }
    /// The rank that is a server with a link of its own, if the strategy has one.
    var serverRank: Int? { get }
    /// Ranks that train: all but a server.
    var workerCount: Int { get }
    /// Ranks that train at the same time.
    var concurrentWorkers: Int { get }
    /// Vectors of the model's size that are held at once: parameters, gradients, velocities.
    var vectorCount: Int { get }
    /// The sizes of batch of which a compute model must know the time.
    var batchSizes: [Int] { get }

    /// Whether the ranks do the same in the same order however long anything takes, so that what one run did tells what the
    /// run takes on another cluster. False unless a strategy says so.
    var hasFixedSchedule: Bool { get }
    /// What a rank holds in its memory at once.
    ///
    /// - Parameter samples: of the rank's own data, where it has such.
    func memoryNeed(ofRank rank: Int, _ network: Network, samples: Int) -> MemoryNeed

    /// What one rank does. What ranks share, such as the partition of the data, is made here, once.
    /// - Throws: ``DataError`` where the options do not fit the data.
    func program(for run: TrainingRun) throws -> RankProgram
}

extension Strategy {
    public var serverRank: Int? { nil }
    public var workerCount: Int { rankCount - (serverRank == nil ? 0 : 1) }
    public var concurrentWorkers: Int { workerCount }
    public var hasFixedSchedule: Bool { false }
}

/// A strategy as lists and the command line know it.
public struct StrategyDescription: Sendable {
    public enum Home: String, Codable, Sendable {
        /// The machine one has: threads, measured.
        case threads
        /// Machines one describes: simulated, or emulated.
        case simulated
    }

    public let name: String
    public let summary: String
    /// Paper and section.
    public let source: String
    /// The fabric that carries it where none is asked for.
    public let home: Home
    /// The preset that it runs on where no cluster is named; for a strategy at home on threads, where it is simulated.
    public let defaultCluster: String
    /// Workers where the user names none; nil for all cores of this machine.
    public let defaultWorkers: Int?
    public let isFederated: Bool
    /// Whether it is the one device that all others are measured against.
    public var isSingleDevice: Bool { home == .threads && defaultWorkers == 1 }
    public let make: @Sendable (TrainingConfiguration) -> any Strategy

    package init(
        name: String, summary: String, source: String, home: Home, defaultCluster: String, defaultWorkers: Int?,
        isFederated: Bool, make: @escaping @Sendable (TrainingConfiguration) -> any Strategy
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.home = home
        self.defaultCluster = defaultCluster
        self.defaultWorkers = defaultWorkers
        self.isFederated = isFederated
        self.make = make
    }
}
