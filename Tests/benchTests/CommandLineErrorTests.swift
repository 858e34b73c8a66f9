import Foundation
import Strategies
import Testing

/// A command line that is wrong, and what the error has to say: what was found, where, and what is allowed.
struct WrongArguments: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let parts: [String]

    init(_ arguments: String..., says parts: [String]) {
        self.arguments = arguments
        self.parts = parts
    }

    var testDescription: String { arguments.joined(separator: " ") }

    static let strategies = StrategyRegistry.all.map(\.name).joined(separator: ", ") + ", all"
    static let tasks = """
        digits, mnist-softmax, mnist-mlp, mnist-2nn, mnist-cnn, fashion-softmax, fashion-2nn, fashion-cnn, letters, \
        vowels-softmax, vowels-mlp, sotu-lstm, sotu-transformer
        """
    static let share = "97% or 0.97"
    static let above = "allowed is a number above 0"
    static let count = "allowed is a whole number from 1 to 1000000"

    static let names = [
        Self("--strategy", "synk", says: ["strategy 'synk'", "did you mean 'sync'?", strategies]),
        Self("--strategy", "sync,federate", says: ["strategy 'federate'", "did you mean 'federated'?", strategies]),
        Self("--strategy", "", says: ["strategy ''", strategies]),
        Self("--strategy", "sync,", says: ["strategy ''", strategies]),
        Self("--task", "digit", says: ["task 'digit'", "did you mean 'digits'?", tasks]),
        Self("--cluster", "ethernet-2g", says: ["'ethernet-2g'", "'ethernet-1g'?", "phones-4g", ".yaml"]),
        Self("--partition", "zipf", says: ["partitioner 'zipf'", "iid", "dirichlet", "shards", "quantity"]),
        Self("--partition", "dirichlet:-1", says: ["dirichlet:-1", "dirichlet:0.5"]),
        Self("--partition", "iid:3", says: ["iid:3", "no parameter"]),
        Self("--compute", "referense", says: ["compute model 'referense'", "did you mean 'reference'?", "calibrated"]),
        Self("--allreduce", "star", says: ["'star'", "ring", "recursive-doubling", "tree", "parameter-server"]),
        Self("--clock", "wall", says: ["'wall'", "--clock", "auto", "simulated", "emulate"]),
        Self("--allreduce", "rign", says: ["all-reduce algorithm 'rign'", "did you mean 'ring'?", "tree"]),
        Self("--clock", "emulated", says: ["clock 'emulated'", "did you mean 'emulate'?", "auto, simulated, emulate"]),
        Self(
            "--fabric", "mpj", says: ["fabric 'mpj'", "did you mean 'mpi'?", "auto, threads, simulated, emulated, mpi"]),
        Self("--fabric", "threads", "--strategy", "sync", says: ["does not carry sync", "It carries single, threads"]),
        Self("--fabric", "simulated", "--clock", "emulate", says: ["--fabric simulated and --clock emulate disagree"]),
        Self("--patience", "0s", says: ["--patience is", "above 0"]),
        Self("--initialization", "glorod", says: ["did you mean 'glorot'?", "he, glorot, pytorch"]),
        Self("--partition", "dirichle:0.5", says: ["did you mean 'dirichlet'?", "dirichlet:0.5"]),
        Self("--bandwidth", "1bit", says: ["1.0 bit/s", "1 kbit/s or more"]),
        Self("--latency", "2h", says: ["7200.0 s", "up to one hour"]),
        Self("--initialization", "ones", says: ["'ones'", "--initialization", "he"]),
        Self("--schedule", "step:3", says: ["'step:3'", "--schedule", "constant, cosine, step:EPOCHS:FACTOR"]),
        Self("--stragglers", "4", says: ["'4' are no stragglers", "FRACTION:SLOWDOWN", "0.1:4"]),
        Self("--stragglers", "4:0.1", says: ["'4' is outside 0 to 1, and has no %", share]),
        Self("--stragglers", "0.1:x", says: ["'x' is not a slowdown", "1 to 1000"]),
        Self("--jitter", "normal", says: ["'normal'", "--jitter", "none, uniform:TIME", "lognormal:SIGMA"]),
        Self("--output", "", says: ["--output is empty", "folder"]),
        Self("--save", "", says: ["--save is empty", "file"]),
        Self("--save", "a", "--trace-loss", "a", says: ["--save and --trace-loss both name 'a'"]),
        Self("--allreduce", "hierarchical:0", says: ["'hierarchical:0'", "hierarchical:SIZE", "from 1 to 1000000"]),
        Self("--allreduce", "ring:2", says: ["'ring:2'", "ring", "parameter-server:COUNT", "auto"]),
        Self("--allreduce", "parameter-servers", says: ["did you mean 'parameter-server'?"]),
        Self("--no-such-option", says: ["--no-such-option"]),
    ]

    static let numbers = [
        Self("--workers", "0", says: ["--workers is 0", count]),
        Self("--workers", "-1", says: ["--workers is -1", count]),
        Self("--workers", "two", says: ["'two'", "--workers"]),
        Self("--batch", "0", says: ["--batch is 0", count]),
        Self("--clients", "0", says: ["--clients is 0", count]),
        Self("--local-epochs", "0", says: ["--local-epochs is 0", count]),
        Self("--local-batch", "0", says: ["--local-batch is 0", "from 1 to 1000000, or 'all'"]),
        Self("--host-threads", "0", says: ["--host-threads is 0", "1 to 1024"]),
        Self("--jobs", "0", says: ["--jobs is 0", "1 to 1024"]),
        Self("--jobs", "1025", says: ["--jobs is 1025", "1 to 1024"]),
        Self("study", "--jobs", "-1", says: ["--jobs is -1", "1 to 1024"]),
        Self("--seeds", "0", says: ["--seeds is 0", "1 to 1000"]),
        Self("--epochs", "0", says: ["--epochs is 0", above]),
        Self("--epochs", "inf", says: ["--epochs is inf", above]),
        Self("--evaluate-every", "0", says: ["--evaluate-every is 0", above]),
        Self("--learning-rate", "nan", says: ["--learning-rate is nan", above]),
        Self("--learning-rate", "-0.1", says: ["--learning-rate is -0.1", above]),
        Self("--momentum", "1", says: ["--momentum is 1", "0 to below 1"]),
        Self("--weight-decay", "nan", says: ["--weight-decay is nan", "0 or more"]),
        Self("--warmup", "-1", says: ["--warmup is -1", "0 to 1000000"]),
        Self(
            "--batch", "4", "--workers", "8", says: ["batch of 4", "8 workers", "--batch must be at least --workers"]),
    ]

    static let quantities = [
        Self("--latency", "-5ms", says: ["'-5ms'", "--latency", "250us, 5ms or 2s, 0 or more"]),
        Self("--latency=-5ms", says: ["'-5ms'", "--latency", "250us, 5ms or 2s, 0 or more"]),
        Self("--latency", "5", says: ["'5'", "no unit", "250us, 5ms or 2s"]),
        Self("--bandwidth", "1", says: ["'1'", "no unit", "100Mbit, 1Gbit"]),
        Self("--bandwidth", "0Mbit", says: ["'0Mbit'", "above zero"]),
        Self("--target", "120%", says: ["'120%'", "--target", "0 % to 100 %", share]),
        Self("--target", "-1%", says: ["'-1%'", "--target", "0 % to 100 %", share]),
        Self("--fraction", "0", says: ["--fraction is 0", "above 0 up to 1"]),
        Self("--overlap", "--bucket", "25XB", says: ["'25XB'", "--bucket", "unknown unit 'XB'", "100MB"]),
        Self("--overlap", "--bucket", "0MB", says: ["'0MB'", "--bucket", "not above 0", "100MB"]),
        Self("--overlap", "--bucket", "-1MB", says: ["'-1MB'", "--bucket", "not above 0"]),
        Self("--overlap", "--bucket", "0.1B", says: ["--bucket is '0.1B'", "a size with its unit"]),
    ]
}

