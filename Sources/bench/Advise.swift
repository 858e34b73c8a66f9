import Advice
import ArgumentParser
import Cluster
import Diagnostics
import Experiments
import Foundation
import Reports
import Storage

struct Advise: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which strategy to take on a cluster, why, until when, and what would change it.",
        discussion: """
            Takes the folder of a run that was made with --record, or makes one now from the options of 'bench run'. The first \
            line is the answer: who reaches the target first, by what factor, in how many seeds, and what that rests on; 'no \
            difference is shown' is one, too. Then follow the reasons; how far each figure of the cluster may change until another \
            one is first; what halving and doubling does; what would make each of the others first; how far each is behind on \
            other clusters; a map of latency and bandwidth; and who is better in time, bytes, money and energy. Each statement has the \
            command that says it again.

            Only simulated times are compared: what was measured with a clock is left out, with the reason.

            EXAMPLES:
              bench advise Results/run --cluster ethernet-1g
              bench advise Results/run --cluster my-rack.yaml --output Results/advice
              bench advise Results/run --cluster my-rack.yaml --only until --figure latency
              bench advise Results/run --cluster ethernet-1g --with latency=31us,bandwidth=2Gbit --only first
              bench advise --task digits --strategy sync,federated --cluster my-rack.yaml
              bench advise --strategy single,sync --machines 4,8 --bandwidth 1Gbit,10Gbit --price-per-hour 0.04,0.06
            """)

    @Argument(
        help: ArgumentHelp(
            "A folder with a results.json and schedules. (default: none; the run is made now)", valueName: "folder"))
    var directory: String?

    @OptionGroup(title: "Advice") var options: AdviseOptions
    @OptionGroup(title: "Machines to rent") var machines: MachineOptions
    @OptionGroup(title: "Experiment") var experiment: ExperimentOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup(title: "Options of strategies") var settings: StrategySettings

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Without a folder: compute time of simulated machines, as of 'bench run'. (default: calibrated)",
            valueName: "model"))
    var compute: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The folder of data sets. (default: $BENCH_DATA, else ~/.cache/distributed-training-bench)",
            valueName: "folder"))
    var data: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Where advice.md, advice.csv, advice.json and map.csv go; without a folder of a run, the run goes there, too. \
            (default: none, and \(Self.latest) where the run is made now)
            """, valueName: "folder"))
    var output: String?

    @Flag(help: "No progress on standard error.")
    var quiet = false

    static let latest = "Results/latest-advice"

    /// The folder that the runs are in, or will be written to.
    private var folder: String { directory ?? output ?? Self.latest }

    func validate() throws {
        try options.check()
        try machines.check()
        for (name, value) in [("output", output), ("folder", directory)] where value?.isEmpty == true {
            throw ValidationError(
                "\(name == "output" ? "--output" : "the folder") is empty; allowed is the name of a folder")
        }
        if directory != nil {
            try checkNoRun()
            _ = try RowNames(experiment.strategy)
        } else {
            try newRun().validate()
        }
        try checkThatNoneMeet()
    }

    /// Rejects options of a new run where a folder with runs is given.
    private func checkNoRun() throws {
        let builder = PlanBuilder(
            experiment: experiment, training: training, cluster: try ClusterOptions.parse([]), settings: settings,
            data: data)
        let given = [
            ("plan", experiment.plan != nil), ("task", experiment.task != "digits"),
            ("objectives", experiment.objectives != nil), ("seeds", experiment.seeds != 3),
            ("first-seed", experiment.firstSeed != nil), ("epochs", experiment.epochs != nil),
            ("evaluate-every", experiment.evaluateEvery != nil), ("repetitions", experiment.repetitions != 1),
            ("limit-time", experiment.limitTime != nil), ("limit-bytes", experiment.limitBytes != nil),
            ("limit-updates", experiment.limitUpdates != nil), ("nesterov", training.nesterov),
            ("warmup", training.warmup != nil), ("initialization", training.initialization != nil),
            ("init", training.initialParameters != nil), ("no-shuffle", training.noShuffle),
            ("compute", compute != nil),
        ]
        let others = OptionUse.all.filter { $0.isGiven(builder) && $0.name != "strategy" }.map(\.name)
        guard let name = given.first(where: \.1)?.0 ?? others.first else { return }
        throw ValidationError(
            "--\(name) is of a run that is made now, and '\(folder)' has its own; leave out one of the two")
    }

    private func checkThatNoneMeet() throws {
        var named = NamedFiles()
        if let directory {
            named.reads("the run", "\(directory)/\(ResultsFile.name)")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            for name in names where ScheduleFile.isName(name) { named.reads("the run", "\(directory)/\(name)") }
        }
        for name in AdviseOptions.words(options.cluster) { named.reads(cluster: "--cluster", name) }
        for name in AdviseOptions.words(options.over) { named.reads(cluster: "--over", name) }
        if let output { named.writes("--output", OutputDirectory.adviceNames, in: output) }
        try named.check()
    }

    // MARK: A run that is made now

    private func newRun() throws -> Run {
        var words = ["--fabric", "simulated", "--record", "--output", folder]
        if let cluster = AdviseOptions.words(options.cluster).first { words += ["--cluster", cluster] }
        if let compute { words += ["--compute", compute] }
        if let data { words += ["--data", data] }
        if quiet { words.append("--quiet") }
        var run = try Run.parse(words)
        run.experiment = experiment
        if let counts = try machines.counts() {
            run.experiment.strategy = try Self.strategies(experiment.strategy, on: counts, settings)
        }
        run.training = training
        run.settings = settings
        return run
    }

    /// Every strategy with each of these numbers of workers, where its number of workers can vary.
    static func strategies(_ list: String, on counts: [Int], _ settings: StrategySettings) throws -> String {
        let given = Set(try settings.settings().map(\.name))
        return try StrategyChoice.parse(list).filter { !$0.isBaseline }.flatMap { choice -> [String] in
            let option = ["workers", "clients"].first { choice.description.has($0) }
            guard let option, !choice.options.contains(where: { $0.name == option }), !choice.description.isSingleDevice
            else { return [Self.text(choice, [], label: choice.label)] }
            let takesPart =
                choice.description.has("fraction") && !given.contains("fraction")
                && !choice.options.contains { $0.name == "fraction" }
            return counts.map { count in
                Self.text(
                    choice, ["\(option)=\(count)"] + (takesPart ? ["fraction=1"] : []),
                    label: choice.options.isEmpty ? "\(choice.label)-\(count)" : nil)
            }
        }.joined(separator: ",")
    }

    private static func text(_ choice: StrategyChoice, _ more: [String], label: String?) -> String {
        let options = choice.options.map { "\($0.name)=\($0.value)" } + more
        guard !options.isEmpty else { return choice.description.name }
        let named = label.flatMap { $0.contains("(") ? nil : ["label=\($0)"] } ?? []
        return "\(choice.description.name)(\((options + named).joined(separator: ",")))"
    }

    // MARK: Advice

    private static func resolved(_ folder: String) -> String {
        URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    }

    func run() throws {
        if directory == nil {
            let run = try newRun()
            try run.validate()
            try run.run(tells: false)
        }
        var results = try ResultsFile.read(folder)
        if directory != nil, let text = experiment.target {
            do throws(Quantity.Failure) {
                results.plan.target = try results.plan.metric.target(parsing: text)
            } catch {
                throw ValidationError("--target, \(results.plan.metric.oneOfThem): \(error)")
            }
        }
        let directory = try output.map { try OutputDirectory($0) }
        let maker = AdviceMaker(
            folder: folder, options: options, machines: machines,
            strategy: self.directory == nil ? nil : experiment.strategy == "all" ? nil : experiment.strategy,
            target: self.directory == nil ? nil : experiment.target, isQuiet: quiet)
        let (advice, text) = try maker.make(results)
        // Files come first: the reader of the text may go away.
        let place = try directory ?? (self.directory == nil ? OutputDirectory(folder) : nil)
        try place?.write(advice, text, of: folder)
        // The page of the run includes the advice in the same folder, so it is written again.
        if let place, place.url.resolvingSymlinksInPath().path == Self.resolved(folder),
            self.directory == nil || experiment.target == nil
        {
            try place.writeDerived(results)
        }
        print(text.terminal(TerminalAbilities.output.layout), terminator: "")
        if let warning = DataText.warning(results) { print("\n" + warning, terminator: "") }
        if let place = output ?? (self.directory == nil ? folder : nil) { print("\nAdvice, CSV and JSON: \(place)/") }
    }
}

/// Makes advice from recorded runs.
struct AdviceMaker {
    let folder: String
    let options: AdviseOptions
    let machines: MachineOptions
    /// The rows as `--strategy` names them; nil for all.
    let strategy: String?
    /// A target instead of the run's; nil for the run's.
    let target: String?
    let isQuiet: Bool

    private struct Place {
        let cluster: ClusterSpec
        let arguments: [String]
        /// The cluster's name; nil for the cluster of a recorded run.
        let name: String?
    }

    func make(_ results: Results) throws -> (AdviceResults, AdviceText) {
        let parts = try options.parts()
        let (rows, leftOut) = try rows(results)
        let prices = try PriceList(results, rows) { try ScheduleFile.read(folder, $0, seed: $1) }
        let places = Self.told(try places(rows))
        try options.checkFigures(of: places.map(\.cluster))
        let isOfClusters = !parts.isDisjoint(with: [.first, .because, .until, .tornado, .inverse, .pareto])
        let clusters = try places.filter { _ in isOfClusters || parts.contains(.map) || machines.machines != nil }.map {
            try clusterAdvice($0, prices, results, parts)
        }
        let advice = AdviceResults(
            prices, task: results.plan.task, leftOut: leftOut, clusters: clusters,
            regret: parts.contains(.regret) ? RegretTable(prices, over: try regretClusters(places)) : nil,
            map: parts.contains(.map) && prices.strategies.count > 1 ? try map(prices, places) : nil,
            machines: try machineSearch(prices, places, parts), machineArguments: machines.words,
            mapArguments: options.mapWords)
        return (advice, AdviceText(advice, AdviceCommand(folder: folder, options: try commandOptions()), parts: parts))
    }

    private func commandOptions() throws -> [String] {
        (strategy.map { ["--strategy", $0] } ?? []) + (target.map { ["--target", $0] } ?? [])
    }

    // MARK: Rows

    private func rows(_ results: Results) throws -> (rows: [StrategyPlan], leftOut: [LeftOut]) {
        let plans = results.plan.strategies.filter { !$0.isBaseline }
        let names = plans.map(\.name).joined(separator: ", ")
        let chosen =
            try strategy.map { list in
                try RowNames(list).chosen(among: plans) {
                    ReportError("'\(folder)' has no run of '\($0)'; it has \(names)")
                }
            } ?? plans
        var (rows, leftOut): ([StrategyPlan], [LeftOut]) = ([], [])
        for plan in chosen {
            let isRecorded = results.plan.seeds.contains { seed in
                FileManager.default.fileExists(atPath: "\(folder)/\(ScheduleFile.name(plan.name, seed: seed))")
            }
            if let reason = LeftOut(plan, isRecorded: isRecorded) { leftOut.append(reason) } else { rows.append(plan) }
        }
        guard !rows.isEmpty else {
            let reasons = leftOut.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
            throw ReportError(
                "'\(folder)' has no runs that can be priced (\(reasons)); bench records them with --record")
        }
        return (rows, leftOut)
    }

    // MARK: Clusters

    private func places(_ rows: [StrategyPlan]) throws -> [Place] {
        let names = AdviseOptions.words(options.cluster)
        let with = options.with.map { ["--with", $0] } ?? []
        guard names.isEmpty else {
            return try names.map { name in
                Place(
                    cluster: try options.changed(try ClusterFile.resolve(name)), arguments: ["--cluster", name] + with,
                    name: name)
            }
        }
        var found: [ClusterSpec] = []
        for cluster in rows.compactMap(\.cluster) where !found.contains(cluster) { found.append(cluster) }
        return try found.map { cluster in
            let isPreset = ClusterPresets.all.contains(cluster)
            guard isPreset || found.count == 1 else {
                throw ReportError(
                    "'\(folder)' has runs on cluster '\(cluster.name)' with other figures than the preset's, and on others; name "
                        + "one with --cluster")
            }
            return Place(
                cluster: try options.changed(cluster), arguments: (isPreset ? ["--cluster", cluster.name] : []) + with,
                name: nil)
        }
    }

    /// Where two clusters have one name, each says which file it is of.
    private static func told(_ places: [Place]) -> [Place] {
        places.map { place in
            let same = places.filter { $0.cluster.name == place.cluster.name }
            guard same.count > 1, let file = place.name, file != place.cluster.name else { return place }
            var cluster = place.cluster
            cluster.name += " (\(file))"
            return Place(cluster: cluster, arguments: place.arguments, name: place.name)
        }
    }

    private func clusterAdvice(
        _ place: Place, _ prices: PriceList, _ results: Results, _ parts: Set<AdvicePart>
    ) throws -> ClusterAdvice {
        try ClusterAdvice(
            prices, on: place.cluster, arguments: place.arguments,
            evidence: Evidence(
                place.cluster, compute: results.plan.compute, task: results.plan.task, changed: options.with != nil),
            figures: try options.figures(), errors: place.name.map(ClusterFile.standardErrors) ?? [:],
            isSearched: !parts.isDisjoint(with: [.until, .inverse]), hasTornado: parts.contains(.tornado))
    }

    private func regretClusters(_ places: [Place]) throws -> [ClusterSpec] {
        if options.over != nil { return try AdviseOptions.words(options.over).map { try ClusterFile.resolve($0) } }
        let standard = try RegretTable.standardClusters.map { try ClusterPresets.named($0) }
        return standard + places.map(\.cluster).filter { !standard.contains($0) }
    }

    private func map(_ prices: PriceList, _ places: [Place]) throws -> WinnerMap? {
        guard let place = places.first else { return nil }
        let count = WinnerMap.count(messages: try prices.messagesPerPrice(on: place.cluster))
        let size = options.map ?? .init(columns: count, rows: count)
        let display = StageDisplay(isOn: !isQuiet, count: nil, tellsLines: false)
        display.begin("map of \(size.columns) x \(size.rows) clusters")
        defer { display.end() }
        return try WinnerMap(
            prices, of: place.cluster, latencies: options.mapLatency ?? WinnerMap.standardLatencies,
            bandwidths: options.mapBandwidth ?? WinnerMap.standardBandwidths, columns: size.columns, rows: size.rows,
            marking: try RegretTable.standardClusters.map { try ClusterPresets.named($0) }, told: display.update)
    }

    private func machineSearch(
        _ prices: PriceList, _ places: [Place], _ parts: Set<AdvicePart>
    ) throws -> MachineSearch? {
        guard parts.contains(.machines), let counts = try machines.counts(), let place = places.first else {
            return nil
        }
        return try MachineSearch(prices, on: place.cluster, machines: counts, offers: try machines.offers())
    }
}
