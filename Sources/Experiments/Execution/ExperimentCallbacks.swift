import Fabrics
public import Foundation
import Kernel
public import Training

extension Experiment {
    /// Which run it is of how many.
    public struct RunIdentity: Hashable, Sendable {
        /// With its options.
        public let strategy: StrategyPlan
        /// One of the plan's.
        public let seed: UInt64
        /// 0 for the run whose results count; the others are made for their time.
        public let repetition: Int
        /// Its place among all runs of the experiment.
        public let index: Int
        /// All runs of the experiment.
        public let count: Int
        /// Updates of the model that an earlier process made; 0 for a run from its beginning.
        public internal(set) var resumedAfter = 0

        package init(strategy: StrategyPlan, seed: UInt64, repetition: Int, index: Int, count: Int) {
            self.strategy = strategy
            self.seed = seed
            self.repetition = repetition
            self.index = index
            self.count = count
        }
    }

    /// What happens while an experiment runs; called on whichever thread it happens.
    public struct Callbacks: Sendable {
        /// A run begins.
        public var began: @Sendable (RunIdentity) -> Void
        /// A model was evaluated; the share of the run's samples that are done.
        public var evaluated: @Sendable (RunIdentity, TrainingRun.Evaluation, _ share: Double) -> Void
        /// A run is finished, with the mean loss of each of its steps and its last parameters.
        public var finished: @Sendable (RunIdentity, RunRecord, _ stepLosses: [Double], FinalParameters?) throws -> Void
        /// The experiment goes on from what an earlier process had finished.
        public var resumed: @Sendable (Results) throws -> Void = { _ in }
        /// A simulated run begins: what is to be told of all that its ranks do, if anything.
        package var tracing: @Sendable (RunIdentity) throws -> TraceRecorder? = { _ in nil }
        /// The schedule of a finished simulated run; nil where it follows from times, or is too long.
        package var scheduled: @Sendable (RunIdentity, Schedule?) throws -> Void = { _, _ in }

        /// Nothing is called that is not named.
        public init(
            began: @escaping @Sendable (RunIdentity) -> Void = { _ in },
            evaluated: @escaping @Sendable (RunIdentity, TrainingRun.Evaluation, Double) -> Void = { _, _, _ in },
            finished: @escaping @Sendable (RunIdentity, RunRecord, [Double], FinalParameters?) throws -> Void = {
                _, _, _, _ in
            }
        ) {
            self.began = began
            self.evaluated = evaluated
            self.finished = finished
        }
    }
}

/// A model at the end of a run, to be saved.
public struct FinalParameters: Sendable {
    let layout: ParameterLayout
    let parameters: ParameterVector

    /// The bytes of a safetensors file.
    public func encoded() throws -> Data { try Safetensors.encode(parameters, layout) }
}
