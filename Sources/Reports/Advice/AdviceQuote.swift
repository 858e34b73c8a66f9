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
    /// The strategies that are compared, and rows of the run that no statement speaks of.
    let strategies: [String]
    let leftOut: [String]
    /// The map, what is safe where the machines are not known, and what single figures do on the clusters of the run.
    let images: [PageImage]

    static let none = AdviceQuote(firsts: [], changes: [], strategies: [], leftOut: [], images: [])

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

        struct Place: Decodable { let cluster: String }

        let results: String?
        let target: Double
        let strategies: [String]?
        let leftOut: [[String: String]]?
        let statements: [Statement]
        let clusters: [Place]?
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
            changes: changes + of(.map).map(\.text) + of(.regret).map(\.text),
            strategies: document.strategies ?? [], leftOut: document.leftOut?.compactMap { $0["name"] } ?? [],
            images: images(folder, document, of: results))
    }

    /// Pictures of the advice, as far as they lie beside it.
    private static func images(_ folder: URL, _ document: Document, of results: Results) -> [PageImage] {
        let run = Set(results.plan.strategies.compactMap { $0.cluster?.name })
        let places = (document.clusters ?? []).indices.filter { run.contains(document.clusters?[$0].cluster ?? "") }
        let names = ["first-map", "regret"] + places.map { "tornado-\($0 + 1)" }
        return names.compactMap { PageImage($0, in: folder) }
    }
}

extension PageImage {
    private static let mostBytes = 200_000

    /// A picture that lies beside a report; nil where there is none.
    fileprivate init?(_ name: String, in folder: URL) {
        func text(_ theme: PictureTheme) -> String? {
            let file = folder.appendingPathComponent(FigureFiles.name(name, theme))
            guard let size = try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize, size <= Self.mostBytes else {
                return nil
            }
            return try? String(contentsOf: file, encoding: .utf8)
        }
        guard let light = text(.light), let dark = text(.dark), let title = Self.element("title", of: light),
            let finding = Self.element("desc", of: light)
        else { return nil }
        self.init(title: title, finding: finding, light: light, dark: dark)
    }

    /// The text of the first element of a name, as somebody reads it.
    private static func element(_ name: String, of svg: String) -> String? {
        guard let open = svg.range(of: "<\(name) "), let start = svg[open.upperBound...].firstIndex(of: ">"),
            let end = svg.range(of: "</\(name)>"), start < end.lowerBound
        else { return nil }
        let text = String(svg[svg.index(after: start)..<end.lowerBound])
        return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(text) {
            $0.replacingOccurrences(of: $1.0, with: $1.1)
        }
    }
}
