import Diagnostics
import Experiments
import Fabrics
package import Studies
import Tasks
import Training

/// Commands that use what a study has found.
extension StudyReport {
    /// The command that takes all, and one for each strategy: the study's own, with what it chose in place of what it varied.
    /// Seeds that options were chosen with are not those of a comparison.
    package static func commands(_ results: StudyResults, folder: String) -> [String] {
        let plan = results.plan.experiment
        let defaults = (try? plan.trainingTask())?.defaults
        func written(_ strategy: StrategyPlan) -> String { strategy.written(defaults) }
        let names = plan.strategies.map(written).joined(separator: ",")
        let recorded = ShellText.words(of: results.machine.command) ?? []
        // Another program than bench knows strategies and tasks that this one does not.
        let program = recorded.first.flatMap { $0.contains("'") ? nil : $0 } ?? "bench"
        let given = recorded.dropFirst().first == "study" ? GivenWords(recorded.dropFirst(2).map(\.self)) : nil
        func words(_ names: String, for strategy: StrategyPlan?) -> [String] {
            let scaled = strategy.map { [$0] } ?? plan.strategies
            let known = given.map { ["run"] + task(plan, $0) + $0.words(for: strategy) }
            let own = known ?? arguments(plan, scaled: scaled)
            return [program] + own + ["--strategy", names]
        }
        let all = [ShellText.command(words(names, for: nil) + ["--tuned", folder])]
        // An experiment's file may have options that one of its strategies alone does not take.
        guard plan.strategies.count == 1 || given?.namesFile != true else { return all }
        return all
            + results.summaries.map {
                ShellText.command(words(written($0.strategy), for: $0.strategy) + $0.best.trial.arguments)
            }
    }

    /// Always named, unless an experiment's file does.
    private static func task(_ plan: ExperimentPlan, _ given: GivenWords) -> [String] {
        given.namesFile || given.has("task") ? [] : ["--task", plan.taskFile?.path ?? plan.task]
    }

    /// Where the study's command is not known: what the plan says.
    private static func arguments(_ plan: ExperimentPlan, scaled: [StrategyPlan]) -> [String] {
        let defaults = (try? plan.trainingTask())?.defaults
        var words = ["run", "--task", plan.taskFile?.path ?? plan.task]
        let epochs = plan.strategies.map(\.configuration.epochs).max() ?? 0
        if let task = try? TrainingTask.named(plan.task), plan.metric != task.metric {
            words += ["--judged-by", plan.metric.rawValue, "--target", Format.exact(plan.target)]
        }
        if epochs != defaults?.epochs { words += ["--epochs", Format.exact(epochs)] }
        // A rate that is scaled by the batch belongs to a batch that was chosen.
        if let schedule = scaled.map(\.configuration.schedule).first(where: { $0.referenceBatch != nil }),
            let reference = schedule.referenceBatch
        {
            if schedule.baseRate != defaults?.learningRate {
                words += ["--learning-rate", Format.exact(schedule.baseRate)]
            }
            words += ["--scale-learning-rate-from", "\(reference)"]
        }
        return words
    }
}

/// The options of a study's command line, one or two words each.
private struct GivenWords {
    private struct Option {
        /// Without dashes: such as `batch`, `sync.batch` or `data`.
        let name: String
        let words: [String]
    }

    private var options: [Option] = []

    /// Those of the search and of its files, and the seeds that options were chosen with.
    private static let ofStudies: Set = [
        "search", "vary", "trials", "halving", "metric", "chosen-on", "output", "log", "watch", "quiet", "strategy",
        "seeds", "first-seed",
    ]
    /// What no strategy uses that is measured on this machine, and what is refused where there is no other.
    private static let ofClusters: Set = ["cluster", "dropout", "lifetime", "failure-detection"]

    /// - Parameter words: behind the command's name.
    init(_ words: [String]) {
        for word in words where word != "--" {
            guard word.hasPrefix("--") else {
                // The value of the option before it.
                if let last = options.popLast() { options.append(Option(name: last.name, words: last.words + [word])) }
                continue
            }
            let name = word.dropFirst(2).prefix { $0 != "=" }
            options.append(Option(name: String(name), words: [word]))
        }
        options.removeAll { Self.ofStudies.contains($0.name) }
    }

    func has(_ name: String) -> Bool { options.contains { $0.name == name } }

    /// Whether an experiment's file says more.
    var namesFile: Bool { has("plan") }

    /// - Parameter strategy: without the options of others; nil for all.
    func words(for strategy: StrategyPlan?) -> [String] {
        options.filter { option in strategy.map { isFor($0, option) } ?? true }.flatMap(\.words)
    }

    private func isFor(_ strategy: StrategyPlan, _ option: Option) -> Bool {
        var path = option.name
        if path == "set" {
            let text = option.words.count > 1 ? option.words[1] : String(option.words[0].dropFirst("--set=".count))
            path = String(text.prefix { $0 != "=" })
        }
        guard let dot = path.lastIndex(of: ".") else {
            if strategy.fabric == .threads, Self.ofClusters.contains(path) { return false }
            return PlanOptions.named(path) == nil || strategy.has(path)
        }
        return [strategy.name, strategy.strategy].contains(String(path[..<dot]))
    }
}
