import Diagnostics
import Experiments
import Foundation
import Storage

/// What advice that lies beside results says, for the page of these: who is first on each cluster, and until when.
struct AdviceQuote: Sendable {
    /// Who is first on a cluster, and how that is known.
    struct First: Sendable {
        let cluster: String
        let text: String
        /// For a headline: without how the seeds compare.
        let short: String
        /// `simulated on a preset, ...`; nil where that is not known.
        let evidence: String?

        var headline: String { short.dropLast() + " (simulated)." }
    }

    let firsts: [First]
    /// Where that changes with the machines, and who to take where these are not known.
    let changes: [String]

    static let none = AdviceQuote(firsts: [], changes: [])

    var isEmpty: Bool { firsts.isEmpty && changes.isEmpty }

    /// All sentences but who is first on some clusters.
    func sentences(without clusters: [String]) -> [String] {
        // How it is known is the same on most clusters, and said once.
        var said: Set<String> = []
        let others = firsts.filter { !clusters.contains($0.cluster) }.map { first in
            guard let evidence = first.evidence, said.insert(evidence).inserted else { return first.text }
            return first.text.dropLast() + " (\(evidence))."
        }
        return Array((others + changes).prefix(Self.mostStatements))
    }

    // MARK: Reading

    private struct Document: Decodable {
        struct Statement: Decodable {
            let part: String
            let cluster: String?
            let text: String
            let plain: String?
            let short: String?
            let evidence: String?
        }

        let results: String?
        let target: Double
        let statements: [Statement]
    }

    private static let mostStatements = 8
    private static let mostBytes = 4_000_000

    /// Nothing where there is no advice in the folder, or none of these results to their target: somebody may have made the
    /// run again.
    static func read(_ folder: URL, of results: Results) -> AdviceQuote {
        let file = folder.appendingPathComponent(AdviceJSON.name)
        guard let size = try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize, size <= mostBytes,
            let data = try? Data(contentsOf: file),
            let document = try? JSONDecoder().decode(Document.self, from: data),
            let checksum = document.results, checksum == ResultsFile.checksum(of: folder.path),
            document.target == results.plan.target
        else { return none }
        func of(_ part: AdvicePart) -> [Document.Statement] {
            document.statements.filter { $0.part == part.rawValue }
        }
        // One in which nothing changes is said by the map.
        let changes = of(.until).filter { $0.text.contains(" stays first while ") }.map { statement in
            (statement.cluster.map { "On \(MarkdownText.code($0)), " } ?? "") + statement.text
        }
        return AdviceQuote(
            firsts: of(.first).map {
                First(
                    cluster: $0.cluster ?? "", text: $0.plain ?? $0.text, short: $0.short ?? $0.plain ?? $0.text,
                    evidence: $0.evidence)
            },
            changes: changes + of(.map).map(\.text) + of(.regret).map(\.text))
    }
}
