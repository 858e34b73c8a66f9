import Datasets
import Diagnostics
import Foundation
import Kernel
import Yams

/// The part of a task file that says what is trained on. Paths are relative to the file's folder:
///
///     data:
///       features: train-x.npy                    # .npy, .npz:KEY, .csv, .safetensors:KEY or IDX
///       labels: train-y.npy                      # the same; of a .csv by its column, such as data.csv:species
///       users: train-users.npy                   # optional: whose samples they are, numbers or texts
///       test: {features: test-x.npy, labels: test-y.npy}   # with users: where the training set has them
///       test: {fraction: 20%}                    # or drawn by the seed
///       test: {users: 20%}                       # or all samples of some users, drawn by the seed
///       scale: 255                               # optional: numbers are divided by it
///       standardize: yes                         # or less the mean and by the deviation of the training set
///       shape: [1, 28, 28]                       # optional: channels, height, width
///       columns: [age, height]                   # of a .csv: its features, by name or number; else all others
///       text: book.txt                           # in place of features and labels; see `TaskFileCorpus.swift`
///       header: yes                              # of a .csv: whether its first row names columns; else it is looked at
package struct TaskFileData: Sendable {
    /// The task's name.
    package let name: String
    package let identity: DataIdentity
    /// Absolute paths of the data's files.
    package let paths: [String]
    /// The shape of one sample.
    package let shape: FeatureShape
    package let scaling: FeatureTable.Scaling
    /// Names of a table's columns, in the order of features; empty for other data.
    package let columns: [String]
    package let classes: LabelColumn.Classes
    /// Names of users in the order of their numbers; empty where the data do not know users.
    package let userNames: [String]
    package let test: TestSet
    /// All samples, or the training samples where the test set is separate.
    let samples: Part
    let testSamples: Part?

    /// Where the test set comes from.
    package enum TestSet: Hashable, Sendable {
        case files
        case fraction(Double)
        case users(Double)
        /// The last part of every text is the test set.
        case ends(Double)
    }

    struct Part: Sendable {
        let source: any SampleSource
        let labels: [UInt8]
        let users: [UInt16]?
        /// Targets of a regression, `[N, targetCount]`; nil for labels.
        var targets: [Float]?
        var targetCount = 1

        func dataset(_ name: String, _ classes: Int) -> Dataset {
            Dataset(
                name: name, classCount: classes, source: source, labels: labels, users: users, targets: targets,
                targetCount: targetCount)
        }
    }

    /// Whether numbers are to be predicted; ``classes`` then has as many entries as a sample has targets.
    package var isRegression: Bool { samples.targets != nil }

    /// What the model's last layer must have.
    func wantedOutputs(_ loss: Loss) -> WantedOutputs {
        switch loss {
        case .binaryCrossEntropy:
            WantedOutputs(
                count: 1, isExact: true, most: 1, words: "the one logit of a binary cross-entropy", symbols: nil)
        case .squaredError:
            WantedOutputs(
                count: classes.count, isExact: true, most: classes.count,
                words: "\(classes.count) target\(classes.count == 1 ? "" : "s") a sample", symbols: nil)
        case .softmaxCrossEntropy:
            WantedOutputs(
                count: classes.count, isExact: classes.names != nil, most: LabelColumn.mostClasses,
                words: "\(classes.count) classes", symbols: isText ? classes.count : nil)
        }
    }

    private var isText: Bool { if case .ends = test { true } else { false } }

    /// How many users have samples to train on; nil where the data do not know users.
    var trainingUsers: Int? {
        guard let users = samples.users else { return nil }
        let count = Set(users).count
        if case .users(let fraction) = test { return count - Dataset.testedUsers(of: count, fraction) }
        return count
    }

    /// The data in words, such as `528 samples of 9 in 11 classes by 8 users`.
    var summary: String {
        let users = userNames.isEmpty ? "" : " by \(userNames.count) users"
        let count = samples.labels.count + (testSamples?.labels.count ?? 0)
        let what =
            isRegression
            ? "with \(classes.count) target\(classes.count == 1 ? "" : "s") each" : "in \(classes.count) classes"
        return "\(count) samples of \(shape) \(what)\(users)"
    }

    /// - Parameter classCount: the model's number of classes, which may be more than the samples have.
    func source(_ classCount: Int) -> TrainingTask.DataSource {
        let (all, identity) = (samples.dataset(name, classCount), identity)
        switch test {
        case .files, .ends:
            let split = testSamples.map { part in
                TrainTestSplit(separate: all, part.dataset(name, classCount), identity: identity)
            }
            guard let split else { preconditionFailure("a test set of files, and no files") }
            return .fixedSplit { _ in split }
        case .fraction(let fraction):
            return .splitBySeed { _ in
                { all.split(testing: fraction, identity: identity, seeds: $0, shuffles: $1) }
            }
        case .users(let fraction):
            return .splitBySeed { _ in
                { all.splitUsers(testing: fraction, identity: identity, seeds: $0, shuffles: $1) }
            }
        }
    }
}