@Suite struct CommandLineErrorTests {
    @Test(arguments: WrongArguments.names)
    func anUnknownNameIsAnsweredWithThoseThatThereAre(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    @Test(arguments: WrongArguments.numbers)
    func aNumberOutOfRangeIsAnsweredWithTheRange(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    @Test(arguments: WrongArguments.quantities)
    func aQuantityThatCannotBeIsAnsweredWithAnExample(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    @Test func anUnknownTaskOfTheListIsAnsweredWithTheTasks() async throws {
        try await expectError(["list", "--task", "mnist"], code: 64, ["task 'mnist'", WrongArguments.tasks])
    }

    /// What the parser itself refuses is told as what the program refuses.
    @Test func wordsThatNobodyCouldReadAreShown() async throws {
        for (word, shown) in [("\u{1B}[31mred", "\\u{1B}[31mred"), ("a\r\nb", "'a b'")] {
            try await withFolder { folder in
                let outcome = try await bench(["list", word], in: folder)
                #expect(outcome.code == 64 && outcome.errors.contains(shown), "\(outcome.errors)")
                let hasControls = outcome.errors.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }
                #expect(!hasControls, "\(outcome.errors)")
            }
        }
        try await withFolder { folder in
            let outcome = try await bench(["--seeds", String(repeating: "1", count: 20_000)], in: folder)
            #expect(outcome.code == 64 && outcome.errors.contains("--seeds"), "\(outcome.errors)")
            #expect(outcome.errors.utf8.count < 2_000, "\(outcome.errors.utf8.count) bytes")
        }
    }
}
