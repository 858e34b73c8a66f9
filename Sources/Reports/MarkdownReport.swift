import Cluster
import Diagnostics
public import Experiments
import Foundation
import Training

/// `report.md`: the table, what it shows in sentences, and all that is needed to believe it or to do it again.
public enum MarkdownReport {
    /// What the file is called.
    public static let name = "report.md"

    /// The whole report.
    public static func render(_ results: Results) -> String { render(results, figures: nil) }

    /// - Parameter figures: pictures whose files lie beside the report; nil for none.
    package static func render(_ results: Results, figures: ReportFigures?) -> String {
        func with(_ section: String, _ pictures: [Picture]?, heading: String = "") -> String {
            ReportFigures.section(section, pictures ?? [], heading: heading)
        }
        let sections = [
            "# Strategies of distributed training on \(results.plan.task)\n",
            results.isComplete ? "" : "**Stopped before its end: \(results.runs.count) runs are finished.**\n",
            DataText.warning(results) ?? "",
            ComparisonTable.markdown(results), summary(results), reading(results),
            FigureFiles.markdown(figures?.main ?? []),
            with(TimeSection.render(results), figures?.time), VerdictSection.render(results),
            with(NodeSection.render(results), figures?.nodes), with(TargetSection.render(results), figures?.targets),
            with(CostSection.render(results), figures?.costs, heading: "What is sent"),
            with("", figures?.rounds, heading: "Rounds"), ContractSection.render(results), tuned(results),
            clusters(results), DeviceSection.render(results), DropoutSection.render(results), traffic(results),
            with(skew(results), figures?.partitions, heading: "How uneven the clients' data are"), machine(results),
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// What the table shows, in sentences.
    public static func summary(_ results: Results) -> String {
        let summaries = results.summaries
        guard !summaries.isEmpty else { return "No run was finished.\n" }
        return ([Headline.words(results)] + furtherSentences(results, summaries)).joined(separator: " ") + "\n"
    }

    /// What the table shows beside who is first.
    static func furtherSentences(_ results: Results, _ summaries: [StrategySummary]) -> [String] {
        var sentences = [SendingSentence.words(summaries) ?? bestValue(summaries)]
        if let note = SentBytes.note(summaries) { sentences.append(note) }
        if let note = endedAtTarget(results, summaries) { sentences.append(note) }
        if summaries.contains(where: { $0.runs.contains { $0.evaluations.count < TimeToTarget.window } }) {
            sentences.append(
                "With fewer than \(TimeToTarget.window) evaluations nothing can count as reached; see --evaluate-every."
            )
        }
        return sentences
    }

    /// The rule, where strategies are said not to have reached what they have at their end.
    private static func endedAtTarget(_ results: Results, _ summaries: [StrategySummary]) -> String? {
        let goal = results.plan.goal
        let names = summaries.filter { summary in
            !summary.timeToTarget.median.isFinite && goal.isReached(by: summary.finalValue.median)
                && summary.runs.allSatisfy { $0.evaluations.count >= TimeToTarget.window }
        }.map(\.strategy)
        guard !names.isEmpty else { return nil }
        return """
            \(Headline.list(names)) \(names.count == 1 ? "ends" : "end") at \(goal.words), which counts as reached only where \
            the mean of the last \(TimeToTarget.window) evaluations is at the target, too.
            """
    }

    private static func bestValue(_ summaries: [StrategySummary]) -> String {
        let metric = summaries[0].metric
        let best = metric.best(of: summaries.map(\.finalValue.median)) ?? metric.worst
        let names = summaries.filter { $0.finalValue.median == best }.map(\.strategy)
        let extreme = metric.isHigherBetter ? "highest" : "lowest"
        return
            "The \(extreme) median \(metric.title) at the end is \(metric.text(best)), of \(Headline.list(names))."
    }

    static func reading(_ results: Results) -> String {
        let side = results.plan.metric.isHigherBetter ? "above" : "below"
        return """
            \(IntervalText.medians(seeds: results.plan.seeds.count)) \(IntervalText.steps) *Reached* counts the seeds \
            that reached the target, of all; *workers* those that train at the same time, of all that there are. *Time to target* is cluster time until an evaluation is at or \(side) the target together with the \
            mean of the last three; `-` means never; *first crossing* is the first evaluation at or \(side) the target. *Cluster time* is what the job takes on the machines it is about: \
            measured on threads of this machine, or simulated; *host time* is how long the benchmark kept this machine \
            busy. *Compute*, *network* and *idle* are shares of a working worker's cluster time (medians, so they need not add up to 100 %); \
            they are averages over the workers, so that *idle* counts also the time for which a worker that is ahead of the others waits for them. Evaluation is charged to \
            none of them.\(hidden(results))

            """
    }

    private static func hidden(_ results: Results) -> String {
        guard ComparisonTable.showsHidden(results) else { return "" }
        return """
             Where gradients are sent during the backward pass, *network* is what the worker waits for (exposed communication); \
            *hidden* is the communication beside which it computed, part of *compute*.
            """
    }

    static func tuned(_ results: Results) -> String {
        let isAllSGD = results.plan.strategies.allSatisfy { $0.configuration.optimizer.kind == .sgd }
        var table = TextTable([
            ("strategy", .left), ("learning rate", .left), isAllSGD ? ("momentum", .right) : ("optimizer", .left),
            ("batch", .left), ("workers", .left),
        ])
        for strategy in results.plan.strategies {
            let configuration = strategy.configuration
            let roles = strategy.roles
            let batch =
                roles.sharesBatch
                ? "\(roles.stepBatch ?? 0) in all" : roles.stepBatch.map { "\($0) a client" } ?? "all of a client's"
            table.append([
                strategy.name, OptionText.schedule(configuration.schedule),
                isAllSGD
                    ? OptionText.momentum(configuration.optimizer) : OptionText.optimizer(configuration.optimizer),
                batch, OptionText.workers(strategy),
            ])
        }
        let plan = results.plan
        guard !plan.strategies.isEmpty else { return "" }
        return """
            ## What was set, and what was tuned

            \(table.markdown)
            - Target \(results.plan.goal.words)\(direction(plan.metric)); evaluated every \(shared(plan) { Format.exact($0.evaluateEveryEpochs) }) epochs; \
            weight decay \(shared(plan) { Format.exact($0.optimizer.weightDecay) }); initialisation \(plan.initialization.rawValue).
            \(furtherOptions(plan))- Where the command line names none: \(results.tuning)
            \(trials(results))

            """
    }

    /// The direction of a metric, such as ", higher is better"; empty for an accuracy, whose direction everybody knows.
    private static func direction(_ metric: Metric) -> String {
        metric == .accuracy ? "" : " (\(metric.direction))"
    }

    /// Options that the table or other sections already tell.
    private static let toldOptions: Set = [
        "batch", "workers", "overlap", "bucket", "clients", "fraction", "local-epochs", "local-batch", "partition",
    ]

    /// The options that the table has no column for.
    private static func furtherOptions(_ plan: ExperimentPlan) -> String {
        plan.strategies.map { strategy in
            let options = strategy.options.filter { !toldOptions.contains($0.key) }.sorted { $0.key < $1.key }
            guard !options.isEmpty else { return "" }
            return "- `\(strategy.name)`: \(options.map { "\($0.key) \($0.value)" }.joined(separator: ", ")).\n"
        }.joined()
    }

    /// An option that usually all strategies share; where they do not, each one's.
    private static func shared(_ plan: ExperimentPlan, _ text: (TrainingConfiguration) -> String) -> String {
        let texts = plan.strategies.map { text($0.configuration) }
        guard Set(texts).count > 1 else { return texts.first ?? "" }
        return zip(texts, plan.strategies).map { "\($0) (`\($1.name)`)" }.joined(separator: ", ")
    }

    /// What was searched for each strategy: alike ones in one line.
    private static func trials(_ results: Results) -> String {
        var lines: [(text: String, names: [String])] = []
        for strategy in results.plan.strategies {
            let text =
                (strategy.tuning?.words).map(MarkdownText.plain) ?? "how the options were found is not known"
            if let index = lines.firstIndex(where: { $0.text == text }) {
                lines[index].names.append(strategy.name)
            } else {
                lines.append((text, [strategy.name]))
            }
        }
        return lines.map { "- \($0.names.map { "`\($0)`" }.joined(separator: ", ")): \($0.text).\n" }.joined()
    }

    static func clusters(_ results: Results) -> String {
        var text = "## Machines\n\n"
        for strategy in results.plan.strategies {
            if strategy.fabric == .mpi {
                text += mpi(strategy, results)
            } else if let cluster = strategy.cluster, strategy.fabric != .threads {
                text +=
                    "- `\(strategy.name)`: \(MarkdownText.plain(cluster.name)), \(strategy.fabric.rawValue): \(MarkdownText.plain(cluster.figures))."
                if strategy.roles.usesAllReduce { text += " All-reduce: \(OptionText.allReduce(strategy))." }
                if strategy.roles.needsAllRanks, cluster.dropouts != nil {
                    text += " When a rank leaves: \((strategy.configuration.onDropout ?? .stop).rawValue)."
                }
                if let note = OptionText.overlapNote(strategy, in: results.plan) { text += " It \(note)." }
                if let overlay = OverlayText.sentence(strategy, firstSeed: results.plan.seeds[0]) {
                    text += " \(overlay)"
                }
                text += cluster.source.isEmpty ? "\n" : " Source: \(MarkdownText.plain(cluster.source)).\n"
            } else {
                text += "- `\(strategy.name)`: threads of this machine, measured."
                if let note = OptionText.overlapNote(strategy, in: results.plan) { text += " It \(note)." }
                text += "\n"
            }
        }
        if let model = results.computeModel,
            results.plan.strategies.contains(where: { $0.cluster != nil && $0.fabric != .threads })
        {
            let points = model.stepPoints.filter { $0.samples > 0 }
                .map { "\($0.samples): \(Format.seconds($0.seconds))" }.joined(separator: ", ")
            let origin =
                switch model.name {
                case "calibrated": "measured on one core of this machine before the runs"
                case ComputeModel.clusterFile: "measured where the cluster file was made"
                default: "device profile `\(model.name)`"
                }
            text +=
                "- Compute time of simulated machines: \(origin); seconds a training step by batch size: \(points). A machine's `speed` divides it, and so do as many of its cores as a step has samples.\n"
        }
        return text
    }

    private static func mpi(_ strategy: StrategyPlan, _ results: Results) -> String {
        var text = "- `\(strategy.name)`: processes of an MPI job, measured"
        if let mpi = results.machine.mpi {
            let hosts = Dictionary(grouping: mpi.hosts) { $0 }.sorted { $0.key < $1.key }
            let places = hosts.map { "\($0.value.count) on \($0.key)" }.joined(separator: ", ")
            text = "- `\(strategy.name)`: \(mpi.hosts.count) processes, measured: \(places); \(mpi.library)"
        }
        text += ". Collectives are MPI's own; bytes are those that ranks hand to MPI."
        if let note = OptionText.overlapNote(strategy, in: results.plan) { text += " It \(note)." }
        return text + "\n"
    }

    /// What was sent, by purpose and direction, of the first seed.
    static func traffic(_ results: Results) -> String {
        var table = TextTable([
            ("strategy", .left), ("purpose", .left), ("direction", .left), ("bytes", .right), ("messages", .right),
        ])
        var isEmpty = true
        for summary in results.summaries {
            guard let entries = summary.runs.first?.traffic.entries else { continue }
            let groups = Dictionary(grouping: entries) { "\($0.purpose.rawValue),\($0.direction.rawValue)" }
            for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
                isEmpty = false
                table.append([
                    summary.strategy, group[0].purpose.rawValue, group[0].direction.rawValue,
                    Format.bytes(Double(group.reduce(0) { $0 + $1.bytesSent })),
                    String(group.reduce(0) { $0 + $1.messagesSent }),
                ])
            }
        }
        guard !isEmpty else { return "" }
        let note = SentBytes.note(results.summaries).map { " \($0)" } ?? ""
        return "## Traffic\n\nOf the first seed; per rank in `results.json`.\(note)\n\n\(table.markdown)"
    }

    static func skew(_ results: Results) -> String {
        var table = TextTable([
            ("strategy", .left), ("clients", .right), ("samples min", .right), ("median", .right), ("max", .right),
            ("label entropy of a client", .right), ("of all", .right),
        ])
        var isEmpty = true
        for summary in results.summaries {
            guard let skew = summary.runs.first?.partitionSkew else { continue }
            isEmpty = false
            table.append([
                summary.strategy, String(skew.clients), String(skew.smallestShard),
                Format.significant(skew.medianShard),
                String(skew.largestShard), Format.fixed(skew.meanLabelEntropyBits, 2) + " bit",
                Format.fixed(skew.totalLabelEntropyBits, 2) + " bit",
            ])
        }
        return isEmpty ? "" : "## How uneven the clients' data are\n\nOf the first seed.\n\n\(table.markdown)"
    }

    static func machine(_ results: Results) -> String {
        let machine = results.machine
        return """
            ## Machine and command

                \(VisibleText.line(machine.command))

            - \(machine.date), commit \(machine.commit), \(machine.toolchain), \(machine.buildMode)
            - \(machine.processor), \(machine.cores) cores, \(Format.bytes(Double(machine.memoryBytes))) of memory, \(machine.system)
            - \(machine.blas), one thread per rank; \(results.plan.hostThreads) host threads for simulated ranks\
            \(results.plan.jobs.map { ", up to \($0) simulated runs side by side" } ?? "")

            """
    }
}
