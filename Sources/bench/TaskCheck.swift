import Datasets
import Diagnostics
import Experiments
import Kernel
import Reports
import Tasks
import Training

/// How a task was understood, in words.
struct TaskCheck {
    private let task: TrainingTask
    /// The data of a task file; nil for other tasks.
    private let data: TaskFileData?
    private let split: TrainTestSplit
    private let findings: DataFindings

    private static let shownFeatures = 8
    private static let shownClasses = 30

    init(_ task: TrainingTask, _ data: TaskFileData?, _ split: TrainTestSplit) {
        (self.task, self.data, self.split) = (task, data, split)
        findings = DataFindings(split)
    }

    var warnings: [String] {
        findings.warnings(
            split, classNames: data?.classes.names, columns: data?.columns ?? [], userNames: data?.userNames ?? [])
    }

    var text: String {
        ([
            "\(task.name): \(task.summary)",
            "  target      \(task.metric.oneOfThem) of \(task.metric.targetText(task.target)) on the test set",
        ] + dataLines + ["", layers.terminal(TerminalAbilities.output.layout)] + modelLines + [
            "", "Samples as a model sees them",
        ] + samples)
        .map { $0.hasSuffix("\n") ? String($0.dropLast()) : $0 }.joined(separator: "\n") + "\n"
    }

    // MARK: Data

    private var dataLines: [String] {
        var lines = ["  samples     \(split.training.count) to train on, \(split.test.count) to test on\(testWords)"]
        for file in split.identity.files ?? [] {
            lines.append(
                "  file        \(VisibleText.line(file.path)): \(file.role), SHA-256 \(file.sha256.prefix(12))")
        }
        if split.identity.files == nil { lines.append("  data        \(split.identity.words)") }
        if let data {
            switch data.scaling {
            case .none: break
            case .by(let scale): lines.append("  scale       divided by \(Format.exact(scale))")
            case .standardised:
                lines.append("  scale       less the mean and by the deviation of the training set, feature by feature")
            }
            if !data.columns.isEmpty {
                lines.append("  columns     \(VisibleText.line(data.columns.joined(separator: ", ")))")
            }
        }
        if let data, data.isRegression {
            lines.append("  targets     \(data.classes.count) of each sample")
        } else {
            lines.append("  classes     \(findings.classCounts.count), to train on and to test on: \(classes)")
        }
        if !findings.userCounts.isEmpty { lines.append("  users       \(users)") }
        return lines
    }

    private var testWords: String {
        switch data?.test {
        case nil, .files: ""
        case .ends(let share): ", the last \(Format.exactPercent(share)) of every text"
        case .fraction(let share): ", \(Format.exactPercent(share)) drawn by the seed"
        case .users(let share): ", all samples of \(Format.exactPercent(share)) of the users, drawn by the seed"
        }
    }

    private var classes: String {
        let shown = findings.classCounts.prefix(Self.shownClasses).enumerated().map { index, count in
            "\(label(index)) \(count.training)+\(count.test)"
        }
        return shown.joined(separator: ", ") + (findings.classCounts.count > shown.count ? ", ..." : "")
    }

    /// A class by its name, in quotes where it would not be seen, such as the space of a text.
    private func label(_ index: Int) -> String {
        guard let name = data?.classes.names?[index] else { return "\(index)" }
        switch name {
        case "\n": return "'\\n'"
        case "\t": return "'\\t'"
        default:
            let text = VisibleText.line(name)
            return name.allSatisfy(\.isWhitespace) ? "'\(text)'" : text
        }
    }

    /// The beginning of a sample; of a text, as it is written.
    private func beginning(_ numbers: [Float]) -> String {
        guard case .ends? = data?.test, let symbols = data?.classes.names else {
            return numbers.map { Format.significant(Double($0)) }.joined(separator: ", ")
        }
        let text = numbers.compactMap { Int(exactly: $0).flatMap { symbols.indices.contains($0) ? symbols[$0] : nil } }
        return "'\(VisibleText.line(text.joined()))'"
    }

    private var users: String {
        let counts = findings.userCounts.filter { $0 > 0 }.sorted()
        let median = Double(counts[(counts.count - 1) / 2] + counts[counts.count / 2]) / 2
        return
            "\(counts.count), with \(counts[0]) samples at least, \(Format.exact(median)) in the median, \(counts[counts.count - 1]) at most"
    }

    // MARK: The model

