package import Foundation
package import Studies
import Tasks

/// `coalitions.json`: every coalition that was trained, from which the other files are made. `Results/SCHEMA.md`
/// describes its fields.
package enum CoalitionFile {
    package static let name = "coalitions.json"

    /// Encodes in the form of `results.json`: sorted keys, one value a line, plain numbers, a checksum.
    package static func encode(_ results: CoalitionResults) throws -> Data { try SealedJSON.encode(results) }

    /// - Parameter file: the file's name for error messages.
    /// - Throws: ``ReportError`` for a later schema, or a file that is damaged or was changed.
    package static func decode(_ data: Data, file: String) throws(ReportError) -> CoalitionResults {
        do {
            let schema = try SealedJSON.schema(of: data)
            guard (1...CoalitionResults.schemaOfMetrics).contains(schema) else {
                throw ReportError(
                    "schema \(schema); this version reads coalitions of schemas 1 to \(CoalitionResults.schemaOfMetrics)"
                )
            }
            let results = try SealedJSON.decode(CoalitionResults.self, from: data)
            try results.validate()
            return results
        } catch let error as ExperimentError {
            throw ReportError("\(file): \(error)")
        } catch let error as ReportError {
            throw ReportError("\(file): \(error)")
        } catch {
            throw ReportError("\(file): no complete file of coalitions of this program: \(SealedJSON.reason(error))")
        }
    }

    /// Reads the file in the folder.
    package static func read(_ folder: String) throws(ReportError) -> CoalitionResults {
        let file = "\(folder)/\(name)"
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ReportError("'\(file)' does not exist or cannot be read")
        }
        return try decode(data, file: file)
    }

    /// The results of an earlier process with the same plan in the folder; nil where there are none.
    ///
    /// - Throws: ``ReportError`` where the file is damaged or of another plan, with the differences.
    package static func resumed(_ folder: String, _ plan: CoalitionPlan) throws -> CoalitionResults? {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else { return nil }
        let results = try read(folder)
        let differences = try PlanDifferences.between(results.plan.experiment, plan.experiment)
        guard differences.isEmpty else {
            throw ReportError(
                "'\(folder)/\(name)' is of other coalitions: \(differences.joined(separator: "; ")). Name another --output"
            )
        }
        return results
    }
}

extension OutputDirectory {
    /// Writes `coalitions.json` alone, the file that matters if the process ends early.
    package func writeCoalitions(_ results: CoalitionResults) throws {
        try writeAtomically(try CoalitionFile.encode(results), to: url.appendingPathComponent(CoalitionFile.name))
    }
}
