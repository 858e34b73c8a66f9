public import Foundation
public import Studies
import Tasks

/// `study.json`: everything a study found out, from which its other files are made. What stands in it is in
/// `Results/SCHEMA.md`.
public enum StudyFile {
    /// What it is called in an output folder.
    public static let name = "study.json"

    /// In the form of `results.json`: sorted keys, one value a line, plain numbers, a checksum.
    public static func encode(_ results: StudyResults) throws -> Data { try SealedJSON.encode(results) }

    /// - Parameter file: the name for error messages.
    /// - Throws: ``ReportError`` for a later schema, or a file that is damaged or was changed.
    public static func decode(_ data: Data, file: String) throws(ReportError) -> StudyResults {
        do {
            let schema = try SealedJSON.schema(of: data)
            guard (1...StudyResults.schemaOfMetrics).contains(schema) else {
                throw ReportError(
                    "schema \(schema); this version reads studies of schema 1 to \(StudyResults.schemaOfMetrics)")
            }
            var results = try SealedJSON.decode(StudyResults.self, from: data)
            // Schema 1 did not say of which data its trials are, and 2 had no options by name.
            results.schema = StudyResults.schema(of: results.plan)
            try results.validate()
            return results
        } catch let error as ExperimentError {
            throw ReportError("\(file): \(error)")
        } catch let error as ReportError {
            throw ReportError("\(file): \(error)")
        } catch {
            throw ReportError("\(file): not a complete study of this program: \(SealedJSON.reason(error))")
        }
    }

    /// Reads the file at `path`, or the one in the folder at `path`.
    public static func read(_ path: String) throws(ReportError) -> StudyResults {
        let file = self.file(path)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ReportError("'\(file)' does not exist or cannot be read")
        }
        return try decode(data, file: file)
    }

    /// The path itself, or, of a folder or of nothing, that of the study in it.
    public static func file(_ path: String) -> String {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let folder = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        return isThere && !isFolder.boolValue ? path : "\(folder)/\(name)"
    }
}

extension OutputDirectory {
    /// Writes `study.json` alone: what counts when no more will come.
    package func writeStudy(_ results: StudyResults) throws {
        try writeAtomically(try StudyFile.encode(results), to: url.appendingPathComponent(StudyFile.name))
    }
}
