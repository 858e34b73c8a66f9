import Datasets
import Diagnostics
import Kernel
import Yams

/// Data that consist of texts, of which a model predicts the next symbol; every distinct character is a symbol:
///
///     data:
///       text: book.txt                           # or a list of files, each of a user of its own
///       window: 32                               # symbols that a model sees
///       every: 8                                 # optional, 1: symbols from one window to the next
///       test: {fraction: 20%}                    # of every text, at its end
extension TaskFile {
    private static let corpusKeys = ["text", "window", "every", "test"]
    private static let mostUsers = 1 << 16

    func corpus(
        _ values: [String: Yams.Node], at node: Yams.Node, name: String
    ) throws(TaskFileError) -> TaskFileData {
        for (key, place) in values where !Self.corpusKeys.contains(key) {
            throw error(at: place, "'\(key)' beside 'text'; allowed are \(Self.corpusKeys.joined(separator: ", "))")
        }
        guard let textNode = values["text"], let testNode = values["test"],
            let length = try count(values["window"], "a number of symbols", 1...100_000)
        else { throw error(at: node, "incomplete: a 'text' needs 'window' and 'test', such as {fraction: 20%}") }
        let step = try count(values["every"], "a number of symbols", 1...1_000_000) ?? 1
        guard let place = try fields(of: testNode, allowed: ["fraction"], what: "a text's test set")["fraction"] else {
            throw error(at: testNode, "expected a share of every text, such as {fraction: 20%}")
        }
        let fraction = try share(place, "symbols")
        let files = try texts(textNode)
        let corpus = try reading(textNode) { () throws(DataError) in
            try TextCorpus(files.map(\.reference), in: folder)
        }
        let windows = [false, true].map {
            corpus.windows(length: length, every: step, testing: fraction, isEnd: $0)
        }
        let classes = LabelColumn.Classes(symbols: corpus.symbols, labels: windows.map { $0.source.nextSymbols })
        let hasUsers = files.count > 1
        let parts = windows.indices.map { index in
            TaskFileData.Part(
                source: windows[index].source, labels: classes.labels[index],
                users: hasUsers ? windows[index].users : nil)
        }
        guard !parts[1].labels.isEmpty else {
            throw error(at: testNode, "no window of \(length) symbols is left to test on; allowed is a larger fraction")
        }
        try check(.ends(fraction), parts, classes, nil, at: testNode)
        return TaskFileData(
            name: name, identity: try identity(files, name, values), paths: paths(files),
            shape: FeatureShape(features: length), scaling: .none, columns: [], classes: classes,
            userNames: hasUsers ? files.map(\.reference.text) : [], test: .ends(fraction), samples: parts[0],
            testSamples: parts[1])
    }

    private func texts(_ node: Yams.Node) throws(TaskFileError) -> [Named] {
        let entries = node.sequence.map(Array.init) ?? [node]
        guard (1...Self.mostUsers).contains(entries.count) else {
            throw error(at: node, "\(entries.count) texts; allowed are 1 to \(Self.mostUsers)")
        }
        var files: [Named] = []
        for (index, entry) in entries.enumerated() {
            guard let path = try string(entry), !path.isEmpty else {
                throw error(at: entry, "the name of a text is empty")
            }
            files.append(
                Named(
                    role: entries.count == 1 ? "text" : "text.\(index + 1)", node: entry, reference: DataReference(path)
                ))
        }
        return files
    }
}
