import Fabrics
import Kernel

/// All that a run needs to go on between two updates of its model.
///
/// It is little, since every random stream follows from the seed, its purpose and its indices (step, client, round): where
/// the run is says which numbers come next.
public struct RunState: Sendable {
    package var position: RunPosition
    /// What the ranks keep, by the names that the strategy declared.
    package var values: StateValues
    /// The model of the last evaluation; nil unless the run may end between two evaluations.
    package var evaluatedParameters: ParameterVector?
    package var evaluations: [TrainingRun.Evaluation]
    /// The curves of nodes with models or objectives of their own, and which test samples their last models got right.
    package var nodes: [TrainingRun.NodeRecord] = []
    /// Samples that each rank has trained on in steps of its own; none in older checkpoints.
    package var trainedSamples: [Int] = []
    package var stepLosses: [Double]
    /// The sum of the losses of the samples since the last evaluation, and the number of these samples.
    package var lossSum: Double
    package var lossSamples: Int
    /// Cluster time at which the checkpoint was made, and the bytes that had been sent.
    package var clusterNanoseconds: Int64
    package var bytesSent: Int
    /// What a fabric starts with that does not play its time again; nil for a simulated one.
    package var fabric: FabricSnapshot?
    /// Losses of steps that each rank with a model of its own has made since the last evaluation, two numbers a step.
    package var nodeLosses: [Int: [Double]] = [:]
    /// Every rank's model at the last evaluation that it came to, where ranks may leave and have models of their own.
    package var nodeModels: [Int: ParameterVector] = [:]
    /// What strategies told of their nodes, by rank.
    package var nodeNotes: [Int: NodeNotes] = [:]
    /// How far apart the nodes' models were at each evaluation.
    package var consensus: [TrainingRun.Consensus] = []
    /// How long the run has kept this computer busy.
    package var hostSeconds = 0.0
}

/// Where a program is between two updates of its model.
package struct RunPosition: Hashable, Sendable {
    /// Updates of the model that were made: steps, or rounds of federated strategies.
    package var round: Int
    /// Samples that all ranks have trained on.
    package var samples: Int

    package init(round: Int, samples: Int) {
        self.round = round
        self.samples = samples
    }
}

/// Where checkpoints of a run go, and the one that it goes on from.
package struct RunCheckpoints: Sendable {
    /// Updates of the model from one checkpoint to the next.
    package let interval: Int
    /// The state to go on from; nil for a run that begins.
    package let start: RunState?
    package let resumption: Resumption
    /// Writes a checkpoint. Called while cluster time stands still, by one rank at a time.
    package let write: @Sendable (RunState) throws -> Void

    /// How a run comes back to where its checkpoint was made.
    package enum Resumption: Sendable {
        /// The program starts at the checkpoint. This is for measured fabrics, whose time passes and cannot be played
        /// again.
        case start
        /// The program starts from its beginning, and up to the checkpoint nothing is computed: its time and its messages
        /// are the same whatever the numbers are.
        case replay
        /// The program starts from its beginning and computes everything again, since its messages or its choices depend on
        /// numbers. At the checkpoint it must have the same state, to the last bit.
        case recompute

        package init(_ strategy: any Strategy, on fabric: any Fabric) {
            let isReplayed = strategy.hasFixedSchedule && !strategy.messagesFollowNumbers
            self = !fabric.replaysTime ? .start : isReplayed ? .replay : .recompute
        }
    }

    package init(
        interval: Int, start: RunState?, resumption: Resumption, write: @escaping @Sendable (RunState) throws -> Void
    ) {
        precondition(interval > 0, "a checkpoint every \(interval) updates")
        precondition(
            resumption != .start || start.map { $0.fabric != nil } ?? true, "a measured run without its times")
        self.interval = interval
        self.start = start
        self.resumption = resumption
        self.write = write
    }

    /// The state whose record a run begins with; nil where the record begins anew.
    var recordStart: RunState? { resumption == .recompute ? nil : start }
    /// The state at which programs start; nil where they start from their beginning.
    var programStart: RunState? { resumption == .start ? start : nil }
    /// Updates up to which the program comes once more; 0 where it starts at the checkpoint or the beginning.
    var repeatedUpdates: Int { resumption == .start ? 0 : start?.position.round ?? 0 }
}

/// A checkpoint that does not fit the run that is to go on from it.
public struct CheckpointError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    /// - Parameter description: what was found, where, and what is allowed.
    public init(_ description: String) { self.description = description }
}
