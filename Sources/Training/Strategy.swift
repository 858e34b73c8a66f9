public import Fabrics
public import Kernel

/// A way of distributing training. It is written from the point of view of one rank, and knows nothing of the fabric
/// that runs it:
///
///     struct LocalOnly: Strategy {
///         let options: StepOptions
///         var rankCount: Int { options.workers }
///
///         func program(for run: TrainingRun) throws -> RankProgram {
///             let sampler = run.sampler(batch: options.batch)
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
    /// Ranks of the job, servers among them.
    var rankCount: Int { get }
    /// Ranks that train nothing and whose machines may have links of their own. The cluster's `server:` describes them.
    var serverRanks: [Int] { get }
    /// Ranks that train: all but servers.
    var workerCount: Int { get }
    /// Ranks that train at the same time.
    var concurrentWorkers: Int { get }
    /// Vectors of the model's size that are held at once: parameters, gradients, velocities.
    var vectorCount: Int { get }
    /// The sizes of batch of which a compute model must know the time.
    var batchSizes: [Int] { get }
    /// Samples of one step of an optimizer; nil where that depends on how many samples a rank has.
    var stepBatch: Int? { get }
    /// Whether the workers share the samples of a step, which is then no larger than the training set and has one for each.
    var sharesBatch: Bool { get }
    /// Whether gradients or models are added by an all-reduce, whose algorithm is then worth choosing.
    var usesAllReduce: Bool { get }
    /// Which ranks have training data of their own, and how the training set is spread over them; nil where all draw from
    /// the whole set.
    var dataOfRanks: DataOfRanks? { get }
    /// Whether every worker has a model of its own, and there is no common one.
    var modelsOfNodes: Bool { get }
    /// Numbers in the longest vector that a rank sends, of a model with so many parameters.
    func longestMessage(parameters: Int) -> Int
    /// The most samples of one update of the model, by which a run may go beyond its budget.
    func longestRound(trainingSamples: Int) -> Int

    /// What keeps runs of a seed from being made, though each option is allowed by itself, such as an overlay that is not
    /// connected; nil for nothing.
    func problem(seed: UInt64) -> String?

    /// What follows from the options that they do not say by themselves, such as that nobody hears anybody: sentences without
    /// their end.
    var notes: [String] { get }

    /// Whether the ranks do the same in the same order however long anything takes, so that what one run did tells what the
    /// run takes on another cluster. False unless a strategy says so.
    var hasFixedSchedule: Bool { get }
    /// Whether who sends to whom follows from numbers, such as how good others' models are on a rank's own data. The schedule may
    /// be fixed all the same; but a simulated run that goes on from a checkpoint has to compute everything before it again.
    var messagesFollowNumbers: Bool { get }
    /// What ranks keep between messages: checkpoints hold it, and a run that was killed goes on from it.
    var state: [StateDeclaration] { get }
    /// What a rank holds in its memory at once.
    ///
    /// - Parameter samples: of the rank's own data, where it has such.
    func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed

    /// What one rank does. What ranks share, such as the partition of the data, is made here, once.
    /// - Throws: ``DataError`` where the options do not fit the data.
    func program(for run: TrainingRun) throws -> RankProgram
}

/// Ranks with training data of their own. One whose machine has too little memory is left out, and the others go on.
public struct DataOfRanks: Hashable, Sendable {
    /// How the training set is spread over the ranks, as `--partition` takes it.
    public var partition: String
    /// The ranks that have data; the first rank has the first part, and so on.
    public var ranks: Range<Int>

    /// - Parameter partition: as `--partition` takes it.
    public init(_ partition: String, ranks: Range<Int>) {
        self.partition = partition
        self.ranks = ranks
    }
}

extension Strategy {
    public var serverRanks: [Int] { [] }
    public var workerCount: Int { rankCount - serverRanks.count }
    public var concurrentWorkers: Int { workerCount }
    public var stepBatch: Int? { nil }
    public var sharesBatch: Bool { false }
    public var usesAllReduce: Bool { false }
    public var dataOfRanks: DataOfRanks? { nil }
    public var modelsOfNodes: Bool { false }
    public func problem(seed: UInt64) -> String? { nil }
    public var notes: [String] { [] }
    public var hasFixedSchedule: Bool { false }
    public var messagesFollowNumbers: Bool { false }
    public var state: [StateDeclaration] { [.parameters] }
    public var batchSizes: [Int] { stepBatch.map { [$0] } ?? [] }
    public func longestRound(trainingSamples: Int) -> Int { stepBatch ?? trainingSamples }
    public func longestMessage(parameters: Int) -> Int { parameters }

    /// Vectors that the state declares, and a model and a gradient of every rank.
    public var vectorCount: Int { state.commonVectors + rankCount * (state.vectorsOfEachWorker + 2) }

    /// The need of a rank that trains in steps of ``stepBatch`` samples, or on all samples of its own at once.
    public func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed {
        .training(
            network, batch: stepBatch ?? samples, keeping: max(0, state.commonVectors + state.vectorsOfEachWorker - 1))
    }

    /// The server whose machine a cluster describes apart from the others.
    package var serverRank: Int? { serverRanks.first }
}
