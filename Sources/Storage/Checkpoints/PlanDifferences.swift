import Experiments
internal import Foundation

/// How two plans differ, in words, by the names that the results file uses.
package enum PlanDifferences {
    private struct Difference {
        let path: String
        let old: Any?
        let new: Any?
    }

    /// - Returns: at most four differences; empty for plans that compute the same. Host threads and runs side by side
    ///   are ignored.
    package static func between(_ saved: ExperimentPlan, _ current: ExperimentPlan) throws -> [String] {
        differences(try tree(saved), try tree(current)).prefix(4).map {
            "\(name($0.path, current)) was \(text($0.old)) and is \(text($0.new))"
        }
    }

    /// How the options of two processes of one job differ: the option, or the results file's name for it, with the
    /// values of both.
    ///
    /// Host threads and runs side by side may differ, as may the name of the initial parameters' file, whose contents
    /// count.
    ///
    /// - Returns: at most four differences, options first; empty for plans that compute the same.
    package static func betweenRanks(
        _ first: ExperimentPlan, _ other: ExperimentPlan
    ) throws -> [(name: String, first: String, other: String)] {
        var (plan, otherPlan) = (first, other)
        (plan.initialParametersFile, otherPlan.initialParametersFile) = (nil, nil)
        let all = differences(try tree(plan), try tree(otherPlan)).map { difference in
            let path = name(difference.path, plan)
            // Elements of a list belong to the option of the list.
            let list = String(path.hasSuffix("]") ? path.prefix { $0 != "[" } : path[...])
            let option =
                ofStrategy(path) ?? options.first { list == $0.key || list.hasSuffix(".\($0.key)") }?.option
            let (first, other) = (text(difference.old), text(difference.new))
            switch option {
            // A flag is given or it is not.
            case "--no-shuffle":
                return (option: option, path: path, first: flag(first == "0"), other: flag(other == "0"))
            case "--nesterov": return (option: option, path: path, first: flag(first == "1"), other: flag(other == "1"))
            default: return (option: option, path: path, first: first, other: other)
            }
        }
        // How a row was tuned follows from its options, and is named only where nothing else differs.
        let own = all.filter { !$0.path.contains(".tuning") }
        let told = own.isEmpty ? all : own
        // One option can decide several things, and its own name is the most helpful.
        let sorted = told.filter { $0.option != nil } + told.filter { $0.option == nil }
        return sorted.prefix(4).map { ($0.option ?? $0.path, $0.first, $0.other) }
    }

    private static func flag(_ isGiven: Bool) -> String { isGiven ? "on" : "off" }

    /// Where what options say stands in a plan, strategies' parts without the strategy.
    private static let options: [(key: String, option: String)] = [
        ("task", "--task"), ("metric", "--judged-by"), ("target", "--target"), ("seeds", "--seeds and --first-seed"),
        ("repetitions", "--repetitions"), ("strategies", "--strategy"), ("compute", "--compute"),
        ("initialization", "--initialization"), ("thisMachine", "--machine"),
        ("configuration.schedule.baseRate", "--learning-rate"),
        ("configuration.optimizer.momentum", "--momentum"), ("configuration.optimizer.nesterov", "--nesterov"),
        ("configuration.optimizer.weightDecay", "--weight-decay"),
        ("configuration.optimizer.kind", "--optimizer"), ("configuration.optimizer.beta1", "--beta1"),
        ("configuration.optimizer.beta2", "--beta2"), ("configuration.optimizer.epsilon", "--epsilon"),
        ("configuration.schedule.warmupEpochs", "--warmup"), ("configuration.schedule.decay", "--schedule"),
        ("configuration.objectives", "--objectives"), ("configuration.epochs", "--epochs"),
        ("configuration.evaluateEveryEpochs", "--evaluate-every"), ("shuffles", "--no-shuffle"),
        ("configuration.schedule.referenceBatch", "--scale-learning-rate-from"),
        ("configuration.onDropout", "--on-dropout"), ("configuration.limits.clusterSeconds", "--limit-time"),
        ("configuration.limits.bytesSent", "--limit-bytes"), ("configuration.limits.updates", "--limit-updates"),
        ("configuration.limits", "--limit-time, --limit-bytes or --limit-updates"),
    ]

    /// The strategy's option in a path such as `sync.options.batch`; nil for other paths.
    private static func ofStrategy(_ path: String) -> String? {
        guard let range = path.range(of: ".options.", options: .backwards) else { return nil }
        return "--\(path[range.upperBound...])"
    }

    private static func differences(_ old: Any, _ new: Any) -> [Difference] {
        var differences: [Difference] = []
        func compare(_ path: String, _ old: Any?, _ new: Any?) {
            if let old = old as? [String: Any], let new = new as? [String: Any] {
                for key in Set(old.keys).union(new.keys).sorted() {
                    compare(path.isEmpty ? key : "\(path).\(key)", old[key], new[key])
                }
            } else if let old = old as? [Any], let new = new as? [Any], old.count == new.count {
                for index in old.indices { compare("\(path)[\(index)]", old[index], new[index]) }
            } else if let only = (old ?? new) as? [String: Any], old == nil || new == nil, only["name"] == nil,
                !only.isEmpty
            {
                // What only one of the plans has, value by value.
                for key in only.keys.sorted() {
                    compare("\(path).\(key)", (old as? [String: Any])?[key], (new as? [String: Any])?[key])
                }
            } else if (old as? NSObject) != (new as? NSObject) {
                differences.append(Difference(path: path, old: old, new: new))
            }
        }
        compare("", old, new)
        return differences
    }

    private static func tree(_ plan: ExperimentPlan) throws -> Any {
        var plan = plan
        plan.hostThreads = 1
        plan.jobs = nil
        return try JSONSerialization.jsonObject(with: SealedJSON.encode(Unsealed(plan: plan)))
    }

    /// The plan in a list, so that it is encoded without the checksum, which is of no interest here.
    private struct Unsealed: Encodable {
        let plan: ExperimentPlan

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode([plan])
        }
    }

    /// The path with strategies by their names.
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
