import ArgumentParser
import Datasets
import Diagnostics
import Experiments
import Files
import Foundation
import Kernel
import Randomness
import Reports
import Storage
import Tasks
import Training

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Look at a task of your own before anything is trained.",
        subcommands: [CheckTask.self])
}

/// Reports how a task was understood, and whether weights from another program give the same results here.
struct CheckTask: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say what was understood of a task file, and what may be a mistake.",
        discussion: """
            Prints samples, classes and users, shapes layer by layer, parameters, operations, memory, and the first and the last \
            samples as a model sees them. With --init the model with those weights is measured on the test set, by the task's metric: trained in PyTorch, \
            it has to be right about as many samples here as there, which --expect checks.

            EXAMPLES:
              bench task check my-task.yaml
              bench task check my-task.yaml --init trained.safetensors --expect 98.31%
              bench task check digits --export-data my-digits
            """)

    @Argument(help: ArgumentHelp("A task file, or the name of a task.", valueName: "file.yaml|task"))
    var task: String

    @Option(
        name: .customLong("init"), parsing: .unconditional,
        help: ArgumentHelp("Measure the model with these parameters (safetensors).", valueName: "file"))
    var initialParameters: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --init: what it has to have of the task's metric, such as an accuracy of 98.31%, 0.9831, or to the sample 9831/10000, or a perplexity of 4.52; else the exit code is 1.",
            valueName: "value"),
        transform: Expectation.init(parsing:))
    var expect: Expectation?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The seed that splits the data where the task says that one does.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write a task of the program as a task file with its data, to start from.", valueName: "folder"))
    var exportData: String?

    @OptionGroup var data: DataOptions

    func validate() throws {
        if expect != nil, initialParameters == nil {
            throw ValidationError("--expect is for a model with weights; add --init FILE, or leave it out")
        }
        if exportData?.isEmpty == true {
            throw ValidationError("--export-data is empty; allowed is the name of a folder")
        }
        if exportData != nil, TaskFile.isFile(task) {
            throw ValidationError(
                "--export-data is for tasks of the program, whose data are not in files; allowed are "
                    + TrainingTask.all.map(\.name).joined(separator: ", "))
        }
        guard !TaskFile.isFile(task) else { return }
        do { _ = try TrainingTask.named(task) } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
        let directory = DataDirectory(data.data)
        let contents = TaskFile.isFile(task) ? try TaskFiles.contents(task) : nil
        let task = try contents?.task ?? TrainingTask.named(task)
        let split = try task.load(directory, SeedSequence(seed), true)
        let check = TaskCheck(task, contents?.data, split)
        print(check.text)
        for warning in check.warnings { printError("warning: \(warning).") }
        if let folder = exportData { try export(task, directory, to: folder) }
        if let file = initialParameters { try measure(file, task, split) }
    }

    private func export(_ task: TrainingTask, _ directory: DataDirectory, to folder: String) throws {
        let written = try TaskFileText(task, in: directory)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for file in written.files { try DurableFile.write(file.data, to: "\(folder)/\(file.name)") }
            try DurableFile.write(Data(written.text.utf8), to: "\(folder)/\(task.name).yaml")
        } catch { throw ReportError("--export-data '\(folder)' cannot be written: \(error)") }
        print("Task file and data: \(folder)/\(task.name).yaml\n")
    }

    private func measure(_ file: String, _ task: TrainingTask, _ split: TrainTestSplit) throws {
        let parameters = try StartFile(file, of: task).parameters
        let found = TaskCheck.measure(task, parameters, split.test)
        guard task.metric == .accuracy else { return try report(found, of: task.metric) }
        let (right, count) = (found.right, found.count)
        print(
            "\(right) of \(count) test samples right: \(TaskCheck.percent(right, of: count)); loss \(Format.significant(found.loss))"
        )
        guard let expect else { return }
        let (isMet, words) = expect.judge(right: right, of: count)
        guard isMet else { throw ReportError("--expect \(words)") }
        print("As expected: \(words)")
    }

    /// Reports a metric that is not a share of right samples.
    private func report(_ found: TaskCheck.Measured, of metric: Metric) throws {
        let value = metric.value(accuracy: found.accuracy, loss: found.loss, auc: found.auc)
        let right = found.isOfRightAnswers ? "\(found.right) right; " : ""
        print(
            "\(metric.title) \(Format.exact(value)) on \(found.count) test samples; \(right)loss \(Format.exact(found.loss))"
        )
        guard let expect else { return }
        guard !expect.isOfSamples else {
            throw ReportError(
                "--expect \(expect.text) is a number of right samples, and the task is judged by \(metric.oneOfThem); allowed is its value, such as \(metric.text(value))"
            )
        }
        guard expect.isMet(by: value) else {
            throw ReportError(
                "--expect \(expect.text), and the model here has \(metric.oneOfThem) of \(Format.exact(value))")
        }
        print("As expected: \(expect.text)")
    }
}

/// An accuracy that was measured elsewhere, with the digits that were written.
struct Expectation: Equatable {
    let text: String
    private let numerator: Double
    private let denominator: Int?
    /// Half of the last digit, as a share.
    private let halfDigit: Double

    init(parsing text: String) throws {
        self.text = text
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let right = Int(parts[0]), let all = Int(parts[1]), all > 0, (0...all).contains(right) {
            (numerator, denominator, halfDigit) = (Double(right), all, 0)
            return
        }
        // A value above 1 is not a share, but may be the value of another metric.
        guard let value = (try? Quantity.fraction(text)) ?? Quantity.number(text), value >= 0 else {
            throw ValidationError(
                "--expect is '\(text)'; allowed is an accuracy such as 98.31%, 9831/10000, or another metric's value")
        }
        numerator = value
        denominator = nil
        let digits = text.prefix { $0 != "%" }.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = (digits.count > 1 ? digits[1].filter(\.isNumber).count : 0) + (text.contains("%") ? 2 : 0)
        halfDigit = 0.5 * pow(10, -Double(decimals))
    }

    /// Whether the expectation gives a count of right samples out of a number of samples.
    var isOfSamples: Bool { denominator != nil }

    /// Whether a value rounds to the expectation with its digits; another program may have rounded differently.
    func isMet(by value: Double) -> Bool { denominator == nil && abs(value - numerator) <= halfDigit * 1.000001 }

    /// Whether the number of right samples matches the expectation with its digits, and a description.
    func judge(right: Int, of count: Int) -> (isMet: Bool, words: String) {
        let found = "\(right)/\(count) (\(TaskCheck.percent(right, of: count)))"
        if let denominator {
            let isMet = denominator == count && Int(numerator) == right
            return (isMet, isMet ? text : "\(text), and the model here is right about \(found)")
        }
        // The counts whose share is written in this way, with a little slack, since another program rounded the share.
        let slack = Double(count) * halfDigit * 1.000001 + 1e-9
        let low = Int((numerator * Double(count) - slack).rounded(.up))
        let high = Int((numerator * Double(count) + slack).rounded(.down))
        guard low <= right, right <= high else {
            let range = low > high ? "no number" : low == high ? "\(low)" : "\(low) to \(high)"
            return (false, "\(text) is \(range) of \(count) test samples, and the model here is right about \(found)")
        }
        guard low < high else { return (true, "\(text) is \(right) of \(count) test samples") }
        return (
            true,
            "\(text) is \(low) to \(high) of \(count) test samples; --expect \(right)/\(count) says it to the sample"
        )
    }
}
