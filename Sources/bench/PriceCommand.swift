import ArgumentParser
import Cluster
import Diagnostics
import Experiments
import Fabrics
import Foundation
import Pricing
import Reports
import Storage
import Strategies

struct PriceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "price",
        abstract: "Price strategies for a model that is too large to train here, from a profile of its step.",
        discussion: """
            Takes a profile: how long a step takes on one device, and when which part of its gradient is there. \
            'Benchmarks/profile_torch.py' makes one of a PyTorch model, 'Benchmarks/profile_from_trace.py' of a recorded trace. Every \
            strategy's own code says what its workers send; the simulated cluster says how long that takes.

            Time is priced, and accuracy never: of a strategy that changes the arithmetic, such as federated averaging, it is \
            said up to how many times the samples of the fastest one that does not it would still be first. With a curve of your \
            own training (--curve, --target, --global-batch) the others get a time to the target.

            Every worker is the device of the profile, or as fast as its 'speed' says; 'cores' of a cluster do not count. A row's \
            options stand in brackets: 'sync(overlap=true)' sends gradients as PyTorch's DistributedDataParallel does.

            EXAMPLES:
              bench price Benchmarks/profiles/resnet50-v100.json --cluster Benchmarks/profiles/v100-nodes.yaml --workers 8,16,32
              bench price mine.json --cluster ethernet-10g --workers 8 --strategy 'sync,sync(overlap=true),local-sgd(sync-every=16)'
              bench price mine.json --cluster wan --workers 4 --strategy sync,federated --samples 1000000 --csv prices.csv
            """)

    @Argument(help: ArgumentHelp("A profile, 'bench-profile-1'.", valueName: "profile.json"))
    var profile: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A preset (see 'bench list') or a .yaml file.", valueName: "preset|file.yaml"))
    var cluster: String

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Numbers of workers, each priced.", valueName: "count,..."),
        transform: { text in try PriceCommand.counts(text) })
    var workers: [Int] = [8, 16, 32]

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Rows of the table, as for 'bench run'.", valueName: "name[(option=value,...)],..."))
    var strategy = "single,sync,sync(overlap=true),local-sgd"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Samples of a step on every worker. (default: the most that the profile has)", valueName: "count"))
    var batch: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Samples of a step over all workers, in place of --batch.", valueName: "count"))
    var globalBatch: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Samples of the training set, which clients share. (default: the profile's)", valueName: "count"))
    var samples: Int?

    @Option(
        name: .customLong("allreduce"), parsing: .unconditional,
        help: ArgumentHelp("How workers add their gradients; see 'bench list'.", valueName: "algorithm"),
        transform: PlanBuilder.parseAllReduce)
    var allReduce: AllReduceAlgorithm = .ring

    @Option(
        parsing: .unconditional, help: ArgumentHelp("One-way latency of workers' links.", valueName: "time"),
        transform: { text in try Quantity.duration(text).inSeconds })
    var latency: Double?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Bandwidth of workers' links, both ways.", valueName: "rate"),
        transform: { text in try Quantity.bandwidth(text) })
    var bandwidth: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Your curve: a CSV file with the columns samples and accuracy.", valueName: "file.csv"))
    var curve: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The accuracy to reach on it.", valueName: "accuracy"),
        transform: { text in try Quantity.fraction(text) })
    var target: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Updates that are played behind a first one; more where latencies are drawn.", valueName: "count"))
    var rounds = 10

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The seed of what a cluster draws.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(parsing: .unconditional, help: ArgumentHelp("Write the rows as CSV.", valueName: "file.csv"))
    var csv: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Write the rows as JSON.", valueName: "file.json"))
    var json: String?

    private static func counts(_ text: String) throws -> [Int] {
        let counts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0.trimmingCharacters(in: .whitespaces))
        }
        let allowed = 1...PriceRequest.mostWorkers
        guard !counts.isEmpty, counts.count <= 100, counts.allSatisfy({ $0.map(allowed.contains) ?? false }) else {
            throw ValidationError(
                "'\(text)' are no numbers of workers; allowed are up to 100 from \(allowed.lowerBound) to \(allowed.upperBound), with commas"
            )
        }
        return counts.compactMap { $0 }
    }

    func validate() throws {
        for (option, value) in [("batch", batch), ("global-batch", globalBatch), ("samples", samples)] {
            guard let value, !(1...1_000_000_000).contains(value) else { continue }
            throw ValidationError("--\(option) is \(value); allowed is 1 to 1000000000")
        }
        guard batch == nil || globalBatch == nil else {
            throw ValidationError(
                "--batch and --global-batch both say how many samples a step has; leave one of them out")
        }
        guard (curve == nil) == (target == nil) else {
            throw ValidationError(
                curve.map { "--curve '\($0)' needs --target: the accuracy to reach on it" }
                    ?? "--target needs --curve: a file of samples and accuracies")
        }
        guard curve == nil || globalBatch != nil else {
            throw ValidationError("--curve needs --global-batch: the batch that the curve was trained with")
        }
        guard (1...PriceRequest.mostRounds).contains(rounds) else {
            throw ValidationError("--rounds is \(rounds); allowed is 1 to \(PriceRequest.mostRounds)")
        }
        for choice in try StrategyChoice.parse(strategy) { try choice.check() }
        if !cluster.hasSuffix(".yaml") {
            do { _ = try ClusterFile.resolve(cluster) } catch { throw ValidationError("--cluster: \(error)") }
        }
        var named = NamedFiles()
        named.reads("the profile", profile)
        named.reads(cluster: "--cluster", cluster)
        named.reads("--curve", curve)
        named.writes("--csv", csv)
        named.writes("--json", json)
        try named.check()
    }

    func run() throws {
        let choices = try StrategyChoice.parse(strategy).filter { !$0.isBaseline }
        try StrategyChoice.repetitions(in: strategy).forEach(printError)
        let profile = try ProfileFile.read(profile)
        let spec = try ClusterFile.resolve(cluster).overridden(
            by: .init(latencySeconds: latency, bytesPerSecond: bandwidth))
        try spec.validate()
        for (option, path) in [("--csv", csv), ("--json", json)] {
            if let path { try requireWritableParent(of: path, option: option) }
        }
        var request = PriceRequest(
            profile, on: spec, workers: workers,
            batch: globalBatch.map { .global($0) }
                ?? .perWorker(batch ?? profile.steps[profile.steps.count - 1].samples),
            choices.map { choice in
                PriceRequest.Choice(
                    choice.description.name, label: choice.label,
                    options: choice.options.map { .init($0.name, $0.value) })
            })
        (request.allReduce, request.seed, request.rounds) = (allReduce, seed, rounds)
        request.trainingSamples = samples
        if let curve, let target { request.goal = .init(try LearningCurve.read(curve), target: target) }
        let prices = try Pricing(request).prices()
        guard !prices.rows.isEmpty else {
            throw PricingError(prices.unpriced.first.map { "\($0.label): \($0.reason)" } ?? "nothing to price")
        }
        let table = PriceTable(request, prices)
        if let csv { try writeAtomically(Data(table.csv.utf8), to: URL(fileURLWithPath: csv)) }
        if let json { try writeAtomically(try table.json, to: URL(fileURLWithPath: json)) }
        print(table.terminal(TerminalAbilities.output.layout), terminator: "")
    }
}
