public import Cluster
public import Datasets
import Fabrics
public import Kernel

extension TrainingRun {
    /// The model's quality at a point of the run.
    public struct Evaluation: Hashable, Codable, Sendable {
        /// Optimizer steps for data-parallel strategies, rounds for federated ones.
        public let round: Int
        /// Samples that all ranks have trained on so far.
        public let samples: Int
        public let clusterSeconds: Double
        public let bytesSent: Int
        /// The mean over the samples trained on since the last evaluation; nil at the start.
        public let trainLoss: Double?
        public let testAccuracy: Double
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
    public struct NodeRecord: Sendable {
        /// As the run's own, of this rank's model at this rank's time.
        public internal(set) var evaluations: [Evaluation] = []
        public internal(set) var finalParameters: ParameterVector?
    }

    /// What a run leaves.
    public struct Record: Sendable {
        /// The curve of the run's model or, where every rank has its own, of their mean.
        public internal(set) var evaluations: [Evaluation] = []
        /// The mean loss of every optimizer step.
        public internal(set) var stepLosses: [Double] = []
        /// Samples after which the model held a NaN or an infinity.
        public internal(set) var divergedAfterSamples: Int?
        /// Whether one of the configuration's limits ended the run.
        public internal(set) var isAtLimit = false
        /// The departure that ended the run, if one did and a rank that remained could say so.
        public internal(set) var stoppedBy: Departure?
        /// Samples of steps that had to be repeated, and of clients whose update the server did not get, since a rank left.
        public internal(set) var lostSamples = 0
        /// Nil where every rank has a model of its own.
        public internal(set) var finalParameters: ParameterVector?
        /// Of each rank, where every rank has a model of its own; else none.
        public internal(set) var nodes: [NodeRecord] = []
        public internal(set) var partitionSkew: PartitionSkew?
        /// The clients that were left out.
        public internal(set) var memoryShortage: MemoryShortage?
        public internal(set) var ranksLeftOut: [Int] = []

        /// The run ends since a rank has left; the earliest of several departures counts.
        mutating func stop(by departure: Departure) {
            if let first = stoppedBy, first.seconds <= departure.seconds { return }
            stoppedBy = departure
        }
    }
}
