import Cluster
import Datasets
import Fabrics
import Kernel

extension TrainingRun {
    /// The model's quality at a point of the run.
    public struct Evaluation: Hashable, Codable, Sendable {
        /// Optimizer steps for data-parallel strategies, rounds for federated ones.
        public let round: Int
        /// Samples that all ranks have trained on so far.
        public let samples: Int
        /// Seconds on the cluster's clock.
        public let clusterSeconds: Double
        /// Bytes that all ranks have sent so far.
        public let bytesSent: Int
        /// The mean loss of the samples that were trained on since the last evaluation; nil at the start.
        public let trainLoss: Double?
        /// The accuracy on the test set, from 0 to 1.
        public let testAccuracy: Double
        /// The mean loss over the test set.
        public let testLoss: Double
        /// The area under the ROC curve on the test set; nil where that is not the task's metric.
        public let testAUC: Double?

        package init(
            round: Int, samples: Int, clusterSeconds: Double, bytesSent: Int, trainLoss: Double?,
            testAccuracy: Double, testLoss: Double, testAUC: Double? = nil
        ) {
            self.round = round
            self.samples = samples
            self.clusterSeconds = clusterSeconds
            self.bytesSent = bytesSent
            self.trainLoss = trainLoss
            self.testAccuracy = testAccuracy
            self.testLoss = testLoss
            self.testAUC = testAUC
        }

        /// The evaluation with the time and the bytes of another run.
        package func moved(to other: ReplayReport.Evaluation) -> Self {
            Self(
                round: round, samples: samples, clusterSeconds: other.seconds, bytesSent: other.bytesSent,
                trainLoss: trainLoss, testAccuracy: testAccuracy, testLoss: testLoss, testAUC: testAUC)
        }
    }

    /// What a run records of one node: a rank with a model or an objective of its own.
    package struct NodeRecord: Sendable {
        package internal(set) var rank: Int
        /// The node's curve: evaluations of this rank's model at this rank's time, or of the run's one model. Where
        /// nodes have objectives of their own, the model is measured on everybody's data: the mixture of the nodes'
        /// distributions.
        package internal(set) var evaluations: [Evaluation] = []
        /// The scores of the models in `evaluations` by the node's own distribution, in the same order.
        package internal(set) var own: [OwnScore] = []
        /// Which test samples of the node's own the last evaluated model gets right, seen as the node sees them: sample i is
        /// bit i % 8 of byte i / 8. Bits of samples that weigh nothing for the node are 0.
        package internal(set) var finalCorrect: [UInt8] = []
        /// What the last evaluated model made of each test sample: its loss or, where the metric is an AUC, its score.
        /// NaN for samples that weigh nothing for the node; empty where the metric is accuracy.
        package internal(set) var finalScores: [Float] = []
        /// The node's kind; nodes of one kind have one distribution.
        package internal(set) var kind = 0
        /// ``NodeObjective/classWeights``
        package internal(set) var classWeights: [Double]?
        /// Samples that the node has trained on.
        package internal(set) var trainedSamples = 0
        /// The node's model at the end; nil where all nodes share the run's model.
        package internal(set) var finalParameters: ParameterVector?
        /// Whom the node listened to, and what else its strategy told of it.
        package internal(set) var notes = NodeNotes()
        package var listened: [Int: Double] { notes.listened }
        package var meanStaleness: Double? { notes.meanStaleness }
        package var chosenModel: Int? { notes.chosenModel }

        init(rank: Int) { self.rank = rank }
    }

    /// How far apart the models of all nodes are at an evaluation, and what their mean is worth on everybody's data.
    package struct Consensus: Hashable, Codable, Sendable {
        package let round: Int
        package let samples: Int
        /// The consensus distance: the square root of the mean over nodes of |x_i - x̄|² (L. Kong et al. 2021, *Consensus
        /// Control for Decentralized Deep Learning*, ICML, section 3).
        package let distance: Double
        /// The accuracy, from 0 to 1, of the mean of all models, x̄, which no node need have.
        package let averageAccuracy: Double
        package let averageLoss: Double
        /// The area under the ROC curve of the mean of all models; nil where that is not the task's metric.
        package let averageAUC: Double?

        package init(
            round: Int, samples: Int, distance: Double, averageAccuracy: Double, averageLoss: Double,
            averageAUC: Double? = nil
        ) {
            (self.round, self.samples, self.distance) = (round, samples, distance)
            (self.averageAccuracy, self.averageLoss, self.averageAUC) = (averageAccuracy, averageLoss, averageAUC)
        }
    }

    /// What a run leaves.
    package struct Record: Sendable {
        /// The curve of the run's model or, where every rank has its own, of their mean. Where nodes have objectives of their
        /// own, its accuracy and loss are the means over nodes of what the node's model is by the node's own distribution.
        package internal(set) var evaluations: [Evaluation] = []
        /// The mean loss of every optimizer step.
        package internal(set) var stepLosses: [Double] = []
        /// Samples after which the model held a NaN or an infinity; nil where it never did.
        package internal(set) var divergedAfterSamples: Int?
        /// Whether one of the configuration's limits ended the run.
        package internal(set) var isAtLimit = false
        /// The departure that ended the run; nil where none did, or no rank remained to say so.
        package internal(set) var stoppedBy: Departure?
        /// Samples of steps that had to be repeated, and of clients whose update the server did not get, since a rank left.
        package internal(set) var lostSamples = 0
        /// The model at the end; nil where every rank has a model of its own.
        package internal(set) var finalParameters: ParameterVector?
        /// A record for each rank that has a model or an objective of its own, by rank; empty where none has.
        package internal(set) var nodes: [NodeRecord] = []
        /// One entry for each evaluation where every node has a model of its own; else empty.
        package internal(set) var consensus: [Consensus] = []
        package internal(set) var partitionSkew: PartitionSkew?
        /// The clients that were left out since they lack memory; nil where none were.
        package internal(set) var memoryShortage: MemoryShortage?
        package internal(set) var ranksLeftOut: [Int] = []

        /// The run ends since a rank has left; the earliest of several departures counts.
        mutating func stop(by departure: Departure) {
            if let first = stoppedBy, first.seconds <= departure.seconds { return }
            stoppedBy = departure
        }
    }
}
