import Diagnostics
import Experiments
internal import Foundation
import Training

/// Turns results of older schemas into those of the present one, step by step.
enum SchemaMigration {
    /// Schema 1 knew no repetitions, no control, no prices and no history, and had no checksum.
    ///
    /// - Throws: ``ReportError`` for a file with something that came later: one whose checksum was taken out.
    static func fromSchema1(_ data: Data) throws -> Data {
        try JSONText.check([UInt8](data))
        // Decoding comes after this and says what is wrong with a file that is not of that form.
        guard var root = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            var plan = root["plan"] as? [String: Any], let runs = root["runs"] as? [[String: Any]]
        else { return data }
        if let later = laterKey(root) {
            throw ReportError(
                "schema 1 with '\(later)', which came with a later schema and its checksum: the file was changed")
        }
        plan["repetitions"] = 1
        root["plan"] = plan
        root["runs"] = runs.map { run in run.merging(["timings": [Any]()]) { own, _ in own } }
        root["history"] = [Any]()
        root["schema"] = 2
        return try JSONSerialization.data(withJSONObject: root)
    }

    /// Of a file of schema 1, what the first program wrote at each place.
    private static let schema1Keys: [(place: [String], keys: Set<String>)] = [
        (
            [],
            ["schema", "plan", "machine", "computeModel", "trainingSamples", "tuning", "runs", "isComplete"]
        ),
        (
            ["machine"],
            [
                "command", "date", "commit", "system", "processor", "cores", "memoryBytes", "toolchain", "buildMode",
                "blas",
            ]
        ),
        (
            ["plan"],
            [
                "task", "target", "seeds", "shuffles", "initialization", "initialParametersFile", "compute",
                "hostThreads", "strategies",
            ]
        ),
        (["plan", "strategies"], ["name", "fabric", "cluster", "allReduce", "configuration"]),
        (
            ["plan", "strategies", "configuration"],
            ["batch", "schedule", "optimizer", "epochs", "evaluateEveryEpochs", "workers", "federated"]
        ),
        (["plan", "strategies", "cluster"], ["name", "summary", "source", "worker", "server", "jitter"]),
        (
            ["runs"],
            [
                "strategy", "seed", "outcome", "evaluations", "clusterSeconds", "computeSeconds",
                "communicationSeconds", "idleSeconds", "hostSeconds", "traffic", "partitionSkew",
            ]
        ),
    ]

    /// The first key that schema 1 did not have, with its place.
    private static func laterKey(_ root: [String: Any]) -> String? {
        for (place, keys) in schema1Keys {
            var objects: [Any] = [root]
            for name in place {
                objects = objects.compactMap { ($0 as? [String: Any])?[name] }.flatMap { $0 as? [Any] ?? [$0] }
            }
            let found = objects.compactMap { $0 as? [String: Any] }.flatMap(\.keys)
            if let later = found.filter({ !keys.contains($0) }).min() {
                return (place + [later]).joined(separator: ".")
            }
        }
        return nil
    }

    /// Schema 2 knew no devices that differ, no cores and no memory, and so had nothing to say of them.
    static func fromSchema2(_ results: inout Results) { results.schema = 3 }

    /// Schema 3 did not say of which data its results are.
    static func fromSchema3(_ results: inout Results) { results.schema = 4 }

    /// Schema 4 had a strategy once, all options in the configuration, and no roles: ``StrategyPlan`` reads that form, too.
    static func fromSchema4(_ results: inout Results) { results.schema = 5 }

    /// Schema 5 knew of nodes with models of their own nothing but their curves, by rank. What they sent and received stands
    /// in the run's ledger.
    ///
    /// - Parameter data: the file.
    static func fromSchema5(_ results: inout Results, _ data: Data) throws {
        struct File: Decodable {
            struct Run: Decodable {
                let nodeEvaluations: [[TrainingRun.Evaluation]]?
            }
            let runs: [Run]
        }
        for (index, run) in try SealedJSON.decoder.decode(File.self, from: data).runs.enumerated() {
            if let curves = run.nodeEvaluations { results.runs[index].take(curves: curves) }
        }
        results.schema = 6
    }
}
