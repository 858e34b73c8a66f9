import ArgumentParser
import Calibration
import Cluster
import Datasets
import Diagnostics
import Experiments
import Fabrics
import Foundation
import Reports
import Storage
import Strategies
import Tasks

struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine and its network, and write them as a cluster that can be simulated.",
        discussion: """
            Measures the times of training steps, the memory's bandwidth and, as a job of MPI, what messages and all-reduces \
            take between its ranks; fits latency, overhead and bandwidth by least squares; and writes a cluster file with \
            all of them. Wherever '--cluster FILE.yaml' is simulated, it computes as fast as this machine did.

            All ranks compute at the same time, as in a job. Start it on the machines and with as many ranks a host as the \
            jobs that are to be predicted. MPI chooses its all-reduce by size; --mca coll_tuned_use_dynamic_rules 1 --mca \
            coll_tuned_allreduce_algorithm 4 makes Open MPI's a ring, which --allreduce names here and in the simulation.

            EXAMPLES:
              bench calibrate --task mnist-2nn --output machine.yaml --network ethernet-10g
              mpirun -n 2 bench calibrate --output shared-memory.yaml
              mpirun --mca btl tcp,self -n 2 bench calibrate --output tcp.yaml
              mpirun --hostfile hosts -n 4 bench calibrate --task mnist-2nn --output cluster.yaml --points points.csv
              bench calibrate --from 2-hosts.csv,3-hosts.csv --output cluster.yaml
              bench --strategy sync --task mnist-2nn --workers 4 --cluster cluster.yaml
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Tasks whose steps are timed. (default: all whose data are there)", valueName: "name,..."))
    var task: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Samples of a step; powers of two below the largest are timed as well. (default: the task's)",
            valueName: "count,..."))
    var batch: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sizes of messages and all-reduces, such as 4kB,1MB. (default: 256 B to 16.8 MB, doubling)",
            valueName: "size,..."))
    var sizes: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For all messages and all-reduces; sizes that would take longer are left out. (default: 20s)",
            valueName: "time"),
        transform: Quantity.duration)
    var networkTime: Duration?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Rest before each all-reduce, as a training's steps are: a shaper's bucket fills again. (default: 0s)",
            valueName: "time"),
        transform: Quantity.duration)
    var pause: Duration?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Which all-reduce MPI's is taken to be (see 'bench list'). (default: ring)", valueName: "name"),
        transform: Self.parseAllReduce)
    var allreduce: AllReduceAlgorithm?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            What the link is to reproduce: all-reduce, or messages, as federated clients exchange. (default: all-reduce)
            """, valueName: "what"),
        transform: choice("basis of the fit"))
    var fit: NetworkFit.Basis?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Take this cluster's links in place of measuring any.", valueName: "preset|file.yaml"))
    var network: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Measure nothing, and fit the points of these files together.", valueName: "file.csv,..."))
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write the cluster to this file.", valueName: "file.yaml"))
    var output: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write every time that was measured to this file.", valueName: "file.csv"))
    var points: String?

    @OptionGroup var data: DataOptions

    func validate() throws {
        do { _ = try tasks() } catch let error as ExperimentError {
            throw ValidationError("--task: \(error)")
        } catch is TaskFileError {
            // An invalid file is not an invalid command line: run() reports it.
        }
        _ = try batches()
        _ = try messageSizes()
        if let networkTime, networkTime < .milliseconds(100) || networkTime > .seconds(3600) {
            throw ValidationError("--network-time is \(networkTime.inSeconds) s; allowed is 0.1 s to one hour")
        }
        if let pause, pause > .seconds(10) {
            throw ValidationError("--pause is \(pause.inSeconds) s; allowed is up to 10 s")
        }
        if let output, !output.hasSuffix(".yaml"), !output.hasSuffix(".yml") {
            throw ValidationError("--output '\(output)': --cluster takes files that end in .yaml or .yml")
        }
        if let network {
            do {
                _ = try ClusterFile.resolve(network)
            } catch { throw ValidationError("--network: \(error)") }
        }
        try checkThatNoneMeet()
        guard from != nil else { return }
        let others: [(String, Bool)] = [
            ("--task", task != nil), ("--batch", batch != nil), ("--sizes", sizes != nil), ("--points", points != nil),
            ("--network", network != nil), ("--network-time", networkTime != nil), ("--pause", pause != nil),
            ("--data", data.data != nil),
        ]
        if let other = others.first(where: \.1) {
            throw ValidationError("\(other.0) is for measuring, and --from measures nothing")
        }
    }

    private func checkThatNoneMeet() throws {
        var named = NamedFiles()
        for file in from?.split(separator: ",") ?? [] { named.reads("--from", String(file)) }
        named.reads(cluster: "--network", network)
        named.reads(data: data.data)
        named.writes("--output", output)
        named.writes("--points", points)
        try named.check()
    }

    private static func parseAllReduce(_ text: String) throws -> AllReduceAlgorithm {
        guard let algorithm = AllReduceAlgorithm(rawValue: text), algorithm != .automatic else {
            throw ValidationError(
                UnknownName.message(
                    "all-reduce algorithm", found: text, allowed: AllReduceAlgorithm.usages.filter { $0 != "auto" }))
        }
        return algorithm
    }

    private func tasks() throws -> [TrainingTask]? {
        var tasks: [TrainingTask] = []
        for name in task?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
            let task = try TrainingTask.resolve(name.trimmingCharacters(in: .whitespaces))
            if !tasks.contains(where: { $0.name == task.name }) { tasks.append(task) }
        }
        return task == nil ? nil : tasks
    }

    private func batches() throws -> [Int]? {
        try batch?.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let size = Int(text), size > 0 else {
                throw ValidationError("--batch: '\(text)' is not a number of samples above 0")
            }
            return size
        }
    }

    private func messageSizes() throws -> [Int] {
        guard let sizes else { return NetworkMeasurement.standardSizes }
        let list = try sizes.split(separator: ",", omittingEmptySubsequences: false).map { text in
            do throws(Quantity.Failure) {
                let bytes = try Quantity.bytes(String(text))
                guard (4...NetworkMeasurement.largestSize).contains(bytes) else {
                    throw Quantity.Failure(description: "'\(text)': allowed is 4 B to 1.07 GB")
                }
                // A whole number of 32-bit numbers.
                return bytes / 4 * 4
            } catch { throw ValidationError("--sizes: \(error.description)") }
        }
        let different = Set(list).sorted()
        guard different.count >= 3 else {
            throw ValidationError(
                "--sizes: \(different.count) different sizes; allowed are 3 or more, since two parameters are fitted")
        }
        return different
    }

    func run() throws {
        let job = from == nil ? try MPILaunch.calibrationJob() : nil
        let isReporter = !MPILaunch.isFollower
        if isReporter {
            if let output { try requireWritableParent(of: output, option: "--output") }
            if let points { try requireWritableParent(of: points, option: "--points") }
        }
        let read = try from.map(readPoints)
        let hasNetwork = read?.contains(where: \.isOfNetwork) ?? (job != nil && network == nil)
        if isReporter {
            data.noteIfUnused(try tasks())
            if !hasNetwork { notesOfNetwork.forEach(printError) }
        }
        if from == nil { try HostNeed(threads: 1, multiplying: 1, readsFiles: true).check() }
        let measured = try read ?? measure(job, isReporter)
        guard isReporter else { return }
        try report(measured, job)
    }

    /// A line for each given option that has no effect because no network is measured.
    private var notesOfNetwork: [String] {
        let options = [
            ("--sizes", sizes != nil), ("--network-time", networkTime != nil), ("--pause", pause != nil),
            ("--fit", fit != nil), ("--allreduce", allreduce != nil),
        ]
        let reason =
            from != nil
            ? "the points have no messages and no all-reduces"
            : network != nil ? "--network gives the links" : "one process alone has no network to measure"
        return options.filter(\.1).map { "\($0.0) has no effect: \(reason)" }
    }

    private func readPoints(_ list: String) throws -> [CalibrationPoint] {
        try list.split(separator: ",", omittingEmptySubsequences: false).flatMap { name in
            guard let data = FileManager.default.contents(atPath: String(name)) else {
                throw ReportError("--from: '\(name)' does not exist or cannot be read")
            }
            guard let text = String(data: data, encoding: .utf8) else { throw ReportError("\(name): not UTF-8 text") }
            return try CalibrationCSV.parse(text, file: String(name))
        }
    }

    // MARK: Measuring

    private func measure(_ job: MPILaunch.CalibrationJob?, _ isReporter: Bool) throws -> [CalibrationPoint] {
        let tasks = try tasks() ?? TrainingTask.all
        let hasNetwork = job != nil && network == nil
        let display = StageDisplay(isOn: isReporter, count: tasks.count + (hasNetwork ? 2 : 1), tellsLines: true)
        defer { display.end() }
        let machine = MachineCalibration(
            tasks: tasks, batches: try batches(), data: DataDirectory(data.data),
            leavesOutMissing: task == nil)
        var points = try machine.compute(
            among: job?.network, began: { display.begin("measuring steps of \($0.name)") },
            leftOut: { task, reason in if isReporter { display.say("left out \(task.name): \(reason)") } })
        display.begin("measuring memory")
        points.append(
            try machine.memory(among: job?.network, cacheBytes: MachineCalibration.lastCacheBytes().bytes))
        if let job, network == nil {
            display.begin("measuring messages and all-reduces of \(job.network.count) ranks")
            points += try NetworkMeasurement(
                sizes: messageSizes(), budgetSeconds: (networkTime ?? .seconds(20)).inSeconds,
                pauseSeconds: (pause ?? .zero).inSeconds
            ).measure(job.network)
        }
        return points
    }

    // MARK: Reporting

    private func report(_ measured: [CalibrationPoint], _ job: MPILaunch.CalibrationJob?) throws {
        if let points {
            try writeAtomically(Data(CalibrationCSV.render(measured).utf8), to: URL(fileURLWithPath: points))
        }
        // Files come first: the reader of the text may go away.
        var text = ""
        func tell(_ line: String) { text += line + "\n" }
        defer { print(text, terminator: "") }
        let machine = MachineDescription.current(arguments: CommandLine.arguments)
        var notes = from == nil ? CalibrationText.provenance(machine) : ["Fitted by: \(machine.command)"]
        let ranks = measured.filter { $0.kind == .step }.map(\.ranks).max() ?? 1
        let together = ranks > 1 ? ", \(ranks) ranks at the same time" : ""
        if measured.contains(where: { $0.kind == .step }) {
            tell("Training steps on one core\(together): median, least and largest\n")
            tell(CalibrationText.steps(measured, TerminalAbilities.output.layout))
        }
        if let point = measured.first(where: { $0.kind == .memory }) {
            let cache = MachineCalibration.lastCacheBytes()
            let line = CalibrationText.memory(point)
            tell(
                from == nil
                    ? "\(line); last cache \(cache.isKnown ? Format.bytes(Double(cache.bytes)) : "unknown")\n"
                    : "\(line)\n")
            notes.append(line)
        }
        let (link, remarks, source) = try network(measured, job, &notes, tell)
        if let points { tell("Times written to \(points)") }
        guard let output else {
            tell("--output FILE.yaml writes a cluster file.")
            return
        }
        let cluster = CalibratedCluster(
            name: URL(fileURLWithPath: output).deletingPathExtension().lastPathComponent,
            summary: "calibrated: \(machine.processor)", source: source,
            link: link, compute: MachineCalibration.measuredCompute(measured), notes: notes, remarks: remarks)
        try cluster.spec(file: output).validate()
        try writeAtomically(Data(cluster.yaml.utf8), to: URL(fileURLWithPath: output))
        tell("Cluster written to \(output): simulate it with --cluster \(ShellText.quoted(output))")
    }

    /// The link, comments on its figures, and its source.
    private func network(
        _ measured: [CalibrationPoint], _ job: MPILaunch.CalibrationJob?, _ notes: inout [String],
        _ tell: (String) -> Void
    ) throws -> (Link, [String: String], String) {
        let date = MachineDescription.current(arguments: CommandLine.arguments).date
        guard measured.contains(where: \.isOfNetwork) else {
            let name = network ?? StrategyRegistry.named("sync")?.defaultCluster ?? "ethernet-10g"
            let preset = try ClusterFile.resolve(name)
            let text =
                "Network: not measured; \(output == nil ? "a file would have" : "the file has") the links of '\(name)'"
            tell("\(text). \(MPILaunch.howToMeasureANetwork)\n")
            notes.append("\(text), whose source is: \(preset.source)")
            return (preset.worker.link, [:], "bench calibrate, \(date); links of '\(name)'")
        }
        let algorithm = allreduce ?? .ring
        let fit = try NetworkFit(measured, basis: fit ?? .allReduce, assuming: algorithm)
        var title = "Network"
        if let job {
            title = "Network of \(job.network.count) ranks \(job.transport); \(job.library)"
            notes.append(title)
        }
        tell("\(title)\n")
        tell(CalibrationText.parameters(fit, TerminalAbilities.output.layout))
        tell(CalibrationText.identifiability(fit) + "\n")
        tell(CalibrationText.residuals(fit, TerminalAbilities.output.layout))
        tell(CalibrationText.errors(fit) + "\n")
        if let hint = job?.transport.hint { tell("To measure \(hint).\n") }
        notes.append("\(CalibrationText.errors(fit)); all-reduce taken for: \(algorithm.rawValue)")
        return (
            fit.link, CalibrationText.remarks(fit), "bench calibrate, \(date), least squares over \(fit.basis.rawValue)"
        )
    }
}

extension CalibrationPoint {
    fileprivate var isOfNetwork: Bool { kind == .allReduce || kind == .pingPong }
}
