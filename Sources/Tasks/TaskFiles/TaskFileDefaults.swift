import Diagnostics
import Kernel
import Training
import Yams

/// The part of a task file that says what is used where the command line says nothing:
///
///     defaults:
///       batch: 64                                # of steps that workers make together
///       learning_rate: 0.1                       # of those steps
///       local_learning_rate: 0.05                # of a worker's own steps; optional, the same
///       optimizer: adam                          # optional, sgd; the rates are of it
///       momentum: 0.9                            # of sgd; optional, 0
///       epochs: 10                               # optional, 10
///       evaluate_every: 0.5                      # epochs; optional, 1
///       clients: users                           # or a number; with users: each is one (partition natural)
///       fraction: 10%                            # of the clients, in a round
///       local_epochs: 1                          # of a client, in a round
///       local_batch: 10                          # or all
///       partition: natural                       # as --partition takes it
///       tuning: tuned by a grid of four rates    # optional: how the rates were found
extension TaskFile {
    /// Keys that stand for options of strategies; see ``optionName(_:)``.
    static let optionNames = ["batch", "clients", "fraction", "local_epochs", "local_batch", "partition"]
    static let defaultKeys =
        ["learning_rate", "local_learning_rate", "optimizer", "momentum", "epochs", "evaluate_every", "tuning"]
        + optionNames

    /// The name of the strategies' option that has a default by this key.
    static func optionName(_ key: String) -> String { key.replacingOccurrences(of: "_", with: "-") }

    func defaults(_ node: Yams.Node?, _ data: TaskFileData) throws(TaskFileError) -> TrainingTask.Defaults {
        let values =
            try node.map { node throws(TaskFileError) in
                try fields(of: node, allowed: Self.defaultKeys, what: "the defaults")
            } ?? [:]
        let kind = try parsed(values["optimizer"]) { text throws(Quantity.Failure) in
            guard let kind = Optimizer.Kind(rawValue: text) else {
                let kinds = Optimizer.Kind.allCases.map(\.rawValue)
                throw Quantity.Failure(description: UnknownName.message("optimizer", found: text, allowed: kinds))
            }
            return kind
        }
        if let kind, kind != .sgd, let node = values["momentum"] {
            throw error(at: node, "'momentum' is of sgd, and the optimizer is \(kind.rawValue); leave one of them out")
        }
        let rate = try rate(values["learning_rate"]) ?? kind?.usualRate ?? 0.1
        let momentum = try parsed(values["momentum"]) { text throws(Quantity.Failure) in
            guard let value = Quantity.number(text), (0..<1).contains(value) else {
                throw Quantity.Failure(
                    description: "'\(text)' is not a momentum; allowed is a number from 0 to below 1")
            }
            return Float(value)
        }
        let epochs = try number(values["epochs"], "a number of epochs", above: 0, through: 1e6) ?? 10
        let tuning = try string(values["tuning"])
        return TrainingTask.Defaults(
            epochs: epochs,
            evaluateEveryEpochs: try number(values["evaluate_every"], "a number of epochs", above: 0, through: 1e6)
                ?? min(1, epochs),
            learningRate: rate, localLearningRate: try self.rate(values["local_learning_rate"]) ?? rate,
            momentum: momentum ?? 0, optimizer: kind.flatMap { $0 == .sgd ? nil : Optimizer.Configuration($0) },
            options: try options(values, data),
            tuning: VisibleText.line(
                tuning ?? "Learning rates and all else: of the task file, which does not say how they were found."),
            trials: .untuned(source: "a task file"))
    }

    private func rate(_ node: Yams.Node?) throws(TaskFileError) -> Double? {
        try parsed(node) { text throws(Quantity.Failure) in
            guard let value = Quantity.number(text), TrainingConfiguration.learningRates.contains(value) else {
                throw Quantity.Failure(
                    description:
                        "'\(text)' is not a learning rate; allowed is \(TrainingConfiguration.allowedLearningRates)")
            }
            return value
        }
    }

    private func options(_ values: [String: Yams.Node], _ data: TaskFileData) throws(TaskFileError) -> OptionValues {
        var options: OptionValues = [:]
        let infos = BatchOptions.specs.map(\.info) + ClientOptions.specs.map(\.info)
        for key in Self.optionNames {
            guard let node = values[key] else { continue }
            let name = Self.optionName(key)
            guard let info = infos.first(where: { $0.name == name }) else { continue }
            options[name] = try parsed(node) { text throws(Quantity.Failure) in
                if name == "clients", text == "users" { return try .number(Double(users(data))) }
                do throws(OptionError) {
                    return try info.allowed.value(of: text)
                } catch {
                    let also = name == "clients" ? ", or users" : ""
                    throw Quantity.Failure(description: "\(error.of("'\(key)'"))\(also)")
                }
            }
        }
        if values["clients"]?.string == "users", options["partition"] == nil { options["partition"] = "natural" }
        if case .text(let partition)? = options["partition"], partition.hasPrefix("natural"),
            let node = values["partition"], data.userNames.isEmpty
        {
            throw error(
                at: node, "'\(partition)': the data do not say whose samples they are; add 'users:' under 'data:'")
        }
        return options
    }

    private func users(_ data: TaskFileData) throws(Quantity.Failure) -> Int {
        guard let users = data.trainingUsers else {
            throw Quantity.Failure(
                description: "'users': the data do not say whose samples they are; add 'users:' under 'data:'")
        }
        return users
    }
}