extension TaskFile {
    private static let dataKeys = [
        "features", "labels", "users", "test", "scale", "standardize", "shape", "columns", "header", "text", "window",
        "every",
    ]
    private static let testKeys = ["features", "labels", "users", "fraction"]

    /// A file with the line that names it.
    struct Named {
        let role: String
        let node: Yams.Node
        let reference: DataReference
    }

    private struct Files {
        let features: Named
        let labels: Named
        let users: Named?

        var all: [Named] { [features, labels] + [users].compactMap(\.self) }
    }

    /// - Parameter loss: for a squared error the targets are numbers of any size instead of labels.
    func data(_ node: Yams.Node, name: String, loss: Loss) throws(TaskFileError) -> TaskFileData {
        let values = try fields(of: node, allowed: Self.dataKeys, what: "the data")
        if values["text"] != nil { return try corpus(values, at: node, name: name) }
        for key in ["window", "every"] {
            if let place = values[key] { throw error(at: place, "'\(key)' is for a 'text', and there is none") }
        }
        let training = try files(values, at: node, prefix: "")
        guard let testNode = values["test"] else {
            throw error(
                at: node, "no 'test'; allowed are {features: FILE, labels: FILE}, {fraction: 20%} or {users: 20%}")
        }
        let (kind, test) = try testSet(testNode, training)
        let scaling = try scaling(values)
        let shape = try shapeOfSamples(values["shape"])
        let header = try truth(values["header"])
        let columns = try self.columns(values["columns"], training)
        if header != nil, training.all.allSatisfy({ $0.reference.format != .csv }), let place = values["header"] {
            throw error(at: place, "'header' is for .csv files, and there are none")
        }

        var tables = [try features(training, columns, header)]
        if let test { tables.append(try features(test, columns, header, as: tables[0])) }
        let sample = try reading(values["shape"] ?? training.features.node) { () throws(DataError) in
            try tables[0].shape(shape)
        }
        if tables.count > 1, tables[1].sampleShape != tables[0].sampleShape {
            throw error(
                at: test?.features.node ?? testNode,
                "\(tables[1].name) has samples of \(tables[1].sampleShape), and \(tables[0].name) of \(tables[0].sampleShape); allowed are the same"
            )
        }
        try check(scaling, tables, at: values["scale"])
        let targets = loss == .squaredError ? try targetTables([training, test], tables, header) : nil
        let labels: LabelColumn.Classes
        if let targets {
            labels = LabelColumn.Classes(
                targets: targets[0].sampleShape.reduce(1, *), counts: targets.map(\.count))
        } else {
            labels = try labelColumns([training, test], tables, header)
        }
        let users = try userColumns([training, test], tables, header)
        let parts = tables.indices.map { index in
            TaskFileData.Part(
                source: tables[index].source(sample, scaling), labels: labels.labels[index],
                users: users?.users[index], targets: targets?[index].floats, targetCount: labels.count)
        }
        try check(kind, parts, labels, users, at: testNode)
        let named = [training, test].compactMap(\.self).flatMap(\.all)
        return TaskFileData(
            name: name, identity: try identity(named, name, values), paths: paths(named), shape: sample,
            scaling: scaling, columns: tables[0].columns, classes: labels, userNames: users?.names ?? [], test: kind,
            samples: parts[0], testSamples: parts.count > 1 ? parts[1] : nil)
    }

    func paths(_ files: [Named]) -> [String] {
        var paths: [String] = []
        for file in files {
            let path = file.reference.url(in: folder).path
            if !paths.contains(path) { paths.append(path) }
        }
        return paths
    }

    /// The identity of the data: digests of all files, and the settings that decide which numbers a model sees.
    func identity(
        _ files: [Named], _ name: String, _ values: [String: Yams.Node]
    ) throws(TaskFileError) -> DataIdentity {
        var digests: [DataIdentity.File] = []
        for file in files {
            digests.append(
                try reading(file.node) { () throws(DataError) in
                    try DataIdentity.File(role: file.role, file.reference, in: folder)
                })
        }
        let settings = ["test", "scale", "standardize", "shape", "columns", "header", "window", "every"].compactMap {
            key in
            values[key].map { "\(key): \(Self.words($0))" }
        }
        let keys = files.map { "\($0.role): \($0.reference.key ?? "")" }
        return DataIdentity(name: name, files: digests, settings: (settings + keys).joined(separator: "\n"))
    }

