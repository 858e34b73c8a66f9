public import Cluster
public import Datasets
public import Fabrics
public import Training

/// What one strategy did with one seed.
public struct RunRecord: Hashable, Codable, Sendable {
    public enum Outcome: String, Codable, Sendable {
        case completed
        /// The model held a NaN or an infinity at an evaluation; the run ended there.
        case diverged
        /// A rank left, and the run ended with that: ``RunRecord/stoppedBy``.
        case stopped
    }

    /// The name of the strategy's row in the plan.
    public let strategy: String
    public let seed: UInt64
    public let outcome: Outcome
    public let evaluations: [TrainingRun.Evaluation]
    /// Cluster time of the whole job.
    public let clusterSeconds: Double
    /// Where a training worker's cluster time went, on average over the workers that train at the same time; the three
    /// add up to `clusterSeconds`.
    public let computeSeconds: Double
    public let communicationSeconds: Double
    public let idleSeconds: Double
    /// Communication beside which the worker computed: part of `computeSeconds`, as `communicationSeconds` is what it did not
    /// hide. 0 where gradients are not sent during the backward pass; nil in older files.
    public package(set) var hiddenCommunicationSeconds: Double?
    /// How long the benchmark kept this computer busy with the run, evaluation included.
    public let hostSeconds: Double
    /// Compute time of the server, where there is one.
    public let serverComputeSeconds: Double?
    public let traffic: Traffic
    public let partitionSkew: PartitionSkew?
    /// One for each repetition, the first being that of the times above; none in files of schema 1.
    public package(set) var timings: [Timing]
    /// Of `idleSeconds` what a worker waited for others to send or to come; of a server's clients, from when it had their
    /// update until it had the last of the round. Nil where threads act as clients, of whom some are drawn, and in older
    /// files.
    public package(set) var waitingSeconds: Double?
    /// The idle time of the worker that was idle least; the rest of `idleSeconds`, which is an average, is the lead of workers
    /// that were ahead of it, for which the job takes no longer. Nil where there is one worker, where workers take turns or
    /// leave, and in older files.
    public package(set) var leastIdleSeconds: Double?
    /// What the job would have taken without one of its costs; of simulated runs, see ``Attribution``.
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
        public let ideal: Idealization
        public let clusterSeconds: Double
    }
    /// The workers' devices, where they differ.
    public package(set) var devices: DrawnDevices? = nil
    /// The clients that were left out since their memory cannot hold what training takes; nil for none.
    public package(set) var memoryShortage: MemoryShortage? = nil

    /// Ranks that left before their part was done, in the order of time; nil where none did, and in older files.
    public package(set) var departures: [Departure]?
    /// Whose leaving ended the run; nil unless it was stopped.
    public package(set) var stoppedBy: Departure?
    /// Samples of work that had to be repeated or was not received since a rank left; nil where there are none.
    public package(set) var lostSamples: Int?
    /// One for each node, where nodes are judged one by one; nil elsewhere. Then `evaluations` are the means of their curves,
    /// each on its own distribution.
    public package(set) var nodes: [NodeResult]?
    /// All nodes together, one for each evaluation; nil where nodes are not judged one by one.
    public package(set) var community: [CommunityPoint]?
    /// By test sample, its class as one of the 36 characters 0 to 9 and a to z. Of runs in which some nodes weigh classes
    /// otherwise than the test set; nil elsewhere.
    public package(set) var testClasses: String?

    /// What one repetition of the run took, with the control's times of the same moments.
    public struct Timing: Hashable, Codable, Sendable {
        public let clusterSeconds: Double
        /// Without the controls themselves.
        public let hostSeconds: Double
        /// The least that the control took before, in and after the run.
        package let control: HostControl.Times
        /// The run in at most twelve parts, from evaluation to evaluation: of cluster time where that is measured, else of
        /// host time.
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

    /// Bytes and messages of the ledger.
    public struct Traffic: Hashable, Codable, Sendable {
        public let bytesTotal: Int
        public let messagesTotal: Int
        /// The most that one training worker sent.
        public let bytesPerWorkerMax: Int
        /// Towards and from a server; nil where there is none.
        public let bytesUplink: Int?
        public let bytesDownlink: Int?
        /// Per rank, purpose and direction; left out above 1,000 ranks.
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

    /// Everything but what was measured with a clock: two runs of one plan agree in it.
    ///
    /// - Parameter isMeasured: whether cluster time is, too.
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

    public var samples: Int { evaluations.last?.samples ?? 0 }
    public var rounds: Int { evaluations.last?.round ?? 0 }
    /// 0 after a divergence: such a model classifies nothing.
    public var finalAccuracy: Double { finalValue(.accuracy) }
    /// Of any metric; the worst there is after a divergence.
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
