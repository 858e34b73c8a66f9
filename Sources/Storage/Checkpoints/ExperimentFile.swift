import Cluster
import Datasets
import Experiments
import Files
internal import Foundation
import Tasks

/// `experiment-COUNT.json` of a folder of checkpoints: everything known when COUNT runs are finished.
/// `Results/SCHEMA.md` describes its fields.
struct ExperimentFile: Codable, Equatable {
    /// Files of schema 1 do not identify their data; files of schema 2 have no options by name.
    static let currentSchema = 3

    var schema = currentSchema
    /// Files that are written when a run is finished, by the options that name them.
    var files: [String: String]
    var state: ExperimentState

    static func name(_ finishedRuns: Int) -> String { "experiment-\(finishedRuns).json" }

    /// The count in a file's name; nil for any other file.
    static func finishedRuns(_ name: String) -> Int? {
        guard name.hasPrefix("experiment-"), name.hasSuffix(".json") else { return nil }
        return Int(name.dropFirst("experiment-".count).dropLast(".json".count)).flatMap { $0 < 0 ? nil : $0 }
    }

    static func decode(_ data: Data, finishedRuns: Int) throws(ReportError) -> ExperimentFile {
        do {
            let schema = try SealedJSON.schema(of: data)
            guard schema == currentSchema else {
                throw ReportError("schema \(schema); this version reads schema \(currentSchema)")
            }
            let file = try SealedJSON.decode(ExperimentFile.self, from: data)
            guard file.state.finishedRuns == finishedRuns else {
                throw ReportError("of \(file.state.finishedRuns) finished runs, which is not what its name says")
            }
            let results = file.state.results
            try results.validate()
            let first = min(finishedRuns, results.plan.seeds.count * results.plan.strategies.count)
            guard results.runs.count == first else {
                throw ReportError("\(results.runs.count) runs in it; allowed are the \(first) that are finished")
            }
            return file
        } catch let error as ReportError {
            throw error
        } catch let error as ExperimentError {
            throw ReportError("damaged: \(error)")
        } catch {
            throw ReportError("damaged: \(SealedJSON.reason(error))")
        }
    }

    /// A digest of the plan, the data, the start and the compute model: everything that decides the results and their
    /// times.
    static func digest(_ results: Results) throws -> Data {
        struct Contents: Encodable {
            var plan: ExperimentPlan
            let computeModel: ComputeModel?
            let data: DataIdentity?
            let initialParametersSHA256: String?
        }
        var contents = Contents(
            plan: results.plan, computeModel: results.computeModel, data: results.data,
            initialParametersSHA256: results.initialParametersSHA256)
        contents.plan.hostThreads = 1
        contents.plan.jobs = nil
        return Data(ContentDigest.bytes(of: try SealedJSON.encode(contents)))
    }
}
