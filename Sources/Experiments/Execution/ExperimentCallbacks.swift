import Fabrics
public import Foundation
import Kernel
public import Training

extension Experiment {
    /// Identifies a run among all runs of an experiment.
    public struct RunIdentity: Hashable, Sendable {
        /// The strategy with its options.
        public let strategy: StrategyPlan
        /// One of the plan's seeds.
        public let seed: UInt64
        /// 0 for the run whose results count; higher repetitions are made to measure their time.
        public let repetition: Int
        /// The run's place among all runs of the experiment.
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

    /// What is called while an experiment runs, on the thread on which it happens.
    public struct Callbacks: Sendable {
        /// A run begins.
        public var began: @Sendable (RunIdentity) -> Void
        /// A model was evaluated; `share` is the part of the run's samples that are done, 0 to 1.
        public var evaluated: @Sendable (RunIdentity, TrainingRun.Evaluation, _ share: Double) -> Void
        /// A run is finished, with the mean loss of each of its steps and its last parameters.
        public var finished: @Sendable (RunIdentity, RunRecord, _ stepLosses: [Double], FinalParameters?) throws -> Void
        /// The experiment continues after the results of an earlier process.
        public var resumed: @Sendable (Results) throws -> Void = { _ in }
        /// A simulated run begins; returns a recorder for all that its ranks do, or nil for none.
        package var tracing: @Sendable (RunIdentity) throws -> TraceRecorder? = { _ in nil }
        /// A simulated run is finished; its schedule is nil where what ranks do depends on time, or where it is too
        /// long.
        package var scheduled: @Sendable (RunIdentity, Schedule?) throws -> Void = { _, _ in }

        /// Callbacks that are not given do nothing.
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