    private var layers: TextTable {
        var table = TextTable([
            ("layer", .left), ("tensors", .left), ("output", .left), ("parameters", .right), ("MFLOP", .right),
        ])
        table.append(["input", "", "\(task.network.input)", "", ""])
        guard let network = task.network as? Network else { return table }
        append(network.outline, to: &table, indent: "")
        return table
    }

    /// Adds a row for each layer; the layers of a residual's body follow below it.
    private func append(_ layers: [LayerOutline], to table: inout TextTable, indent: String) {
        for layer in layers {
            table.append([
                indent + layer.kind, layer.name.map { "\($0).*" } ?? "", "\(layer.output)",
                layer.parameters > 0 ? "\(layer.parameters)" : "",
                layer.flops > 0 ? Format.significant(layer.flops / 1e6) : "",
            ])
            append(layer.body, to: &table, indent: indent + "  ")
        }
    }

    private var modelLines: [String] {
        let network = task.network
        let batch = (try? task.defaults.options(of: BatchOptions.self).batch) ?? 64
        return [
            "  parameters  \(network.parameterCount), \(Format.bytes(Double(network.parameterCount * 4))) a copy",
            "  tensors     \(network.layout.slots.map { "\($0.name) \($0.shape)" }.joined(separator: ", "))",
            "  operations  \(Format.significant(network.trainingFlopsPerSample / 1e6)) MFLOP a sample, forward and backward",
            "  memory      data \(Format.bytes(Double(split.storedBytes))); a step of \(batch) samples \(Format.bytes(Double(network.workspaceBytes(samples: batch))))",
        ]
    }

    private var samples: [String] {
        var lines: [String] = []
        for (name, set) in [("training", split.training), ("test", split.test)] {
            for (place, index) in [("first", 0), ("last", set.count - 1)] {
                let numbers = DataFindings.beginning(of: index, in: set, most: Self.shownFeatures)
                let more = set.shape.count > numbers.count ? ", ..." : ""
                let label = Int(set.labels[index])
                let targets = set.targets.map { targets in
                    targets[index * set.targetCount..<(index + 1) * set.targetCount].prefix(Self.shownFeatures)
                        .map { Format.significant(Double($0)) }.joined(separator: ", ")
                }
                let user =
                    set.users.map { users in
                        ", user \(data.map { VisibleText.line($0.userNames[Int(users[index])]) } ?? "\(users[index])")"
                    } ?? ""
                lines.append(
                    "  \(place) \(name)".padding(toLength: 18, withPad: " ", startingAt: 0)
                        + "\(beginning(numbers))\(more) -> \(targets ?? self.label(label))\(user)")
            }
        }
        return lines
    }

    // MARK: Measuring

    private static let samplesAtOnce = 500

    /// The results of a model on a test set.
    struct Measured {
        let count: Int
        var right = 0
        /// The mean loss.
        var loss = 0.0
        /// The AUC; nil for models without one.
        var auc: Double?
        /// Whether samples can be right or wrong, unlike those of a regression.
        let isOfRightAnswers: Bool

        var accuracy: Double { Double(right) / Double(count) }
    }

    static func measure(_ task: TrainingTask, _ parameters: ParameterVector, _ test: Dataset) -> Measured {
        let network = task.network
        let workspace = network.workspace(capacity: min(samplesAtOnce, test.count))
        let scoring = task.metric == .auc ? network as? any ScoringObjective : nil
        var found = Measured(count: test.count, isOfRightAnswers: network.targetCount == 0)
        var scores: [Float] = []
        for start in stride(from: 0, to: test.count, by: samplesAtOnce) {
            test.gather(Int32(start)..<Int32(min(test.count, start + samplesAtOnce)), into: workspace.batch)
            let (sum, correct) = network.lossAndCorrect(of: workspace, at: parameters)
            found.right += correct
            found.loss += sum
            scoring?.scores(of: workspace, at: parameters) { _, score in scores.append(score) }
        }
        found.loss /= Double(test.count)
        if scoring != nil { found.auc = AreaUnderROC.of(scores, labels: test.labels) }
        return found
    }

    /// A percentage with enough digits to distinguish one sample.
    static func percent(_ right: Int, of count: Int) -> String {
        var (decimals, scale) = (0, 100)
        while scale < count { (decimals, scale) = (decimals + 1, scale * 10) }
        return Format.percent(Double(right) / Double(count), decimals: max(2, decimals))
    }
}
