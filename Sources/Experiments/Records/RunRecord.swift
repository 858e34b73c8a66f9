public import Cluster
public import Datasets
public import Fabrics
public import Training

/// What one strategy did with one seed.
public struct RunRecord: Hashable, Codable, Sendable {
    /// How a run ended.
    public enum Outcome: String, Codable, Sendable {
        case completed
        /// The model held a NaN or an infinity at an evaluation; the run ended there.
        case diverged
        /// A rank left and the run ended because of it; see ``RunRecord/stoppedBy``.
        case stopped
    }

    /// The name of the strategy's row in the plan.
    public let strategy: String
    /// The seed of the run, one of the plan's.
    public let seed: UInt64
    /// How the run ended.
    public let outcome: Outcome
    /// The run's evaluations in their order, from before training to the end.
    public let evaluations: [TrainingRun.Evaluation]
    /// Cluster time of the whole job, in seconds.
    public let clusterSeconds: Double
    /// Seconds that a training worker computed, on average over the workers that train at the same time. With
    /// ``communicationSeconds`` and ``idleSeconds`` it adds up to ``clusterSeconds``.
    public let computeSeconds: Double
    /// Seconds that such an average worker communicated without computing at the same time.
    public let communicationSeconds: Double
    /// Seconds that such an average worker neither computed nor communicated.
    public let idleSeconds: Double
    /// Seconds of communication during which the worker computed: a part of `computeSeconds`, while
    /// `communicationSeconds` is the rest of all communication. 0 where gradients are not sent during the backward
    /// pass; nil in older files.
    public package(set) var hiddenCommunicationSeconds: Double?
    /// Seconds that this computer was busy with the run, evaluation included.
    public let hostSeconds: Double
    /// Compute seconds of the server; nil without one.
    public let serverComputeSeconds: Double?
    /// Bytes and messages that ranks sent.
    public let traffic: Traffic
    /// How the training set was split among ranks; nil where it was not, and in files without it.
    public let partitionSkew: PartitionSkew?
    /// Times of each repetition, beginning with the run itself; none in files of schema 1.
    public package(set) var timings: [Timing]
    /// The part of `idleSeconds` spent waiting for other ranks. For clients of a server: from the server's receipt of
    /// their update to that of the round's last. Nil for threads with client sampling and in older files.
    public package(set) var waitingSeconds: Double?
    /// The idle seconds of the worker with the least idle time; the rest of `idleSeconds`, which is an average, is the
    /// lead of other workers, and does not make the job longer. Nil where there is one worker, where workers take turns
    /// or leave, and in older files.
    public package(set) var leastIdleSeconds: Double?
    /// The time that the job would have taken without each of its costs; see ``Attribution``. Nil for runs that were not
    /// simulated, depend on time, or take too many messages to re-price.
    public package(set) var attribution: [Attribution]?

    package init(
        strategy: String, seed: UInt64, outcome: Outcome, evaluations: [TrainingRun.Evaluation],
        clusterSeconds: Double, computeSeconds: Double, communicationSeconds: Double, idleSeconds: Double,
        hiddenCommunicationSeconds: Double? = nil, hostSeconds: Double, serverComputeSeconds: Double?,
        traffic: Traffic, partitionSkew: PartitionSkew?, timings: [Timing], waitingSeconds: Double? = nil,
        leastIdleSeconds: Double? = nil, attribution: [Attribution]? = nil, devices: DrawnDevices? = nil,
        memoryShortage: MemoryShortage? = nil, departures: [Departure]? = nil, stoppedBy: Departure? = nil,
        lostSamples: Int? = nil
    ) {
        self.strategy = strategy
        self.seed = seed
        self.outcome = outcome
        self.evaluations = evaluations
        self.clusterSeconds = clusterSeconds
        self.computeSeconds = computeSeconds
        self.communicationSeconds = communicationSeconds
        self.idleSeconds = idleSeconds
        self.hiddenCommunicationSeconds = hiddenCommunicationSeconds
        self.hostSeconds = hostSeconds
        self.serverComputeSeconds = serverComputeSeconds
        self.traffic = traffic
        self.partitionSkew = partitionSkew
        self.timings = timings
        self.waitingSeconds = waitingSeconds
        self.leastIdleSeconds = leastIdleSeconds
        self.attribution = attribution
        self.devices = devices
        self.memoryShortage = memoryShortage
        self.departures = departures
        self.stoppedBy = stoppedBy
        self.lostSamples = lostSamples
    }

    /// The cluster time of the same run, re-priced on its cluster without one of its costs.
    public struct Attribution: Hashable, Codable, Sendable {
        /// The cost that is left out.
        public let ideal: Idealization
        /// Seconds that the job would have taken without that cost.
        public let clusterSeconds: Double
    }
    /// The workers' devices; nil where all are equal.
    public package(set) var devices: DrawnDevices? = nil
    /// The clients that were left out because they have too little memory for training; nil for none.
    public package(set) var memoryShortage: MemoryShortage? = nil