    /// The text of a node of any form, without the names of files, which are represented by their digests.
    private static func words(_ node: Yams.Node) -> String {
        if let sequence = node.sequence { return "[\(sequence.map(words).joined(separator: ", "))]" }
        if let mapping = node.mapping {
            return mapping.filter { !["features", "labels"].contains($0.key.string) || $0.value.scalar == nil }
                .map { "\($0.key.string ?? ""): \(words($0.value))" }.joined(separator: ", ")
        }
        return node.scalar?.string ?? ""
    }

    // MARK: Files

    /// - Parameter prefix: put before the roles of the files.
    private func files(
        _ values: [String: Yams.Node], at place: Yams.Node, prefix: String
    ) throws(TaskFileError) -> Files {
        let features = try named("features", values, prefix)
        let labels = try named("labels", values, prefix)
        guard let features, let labels else {
            throw error(at: place, "no '\(features == nil ? "features" : "labels")'; data have features and labels")
        }
        if features.reference.format == .csv, let key = features.reference.key {
            throw error(at: features.node, "'\(features.reference.text)': of a table, features are 'columns: [\(key)]'")
        }
        return Files(features: features, labels: labels, users: try named("users", values, prefix))
    }

    private func named(
        _ key: String, _ values: [String: Yams.Node], _ prefix: String
    ) throws(TaskFileError) -> Named? {
        guard let node = values[key], let path = try string(node) else { return nil }
        guard !path.isEmpty else {
            throw error(at: node, "'\(key)' is empty; allowed is a .npy, .npz, .csv, .safetensors or IDX file")
        }
        return Named(role: prefix + key, node: node, reference: DataReference(path))
    }

    private func testSet(
        _ node: Yams.Node, _ training: Files
    ) throws(TaskFileError) -> (TaskFileData.TestSet, Files?) {
        let values = try fields(of: node, allowed: Self.testKeys, what: "a test set")
        if let place = values["fraction"] {
            guard values.count == 1 else { throw error(at: node, "'fraction' stands alone: the samples are drawn") }
            return (.fraction(try share(place, "samples")), nil)
        }
        if let place = values["users"], values["features"] == nil, values["labels"] == nil {
            guard training.users != nil else {
                throw error(at: place, "the data do not say whose samples they are; add 'users:' under 'data:'")
            }
            return (.users(try share(place, "users")), nil)
        }
        let files = try files(values, at: node, prefix: "test.")
        if (files.users == nil) != (training.users == nil) {
            throw error(
                at: node,
                "users of the \(files.users == nil ? "training" : "test") set alone; allowed are of both or none")
        }
        return (.files, files)
    }

    func share(_ node: Yams.Node, _ what: String) throws(TaskFileError) -> Double {
        let share = try parsed(node) { text throws(Quantity.Failure) in
            let value = try Quantity.fraction(text)
            guard value > 0, value < 1 else {
                throw Quantity.Failure(
                    description: "'\(text)' of the \(what) to test on; allowed is a share above 0 % and below 100 %")
            }
            return value
        }
        guard let share else { throw error(at: node, "expected a share of the \(what), such as 20%") }
        return share
    }

    // MARK: Settings

    private func scaling(_ values: [String: Yams.Node]) throws(TaskFileError) -> FeatureTable.Scaling {
        let scale = try number(values["scale"], "a scale", above: 0, through: 1e30)
        guard try truth(values["standardize"]) == true else { return scale.map { .by(Float($0)) } ?? .none }
        if scale != nil, let place = values["scale"] {
            throw error(at: place, "'scale' beside 'standardize', which scales anyway; allowed is one of them")
        }
        return .standardised
    }

    private func shapeOfSamples(_ node: Yams.Node?) throws(TaskFileError) -> [Int]? {
        guard let node else { return nil }
        var extents: [Int] = []
        for entry in try list(node, of: "up to three sizes, such as [1, 28, 28]") {
            if let extent = try count(entry, "a size", 1...(1 << 30)) { extents.append(extent) }
        }
        guard (1...3).contains(extents.count) else {
            throw error(at: node, "a shape of \(extents.count) sizes; allowed are 1 to 3: channels, height, width")
        }
        return extents
    }

    /// The columns that are features, each with the node that names it.
    private typealias NamedColumns = [(name: String, node: Yams.Node)]

