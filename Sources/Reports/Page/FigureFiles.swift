import Foundation
import Storage

/// Pictures as files beside `report.md`, each for light and for dark pages: where Markdown is shown, neither pictures within it
/// nor style sheets of its own are allowed.
package enum FigureFiles {
    /// The folder beside the report.
    package static let folder = "figures"
    /// All pictures that a report may have there.
    static let ofResults =
        [
            "time-to-target", "accuracy-time", "time-targets", "accuracy-bytes", "accuracy-money", "time-shares",
            "node-gains", "accuracy-rounds",
        ] + (1...mostNumbered).flatMap { ["listening-\($0)", "partition-\($0)"] }
        + ["partition"]
    /// Pictures of one kind, such as who listens to whom, strategy by strategy: further ones are on the page alone.
    static let mostNumbered = 8
    static let ofStudy = ["trials", "after-trials"]

    /// The path of a picture's file, beginning with the folder's name.
    static func name(_ picture: String, _ theme: PictureTheme) -> String {
        "\(folder)/\(picture)-\(theme.rawValue).svg"
    }

    static func names(_ pictures: [String]) -> [String] { pictures.flatMap { [name($0, .light), name($0, .dark)] } }

    /// The pictures as GitHub shows them, each in the reader's own theme; empty for none.
    static func markdown(_ pictures: [Picture]) -> String {
        pictures.map { picture in
            """
            <picture><source media="(prefers-color-scheme: dark)" srcset="\(name(picture.name, .dark))">\
            <img src="\(name(picture.name, .light))" alt="\(MarkupText.escaped("\(picture.title). \(picture.finding)"))"></picture>

            """
        }.joined(separator: "\n")
    }
}

/// The pictures of a run's `report.md`, by the section in which they stand.
package struct ReportFigures {
    var main, time, nodes, targets, costs, rounds, partitions: [Picture]

    init(_ pictured: PicturedRuns) {
        main = [pictured.timeToTarget, pictured.accuracyAgainstTime].compactMap(\.self)
        time = [pictured.timeShares].compactMap(\.self)
        nodes = [pictured.nodeGains].compactMap(\.self) + pictured.listening.prefix(FigureFiles.mostNumbered)
        targets = [pictured.timeAgainstTarget].compactMap(\.self)
        costs = [pictured.accuracyAgainstBytes, pictured.accuracyAgainstMoney].compactMap(\.self)
        rounds = [pictured.accuracyAgainstRounds].compactMap(\.self)
        partitions = Array(pictured.partitions.prefix(FigureFiles.mostNumbered))
    }

    var all: [Picture] { main + time + nodes + targets + costs + rounds + partitions }

    /// A section with its pictures behind its heading.
    ///
    /// - Parameter heading: of a section that has nothing but pictures.
    static func section(_ text: String, _ pictures: [Picture], heading: String = "") -> String {
        guard !pictures.isEmpty else { return text }
        let markdown = FigureFiles.markdown(pictures)
        guard !text.isEmpty, let end = text.firstIndex(of: "\n") else {
            return heading.isEmpty ? "" : "## \(heading)\n\n\(markdown)"
        }
        return "\(text[..<end])\n\n\(markdown)\(text[end...])"
    }
}

extension OutputDirectory {
    /// Writes the files of these pictures, and removes those that an earlier report had and this one has not.
    ///
    /// - Parameter all: the names of the pictures that such a report may have.
    func writeFigures(_ pictures: [Picture], of all: [String]) throws(ReportError) {
        let folder = url.appendingPathComponent(FigureFiles.folder, isDirectory: true)
        if !pictures.isEmpty {
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            } catch {
                throw ReportError("folder '\(folder.relativePath)' cannot be made: \(error.localizedDescription)")
            }
        }
        for picture in pictures {
            for theme in [PictureTheme.light, .dark] {
                let file = url.appendingPathComponent(FigureFiles.name(picture.name, theme))
                try writeAtomically(Data((picture.svg(theme) + "\n").utf8), to: file)
            }
        }
        for name in FigureFiles.names(all.filter { name in !pictures.contains { $0.name == name } }) {
            try? FileManager.default.removeItem(at: url.appendingPathComponent(name))
        }
        // The folder is removed only where nothing is left in it.
        if pictures.isEmpty { rmdir(folder.path) }
    }
}
