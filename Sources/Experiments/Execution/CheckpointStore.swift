public import Training

/// Where an experiment keeps what it needs to continue after it was killed, such as files.
///
/// One thread at a time makes calls, and whatever a call stores is safe when the call returns.
public protocol CheckpointStore: Sendable {
    /// Updates of the model (steps, or rounds of federated strategies) from one checkpoint to the next.
    var interval: Int { get }
    /// What an earlier process left of the same experiment; nil for an experiment that begins.
    var resumed: ExperimentState? { get }
    /// The experiment is about to make its first run that is not finished.
    func begin(_ state: ExperimentState) throws
    /// The newest checkpoint of a run that is undamaged; nil to start from its beginning.
    func latest(of run: Experiment.RunIdentity) throws -> RunState?
    /// Keeps a checkpoint of a run.
    func write(_ state: RunState, of run: Experiment.RunIdentity) throws
    /// A run is finished, and its checkpoints are not needed any more.
    func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ state: ExperimentState) throws
}

/// The runs of an experiment that are finished.
public struct ExperimentState: Hashable, Codable, Sendable {
    /// How many runs are finished, repetitions included; they are the first ones in the experiment's order.
    package var finishedRuns: Int
    /// The results so far, with the plan, the compute model and the machine of the process that began the experiment.
    public var results: Results

    package init(finishedRuns: Int, results: Results) {
        self.finishedRuns = finishedRuns
        self.results = results
    }
}
