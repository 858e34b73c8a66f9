import Diagnostics
import Experiments
internal import Foundation
import Tasks
import Training

/// Converts results of older schemas into the present one, step by step.
enum SchemaMigration {
    /// Names the strategies that have a rate which the task's search found for another one: earlier versions took them to have
    /// been searched for, too.
    static func nameTakenOverRates(_ results: inout Results) {
        guard let defaults = (try? results.plan.trainingTask())?.defaults, let trials = defaults.trials else { return }
        for index in results.plan.strategies.indices {
            let plan = results.plan.strategies[index]
            guard let tuning = plan.tuning, tuning.trials > 0, tuning.source == trials.source,
                let strategy = plan.description, let searched = defaults.searched[strategy.defaultRate],
                ![strategy.name, strategy.sameStepsAs].contains(searched)
            else { continue }
            let difference = "taken over from \(searched)"
            let others = (tuning.differences ?? []).filter { $0 != difference }
            results.plan.strategies[index].tuning?.differences = [difference] + others
        }
    }

    /// Schema 1 had no repetitions, control, prices, history or checksum.
    ///
    /// - Throws: ``ReportError`` for a file with a field of a later schema: its checksum was removed.
    static func fromSchema1(_ data: Data) throws -> Data {
        try JSONText.check([UInt8](data))
        // Decoding comes later and reports what is wrong with a file of another form.
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

    /// The keys that schema 1 had at each place.
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

    /// The first key that schema 1 did not have, with its place; nil where there is none.
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

    /// Schema 2 had no devices that differ, no cores and no memory, so no field has to change.
    static func fromSchema2(_ results: inout Results) { results.schema = 3 }

    /// Schema 3 did not identify the data of its results.
    static func fromSchema3(_ results: inout Results) { results.schema = 4 }

    /// In schema 4 each strategy could occur once, all options were in the configuration, and there were no roles;
    /// ``StrategyPlan`` reads that form as well.
    static func fromSchema4(_ results: inout Results) { results.schema = 5 }

    /// Schema 5 had only the curves of nodes with models of their own, by rank. What nodes sent and received follows
    /// from the run's ledger.
    ///
    /// - Parameter data: the contents of the file.
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
