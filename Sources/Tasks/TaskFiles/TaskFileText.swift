import Datasets
import Diagnostics
import Foundation
import Kernel
import Randomness
import Training

/// A built-in task written as a task file, which a user can change.
package struct TaskFileText {
    /// The task file.
    package let text: String
    /// The contents of files that have to be written beside the task file, by their names; empty where the task's files
    /// exist already.
    package let files: [(name: String, data: Data)]

    /// - Parameter directory: the folder of data sets that are not part of the program.
    /// - Throws: ``ExperimentError`` for a task that cannot be written as a file; errors of reading its data.
    package init(_ task: TrainingTask, in directory: DataDirectory) throws {
        guard task.file == nil else { throw ExperimentError("'\(task.name)' is a task file already") }
        guard let network = task.network as? Network else {
            throw ExperimentError(
                "the model of '\(task.name)' is no network of layers, which is all that a task file can say")
        }
        if let problem = Self.problem(of: task.defaults) { throw ExperimentError("'\(task.name)': \(problem)") }
        let data: [String]
        if let idx = Self.idxFiles(of: task, in: directory) {
            (data, files) = (idx, [])
        } else {
            (data, files) = try Self.arrays(of: task, in: directory)
        }
        text = Self.text(task, network, data, isExported: !files.isEmpty)
    }

    private static func text(_ task: TrainingTask, _ network: Network, _ data: [String], isExported: Bool) -> String {
        var lines: [String] = []
        if isExported {
            lines.append(
                "# The data: bench task check \(task.name) --export-data FOLDER writes them, and this file, to a folder."
            )
        }
        lines += ["name: \(task.name)", "summary: \(quoted(task.summary))", "data:"] + data.map { "  \($0)" }
        lines.append("model:")
        lines += network.outline.flatMap { Self.lines($0, indent: "  ") }
        if network.loss != .softmaxCrossEntropy { lines.append("loss: \(TaskFile.word(of: network.loss))") }
        if task.metric != TaskFile.metrics(of: network.loss)[0] { lines.append("metric: \(task.metric.rawValue)") }
        lines += [
            "target: \(task.metric.targetText(task.target).replacingOccurrences(of: " ", with: ""))", "defaults:",
        ]
        let defaults = task.defaults
        lines += [
            "  learning_rate: \(Format.exact(defaults.learningRate))",
            "  local_learning_rate: \(Format.exact(defaults.localLearningRate))",
            "  epochs: \(Format.exact(defaults.epochs))",
            "  evaluate_every: \(Format.exact(defaults.evaluateEveryEpochs))",
        ]
        if defaults.optimizer.kind != .sgd { lines.append("  optimizer: \(defaults.optimizer.kind.rawValue)") }
        if defaults.momentum > 0 { lines.append("  momentum: \(Format.exact(defaults.momentum))") }
        for key in TaskFile.optionNames {
            guard let value = defaults.options[TaskFile.optionName(key)] else { continue }
            lines.append("  \(key): \(value)")
        }
        lines.append("  tuning: \(quoted(defaults.tuning))")
        return lines.joined(separator: "\n") + "\n"
    }

    /// What of the defaults a task file cannot express; nil where it can express everything.
    private static func problem(of defaults: TrainingTask.Defaults) -> String? {
        let names = TaskFile.optionNames.map(TaskFile.optionName)
        if let other = defaults.options.keys.sorted().first(where: { !names.contains($0) }) {
            return "a task file has no default for the option '\(other)'; it has for \(names.joined(separator: ", "))"
        }
        var usual = Optimizer.Configuration(defaults.optimizer.kind)
        usual.momentum = defaults.optimizer.momentum
        guard defaults.optimizer == usual else {
            return "a task file names an optimizer with its usual settings and the momentum of sgd; found are others"
        }
        return nil
    }

    private static func lines(_ layer: LayerOutline, indent: String) -> [String] {
        guard layer.body.isEmpty else {
            return ["\(indent)- \(layer.kind):"] + layer.body.flatMap { lines($0, indent: indent + "    ") }
        }
        let name = layer.name.map { [(key: "name", value: $0)] } ?? []
        guard !(name + layer.options).isEmpty else { return ["\(indent)- \(layer.kind)"] }
        if name.isEmpty, layer.options.count == 1 { return ["\(indent)- \(layer.kind): \(layer.options[0].value)"] }
        let options = (name + layer.options).map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return ["\(indent)- \(layer.kind): {\(options)}"]
    }

    /// The text as a quoted string of YAML.
    private static func quoted(_ text: String) -> String {
        "\"\(VisibleText.line(text).replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\""))\""
    }

    // MARK: Data

    /// The lines that name the files of an image database, where they are or where they belong; nil for a task of other
    /// data.
    private static func idxFiles(of task: TrainingTask, in directory: DataDirectory) -> [String]? {
        guard let database = task.imageDatabase else { return nil }
        let images = ImageFiles(database, in: directory)
        func path(_ file: ImageDatabase.File) -> String {
            quoted((images.locate(file) ?? images.folder.appendingPathComponent(file.name)).standardizedFileURL.path)
        }
        return [
            "features: \(path(database.trainingImages))", "labels: \(path(database.trainingLabels))", "test:",
            "  features: \(path(database.testImages))", "  labels: \(path(database.testLabels))", "scale: 255",
        ]
    }

    private static func arrays(
        of task: TrainingTask, in directory: DataDirectory
    ) throws -> (lines: [String], files: [(name: String, data: Data)]) {
        let seeds = SeedSequence(1)
        switch task.data {
        case .fixedSplit(let read):
            let split = try read(directory)
            let (training, test) = (try export(split.training, task), try export(split.test, task))
            let files = self.files(training, task.name + "-train") + self.files(test, task.name + "-test")
            let inner = self.lines(test, task.name + "-test").joined(separator: ", ")
            return (self.lines(training, task.name + "-train") + ["test: {\(inner)}"] + settings(training), files)
        case .splitBySeed(let read):
            // Without shuffling, the training set followed by the test set are all of the data in their own order.
            let split = try read(directory)(seeds, false)
            let all = try export(split.training.appending(split.test), task)
            let fraction = try self.fraction(split)
            return (
                lines(all, task.name) + ["test: {fraction: \(fraction)}"] + settings(all), files(all, task.name)
            )
        }
    }

    private static func export(_ data: Dataset, _ task: TrainingTask) throws -> Dataset.Export {
        guard let export = data.export() else {
            throw ExperimentError("the samples of '\(task.name)' cannot be written as an array of numbers")
        }
        return export
    }

    /// The test set's share with the fewest digits that gives the task's split.
    private static func fraction(_ split: TrainTestSplit) throws -> String {
        let (training, count) = (split.training.count, split.training.count + split.test.count)
        for decimals in 0...9 {
            let percent = Format.fixed(100 * Double(split.test.count) / Double(count), decimals)
            if let fraction = Double("\(percent)e-2"), Int(Double(count) * (1 - fraction)) == training {
                return percent + "%"
            }
        }
        throw ExperimentError("\(split.test.count) of \(count) samples to test on cannot be written as a share")
    }

    private static func lines(_ export: Dataset.Export, _ stem: String) -> [String] {
        ["features: \(stem)-x.npy", "labels: \(stem)-y.npy"] + (export.users == nil ? [] : ["users: \(stem)-users.npy"])
    }

    private static func settings(_ export: Dataset.Export) -> [String] {
        export.setting.isEmpty ? [] : [export.setting]
    }

    private static func files(_ export: Dataset.Export, _ stem: String) -> [(name: String, data: Data)] {
        [(stem + "-x.npy", export.features), (stem + "-y.npy", export.labels)]
            + (export.users.map { [(stem + "-users.npy", $0)] } ?? [])
    }
}
