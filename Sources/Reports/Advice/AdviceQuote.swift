import Diagnostics
import Experiments
import Foundation
import Storage

/// What advice that lies beside results says, for the page of these: who is first on each cluster, and until when.
enum AdviceQuote {
    private struct Document: Decodable {
        struct Statement: Decodable {
            let part: String
            let cluster: String?
            let text: String
        }

        let results: String?
        let target: Double
        let statements: [Statement]
    }

    private static let mostStatements = 8
    private static let mostBytes = 4_000_000

    /// Empty where there is no advice in the folder, or none of these results to their target: somebody may have made the
    /// run again.
    static func read(_ folder: URL, of results: Results) -> [String] {
        let file = folder.appendingPathComponent(AdviceJSON.name)
        guard let size = try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize, size <= mostBytes,
            let data = try? Data(contentsOf: file),
            let document = try? JSONDecoder().decode(Document.self, from: data),
            let checksum = document.results, checksum == ResultsFile.checksum(of: folder.path),
            document.target == results.plan.target
        else { return [] }
        return Array(sentences(document.statements).prefix(mostStatements))
    }

    /// Who is first, on each cluster; where that changes; and who to take where the cluster is not known.
    private static func sentences(_ statements: [Document.Statement]) -> [String] {
        func of(_ part: AdvicePart) -> [Document.Statement] { statements.filter { $0.part == part.rawValue } }
        let firsts = of(.first).map(\.text)
        // How it is known is the same on most clusters, and said once.
        let common = firsts.first.flatMap(evidence)
        let short = firsts.enumerated().map { index, text in
            index > 0 && evidence(text) == common && common != nil
                ? text.dropLast((common?.count ?? 0) + 2) + "." : text
        }
        // One in which nothing changes is said by the map.
        let changes = of(.until).filter { $0.text.contains(" stays first while ") }.map { statement in
            (statement.cluster.map { "On \(MarkdownText.code($0)), " } ?? "") + statement.text
        }
        return short + changes + of(.map).map(\.text) + of(.regret).map(\.text)
    }

    /// `(simulated on a preset, ...)` at the end of a statement, without the point behind it.
    private static func evidence(_ text: String) -> Substring? {
        guard text.hasSuffix(")."), let start = text.lastIndex(of: "(") else { return nil }
        return text[start...].dropLast()
    }
}
