import Experiments
import Foundation

/// What two plans differ in, in words, by the names that the results file has for it.
enum PlanDifferences {
    /// - Returns: at most four; empty for plans that compute the same. Host threads do not count.
    static func between(_ saved: ExperimentPlan, _ current: ExperimentPlan) throws -> [String] {
        var differences: [String] = []
        func compare(_ path: String, _ old: Any?, _ new: Any?) {
            if let old = old as? [String: Any], let new = new as? [String: Any] {
                for key in Set(old.keys).union(new.keys).sorted() {
                    compare(path.isEmpty ? key : "\(path).\(key)", old[key], new[key])
                }
            } else if let old = old as? [Any], let new = new as? [Any], old.count == new.count {
                for index in old.indices { compare("\(path)[\(index)]", old[index], new[index]) }
            } else if (old as? NSObject) != (new as? NSObject) {
                differences.append("\(name(path, current)) was \(text(old)) and is \(text(new))")
            }
        }
        compare("", try tree(saved), try tree(current))
        return Array(differences.prefix(4))
    }

    private static func tree(_ plan: ExperimentPlan) throws -> Any {
        var plan = plan
        plan.hostThreads = 1
        return try JSONSerialization.jsonObject(with: SealedJSON.encode(Unsealed(plan: plan)))
    }

    /// Without the checksum, which is of no interest here: the plan is one level below it.
    private struct Unsealed: Encodable {
        let plan: ExperimentPlan

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode([plan])
        }
    }

    /// Strategies by their names.
    private static func name(_ path: String, _ plan: ExperimentPlan) -> String {
        // The plan is the only element of a list.
        let path = path.hasPrefix("[0].") ? String(path.dropFirst(4)) : path
        let start = "strategies["
        guard path.hasPrefix(start), let end = path.firstIndex(of: "]"),
            let index = Int(path[path.index(path.startIndex, offsetBy: start.count)..<end]),
            plan.strategies.indices.contains(index)
        else { return path }
        return plan.strategies[index].name + path[path.index(after: end)...]
    }

    private static func text(_ value: Any?) -> String {
        switch value {
        case nil: return "nothing"
        case let text as String: return "'\(text)'"
        case let list as [Any]:
            let strategies = list.compactMap { ($0 as? [String: Any])?["name"] as? String }
            let words = strategies.count == list.count ? strategies : list.map { text($0) }
            return words.prefix(8).joined(separator: ", ") + (words.count > 8 ? ", ..." : "")
        case let object as [String: Any]:
            return object["name"].map { text($0) } ?? "{\(object.keys.sorted().joined(separator: ", "))}"
        case let value?: return "\(value)"
        }
    }
}
