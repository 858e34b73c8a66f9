public import Fabrics
public import Kernel

/// All that a run needs to go on between two updates of its model.
///
/// It is little, since every random stream follows from the seed, its purpose and its indices (step, client, round): where
/// the run is says which numbers come next.
public struct RunState: Sendable {
    public var position: RunPosition
    public var parameters: ParameterVector
    /// The optimizer's, where it has one.
    public var velocity: ParameterVector?
    /// The model of the last evaluation, of a run that may end between two.
    public var evaluatedParameters: ParameterVector?
    public var evaluations: [TrainingRun.Evaluation]
    public var stepLosses: [Double]
    /// Of the samples since the last evaluation: their losses' sum and their number.
    public var lossSum: Double
    public var lossSamples: Int
    /// Cluster time at which the checkpoint was made, and the bytes that had been sent.
    public var clusterNanoseconds: Int64
    public var bytesSent: Int
    /// What a fabric starts with that does not play its time again.
    public var fabric: FabricSnapshot?
    /// How long the run has kept this computer busy.
    public var hostSeconds = 0.0
}

/// Where a program is between two updates of its model.
public struct RunPosition: Hashable, Sendable {
    /// Updates of the model that were made: steps, or rounds of federated strategies.
    public var round: Int
    /// Samples that all ranks have trained on.
    public var samples: Int
    /// Of a strategy with a server.
    public var server: Server?

    public struct Server: Hashable, Sendable {
        /// Rounds for which clients were drawn, with those that nobody answered.
        public var drawnRounds: Int
        /// How often each client was sent a model to train: the index of its next stream of random numbers.
        public var clientRounds: [Int]

        public init(drawnRounds: Int, clientRounds: [Int]) {
            self.drawnRounds = drawnRounds
            self.clientRounds = clientRounds
        }
    }

    public init(round: Int, samples: Int, server: Server? = nil) {
        self.round = round
        self.samples = samples
        self.server = server
    }
}

/// Where checkpoints of a run go, and the one that it goes on from.
public struct RunCheckpoints: Sendable {
    /// Updates of the model from one checkpoint to the next.
    public let interval: Int
    /// Nil for a run that begins.
    public let start: RunState?
    /// See ``Fabric/replaysTime``.
    public let replaysTime: Bool
    /// Called while cluster time stands still, by one rank at a time.
    public let write: @Sendable (RunState) throws -> Void

    public init(
        interval: Int, start: RunState?, replaysTime: Bool, write: @escaping @Sendable (RunState) throws -> Void
    ) {
        precondition(interval > 0, "a checkpoint every \(interval) updates")
        precondition(replaysTime || start.map { $0.fabric != nil } ?? true, "a measured run without its times")
        self.interval = interval
        self.start = start
        self.replaysTime = replaysTime
        self.write = write
    }
}

/// A checkpoint that does not fit the run that is to go on from it.
public struct CheckpointError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = description }
}
