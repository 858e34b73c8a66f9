import Datasets
import Diagnostics
import Files
import Foundation
import Kernel
import Training
import YAMLFiles
import Yams

/// A task file that cannot be used: names the file, the line, what was found and what is allowed.
public struct TaskFileError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    init(_ description: String) { self.description = ErrorText.message(description) }
}

/// Reads a task of the user's own in YAML, `--task my-task.yaml`: data, a model as a list of layers, a target and defaults.
///
///     name: my-vowels                            # optional, the file's name
///     summary: vowels of my own                  # optional
///     data:                                      # see `TaskFileData.swift`
///       features: train-x.npy
///       labels: train-y.npy
///       test: {features: test-x.npy, labels: test-y.npy}
///     model:                                     # see `TaskFileModel.swift`
///       - dense: {name: fc1, outputs: 88}
///       - relu
///       - dense: {name: fc2}
///     target: 45%
///     defaults: {batch: 32, learning_rate: 0.5}  # see `TaskFileDefaults.swift`
package struct TaskFile: YAMLFile {
    package let file: String
    /// The folder of the file, which the paths of data are relative to.
    let folder: URL

    init(file: String) {
        self.file = file
        folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    }

    package static func failure(_ message: String) -> TaskFileError { TaskFileError(message) }

    /// Whether an argument of `--task` is the path of a task file, and not a name.
    package static func isFile(_ argument: String) -> Bool { argument.hasSuffix(".yaml") || argument.hasSuffix(".yml") }

    static let keys = ["name", "summary", "data", "model", "loss", "metric", "target", "defaults"]

    /// Everything that the text says, with the data that it names.
    func parse(_ text: String) throws(TaskFileError) -> TaskFileContents {
        guard let root = try compose(text) else {
            throw TaskFileError("\(file): empty; a task needs the keys data, model and target")
        }
        let values = try fields(of: root, allowed: Self.keys, what: "a task")
        guard let dataNode = values["data"], let modelNode = values["model"], let targetNode = values["target"] else {
            let missing = ["data", "model", "target"].filter { values[$0] == nil }
            throw error(at: root, "incomplete: no '\(missing[0])'; a task needs the keys data, model and target")
        }
        let name = try name(values["name"])
        let loss = try loss(values["loss"])
        let metric = try metric(values["metric"], loss)
        let target = try target(targetNode, of: metric)
        // Problems of the text alone are reported before data are read, which may take a while.
        try checkModel(modelNode)
        let data = try data(dataNode, name: name, loss: loss)
        let model = try model(modelNode, input: data.shape, wanted: data.wantedOutputs(loss), loss: loss)
        if loss == .binaryCrossEntropy, data.classes.count > 2, let place = values["loss"] {
            throw error(at: place, "a binary cross-entropy of \(data.classes.count) classes; allowed are two")
        }
        if let problem = metric.problem(of: model.network), let place = values["metric"] {
            throw error(at: place, "'\(metric.rawValue)': \(problem)")
        }
        try checkSymbols(data, model.network, at: modelNode)
        let defaults = try defaults(values["defaults"], data)
        let summary = try string(values["summary"]) ?? "\(data.summary); \(model.network.summary)"
        let sha256 = ContentDigest.hexadecimal(of: Array(text.utf8))
        let task = TrainingTask(
            name: name, summary: VisibleText.line(summary), metric: metric, target: target, network: model.network,
            defaults: defaults,
            data: data.source(max(model.network.classCount, data.classes.count)),
            users: data.userNames.isEmpty ? nil : data.userNames.count,
            file: TaskFileReference(path: file, sha256: sha256))
        return TaskFileContents(task: task, data: data, model: model)
    }

    /// An embedding looks up rows of a table, so every number in the data must be the number of a row.
    private func checkSymbols(
        _ data: TaskFileData, _ network: Network, at place: Yams.Node
    ) throws(TaskFileError) {
        guard let first = network.layout.slots.first, network.outline.first?.kind == "embedding" else { return }
        let rows = first.shape[0]
        for part in [data.samples, data.testSamples].compactMap(\.self) {
            let samples = part.dataset(data.name, max(network.classCount, data.classes.count))
            guard
                let found = DataFindings.firstNumber(
                    in: samples, that: { $0 != $0.rounded() || $0 < 0 || $0 >= Float(rows) })
            else { continue }
            throw error(
                at: place,
                "a sample has \(Format.exact(Double(found))), and an embedding of \(rows) symbols takes whole numbers from 0 to \(rows - 1)"
            )
        }
    }

    private func name(_ node: Yams.Node?) throws(TaskFileError) -> String {
        let fallback = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        return try parsed(node) { text throws(Quantity.Failure) in
            // The name is used in tables, CSV files and names of files.
            let isPlain = text.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-".unicodeScalars.contains($0)
            }
            guard !text.isEmpty, text.count <= 60, isPlain else {
                throw Quantity.Failure(
                    description:
                        "the name '\(text)'; allowed are up to 60 letters, digits, points, dashes and underscores")
            }
            return text
        } ?? fallback
    }

    private func loss(_ node: Yams.Node?) throws(TaskFileError) -> Loss {
        try parsed(node) { text throws(Quantity.Failure) in
            guard let loss = Loss.allCases.first(where: { Self.word(of: $0) == text }) else {
                throw Quantity.Failure(
                    description: UnknownName.message("loss", found: text, allowed: Loss.allCases.map(Self.word)))
            }
            return loss
        } ?? .softmaxCrossEntropy
    }

    static func word(of loss: Loss) -> String {
        switch loss {
        case .softmaxCrossEntropy: "cross_entropy"
        case .binaryCrossEntropy: "binary_cross_entropy"
        case .squaredError: "squared_error"
        }
    }

    /// The metrics that a task with this loss may be judged by; the first one is the default.
    static func metrics(of loss: Loss) -> [Metric] {
        let allowed = Metric.allCases.filter { $0.problem(of: loss) == nil }
        return loss == .squaredError ? [.rmse] + allowed.filter { $0 != .rmse } : allowed
    }

    private func metric(_ node: Yams.Node?, _ loss: Loss) throws(TaskFileError) -> Metric {
        let allowed = Self.metrics(of: loss)
        return try parsed(node) { text throws(Quantity.Failure) in
            guard let metric = allowed.first(where: { $0.rawValue == text }) else {
                throw Quantity.Failure(
                    description: UnknownName.message("metric", found: text, allowed: allowed.map(\.rawValue)))
            }
            return metric
        } ?? allowed[0]
    }

    private func target(_ node: Yams.Node, of metric: Metric) throws(TaskFileError) -> Double {
        let target = try parsed(node) { text throws(Quantity.Failure) in
            let value = try metric.target(parsing: text)
            guard metric.allows(target: value) else {
                throw Quantity.Failure(description: "the target '\(text)'; allowed is \(metric.allowedTargets)")
            }
            return value
        }
        guard let target else { throw error(at: node, "a target is one value, such as 97%") }
        return target
    }

    // MARK: Values

    /// A whole number within a range; nil without a node.
    func count(_ node: Yams.Node?, _ what: String, _ range: ClosedRange<Int>) throws(TaskFileError) -> Int? {
        try parsed(node) { text throws(Quantity.Failure) in
            guard let value = Int(text), range.contains(value) else {
                throw Quantity.Failure(
                    description:
                        "'\(text)' is not \(what); allowed is a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return value
        }
    }

    /// A number above `low` and up to `high`, inclusive; nil without a node.
    func number(
        _ node: Yams.Node?, _ what: String, above low: Double, through high: Double
    ) throws(TaskFileError) -> Double? {
        try parsed(node) { text throws(Quantity.Failure) in
            guard let value = Quantity.number(text), value > low, value <= high else {
                throw Quantity.Failure(
                    description:
                        "'\(text)' is not \(what); allowed is a number above \(Format.exact(low)) up to \(Format.exact(high))"
                )
            }
            return value
        }
    }

    func truth(_ node: Yams.Node?) throws(TaskFileError) -> Bool? {
        try parsed(node) { text throws(Quantity.Failure) in
            switch text.lowercased() {
            case "yes", "true", "on": return true
            case "no", "false", "off": return false
            default: throw Quantity.Failure(description: "'\(text)' is neither yes nor no")
            }
        }
    }

    /// Calls `read`, and reports its error at the line that names the file.
    func reading<Value>(_ node: Yams.Node, _ read: () throws(DataError) -> Value) throws(TaskFileError) -> Value {
        do throws(DataError) {
            return try read()
        } catch {
            throw self.error(at: node, error.description)
        }
    }
}

/// The contents of a task file, with the data and the model.
package struct TaskFileContents: Sendable {
    package let task: TrainingTask
    package let data: TaskFileData
    package let model: TaskFileModel
}
