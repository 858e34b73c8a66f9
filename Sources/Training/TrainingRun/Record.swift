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

        package init(
            round: Int, samples: Int, clusterSeconds: Double, bytesSent: Int, trainLoss: Double?,
            testAccuracy: Double, testLoss: Double
        ) {
            self.round = round
            self.samples = samples
            self.clusterSeconds = clusterSeconds
            self.bytesSent = bytesSent
            self.trainLoss = trainLoss
            self.testAccuracy = testAccuracy
            self.testLoss = testLoss
        }

        /// The same model at another time.
        package func moved(to other: ReplayReport.Evaluation) -> Self {
            Self(
                round: round, samples: samples, clusterSeconds: other.seconds, bytesSent: other.bytesSent,
                trainLoss: trainLoss, testAccuracy: testAccuracy, testLoss: testLoss)
        }
    }

    /// What a rank with a model of its own leaves.
    package struct NodeRecord: Sendable {
        /// As the run's own, of this rank's model at this rank's time.
        package internal(set) var evaluations: [Evaluation] = []
        package internal(set) var finalParameters: ParameterVector?
    }

    /// What a run leaves.
    package struct Record: Sendable {
        /// The curve of the run's model or, where every rank has its own, of their mean.
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
        /// Of each rank, where every rank has a model of its own; else none.
        package internal(set) var nodes: [NodeRecord] = []
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