    private func columns(_ node: Yams.Node?, _ files: Files) throws(TaskFileError) -> NamedColumns? {
        guard let node else { return nil }
        guard files.features.reference.format == .csv else {
            throw error(
                at: node, "'columns' are those of a .csv file, and features are of \(files.features.reference.text)")
        }
        var names: NamedColumns = []
        for entry in try list(node, of: "columns, by name or number") {
            if let name = try string(entry) { names.append((name, entry)) }
        }
        guard !names.isEmpty else { throw error(at: node, "no columns; allowed is one at least") }
        return names
    }

    // MARK: Contents

    /// - Parameter training: for the table of a test set, whose columns are found by the names that they have there: a model
    ///   would take a table with the same columns in another order for one of other features.
    private func features(
        _ files: Files, _ columns: NamedColumns?, _ header: Bool?, as training: FeatureTable? = nil
    ) throws(TaskFileError) -> FeatureTable {
        // What stands in the same table and is no feature.
        func inTable(_ file: Named?) -> String? {
            file.flatMap { $0.reference.path == files.features.reference.path ? $0.reference.key : nil }
        }
        let (label, user) = (inTable(files.labels), inTable(files.users))
        let others = [label, user].compactMap(\.self)
        let choice: FeatureTable.Columns
        if let training, !training.columns.isEmpty {
            choice = .same(training.columns, others: columns == nil ? others : nil)
        } else if let columns {
            choice = .named(columns.map(\.name), others: [label].compactMap(\.self))
        } else {
            choice = .allBut(others)
        }
        do throws(DataError) {
            return try FeatureTable(files.features.reference, in: folder, columns: choice, hasHeading: header)
        } catch {
            // A column is a mistake where it is named, which the file may not be.
            var places = [(label, files.labels.node), (user, files.users?.node)]
            if training == nil {
                places.insert(contentsOf: (columns ?? []).reversed().map { ($0.name, $0.node) }, at: 0)
            }
            let place = error.column.flatMap { column in places.first { $0.0 == column }?.1 }
            throw self.error(at: place ?? files.features.node, error.description)
        }
    }

    private func labelColumns(
        _ files: [Files?], _ tables: [FeatureTable], _ header: Bool?
    ) throws(TaskFileError) -> LabelColumn.Classes {
        let columns = try columns(files.compactMap { $0?.labels }, tables, header, "labels")
        return try reading(files.compactMap { $0?.labels.node }[0]) { () throws(DataError) in
            try LabelColumn.classes(columns)
        }
    }

    /// Reads numbers of any size in place of labels.
    private func targetTables(
        _ files: [Files?], _ tables: [FeatureTable], _ header: Bool?
    ) throws(TaskFileError) -> [FeatureTable] {
        var targets: [FeatureTable] = []
        for (file, table) in zip(files.compactMap { $0?.labels }, tables) {
            let reference = file.reference
            let isTable = reference.format == .csv
            // Several targets of a test set are found by their names, as features are.
            let known = targets.first.flatMap { $0.columns.count > 1 ? $0.columns : nil }
            let found = try reading(file.node) { () throws(DataError) in
                try FeatureTable(
                    isTable ? DataReference(reference.path) : reference, in: folder,
                    columns: reference.key.map { .named([$0]) } ?? known.map { .same($0, others: []) } ?? .allBut([]),
                    hasHeading: header)
            }
            guard found.count == table.count, found.sampleShape == (targets.first ?? found).sampleShape else {
                throw error(
                    at: file.node,
                    "\(reference.text) has \(found.count) targets of \(found.sampleShape), and \(table.name) \(table.count) samples; allowed are as many, and as many numbers each"
                )
            }
            targets.append(found)
        }
        return targets
    }

    private func userColumns(
        _ files: [Files?], _ tables: [FeatureTable], _ header: Bool?
    ) throws(TaskFileError) -> LabelColumn.Users? {
        let named = files.compactMap { $0?.users }
        guard let first = named.first else { return nil }
        let columns = try columns(named, tables, header, "users")
        return try reading(first.node) { () throws(DataError) in try LabelColumn.users(columns) }
    }

    private func columns(
        _ files: [Named], _ tables: [FeatureTable], _ header: Bool?, _ what: String
    ) throws(TaskFileError) -> [LabelColumn] {
        var columns: [LabelColumn] = []
        for (file, table) in zip(files, tables) {
            let wanted = LabelColumn.Wanted(table.count, what, of: table.name)
            let column = try reading(file.node) { () throws(DataError) in
                try LabelColumn(file.reference, in: folder, hasHeading: header, wanted: wanted)
            }
            columns.append(column)
        }
        return columns
    }
}
