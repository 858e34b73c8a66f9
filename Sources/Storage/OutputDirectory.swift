import Experiments
import Files
package import Foundation

/// The folder of an experiment's files. Every file is complete or not there.
package struct OutputDirectory: Sendable {
    /// What a command keeps in a folder. Those of two would write over each other's reports.
    package enum Kind: CaseIterable, Sendable {
        case results, study, coalitions

        /// The file from which all others are made, which says what a folder holds.
        package var file: String {
            switch self {
            case .results: ResultsFile.name
            case .study: StudyFile.name
            case .coalitions: CoalitionFile.name
            }
        }

        /// Whether a folder holds such files.
        package func isIn(_ folder: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(file)") }
    }

    package let url: URL
    /// Whether this value created the folder.
    private let isNew: Bool

    /// Makes the folder where it is missing and checks that it can be written, before anything is computed for it.
    ///
    /// - Parameter kind: what is to be written; nil where that is what the folder holds.
    /// - Throws: ``ReportError`` saying why not, as where another command's reports would be written over.
    package init(_ path: String, for kind: Kind? = nil) throws(ReportError) {
        url = URL(fileURLWithPath: path, isDirectory: true)
        isNew = !FileManager.default.fileExists(atPath: path)
        if let file = Self.fileInTheWay(of: path) {
            throw ReportError("output folder '\(path)' cannot be written: '\(file)' is not a folder")
        }
        if let kind, let other = Kind.allCases.first(where: { $0 != kind && $0.isIn(path) }) {
            throw ReportError(
                "output folder '\(path)' holds another command's '\(other.file)'; name another with --output")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try DurableFile.requireWritable(folder: url)
        } catch {
            throw ReportError("output folder '\(path)' cannot be written: \(systemReason(error))")
        }
    }

    /// Removes what a process left that was killed while it wrote. No process may be writing to the folder.
    package func removeTemporaries() { DurableFile.removeTemporaries(in: url) }

    /// Removes the folder if this value created it and nothing was written to it.
    package func removeIfUnused() {
        // rmdir rather than FileManager, which would also remove contents.
        if isNew { rmdir(url.path) }
    }

    /// The part of the path that exists and is not a folder, which Foundation reports unclearly; nil where there is
    /// none.
    private static func fileInTheWay(of path: String) -> String? {
        let names = path.split(separator: "/")
        for count in 1..<(names.count + 1) {
            let part = (path.hasPrefix("/") ? "/" : "") + names.prefix(count).joined(separator: "/")
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: part, isDirectory: &isFolder) else { return nil }
            if !isFolder.boolValue { return part }
        }
        return nil
    }

    /// Writes `results.json` alone, the file that matters if the process ends early.
    package func writeResults(_ results: Results) throws {
        try writeAtomically(try ResultsFile.encode(results), to: url.appendingPathComponent(ResultsFile.name))
    }
}
