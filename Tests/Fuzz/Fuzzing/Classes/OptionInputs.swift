/// Command lines, an argument a line: parsed, and checked as far as the program checks them before it begins to work.
package final class OptionInputs: InputClass {
    package static let className = "options"
    package let name = className
    private let parse: ([String]) throws -> Void
    private let text = TextMutations(words: options + values)

    /// - Parameter parse: the program's own.
    package init(parse: @escaping ([String]) throws -> Void) { self.parse = parse }

    private static let options = [
        "--strategy", "--task", "--epochs", "--seeds", "--first-seed", "--target", "--evaluate-every", "--repetitions",
        "--limit-time", "--limit-bytes", "--limit-updates", "--batch", "--learning-rate", "--schedule", "--warmup",
        "--scale-learning-rate-from", "--momentum", "--nesterov", "--weight-decay", "--optimizer", "--beta1", "--beta2",
        "--epsilon", "--no-shuffle", "--initialization",
        "--init",
        "--on-dropout", "--cluster", "--latency", "--bandwidth", "--jitter", "--workers", "--allreduce", "--overlap",
        "--bucket",
        "--fabric", "--clock", "--compute", "--host-threads", "--machine", "--patience", "--stragglers", "--dropout",
        "--jobs", "--lifetime", "--failure-detection", "--clients", "--fraction", "--local-epochs", "--local-batch",
        "--partition", "--objectives",
        "--output", "--save", "--trace", "--trace-loss", "--record", "--log", "--data", "--quiet", "--checkpoint",
        "--every",
        "--resume", "--tuned", "--vary", "--search", "--trials", "--metric", "--select-on", "--halving", "--csv",
        "--markdown",
        "--junit", "--accept", "--reason", "--github", "--time-margin", "--times", "--confirm", "--format", "--threads",
        "--federated", "--samples-per-client", "--sizes", "--network-time", "--pause", "--fit", "--network", "--from",
        "--points",
        "--watch", "--wait", "--only", "--figure", "--with", "--over", "--map", "--machines", "--price-per-hour",
        "--profile", "--curve", "--picture", "--theme", "--expect", "--margin", "--judged-by",
        "--mirror", "--help", "--version", "-h", "--", "-", "--x", "run", "study", "reprice", "compare", "history",
        "report",
        "list", "speed", "calibrate", "data", "fetch", "verify", "advise", "coalitions", "price", "plot", "watch",
        "task", "check", "help",
    ]
    private static let values = [
        "all", "single", "threads", "sync", "federated", "digits", "mnist-softmax", "mnist-mlp", "mnist-2nn",
        "mnist-cnn", "fashion-2nn",
        "letters", "vowels-softmax", "vowels-mlp", "rotations:3", "rotations:6,4,2", "labels:2", "relabel:2",
        "speakers",
        "constant", "cosine",
        "step:10:0.1", "he", "glorot", "ring", "tree", "auto", "hierarchical:4", "parameter-server:2",
        "recursive-doubling", "wan",
        "phones-3g", "ethernet-1g", "infiniband", "cluster.yaml", "missing.yaml", "none", "uniform:1ms",
        "lognormal:0.3",
        "empirical:latencies.csv", "simulated", "emulate", "mpi", "reference", "calibrated", "workstation", "0.1:4",
        "3@12s",
        "3:12s", "exponential:60s", "weibull:0.7:1h", "stop", "drop", "iid", "dirichlet:0.3", "shards:2", "97%", "1.1",
        "110%",
        "5ms", "1h", "1Gbit", "25MB", "learning-rate=0.1,0.2", "batch=16,32", "learning-rate=0.01..1", "grid", "random",
        "time",
        "accuracy", "validation", "table", "csv", "1,2,3", "4kB,64kB,1MB", "", " ", "-1", "=", "a=b",
    ]
    /// Commands that are understood.
    private static let lines = [
        "--strategy all --seeds 2 --compute reference",
        "run --task digits --strategy sync --workers 4 --latency 5ms --bandwidth 1Gbit",
        "--strategy sync --workers 16 --allreduce hierarchical:4 --overlap --bucket 64kB --jitter lognormal:0.2 --clock simulated",
        "--strategy federated --clients 50 --fraction 10% --local-epochs 2 --local-batch all --partition dirichlet:0.3 --cluster phones-3g",
        "--strategy single,federated --optimizer adamw --beta1 0.5 --beta2 0.9 --epsilon 1e-6 --weight-decay 0.1",
        "--strategy single --epochs 2 --batch 32 --learning-rate 0.1 --schedule step:10:0.1 --warmup 1 --momentum 0.9 --nesterov --weight-decay 1e-4",
        "--strategy sync --dropout 1@12s --on-dropout stop --failure-detection 1s --limit-time 5min --limit-updates 100 --clock simulated",
        "--strategy single --save model.safetensors --trace-loss loss.csv --checkpoint folder --every 10 --resume --quiet",
        "--strategy sync --cluster cluster.yaml --machine workstation --target 95% --first-seed 7 --evaluate-every 0.5 --repetitions 2",
        "study --strategy all --vary learning-rate=0.1,0.2 --vary federated.local-epochs=1,5 --metric time --output folder",
        "study --strategy single --search random --trials 9 --halving 3 --vary learning-rate=0.01..1",
        "reprice folder --cluster ethernet-1g,wan --latency 1ms,10ms --jitter none --allreduce ring,tree --csv out.csv",
        "compare baseline current --markdown a.md --junit a.xml",
        "history folder --metric final_accuracy_median --format csv", "history folder --html page.html",
        "report folder", "list --task digits", "list --cluster cluster.yaml",
        "speed --task digits --batch 10,64 --threads 2 --repetitions 3",
        "speed --federated --clients 100 --fraction 0.1",
        "calibrate --task digits --batch 8,64 --sizes 4kB,64kB,1MB --network-time 2s --pause 10ms --output machine.yaml",
        "calibrate --from a.csv,b.csv --fit messages --allreduce tree", "data fetch mnist", "data verify", "data list",
        "--strategy sync --watch --log folder/log.jsonl", "watch folder --wait 10m --patience 1h",
        "advise folder --cluster ethernet-1g --only until --figure latency",
        "advise --strategy single,sync --machines 4,8 --bandwidth 1Gbit,10Gbit --price-per-hour 0.04,0.06",
        "price profile.json --cluster ethernet-1g --strategy sync --workers 8,64",
        "plot folder --picture accuracy-time --theme dark --output curves.svg", "task check digits",
        "coalitions --workers 6 --objectives rotations:2 --margin 0.5%", "--help",
    ]

    package func makeSeeds() throws -> [[UInt8]] {
        Self.lines.map { Array($0.split(separator: " ").joined(separator: "\n").utf8) }
    }

    package func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        var lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
        func word(_ draws: inout Draws) -> [UInt8] {
            Array(draws.pick(draws.oneIn(2) ? Self.options : Self.values).utf8)
        }
        let index = draws.below(lines.count)
        switch draws.below(8) {
        case 0: lines[index] = text.token(&draws)
        case 1: lines[index] = word(&draws)
        case 2: lines.insert(word(&draws), at: index)
        case 3: lines.remove(at: index)
        case 4:
            lines += [Array(draws.pick(Self.options).utf8), draws.oneIn(3) ? text.token(&draws) : word(&draws)]
        case 5: lines[index] = Array(draws.pick(Self.options).utf8) + [0x3D] + text.token(&draws)
        case 6:
            lines[index].isEmpty
                ? lines[index] = text.token(&draws) : text.mutate(&lines[index], other: word(&draws), &draws)
        default: return text.mutate(&input, other: other, &draws)
        }
        input = Array(lines.joined(separator: [0x0A]))
    }

    /// No system passes on an argument with a zero byte.
    package func finish(_ input: inout [UInt8], _ draws: inout Draws) { input.removeAll { $0 == 0 } }

    package func read(_ input: [UInt8]) throws {
        try parse(
            String(decoding: input, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
                String.init))
    }

    package func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + (16 << 20) }
}
