import ArgumentParser
import Cluster
import Diagnostics
import Experiments
import Fabrics
import Kernel
import Tasks
import Training

/// Parses a name of `Choice`; the error for a wrong name lists all names and suggests the nearest.
func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ kind: String
) -> @Sendable (String) throws -> Choice {
    let choices = Choice.allCases.map { ($0.rawValue, $0) }
    return { text in
        guard let choice = choices.first(where: { $0.0 == text })?.1 else {
            throw ValidationError(UnknownName.message(kind, found: text, allowed: choices.map(\.0)))
        }
        return choice
    }
}

// Options take the next word as their value even if it begins with a dash, so that the error for '--latency -5ms' says
// what is allowed, and not "missing value".

/// What to compare, and how long to train.
struct ExperimentOptions: ParsableArguments {
    /// The words of the file are on the command line when it is parsed: see ``CommandWords``.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Take options from an experiment's file, in which each option is a key; those on the command line take \
            the place of the file's.
            """, valueName: "file.yaml"))
    var plan: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The model and data: \(TrainingTask.all.map(\.name).joined(separator: ", ")) (see 'bench list'), or a .yaml file of your own.",
            valueName: "task|file.yaml"))
    var task = "digits"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Strategies with commas, a row for each, also one several times with options of its own, such as \
            'federated,federated(fraction=1),federated(fraction=1,label=everybody)'; 'all' for one of each way of the field, \
            'every', or a family such as 'federated:*' (see 'bench list').
            """, valueName: "name,...|all"))
    var strategy = "all"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            What nodes train on and are judged by, of strategies whose ranks have data of their own: iid, rotations:4, \
            labels:2, relabel:3, speakers (see 'bench list'), with the nodes of each kind such as rotations:6,4,2. There are \
            as many nodes as --workers or --clients says, or else 12, or those of the kinds; all take part in every round \
            unless --fraction says otherwise. (default: none; all are judged alike, and --partition spreads the samples)
            """, valueName: "kind"))
    var objectives: String?

    @Option(parsing: .unconditional, help: "How many seeds to run each strategy with.")
    var seeds = 3

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The first seed; the others follow. (default: 1; of a study 101)", valueName: "number"))
    var firstSeed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            What models are judged by: accuracy, loss, perplexity, rmse or auc. Of accuracy and auc higher is better, of the \
            others lower. With another metric than the task's --target says what to reach. (default: the task's)
            """, valueName: "metric"), transform: choice("metric"))
    var judgedBy: Metric?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What to reach on the test set, in the task's metric: 97% or 0.97 of an accuracy, 4.5 of a perplexity. (default: the task's)",
            valueName: "value"))
    var target: String?

    @Option(parsing: .unconditional, help: "Passes over the training set. (default: the task's)")
    var epochs: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Evaluate every so many epochs. (default: the task's)", valueName: "epochs"))
    var evaluateEvery: Double?

    @Option(
        parsing: .unconditional,
        help: "Make every run so often, to measure its time; 'bench compare' needs it for its test of times.")
    var repetitions = 1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End each run at the first evaluation after so much cluster time, such as 30s.", valueName: "time"),
        transform: Quantity.duration)
    var limitTime: Duration?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End each run at the first evaluation after so many bytes sent, such as 100MB.", valueName: "size"),
        transform: Quantity.bytes)
    var limitBytes: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "End each run at the first evaluation after so many updates of the model (steps or rounds).",
            valueName: "count"))
    var limitUpdates: Int?
}