    /// Ranks that left before their part was done, in the order of time; nil where none did, and in older files.
    public package(set) var departures: [Departure]?
    /// The departure that ended the run; nil unless the run was stopped.
    public package(set) var stoppedBy: Departure?
    /// Samples whose training was repeated or lost because a rank left; nil where there are none.
    public package(set) var lostSamples: Int?
    /// One result for each node, where nodes are judged one by one; else nil. `evaluations` are then the means of the
    /// nodes' curves, each on its own distribution.
    public package(set) var nodes: [NodeResult]?
    /// All nodes together at each evaluation; nil where nodes are not judged one by one.
    public package(set) var community: [CommunityPoint]?
    /// The class of each test sample as one of the 36 characters 0 to 9 and a to z, for runs in which some nodes weigh
    /// classes otherwise than the test set; else nil.
    public package(set) var testClasses: String?

    /// The times of one repetition of the run, with the control's times at the same moments.
    public struct Timing: Hashable, Codable, Sendable {
        /// Cluster time of the repetition, in seconds.
        public let clusterSeconds: Double
        /// Seconds of this computer, without the controls themselves.
        public let hostSeconds: Double
        /// The least time of each control before, during and after the run.
        package let control: HostControl.Times
        /// Seconds of at most twelve parts of the run, from evaluation to evaluation: of cluster time where that is
        /// measured, else of host time.
        public let segmentSeconds: [Double]

        package init(
            clusterSeconds: Double, hostSeconds: Double, control: HostControl.Times, segmentSeconds: [Double]
        ) {
            self.clusterSeconds = clusterSeconds
            self.hostSeconds = hostSeconds
            self.control = control
            self.segmentSeconds = segmentSeconds
        }
    }

    /// Bytes and messages of the run's ledger.
    public struct Traffic: Hashable, Codable, Sendable {
        /// Bytes that all ranks sent, framing included.
        public let bytesTotal: Int
        /// Messages that all ranks sent.
        public let messagesTotal: Int
        /// The most bytes that one worker sent.
        public let bytesPerWorkerMax: Int
        /// Bytes sent towards the server; nil where none were.
        public let bytesUplink: Int?
        /// Bytes sent by the server to workers; nil where none were.
        public let bytesDownlink: Int?
        /// The entries by rank, purpose and direction; nil above 1,000 ranks.
        public let entries: [TrafficLedger.Entry]?

        package init(
            bytesTotal: Int, messagesTotal: Int, bytesPerWorkerMax: Int, bytesUplink: Int?, bytesDownlink: Int?,
            entries: [TrafficLedger.Entry]?
        ) {
            self.bytesTotal = bytesTotal
            self.messagesTotal = messagesTotal
            self.bytesPerWorkerMax = bytesPerWorkerMax
            self.bytesUplink = bytesUplink
            self.bytesDownlink = bytesDownlink
            self.entries = entries
        }
    }

    /// Whether two runs of one plan agree in everything that is not measured with a clock.
    ///
    /// - Parameter isMeasured: whether cluster time is measured with a clock, too.
    func hasSameResult(as other: RunRecord, isMeasured: Bool) -> Bool {
        func curve(_ run: RunRecord) -> [[Double]] {
            run.evaluations.map { point in
                [
                    Double(point.round), Double(point.samples), point.testAccuracy, point.testLoss,
                    point.trainLoss ?? 0, point.testAUC ?? 0,
                    isMeasured ? 0 : point.clusterSeconds, isMeasured ? 0 : Double(point.bytesSent),
                ].map { $0.isNaN ? -1 : $0 }
            }
        }
        let haveSameEnd =
            departures == other.departures && stoppedBy == other.stoppedBy && lostSamples == other.lostSamples
        return outcome == other.outcome && haveSameEnd && curve(self) == curve(other) && traffic == other.traffic
            && (isMeasured || clusterSeconds == other.clusterSeconds)
            && zip(nodes ?? [], other.nodes ?? []).allSatisfy { $0.hasSameScores(as: $1) }
            && nodes?.count == other.nodes?.count
    }

    /// Samples that were trained on until the last evaluation; 0 without evaluations.
    public var samples: Int { evaluations.last?.samples ?? 0 }
    /// Updates of the model, or rounds, until the last evaluation; 0 without evaluations.
    public var rounds: Int { evaluations.last?.round ?? 0 }
    /// Accuracy at the end, 0 to 1; 0 after a divergence, since such a model classifies nothing.
    public var finalAccuracy: Double { finalValue(.accuracy) }
    /// The value of any metric at the end; the metric's worst value after a divergence.
    public func finalValue(_ metric: Metric) -> Double {
        outcome == .diverged ? metric.worst : evaluations.last.map(metric.value(of:)) ?? metric.worst
    }
}

extension RunRecord.Traffic {
    private static let listedRanks = 1_000

    init(_ ledger: TrafficLedger, ranks: Int, servers: [Int]) {
        let entries = ledger.entries
        func bytes(_ direction: TrafficDirection) -> Int? {
            let matching = entries.filter { $0.direction == direction }
            return matching.isEmpty ? nil : matching.reduce(0) { $0 + $1.bytesSent }
        }
        var sent = [Int](repeating: 0, count: ranks)
        for entry in entries where !servers.contains(entry.rank) { sent[entry.rank] += entry.bytesSent }
        bytesTotal = ledger.totalBytes
        messagesTotal = ledger.totalMessages
        bytesPerWorkerMax = sent.max() ?? 0
        bytesUplink = bytes(.uplink)
        bytesDownlink = bytes(.downlink)
        self.entries = ranks <= Self.listedRanks ? entries : nil
    }
}
