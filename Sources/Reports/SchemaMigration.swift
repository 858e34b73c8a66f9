import Diagnostics
import Experiments
import Foundation

/// Turns results of older schemas into those of the present one, step by step.
enum SchemaMigration {
    /// Schema 1 knew no repetitions, no control, no prices and no history, and had no checksum.
    static func fromSchema1(_ data: Data) throws -> Data {
        try JSONText.check([UInt8](data))
        // Decoding comes after this and says what is wrong with a file that is not of that form.
        guard var root = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            var plan = root["plan"] as? [String: Any], let runs = root["runs"] as? [[String: Any]]
        else { return data }
        plan["repetitions"] = 1
        root["plan"] = plan
        root["runs"] = runs.map { run in run.merging(["timings": [Any]()]) { own, _ in own } }
        root["history"] = [Any]()
        root["schema"] = 2
        return try JSONSerialization.data(withJSONObject: root)
    }

    /// Schema 2 knew no devices that differ, no cores and no memory, and so had nothing to say of them.
    static func fromSchema2(_ results: inout Results) { results.schema = 3 }

    /// Schema 3 did not say of which data its results are.
    static func fromSchema3(_ results: inout Results) { results.schema = 4 }
}
