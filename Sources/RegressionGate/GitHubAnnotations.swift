/// Workflow commands, which GitHub shows beside a run: an error for each regression, a notice for each improvement, and
/// a warning for each figure that was not compared.
package enum GitHubAnnotations {
    package static func render(_ comparison: Comparison) -> String {
        (comparison.regressions.map { line("error", $0) } + comparison.improvements.map { line("notice", $0) }
            + comparison.notCompared.map { line("warning", $0) }).joined()
    }

    package static func render(notComparable reasons: [String]) -> String {
        reasons.map { "::error title=bench could not compare::\(data($0))\n" }.joined()
    }

    private static func line(_ command: String, _ figure: Figure) -> String {
        let message =
            figure.status == .notCompared ? figure.test : "\(figure.baseline) -> \(figure.current) (\(figure.change))"
        let title = property("\(figure.strategy): \(figure.name)")
        return "::\(command) title=\(title)::\(data(message))\n"
    }

    /// The text with escapes for characters that would end a message or begin another one.
    private static func data(_ text: String) -> String {
        escaped(text, "%\r\n")
    }

    private static func property(_ text: String) -> String {
        escaped(text, "%\r\n:,")
    }

    /// Works on Unicode scalars: a carriage return with a line feed is one character in Swift, but two for GitHub.
    private static func escaped(_ text: String, _ special: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if special.unicodeScalars.contains(scalar) {
                result += (scalar.value < 16 ? "%0" : "%") + String(scalar.value, radix: 16, uppercase: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
}
