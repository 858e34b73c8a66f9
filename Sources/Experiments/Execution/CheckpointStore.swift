public import Training

/// Where an experiment keeps what it needs to go on after it was killed: files, for a program that has some.
///
/// Every call is made by one thread at a time, and what it keeps is safe when it returns.
public protocol CheckpointStore: Sendable {
    /// Updates of the model (steps, or rounds of federated strategies) from one checkpoint to the next.
    var interval: Int { get }
    /// What an earlier process left of the same experiment; nil for one that begins.
    var resumed: ExperimentState? { get }
    /// The experiment is about to make its first run that is not finished.
    func begin(_ state: ExperimentState) throws
    /// The newest checkpoint of a run that is undamaged; nil to start from its beginning.
    func latest(of run: Experiment.RunIdentity) throws -> RunState?
    func write(_ state: RunState, of run: Experiment.RunIdentity) throws
    /// A run is finished, and its checkpoints are not needed any more.
    func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ state: ExperimentState) throws
}

/// The runs of an experiment that are finished.
public struct ExperimentState: Hashable, Codable, Sendable {
    /// Repetitions included; they are the first in the experiment's order.
    package var finishedRuns: Int
    /// With the plan, the compute model and the machine of the process that began.
    public var results: Results

    package init(finishedRuns: Int, results: Results) {
        self.finishedRuns = finishedRuns
        self.results = results
    }
}
