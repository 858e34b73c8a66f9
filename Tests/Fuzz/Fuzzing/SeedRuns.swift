import Cluster
import Datasets
import Experiments
import Fabrics
import Files
import Foundation
import Kernel
import Locking
import Strategies
import Training

/// Small experiments whose files are the seeds of the classes that read them: the same bytes every time, since what depends on
/// this machine and on its clock is set to constants.
enum SeedRuns {
    static let machine: MachineDescription = {
        var machine = MachineDescription.current(arguments: ["bench"])
        (machine.date, machine.commit, machine.system) = ("2026-01-02T03:04:05Z", "0123456789ab", "Linux")
        (machine.processor, machine.boot, machine.cores) = ("A Processor", "0a1b2c3d", 2)
        (machine.memoryBytes, machine.toolchain, machine.buildMode) = (8_000_000_000, "Swift", "debug")
        machine.blas = "OpenBLAS"
        return machine
    }()

    private static let options: OptionValues = [
        "batch": 256, "workers": 3, "clients": 10, "fraction": 0.2, "local-epochs": 1, "local-batch": 50,
        "partition": "iid",
    ]

    static func plan(_ names: [String], seeds: [UInt64] = [1], epochs: Double = 0.2) throws -> ExperimentPlan {
        let strategies = try names.map { name in
            guard let strategy = StrategyRegistry.named(name) else { throw WrongAnswer("no strategy '\(name)'") }
            return StrategyPlan(
                name, fabric: .simulated, cluster: try ClusterFile.resolve("phones-3g"), allReduce: .ring,
                configuration: TrainingConfiguration(
                    schedule: LearningRateSchedule(baseRate: 0.2, totalEpochs: epochs),
                    optimizer: SGD.Configuration(momentum: 0.5), epochs: epochs, evaluateEveryEpochs: epochs / 2),
                options: options.filter { strategy.has($0.key) })
        }
        return ExperimentPlan(
            task: "digits", target: 0.8, seeds: seeds, shuffles: true, initialization: .he, initialParametersFile: nil,
            compute: "reference", hostThreads: 1, strategies: strategies)
    }

    /// An experiment's results, and the schedules of its runs by strategy and seed.
    static func run(_ plan: ExperimentPlan) throws -> (results: Results, schedules: [String: Schedule]) {
        let schedules = Guarded<[String: Schedule]>([:])
        var callbacks = Experiment.Callbacks()
        callbacks.scheduled = { run, schedule in
            schedules.withLock { $0["\(run.strategy.name) \(run.seed)"] = schedule }
        }
        let results = try Experiment(plan, data: DataDirectory(nil)).run(machine: machine, callbacks: callbacks)
        return (results, schedules.withLock { $0 })
    }
}

/// The checksum of the files that `SealedJSON` writes, as `Results/SCHEMA.md` describes it, made again after a change.
enum Seal {
    private static let start = Array("{\n  \"checksum\" : \"sha256:".utf8)
    private static let lineCount = start.count + 64 + 3

    /// The text without its checksum's line; the text itself where it has none.
    static func removed(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.starts(with: start), bytes.count >= lineCount else { return bytes }
        return Array("{\n".utf8) + bytes[lineCount...]
    }

    /// The text with a checksum that is right.
    static func renewed(_ bytes: [UInt8]) -> [UInt8] {
        let text = removed(bytes)
        guard text.starts(with: "{\n".utf8) else { return bytes }
        return start + digest(text).flatMap { hexadecimal($0) } + Array("\",\n".utf8) + text.dropFirst(2)
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] { ContentDigest.bytes(of: bytes) }

    private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// What of a file depends on this machine's clock, by the names of its fields, set to a constant.
    static func withoutHostTimes(_ data: Data) -> [UInt8] {
        var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        for (index, line) in lines.enumerated() {
            for name in ["hostSeconds", "sgemmSeconds", "sweepSeconds"] where line.contains("\"\(name)\" : ") {
                let head = line.prefix { $0 != ":" }
                lines[index] = "\(head): 0.25" + (line.hasSuffix(",") ? "," : "")
            }
        }
        return renewed(Array(lines.joined(separator: "\n").utf8))
    }
}
