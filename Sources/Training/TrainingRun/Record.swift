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
        /// On the cluster's clock.
        public let clusterSeconds: Double
        /// By all ranks so far.
        public let bytesSent: Int
        /// The mean over the samples trained on since the last evaluation; nil at the start.
        public let trainLoss: Double?
        /// A fraction.
        public let testAccuracy: Double
        /// Mean over the test set.
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

        /// The same model at another time.
        package func moved(to other: ReplayReport.Evaluation) -> Self {
            Self(
                round: round, samples: samples, clusterSeconds: other.seconds, bytesSent: other.bytesSent,
                trainLoss: trainLoss, testAccuracy: testAccuracy, testLoss: testLoss, testAUC: testAUC)
        }
    }

    /// What a node leaves: a rank with a model or an objective of its own.
    package struct NodeRecord: Sendable {
        package internal(set) var rank: Int
        /// As the run's own, of this rank's model at this rank's time, or of the run's one model. Where nodes have objectives
        /// of their own, the model is measured on everybody's data: the mixture of the nodes' distributions.
        package internal(set) var evaluations: [Evaluation] = []
        /// The same model by the node's own distribution, evaluation by evaluation.
        package internal(set) var own: [OwnScore] = []
        /// Which test samples of the node's own the last evaluated model gets right, seen as the node sees them: sample i is
        /// bit i % 8 of byte i / 8. Bits of samples that weigh nothing for the node are 0.
        package internal(set) var finalCorrect: [UInt8] = []
        /// Where the run's metric is no accuracy, one number for each test sample of the last evaluated model: its loss or, of
        /// an AUC, its score. No number for samples that weigh nothing for the node; empty of accuracies.
        package internal(set) var finalScores: [Float] = []
        /// Nodes of one kind have one distribution.
        package internal(set) var kind = 0
        /// ``NodeObjective/classWeights``
        package internal(set) var classWeights: [Double]?
        /// Samples that the node has trained on.
        package internal(set) var trainedSamples = 0
        /// Nil where all nodes share the run's model.
        package internal(set) var finalParameters: ParameterVector?
        /// Whom it listened to, and what else its strategy told.
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
        /// Of the mean of all models, x̄, which no node need have.
        package let averageAccuracy: Double
        package let averageLoss: Double
        /// Nil where that is not the task's metric.
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
        /// Samples after which the model held a NaN or an infinity.
        package internal(set) var divergedAfterSamples: Int?
        /// Whether one of the configuration's limits ended the run.
        package internal(set) var isAtLimit = false
        /// The departure that ended the run, if one did and a rank that remained could say so.
        package internal(set) var stoppedBy: Departure?
        /// Samples of steps that had to be repeated, and of clients whose update the server did not get, since a rank left.
        package internal(set) var lostSamples = 0
        /// Nil where every rank has a model of its own.
        package internal(set) var finalParameters: ParameterVector?
        /// Of each rank that has a model of its own, or an objective; else none. By rank.
        package internal(set) var nodes: [NodeRecord] = []
        /// One for each evaluation where every node has a model of its own; else none.
        package internal(set) var consensus: [Consensus] = []
        package internal(set) var partitionSkew: PartitionSkew?
        /// The clients that were left out.
        package internal(set) var memoryShortage: MemoryShortage?
        package internal(set) var ranksLeftOut: [Int] = []

        /// The run ends since a rank has left; the earliest of several departures counts.
        mutating func stop(by departure: Departure) {
            if let first = stoppedBy, first.seconds <= departure.seconds { return }
            stoppedBy = departure
        }
    }
}
