public import Foundation
public import Studies
import Tasks

/// `study.json`: everything that a study found, from which its other files are made. `Results/SCHEMA.md` describes its
/// fields.
public enum StudyFile {
    /// The file's name in an output folder.
    public static let name = "study.json"

    /// Encodes in the form of `results.json`: sorted keys, one value a line, plain numbers, a checksum.
    public static func encode(_ results: StudyResults) throws -> Data { try SealedJSON.encode(results) }

    /// Reads files of this schema and of all earlier ones.
    ///
    /// - Parameter file: the file's name for error messages.
    /// - Throws: ``ReportError`` for a later schema, or a file that is damaged or was changed.
    public static func decode(_ data: Data, file: String) throws(ReportError) -> StudyResults {
        do {
            let schema = try SealedJSON.schema(of: data)
            guard (1...StudyResults.schemaOfMetrics).contains(schema) else {
                throw ReportError(
                    "schema \(schema); this version reads studies of schema 1 to \(StudyResults.schemaOfMetrics)")
            }
            var results = try SealedJSON.decode(StudyResults.self, from: data)
            // Schema 1 did not identify the data of its trials, and schema 2 had no options by name.
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

    /// Reads the file at `path`, or the file in the folder at `path`.
    ///
    /// - Throws: ``ReportError`` for a missing file, a later schema, or a file that is damaged or was changed.
    public static func read(_ path: String) throws(ReportError) -> StudyResults {
        let file = self.file(path)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ReportError("'\(file)' does not exist or cannot be read")
        }
        return try decode(data, file: file)
    }

    /// The path itself; if it is a folder or does not exist, the path of the study in it.
    public static func file(_ path: String) -> String {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let folder = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
        return isThere && !isFolder.boolValue ? path : "\(folder)/\(name)"
    }
}

extension OutputDirectory {
    /// Writes `study.json` alone, the file that matters if the process ends early.
    package func writeStudy(_ results: StudyResults) throws {
        try writeAtomically(try StudyFile.encode(results), to: url.appendingPathComponent(StudyFile.name))
    }
}
