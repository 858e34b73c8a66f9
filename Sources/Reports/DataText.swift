import Datasets
import Experiments

/// In words, which data results are of, and what training began with.
package enum DataText {
    /// A warning that the data are not the published ones. Nil for published data, and for results of older versions,
    /// which do not say what their data are.
    package static func warning(_ results: Results) -> String? {
        guard let data = results.data, !data.isPublished, data.files == nil else { return nil }
        return """
            These results are of \(data.words), not of the published data of the task `\(results.plan.task)`: so is every \
            accuracy, loss and time to a target.

            """
    }

    /// The same of one of several results, a line that names it.
    package static func warning(_ results: Results, in path: String) -> String? {
        guard warning(results) != nil, let data = results.data else { return nil }
        return "'\(path)' is of \(data.words), not of the published data of the task '\(results.plan.task)'."
    }

    /// Such as `data (MNIST, SHA-256 ac89dbc26b7b)`.
    static func data(_ results: Results) -> String {
        if let file = results.plan.taskFile {
            return """
                model and data of the task file \(MarkdownText.code(file.path)) (SHA-256 \(file.sha256.prefix(12)); data \
                \(results.data?.shortDigest ?? "unknown"), \
                \((results.data?.files ?? []).map { "\($0.path) \($0.sha256.prefix(12))" }.joined(separator: ", ")))
                """
        }
        return "data" + (results.data.map { " (\($0.name), SHA-256 \($0.shortDigest))" } ?? "")
    }

    /// What training began with.
    static func start(_ results: Results) -> String {
        guard let file = results.plan.initialParametersFile else {
            return "initial parameters (\(results.plan.initialization.rawValue), from the seed)"
        }
        let digest = results.initialParametersSHA256.map { " (SHA-256 \($0.prefix(12)))" } ?? ""
        return "initial parameters from \(MarkdownText.code(file))\(digest)"
    }
}
