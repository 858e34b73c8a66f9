import Experiments
import Foundation
import Storage

/// What advice that lies beside results says, for the page of these: who is first on each cluster, and until when.
enum AdviceQuote {
    private struct Document: Decodable {
        struct Statement: Decodable {
            let part: String
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
        let texts = [AdvicePart.first, .until].flatMap { part in
            document.statements.filter { $0.part == part.rawValue }.map(\.text)
        }
        return Array(texts.prefix(mostStatements))
    }
}
