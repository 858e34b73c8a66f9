import Advice
import ArgumentParser
import Cluster
import Diagnostics
import Experiments
import Fabrics
import Foundation
import Host
import Locking
import Reports
import Storage

struct Reprice: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Price recorded runs on other clusters, without training them again.",
        discussion: """
            Takes the folder of a run that was made with --record. What its models were worth is known, and when they were \
            there follows from the recorded schedule: times, bytes and messages are those that a run on the other cluster would \
            give, to the last digit. Every option takes one value or several with commas; all combinations are priced. What is \
            not named stays as it was in the run.

            EXAMPLES:
              bench --strategy sync,federated --compute reference --record --output Results/run
              bench reprice Results/run --latency 1ms,10ms,100ms --bandwidth 100Mbit,1Gbit
              bench reprice Results/run --cluster ethernet-1g,wan,my-rack.yaml --jitter none --allreduce ring,tree
            """)

    @Argument(help: ArgumentHelp("A folder with a results.json and schedules.", valueName: "folder"))
    var directory: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Strategies, with commas. (default: all whose schedules are there)", valueName: "label,..."))
    var strategy: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Presets (see 'bench list') or .yaml files.", valueName: "preset|file.yaml,..."))
    var cluster: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("One-way latencies of workers' links.", valueName: "time,..."),
        transform: { text in try Reprice.list(text) { try Quantity.duration($0).inSeconds } })
    var latency: [Double]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bandwidths of workers' links, both ways.", valueName: "rate,..."),
        transform: { text in try Reprice.list(text) { try Quantity.bandwidth($0) } })
    var bandwidth: [Double]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Variations of latency: none, uniform:TIME, lognormal:SIGMA, empirical:FILE.csv.", valueName: "jitter,..."),
        transform: { text in try Reprice.list(text) { try Jitter(parsing: $0) } })
    var jitter: [Jitter]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Workers that are slow for the whole job: FRACTION:SLOWDOWN such as 0.1:4.", valueName: "stragglers,..."),
        transform: { text in try Reprice.list(text) { try Stragglers(parsing: $0) } })
    var stragglers: [Stragglers]?

    @Option(
        name: .customLong("allreduce"), parsing: .unconditional,
        help: ArgumentHelp(
            "All-reduce algorithms: \(AllReduceAlgorithm.usages.joined(separator: ", ")).", valueName: "name,..."),
        transform: { text in try Reprice.list(text, PlanBuilder.parseAllReduce) })
    var allReduce: [AllReduceAlgorithm]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where the CSV file goes. (default: \(RepriceTable.name) in the folder)", valueName: "file"))
    var csv: String?

    /// The values of a comma-separated list.
    private static func list<Value>(_ text: String, _ parse: (String) throws -> Value) throws -> [Value] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map {
            try parse($0.trimmingCharacters(in: .whitespaces))
        }
    }

    private static let mostClusters = 100_000

    func validate() throws {
        if csv?.isEmpty == true { throw ValidationError("--csv is empty; allowed is the name of a file") }
        if let strategy { _ = try RowNames(strategy) }
        for name in clusterNames where !name.hasSuffix(".yaml") && !name.hasSuffix(".yml") {
            do { _ = try ClusterPresets.named(name) } catch { throw ValidationError("\(error)") }
        }
        // The type is written out, since the compiler takes seconds to infer it.
        let counts: [Int?] = [
            clusterNames.count, latency?.count, bandwidth?.count, jitter?.count, stragglers?.count, allReduce?.count,
        ]
        let count = counts.reduce(1) { $0 * max(1, $1 ?? 1) }
        guard count <= Self.mostClusters else {
            throw ValidationError("\(count) combinations; allowed are at most \(Self.mostClusters)")
        }
        try checkThatNoneMeet()
    }

    private var csvFile: String { csv ?? "\(directory)/\(RepriceTable.name)" }
    private var markdownFile: String { "\(directory)/\(RepriceTable.markdownName)" }
    private var pageFile: String { "\(directory)/\(RepriceTable.pageName)" }

    private func checkThatNoneMeet() throws {
        var named = NamedFiles()
        named.reads("the run", "\(directory)/\(ResultsFile.name)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where ScheduleFile.isName(name) { named.reads("the run", "\(directory)/\(name)") }
        for name in clusterNames { named.reads(cluster: "--cluster", name) }
        for jitter in jitter ?? [] { named.reads(jitter: jitter) }
        named.writes(csv == nil ? "the table" : "--csv", csvFile)
        named.writes("the table as Markdown", markdownFile)
        named.writes("the page", pageFile)
        try named.check()
    }

    private var clusterNames: [String] {
        cluster?.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    }

    func run() throws {
        let results = try ResultsFile.read(directory)
        if let csv { try requireWritableParent(of: csv, option: "--csv") }
        let clusters = try clusterNames.map { name in try ClusterFile.resolve(name) }
        var priced = results.plan
        priced.strategies = try chosen(results)
        var table = RepriceTable(target: results.plan.goal, leftOut: leftOut(results, besides: priced.strategies))
        OptionUse.notes(ofNetwork, priced).forEach(printError)
        for plan in priced.strategies {
            let repricing = try Repricing(results, plan) { try ScheduleFile.read(directory, plan.name, seed: $0) }
            let variants = try self.variants(of: plan, clusters)
            for (variant, runs) in try price(variants, repricing) { table.append(variant, runs) }
        }
        try writeAtomically(Data(table.csv.utf8), to: URL(fileURLWithPath: csvFile))
        try writeAtomically(Data(table.markdown(results).utf8), to: URL(fileURLWithPath: markdownFile))
        try writeAtomically(Data(table.page(results).html().utf8), to: URL(fileURLWithPath: pageFile))
        print(table.terminal(TerminalAbilities.output.layout), terminator: "")
        if let warning = DataText.warning(results) { print("\n" + warning, terminator: "") }
        print(
            "\nCSV, a row for each seed: \(csvFile); the tables as Markdown: \(markdownFile); with a picture: \(pageFile)"
        )
    }

    /// The given options that have no effect on a single rank, or on a strategy without an all-reduce.
    private var ofNetwork: [String] {
        let options = [
            ("latency", latency != nil), ("bandwidth", bandwidth != nil), ("jitter", jitter != nil),
            ("allreduce", allReduce != nil),
        ]
        return options.filter(\.1).map(\.0)
    }

    /// The rows of the run that nobody sees prices of, where nobody has named others.
    private func leftOut(_ results: Results, besides priced: [StrategyPlan]) -> [(name: String, reason: String)] {
        guard strategy == nil else { return [] }
        let names = Set(priced.map(\.name))
        return results.plan.strategies.filter { !names.contains($0.name) && !$0.isBaseline }
            .compactMap { LeftOut($0, isRecorded: false) }.map { ($0.name, $0.reason) }
    }

    /// The strategies that are named; else those of which there are schedules.
    private func chosen(_ results: Results) throws -> [StrategyPlan] {
        let names = results.plan.strategies.map(\.name)
        if let strategy {
            return try RowNames(strategy).chosen(among: results.plan.strategies) { name in
                ReportError("'\(directory)' has no run of '\(name)'; it has \(names.joined(separator: ", "))")
            }
        }
        let recorded = results.plan.strategies.filter { plan in
            plan.hasFixedSchedule
                && results.plan.seeds.contains { seed in
                    FileManager.default.fileExists(atPath: "\(directory)/\(ScheduleFile.name(plan.name, seed: seed))")
                }
        }
        guard !recorded.isEmpty else {
            throw ReportError(
                "'\(directory)' has no schedule of its runs (\(names.joined(separator: ", "))); bench writes them for simulated "
                    + "runs with --record")
        }
        return recorded
    }

    /// The plan on every cluster that the options describe; the values of the last option change fastest.
    private func variants(of plan: StrategyPlan, _ clusters: [ClusterSpec]) throws -> [StrategyPlan] {
        var variants: [StrategyPlan] = []
        func each<Value>(_ values: [Value]?) -> [Value?] {
            guard let values, !values.isEmpty else { return [nil] }
            return values.map { $0 }
        }
        // All-reduce algorithms do not matter for a strategy without an all-reduce.
        let algorithms = plan.roles.usesAllReduce ? allReduce : nil
        for cluster in each(clusters) {
            for latency in each(latency) {
                for bandwidth in each(bandwidth) {
                    for jitter in each(jitter) {
                        for stragglers in each(stragglers) {
                            let spec = (cluster ?? plan.cluster)?.overridden(
                                by: .init(
                                    latencySeconds: latency, bytesPerSecond: bandwidth, jitter: jitter,
                                    stragglers: stragglers))
                            try spec?.validate()
                            try spec?.validate(ranks: plan.roles.ranks)
                            try spec?.validate(workers: plan.roles.workers)
                            for algorithm in each(algorithms) {
                                var variant = plan
                                variant.cluster = spec
                                variant.allReduce = algorithm ?? plan.allReduce
                                variants.append(variant)
                            }
                        }
                    }
                }
            }
        }
        return variants
    }

    private typealias Priced = (plan: StrategyPlan, runs: [Repricing.PricedRun])

    /// Prices all variants on all cores; the result is in their order.
    private func price(_ variants: [StrategyPlan], _ repricing: Repricing) throws -> [Priced] {
        let priced = Guarded<[Result<Priced, any Error>?]>(Array(repeating: nil, count: variants.count))
        ParallelLoop.run(variants.count) { index in
            let result = Result { try repricing.price(variants[index]) }
            priced.withLock { $0[index] = result }
        }
        return try priced.withLock { $0 }.compactMap { try $0?.get() }
    }
}
