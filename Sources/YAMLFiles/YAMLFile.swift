import Diagnostics
import Yams

/// A file in YAML that people write, such as a cluster or a task: each key is checked, and an error says in which line what was
/// found and what is allowed.
package protocol YAMLFile {
    /// What is thrown of a file that cannot be used.
    associatedtype Failure: Error

    /// The name for error messages.
    var file: String { get }
    /// - Parameter message: with file and line.
    static func failure(_ message: String) -> Failure
}

extension YAMLFile {
    /// The root of a text; nil for one without any.
    package func compose(_ text: String) throws(Failure) -> Yams.Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw self.error(for: error, in: text)
        } catch {
            throw Self.failure("\(file): not YAML: \(error)")
        }
    }

    /// The entries of a mapping, each key known.
    package func fields(
        of node: Yams.Node, allowed: [String], what: String
    ) throws(Failure) -> [String: Yams.Node] {
        guard let mapping = node.mapping else {
            throw error(at: node, "expected the keys of \(what): \(allowed.joined(separator: ", "))")
        }
        var values: [String: Yams.Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, allowed.contains(name) else {
                throw error(at: key, UnknownName.message("key", found: key.string ?? "?", allowed: allowed))
            }
            // Yams has refused keys that stand twice.
            values[name] = value
        }
        return values
    }

    package func string(_ node: Yams.Node?) throws(Failure) -> String? {
        try parsed(node) { text throws(Quantity.Failure) in text }
    }

    package func parsed<Value>(
        _ node: Yams.Node?, _ parse: (String) throws(Quantity.Failure) -> Value
    ) throws(Failure) -> Value? {
        guard let node else { return nil }
        guard let text = node.scalar?.string else { throw error(at: node, "expected one value, not a list or mapping") }
        do throws(Quantity.Failure) {
            return try parse(text)
        } catch {
            throw self.error(at: node, error.description)
        }
    }

    /// Where a mapping has a key for the second time; Yams tells where the mapping begins.
    private func secondLine(of key: String?, _ mapping: YamlError.Context, _ text: String) -> Int {
        guard let key else { return mapping.mark.line }
        let column = max(0, mapping.mark.column - 1)
        let spellings = [key, "'\(key)'", "\"\(key)\""]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        let found = lines.dropFirst(mapping.mark.line - 1).prefix { number, line in
            // The mapping ends with the first line that is less indented, but for comments and empty ones.
            let start = line.firstIndex { $0 != " " } ?? line.endIndex
            return number == mapping.mark.line - 1 || start == line.endIndex || line[start] == "#"
                || line.distance(from: line.startIndex, to: start) >= column
        }.filter { _, line in
            let rest = line.dropFirst(column)
            return spellings.contains { rest.hasPrefix($0) && rest.dropFirst($0.count).first { $0 != " " } == ":" }
        }
        return found.dropFirst().first.map { $0.offset + 1 } ?? mapping.mark.line
    }

    private func error(for error: YamlError, in text: String) -> Failure {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            Self.failure("\(file):\(mark.line): not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            Self.failure(
                "\(file):\(secondLine(of: keys.first, context, text)): '\(keys.first ?? "?")' stands twice")
        default: Self.failure("\(file): not YAML: \(error)")
        }
    }

    package func list(_ node: Yams.Node, of what: String) throws(Failure) -> [Yams.Node] {
        guard let sequence = node.sequence else { throw error(at: node, "expected a list of \(what)") }
        return Array(sequence)
    }

    package func error(at node: Yams.Node, _ message: String) -> Failure {
        Self.failure(node.mark.map { "\(file):\($0.line): \(message)" } ?? "\(file): \(message)")
    }
}
