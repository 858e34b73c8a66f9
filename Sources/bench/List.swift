import ArgumentParser
import Cluster
import Datasets
import Diagnostics
import Experiments
import Fabrics
import Foundation
import Host
import Reports
import Strategies
import Training
import Tasks

/// The form in which a task is shown.
enum TaskFormat: String, CaseIterable, Sendable {
    case text
    case yaml
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            List strategies, tasks, clusters, partitioners and overlays; with --strategy, --task, --cluster or --overlay, one \
            of them in full.
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Show the options of strategies: symbols, defaults, allowed values, units and sources. A name, several with commas, \
            'all', 'every', or a family such as 'federated:*'.
            """, valueName: "name,..."))
    var strategy: String?

    @Option(parsing: .unconditional, help: "Show this task's model and the defaults of every option.")
    var task: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Show this cluster's links and where its figures come from.", valueName: "preset|file.yaml"))
    var cluster: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --task: text, or yaml for a task file to start from.", valueName: "format"),
        transform: choice("format"))
    var format: TaskFormat = .text

    @OptionGroup var data: DataOptions
    @OptionGroup var overlays: OverlayOptions

    func validate() throws {
        if format == .yaml, task == nil { throw ValidationError("--format yaml is for a task; add --task NAME") }
        _ = try strategies()
        try overlays.check()
        do {
            // An error in a file is not an error of the arguments; it is reported when the file is read.
            if let task, !TaskFile.isFile(task) { _ = try TrainingTask.named(task) }
            if let cluster, !cluster.hasSuffix(".yaml"), !cluster.hasSuffix(".yml") {
                _ = try ClusterPresets.named(cluster)
            }
            // An error in a file is not an error of the arguments; it is reported when the file is read.
            if overlays.overlay.map(Overlay.isFile) == false { _ = try overlays.figures() }
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        if format == .yaml, let task {
            printData(try TaskFileText(TrainingTask.resolve(task), in: DataDirectory(data.data)).text)
            return
        }
        try strategies().forEach(describe)
        if let task { try describe(TrainingTask.resolve(task)) }
        if let cluster { describe(try ClusterFile.resolve(cluster)) }
        if let overlay = overlays.overlay, let figures = try overlays.figures() { section(overlay, figures.rows) }
        if strategy == nil, task == nil, cluster == nil, overlays.overlay == nil { listAll() }
    }

    /// The strategies that are asked for.
    ///
    /// - Throws: `ValidationError` for a name that is none, and for options in brackets, which are of a run.
    private func strategies() throws -> [StrategyDescription] {
        guard let strategy else { return [] }
        let choices = try StrategyChoice.parse(strategy).filter { !$0.isBaseline }
        if let choice = choices.first(where: { !$0.options.isEmpty || $0.label != $0.description.name }) {
            throw ValidationError(
                """
                --strategy '\(choice.label)' is a row of a run; a list shows what a strategy has whatever is set: allowed is \
                \(choice.description.name)
                """)
        }
        return choices.map(\.description)
    }

    private func describe(_ strategy: StrategyDescription) {
        print("\(strategy.name): \(strategy.summary) (\(strategy.source))")
        print("  family   \(strategy.family.rawValue)")
        let home = strategy.home == .threads ? "threads of this machine, measured; simulated on" : "simulated on"
        print("  runs on  \(home) \(strategy.defaultCluster)\n")
        let infos = strategy.optionInfos
        guard !infos.isEmpty else { return print("It has no options of its own.\n") }
        var table = TextTable([
            ("option", .left), ("symbol", .left), ("default", .left), ("allowed", .left), ("unit", .left),
            ("source", .left),
        ])
        for info in infos {
            table.append([
                "--\(info.name)", info.symbol, OptionDefault.words(info.name, [strategy]), info.allowed.words,
                info.unit,
                info.source,
            ])
        }
        print(table.terminal(TerminalAbilities.output.layout))
        section("What they mean", infos.map { ("--\($0.name)", $0.help) })
    }

    private func describe(_ cluster: ClusterSpec) {
        // Each item is on one line, even if the file has line breaks in it.
        func line(_ text: String) { print(VisibleText.line(text)) }
        line("\(cluster.name): \(cluster.summary)")
        line("  figures  \(cluster.figures) (latency one way)")
        line("  source   \(cluster.source)")
        if let costs = cluster.costFigures { line("  costs    \(costs)") }
        if let source = cluster.costSource { line("  source   \(source)") }
    }

    private func listAll() {
        section(
            "Strategies (--strategy); options: 'bench list --strategy NAME'",
            StrategyRegistry.all.map { ($0.name, "\($0.summary) (\($0.source))") })
        section(
            "Tasks (--task)",
            TrainingTask.all.map { ($0.name, "\($0.summary); target \(Self.target($0))") })
        section(
            "Clusters (--cluster), latency one way; sources: 'bench list --cluster NAME'",
            ClusterPresets.all.map { ($0.name, "\($0.summary): \($0.figures)") })
        section(
            "Objectives of nodes (--objectives), for \(StrategyRegistry.all.filter(\.hasNodes).map(\.name).joined(separator: ", "))",
            Objectives.all.map { ("--objectives \($0.usage)", $0.summary) })
        section("Partitioners (--partition)", Partitioners.all.map { ($0.usage, $0.summary) })
        section(
            "Overlays (--overlay), who talks to whom; figures: 'bench list --overlay FORM --workers N'",
            Overlay.forms.map { ("--overlay \($0.usage)", $0.summary) })
        section(
            "All-reduce algorithms (--allreduce)",
            (AllReduceAlgorithm.allCases + [.automatic]).map { ($0.rawValue, $0.summary) })
        section("Fabrics (--fabric)", FabricChoice.allCases.flatMap(Self.rows))
        section(
            "Compute models (--compute)",
            [("calibrated", "the cluster file's step times, else measured on this machine before the runs")]
                + DeviceProfile.all.map { ($0.name, $0.summary) })
    }

    private static func target(_ task: TrainingTask) -> String {
        guard task.metric != .accuracy else { return Format.percent(task.target, decimals: 0) }
        return "\(Target(task.target, of: task.metric).title) (\(task.metric.direction))"
    }

    /// The strategies that a fabric carries, and why it does not carry the others.
    private static func rows(_ fabric: FabricChoice) -> [(String, String)] {
        var carried: [String: [String]] = [:]
        var order: [String] = []
        var others: [(reason: String, strategies: [String])] = []
        for strategy in StrategyRegistry.all {
            switch fabric.carrier(of: strategy) {
            case .fabric(let kind):
                if carried[kind.rawValue] == nil { order.append(kind.rawValue) }
                carried[kind.rawValue, default: []].append(strategy.name)
            case .none(let reason):
                if let place = others.firstIndex(where: { $0.reason == reason }) {
                    others[place].strategies.append(strategy.name)
                } else {
                    others.append((reason, [strategy.name]))
                }
            }
        }
        let text = order.map { "\((carried[$0] ?? []).joined(separator: ", ")) on \($0)" }.joined(separator: "; ")
        return [("--fabric \(fabric.rawValue)", text)]
            + others.map { ("", "not \($0.strategies.joined(separator: ", ")): \($0.reason)") }
    }

    private func section(_ title: String, _ rows: [(String, String)]) {
        print("\(title)")
        let width = rows.map(\.0.count).max() ?? 0
        for (name, text) in rows { print("  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(text)") }
        print()
    }

    private func describe(_ task: TrainingTask) throws {
        let defaults = task.defaults
        print("\(task.name): \(task.summary)")
        print("  layers      \(task.network.summary)")
        print(
            "  parameters  \(task.network.parameterCount); \(Format.significant(task.network.trainingFlopsPerSample / 1e6)) MFLOP a sample, forward and backward\n"
        )
        section(
            "Defaults of this task",
            [
                ("--target", Self.target(task)),
                ("--epochs", Format.significant(defaults.epochs)),
                ("--evaluate-every", Format.significant(defaults.evaluateEveryEpochs)),
                ("--learning-rate", Self.rates(defaults)),
                ("--optimizer", defaults.optimizer.kind.rawValue),
                ("--momentum", Format.significant(Double(defaults.momentum))),
            ]
                + StrategyRegistry.optionInfos.compactMap { info in
                    defaults.options[info.name].map { ("--\(info.name)", "\($0)") }
                })
        section("Defaults of every task", Self.defaultsOfEveryTask(besides: defaults))
        section(
            "Defaults of every strategy",
            StrategyRegistry.all.map { strategy in
                var values = defaults.values(of: strategy.options)
                if strategy.has("workers") {
                    values["workers"] = (strategy.defaultWorkers ?? UsableCores.count).optionValue
                }
                let roles = StrategyPlan(
                    strategy.name, fabric: .simulated, cluster: nil, allReduce: .ring, configuration: .plain,
                    options: values
                ).roles
                let workers =
                    "\(roles.workers) \(roles.servers.isEmpty ? "worker" : "client")\(roles.workers == 1 ? "" : "s")"
                let place =
                    strategy.home == .threads
                    ? "threads of this machine, measured" : "simulated on \(strategy.defaultCluster)"
                return (strategy.name, "\(workers), \(place)")
            })
        print(defaults.tuning)
    }

    /// Default values that do not depend on the task.
    private static func defaultsOfEveryTask(besides defaults: TrainingTask.Defaults) -> [(String, String)] {
        [
            ("--seeds", "3, from --first-seed 1"), ("--schedule", "constant, --warmup 0"),
            ("--nesterov", "off"), ("--weight-decay", "0; of adamw 0.01"),
            ("--beta1", "0.9"), ("--beta2", "0.999"), ("--epsilon", "1e-08"),
            ("--initialization", "he"),
            ("--objectives", "none: --partition spreads the samples"), ("--allreduce", "ring"),
            ("--fabric", "auto"),
            ("--clock", "auto"), ("--patience", "120s"),
            ("--compute", "calibrated"),
            ("--jitter", "the cluster's"), ("--stragglers", "the cluster's"), ("--repetitions", "1"),
            ("--machine", "workstation"), ("--on-dropout", "stop"), ("--failure-detection", "the cluster's, or 1s"),
            ("--host-threads", "\(UsableCores.count), all that this process may use"),
            ("--jobs", "one for each host thread; 1 with --repetitions"),
            ("--output", "Results/latest"), ("--every", "\(CheckpointOptions.standardInterval)"),
        ]
            + StrategyRegistry.optionInfos.filter { defaults.options[$0.name] == nil }.map { info in
                let users = StrategyRegistry.all.filter { $0.has(info.name) }
                return ("--\(info.name)", OptionDefault.words(info.name, users))
            }
    }

    /// The two rates, each with the strategies that use it first.
    private static func rates(_ defaults: TrainingTask.Defaults) -> String {
        let kinds: [(StrategyDescription.DefaultRate, Double)] = [
            (.global, defaults.learningRate), (.local, defaults.localLearningRate),
        ]
        return kinds.map { kind, rate in
            let names = StrategyRegistry.all.filter { $0.defaultRate == kind }.map(\.name)
            return "\(rate) for \(names.joined(separator: ", "))"
        }.joined(separator: "; ")
    }
}
