public import Experiments
public import Foundation
import Tasks

/// `results.json`: everything an experiment found out, from which all other files are made. What stands in it is in
/// `Results/SCHEMA.md`.
public enum ResultsFile {
    /// What it is called in an output folder.
    public static let name = "results.json"

    /// Sorted keys, one value a line and numbers without exponents, so that results differ well in git; a checksum of all
    /// else in the second line, so that a verdict never rests on a file that was changed. NaN and infinity, which JSON
    /// has no numbers for, are the strings "nan", "inf" and "-inf".
    public static func encode(_ results: Results) throws -> Data {
        try SealedJSON.encode(results)
    }

    /// Reads files of this schema and of all before it.
    ///
    /// - Parameter file: the name for error messages.
    /// - Throws: ``ReportError`` for a later schema, or a file that is damaged or was changed.
    public static func decode(_ data: Data, file: String) throws(ReportError) -> Results {
        do {
            let schema = try SealedJSON.schema(of: data)
            guard (1...Results.schemaOfMetrics).contains(schema) else {
                throw ReportError("schema \(schema); this version reads schemas 1 to \(Results.schemaOfMetrics)")
            }
            var results: Results
            if schema == 1 {
                // Or else a changed digit would be the way around the checksum.
                guard SealedJSON.unseal(data) == nil else {
                    throw ReportError("schema 1 with a checksum, which came with schema 2: the file was changed")
                }
                results = try SealedJSON.decoder.decode(Results.self, from: SchemaMigration.fromSchema1(data))
            } else {
                results = try SealedJSON.decode(Results.self, from: data)
            }
            if schema < 3 { SchemaMigration.fromSchema2(&results) }
            if schema < 4 { SchemaMigration.fromSchema3(&results) }
            if schema < 5 { SchemaMigration.fromSchema4(&results) }
            if schema < 6 { try SchemaMigration.fromSchema5(&results, data) }
            try results.validate()
            return results
        } catch let error as ExperimentError {
            throw ReportError("\(file): \(error)")
        } catch let error as ReportError {
            throw ReportError("\(file): \(error)")
        } catch {
            throw ReportError("\(file): not a complete results file of this program: \(SealedJSON.reason(error))")
        }
    }

    /// The checksum in the file at `path`, or of the one in the folder at `path`, which is not verified: to know whether
    /// something was made of this file. Nil where there is none.
    package static func checksum(of path: String) -> String? { SealedJSON.checksum(of: file(path)) }

    /// Reads the file at `path`, or the one in the folder at `path`.
    ///
    /// - Parameter note: told where the file is of schema 1, whose figures no checksum vouches for.
    public static func read(
        _ path: String, note: (String) -> Void = { _ in }
    ) throws(ReportError) -> Results {
        let file = self.file(path)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ReportError("'\(file)' does not exist or cannot be read")
        }
        let results = try decode(data, file: file)
        if SealedJSON.unseal(data) == nil {
            note("'\(file)' is of schema 1, which had no checksum: whether its figures were changed is not known.")
        }
        return results
    }
}

extension ResultsFile {
    /// The path itself, or, of a folder or of nothing, that of the results in it.
    public static func file(_ path: String) -> String {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return isThere && !isFolder.boolValue ? path : "\(path.hasSuffix("/") ? String(path.dropLast()) : path)/\(name)"
    }
}
