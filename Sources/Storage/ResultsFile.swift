public import Experiments
public import Foundation
import Tasks

/// `results.json`: everything that an experiment found, from which all other files are made. `Results/SCHEMA.md`
/// describes its fields.
public enum ResultsFile {
    /// The file's name in an output folder.
    public static let name = "results.json"

    /// Encodes with sorted keys, one value a line and numbers without exponents, so that results differ well in git.
    /// The second line has a checksum of everything else, so that a verdict never rests on a file that was changed. NaN
    /// and infinity, for which JSON has no numbers, are the strings "nan", "inf" and "-inf".
    public static func encode(_ results: Results) throws -> Data {
        try SealedJSON.encode(results)
    }

    /// Reads files of this schema and of all earlier ones.
    ///
    /// - Parameter file: the file's name for error messages.
    /// - Throws: ``ReportError`` for a later schema, or a file that is damaged or was changed.
    public static func decode(_ data: Data, file: String) throws(ReportError) -> Results {
        do {
            let schema = try SealedJSON.schema(of: data)
            guard (1...Results.schemaOfMetrics).contains(schema) else {
                throw ReportError("schema \(schema); this version reads schemas 1 to \(Results.schemaOfMetrics)")
            }
            var results: Results
            if schema == 1 {
                // Otherwise changing the digit of the schema would bypass the checksum.
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
            SchemaMigration.nameTakenOverRates(&results)
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

    /// The checksum in the file at `path`, or in the file of the folder at `path`; nil where there is none. It is not
    /// verified: it only tells whether something was made from this file.
    package static func checksum(of path: String) -> String? { SealedJSON.checksum(of: file(path)) }

    /// Reads the file at `path`, or the file in the folder at `path`.
    ///
    /// - Parameter note: called where the file is of schema 1, which has no checksum.
    /// - Throws: ``ReportError`` for a missing file, a later schema, or a file that is damaged or was changed.
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
    /// The path itself; if it is a folder or does not exist, the path of the results in it.
    public static func file(_ path: String) -> String {
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return isThere && !isFolder.boolValue ? path : "\(path.hasSuffix("/") ? String(path.dropLast()) : path)/\(name)"
    }
}
