public import Fabrics
public import Kernel

/// A way of distributing training. It is written from the point of view of one rank, and knows nothing of the fabric
/// that runs it:
///
///     struct LocalOnly: Strategy {
///         let workers: Int
///         let batch: Int
///         var rankCount: Int { workers }
///
///         func program(for run: TrainingRun) throws -> RankProgram {
///             let sampler = run.sampler(batch: batch)
///             return { rank in
///                 let model = run.initialParameters.copied()
///                 let losses = run.losses(of: rank.index, steps: 100)
///                 var (step, before, samples) = (0, 0, 0)
///                 while true {
///                     if step == 0 || run.isEvaluationDue(from: before, to: samples) {
///                         let goesOn = try await run.evaluate(
///                             model, of: .eachRank, round: step, samples: samples, on: rank)
///                         guard goesOn, samples < run.sampleBudget else { return }
///                     }
///                     (before, samples) = (samples, samples + sampler.count(ofStep: step))
///                     let own = sampler.indices(step: step, part: rank.index, of: rank.count)
///                     let rate = run.learningRate(from: before, to: samples)
///                     try await rank.compute(.step(samples: own.count)) {
///                         let loss = run.descend(own, dividedBy: own.count, from: model, rate: rate, into: model)
///                         losses.append(sum: loss, samples: own.count)
///                     }
///                     step += 1
///                 }
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
    /// What ranks keep between messages: checkpoints hold it, and a run that was killed goes on from it.
    var state: [StateDeclaration] { get }
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
    public var state: [StateDeclaration] { [.parameters] }
    public var batchSizes: [Int] { [] }

    /// What is declared, and a model and a gradient of every rank.
    public var vectorCount: Int { state.commonVectors + rankCount * (state.vectorsOfEachWorker + 2) }

    /// That of a rank that trains on all samples of its own at once.
    public func memoryNeed(ofRank rank: Int, _ network: Network, samples: Int) -> MemoryNeed {
        .training(network, batch: samples, keeping: max(0, state.commonVectors + state.vectorsOfEachWorker - 1))
    }
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
