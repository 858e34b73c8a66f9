import ArgumentParser
import Calibration
import Datasets
import Diagnostics
import Experiments
import Reports
import Training
import Tasks

struct Speed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the engine's throughput on this machine: samples a second, or seconds a federated round.",
        discussion: """
            Trains full steps (forward, loss, backward, SGD) on real data with the strategies' own programs: 'single' on \
            one thread, 'threads' on several. With --federated it runs rounds of federated averaging, whose clients \
            share the threads; evaluation is timed apart. Medians over the repetitions, with the least and the largest.

            gflops counts the operations of the model's definition; percent_of_peak compares them with a large SGEMM \
            measured between the repetitions, on as many threads. A convolution by Winograd's algorithm saves \
            operations, so that it can pass 100 %.

            EXAMPLES:
              bench speed --task mnist-2nn --batch 10,64,512
              bench speed --task mnist-cnn --batch 64 --threads 2 --format csv
              bench speed --federated --task mnist-2nn --clients 100 --fraction 0.1 --local-epochs 5 --threads 2
            """)

    @Option(
        parsing: .unconditional, help: "The model and data: \(TrainingTask.all.map(\.name).joined(separator: ", ")).")
    var task = "digits"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Samples of a step over all threads; several with commas. (default: the task's)", valueName: "count,..."))
    var batch: String?

    @Option(parsing: .unconditional, help: "Threads that train.")
    var threads = 1

    @Option(parsing: .unconditional, help: "Measurements, of half a second or of one round each.")
    var repetitions = 7

    @Option(
        parsing: .unconditional, help: ArgumentHelp("table or csv.", valueName: "format"), transform: choice("format"))
    var format: SpeedTable.Style = .table

    @Flag(help: "Rounds of federated averaging in place of steps.")
    var federated = false

    @Option(parsing: .unconditional, help: "K: clients. (default: the task's)")
    var clients: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("C: share of the clients in a round. (default: the task's)", valueName: "share"),
        transform: Quantity.fraction)
    var fraction: Double?

    @Option(parsing: .unconditional, help: "E: epochs of a client in a round. (default: the task's)")
    var localEpochs: Int?

    @Option(parsing: .unconditional, help: "B: batch of a client. (default: the task's)")
    var localBatch: Int?

    @Option(
        parsing: .unconditional,
        help: "Give each client so many random samples, in place of its part of the training set.")
    var samplesPerClient: Int?

    @OptionGroup var data: DataOptions

    func validate() throws {
        let batches = try batches()
        do {
            try federation.options(of: TrainingTask.resolve(task))
            try SpeedMeasurement.check(threads: threads, repetitions: repetitions)
        } catch is TaskFileError {
            // An invalid file is not an invalid command line: run() reports it.
        } catch { throw ValidationError("\(error)") }
        if let small = batches?.first(where: { $0 < threads }) {
            throw ValidationError("--batch is \(small); allowed is --threads (\(threads)) or more")
        }
        let federatedOptions: [(String, Bool)] = [
            ("--clients", clients != nil), ("--fraction", fraction != nil), ("--local-epochs", localEpochs != nil),
            ("--local-batch", localBatch != nil), ("--samples-per-client", samplesPerClient != nil),
        ]
        if !federated, let option = federatedOptions.first(where: \.1) {
            throw ValidationError("\(option.0) is for --federated")
        }
        if federated, batch != nil { throw ValidationError("--batch is for steps; with --federated use --local-batch") }
    }

    func run() throws {
        data.noteIfUnused([try TrainingTask.resolve(task)])
        try HostNeed(
            threads: threads, multiplying: threads,
            readsFiles: !((try? TrainingTask.resolve(task))?.isEmbedded ?? false)
        ).check()
        let measurement = try SpeedMeasurement(
            TrainingTask.resolve(task), data: DataDirectory(data.data), threads: threads, repetitions: repetitions)
        if federated {
            let rows = [try measurement.rounds(federation)]
            tell(SpeedTable.rounds(rows, format, TerminalAbilities.output.layout))
        } else {
            var rows: [SpeedMeasurement.Steps] = []
            // Measured batches are printed even if a later one fails.
            defer {
                if !rows.isEmpty { tell(SpeedTable.steps(rows, format, TerminalAbilities.output.layout)) }
            }
            for size in try batches() ?? [TrainingTask.resolve(task).defaults.options(of: BatchOptions.self).batch] {
                rows.append(try measurement.steps(batch: size))
            }
        }
    }

    private func tell(_ text: String) {
        if format == .csv { printData(text) } else { print(text, terminator: "") }
    }

    private var federation: SpeedMeasurement.Federation {
        SpeedMeasurement.Federation(
            clients: clients, fraction: fraction, localEpochs: localEpochs, localBatch: localBatch,
            samplesPerClient: samplesPerClient)
    }

    private func batches() throws -> [Int]? {
        try batch?.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let size = Int(text), size > 0 else {
                throw ValidationError("--batch: '\(text)' is not a number of samples above 0")
            }
            return size
        }
    }
}