/// How the optimizer works.
struct TrainingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("For all strategies. (default: tuned for each, see 'bench list --task')", valueName: "rate"))
    var learningRate: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            When a rank of a strategy leaves that cannot go on without it (\(OptionUse.needingAllRanks.joined(separator: ", "))): \
            stop, or continue with the others (see --dropout). (default: stop)
            """, valueName: "name"),
        transform: choice("answer to a dropout"))
    var onDropout: TrainingConfiguration.DropoutResponse?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            sgd, adam or adamw. With adam and adamw, learning rates of tasks for sgd do not fit, and PyTorch's 0.001 is the \
            default. (default: the task's)
            """, valueName: "name"),
        transform: choice("optimizer"))
    var optimizer: Optimizer.Kind?

    @Option(parsing: .unconditional, help: "Momentum of sgd. (default: the task's)")
    var momentum: Float?

    @Flag(help: "Nesterov's momentum.")
    var nesterov = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            As in PyTorch: of sgd and adam an L2 penalty that is added to the gradient, of adamw a shrinkage of the weights. \
            (default: 0; of adamw 0.01)
            """, valueName: "factor"))
    var weightDecay: Float?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Of adam and adamw: what the mean of gradients keeps in a step. (default: 0.9)", valueName: "share"))
    var beta1: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Of adam and adamw: what the mean of squared gradients keeps in a step. (default: 0.999)",
            valueName: "share"))
    var beta2: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Of adam and adamw: what is added to the root of that mean. (default: 1e-8)", valueName: "number"))
    var epsilon: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "constant, cosine (to zero at the end), or step:EPOCHS:FACTOR such as step:10:0.1. (default: constant)",
            valueName: "schedule"),
        transform: PlanBuilder.parseDecay)
    var schedule: LearningRateSchedule.Decay?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Epochs of linear warm-up of the learning rate. (default: 0)", valueName: "epochs"))
    var warmup: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Linear scaling rule: multiply the rate by batch / this reference batch (Goyal et al. 2017).",
            valueName: "batch"))
    var scaleLearningRateFrom: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How weights are drawn: he, glorot or pytorch. (default: he)", valueName: "name"),
        transform: choice("initialization"))
    var initialization: Initialization?

    @Option(
        name: .customLong("init"), parsing: .unconditional,
        help: ArgumentHelp("Start from these parameters (safetensors).", valueName: "file"))
    var initialParameters: String?

    @Flag(name: .customLong("no-shuffle"), help: "Take samples in file order, also for splits and partitions.")
    var noShuffle = false
}

/// The machines and the network.
struct ClusterOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Machines and links of simulated strategies, with devices that differ, stragglers and slowdowns: a preset (see \
            'bench list') or a .yaml file. (default: each strategy's)
            """,
            valueName: "preset|file.yaml"))
    var cluster: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Prices and watts of this machine, for strategies measured on it: a preset or a .yaml file. (default: workstation)",
            valueName: "preset|file.yaml"))
    var machine: String?

    private static func isFile(_ name: String?) -> Bool {
        name?.hasSuffix(".yaml") == true || name?.hasSuffix(".yml") == true
    }

    var namesFile: Bool { Self.isFile(cluster) || Self.isFile(machine) }

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("One-way latency of workers' links, such as 5ms.", valueName: "time"),
        transform: Quantity.duration)
    var latency: Duration?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bandwidth of workers' links, both ways, such as 1Gbit or 100Mbit/s.", valueName: "rate"),
        transform: Quantity.bandwidth)
    var bandwidth: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Variation of latency: none, uniform:TIME, lognormal:SIGMA, empirical:FILE.csv (seconds).",
            valueName: "jitter"),
        transform: Jitter.init(parsing:))
    var jitter: Jitter?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Workers that are slow for the whole job, with a probability and a factor: FRACTION:SLOWDOWN such as 0.1:4 \
            or 10%:uniform:2..8. (default: the cluster's)
            """, valueName: "stragglers"),
        transform: Stragglers.init(parsing:))
    var stragglers: Stragglers?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A rank leaves after so much cluster time, such as 3@12s; may be given again for others.",
            valueName: "rank@time"),
        transform: Dropouts.departure(parsing:))
    var dropout: [Departure] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long every rank stays, but for a server: exponential:TIME with the mean, such as exponential:2h.",
            valueName: "lifetime"),
        transform: Dropouts.Lifetime.init(parsing:))
    var lifetime: Dropouts.Lifetime?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "From when a rank leaves until the others know. (default: the cluster's, or 1s)", valueName: "time"),
        transform: Quantity.duration)
    var failureDetection: Duration?

    @Option(
        name: .customLong("allreduce"), parsing: .unconditional,
        help: ArgumentHelp(
            """
            How simulated workers add their gradients: ring, recursive-doubling, rabenseifner, tree, double-tree, \
            hierarchical[:SIZE], parameter-server[:COUNT], or auto for the cheapest (see 'bench list'). (default: ring)
            """, valueName: "name"),
        transform: PlanBuilder.parseAllReduce)
    var allReduce: AllReduceAlgorithm?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            What carries the strategies. auto: threads of this machine, measured, or a simulated cluster, each strategy's \
            own; threads; simulated: all; emulated: clusters are acted out in real time; mpi: the processes of an MPI job, \
            started by mpirun or srun. (default: auto)
            """, valueName: "name"),
        transform: choice("fabric"))
    var fabric: FabricChoice?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --fabric mpi: how long a process waits for others until it takes them for lost and ends the job. (default: 120s)",
            valueName: "time"),
        transform: Quantity.duration)
    var patience: Duration?
    static let standardPatience: Duration = .seconds(120)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "An older name of --fabric, with auto, simulated and emulate (for emulated). (default: auto)",
            valueName: "name"),
        transform: choice("clock"))
    var clock: ClockChoice?

    /// - Throws: `ValidationError` where both options are given and disagree.
    func fabricChoice() throws -> FabricChoice {
        guard let fabric else { return clock?.fabric ?? .auto }
        guard let clock, clock.fabric != fabric else { return fabric }
        throw ValidationError(
            "--fabric \(fabric.rawValue) and --clock \(clock.rawValue) disagree; --fabric alone says all")
    }

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Compute time of simulated machines: 'calibrated' is the cluster file's, or else measured on this machine; 'reference' is the same everywhere. (default: calibrated)",
            valueName: "model"))
    var compute: String?

    @Option(
        parsing: .unconditional,
        help: """
            Threads for the numerics of simulated workers, of all runs together; results do not depend on it. (default: all \
            cores)
            """)
    var hostThreads: Int?

    @Option(
        parsing: .unconditional,
        help: """
            Simulated runs that are made side by side; results do not depend on it, and measured runs have the machine for \
            themselves. (default: one for each of the host's threads, as far as memory allows; with --repetitions 1)
            """)
    var jobs: Int?
}
