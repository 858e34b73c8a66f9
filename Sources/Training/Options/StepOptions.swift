/// What strategies share whose workers make every step together.
public struct BatchOptions: StrategyOptions {
    /// Samples of a step over all workers, which share them.
    public var batch = 64

    /// 64 samples.
    public init() {}

    /// The table, to be taken over by the options of a strategy.
    public static let specs = [
        OptionSpec(
            "batch", \Self.batch, symbol: "B", unit: "samples", .count(1...Allowed.largestCount),
            source: "Goyal et al. 2017, section 2.1", "Samples of a step over all workers.")
    ]
}

/// Options of strategies with several workers that make every step together, and how they send their gradients.
///
/// Which all-reduce adds the gradients is not among them: a strategy asks for a sum, and whoever carries it chooses the
/// messages, as an MPI library does.
public struct StepOptions: StrategyOptions {
    /// B, samples of a step.
    public var steps = BatchOptions()
    /// N: ranks that share a batch.
    public var workers = 8
    /// Whether gradients are sent in buckets while the backward pass still runs.
    public var overlaps = false
    /// Bytes of a gradient's part that is sent while the rest is computed.
    public var bucketBytes = GradientOverlap.standardBucketBytes

    /// 64 samples among 8 workers.
    public init() {}

    /// Other values; no overlap where none is given.
    public init(batch: Int, workers: Int, overlap: GradientOverlap? = nil) {
        steps.batch = batch
        self.workers = workers
        overlaps = overlap != nil
        bucketBytes = overlap?.bucketBytes ?? bucketBytes
    }

    /// B, samples of a step.
    public var batch: Int { steps.batch }

    /// How gradients are sent while they are computed; nil where they are sent after that.
    public var overlap: GradientOverlap? { overlaps ? GradientOverlap(bucketBytes: bucketBytes) : nil }

    /// The table, to be taken over by the options of a strategy.
    public static let specs =
        BatchOptions.specs.map { OptionSpec($0, in: \Self.steps) } + [
            OptionSpec(
                "workers", \Self.workers, symbol: "N", unit: "workers", .count(1...Allowed.largestCount),
                source: "Goyal et al. 2017, section 2.1", effect: .onTheTime, "Workers that share a batch."),
            OptionSpec(
                "overlap", \Self.overlaps, .flag, source: "S. Li et al. 2020 (PyTorch), section 3.2.3",
                effect: .onTheNetwork,
                """
                Send gradients in buckets while the backward pass still runs, on simulated and emulated clusters; threads of \
                this machine have nothing to hide a bucket behind and go on as without.
                """),
            OptionSpec(
                "bucket", \Self.bucketBytes, unit: "bytes", .size(1...1_000_000_000_000_000),
                source: "PyTorch's bucket_cap_mb", effect: .beside("overlap"),
                """
                How many bytes close a bucket, such as 5MB; the first is closed by 1 MiB or less, and no tensor is split.
                """),
        ]
}
