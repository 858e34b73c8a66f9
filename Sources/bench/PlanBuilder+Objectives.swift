import ArgumentParser
import Datasets
import Experiments
import Tasks
import Training

/// Nodes with objectives of their own: how many there are, and which strategies can have them.
extension PlanBuilder {
    /// Options that set a strategy's number of nodes; in a table of nodes with objectives one of them applies to all
    /// strategies.
    private static let counts = ["workers", "clients"]

    func countsNodes(_ option: String) -> Bool { experiment.objectives != nil && Self.counts.contains(option) }

    /// - Throws: `ValidationError` for objectives that cannot be parsed.
    func checkObjectives() throws {
        guard let objectives = experiment.objectives else { return }
        do throws(DataError) {
            _ = try Objectives.parse(objectives)
        } catch { throw ValidationError("--objectives: \(error)") }
    }

    /// Gives every strategy the same number of nodes, and all nodes take part in every round, as institutes do that
    /// train together. The command line has precedence.
    func setNodes(in values: inout OptionValues, _ processes: Int?, _ task: TrainingTask) throws {
        guard let objectives = experiment.objectives else { return }
        let given = try settings.settings().filter { $0.strategy == nil }
        let counts = Self.counts.compactMap { name in given.last { $0.name == name }.flatMap { Int($0.value) } }
        let wanted = try Objectives.parse(objectives).nodeCount(users: task.users)
        let nodes = counts.first ?? processes ?? wanted ?? Objectives.standardNodes
        for name in Self.counts where values[name] != nil && (name != "workers" || processes == nil) {
            values[name] = nodes.optionValue
        }
        if values["fraction"] != nil { values["fraction"] = .number(1) }
    }
}
