import Cluster
import Diagnostics
import Experiments
import Foundation
import Training

/// The reasons why two results cannot be compared: all of them, not only the first.
package struct NotComparable: Error, CustomStringConvertible, Equatable {
    package let reasons: [String]

    package var description: String { reasons.joined(separator: "\n") }

    init(_ reasons: [String]) { self.reasons = reasons.map(ErrorText.message) }

    /// Checks that both results are complete and of plans that compute the same.
    static func check(_ baseline: Results, _ current: Results) throws(NotComparable) {
        var reasons: [String] = []
        for (name, results) in [("baseline", baseline), ("current results", current)] where !results.isComplete {
            let plan = results.plan
            reasons.append(
                """
                the \(name) are of an experiment that was stopped: \(results.runs.count) of \
                \(plan.strategies.count * plan.seeds.count) runs
                """)
        }
        for strategy in baseline.plan.strategies
        where !current.plan.strategies.contains(where: { $0.name == strategy.name }) {
            reasons.append("\(strategy.name) is in the baseline and missing in the current results")
        }
        reasons += differences(baseline, current) + differentInputs(baseline, current)
        guard reasons.isEmpty else { throw NotComparable(reasons) }
    }

    /// Reasons about different data or initial parameters, where both results record theirs.
    private static func differentInputs(_ baseline: Results, _ current: Results) -> [String] {
        var reasons: [String] = []
        if let before = baseline.data, let after = current.data, before != after {
            let files = before.differentFiles(from: after)
            reasons.append(
                "the data differ: \(before.words) against \(after.words)"
                    + (files.isEmpty ? "" : "; other contents have \(files.joined(separator: ", "))"))
        }
        if let before = baseline.plan.taskFile, let after = current.plan.taskFile, before != after {
            reasons.append(
                "the task files differ: \(before.path), SHA-256 \(before.sha256), against \(after.path), \(after.sha256)"
            )
        }
        if let before = baseline.initialParametersSHA256, let after = current.initialParametersSHA256, before != after {
            reasons.append("the initial parameters' files differ: SHA-256 \(before) against \(after)")
        }
        return reasons
    }

    /// How the plans differ in what decides the computation.
    private static func differences(_ baseline: Results, _ current: Results) -> [String] {
        var found: [String] = []
        func compare(_ what: String, _ first: some Encodable, _ second: some Encodable) {
            let (first, second) = (flat(first), flat(second))
            for key in Set(first.keys).union(second.keys).sorted() where first[key] != second[key] {
                let place = key.isEmpty ? what : "\(what) \(key)"
                found.append(
                    "the plans differ in \(place): \(first[key] ?? "nothing") against \(second[key] ?? "nothing")")
            }
        }
        // A file is identified by its contents where both results record them, else by its name.
        let known = [baseline, current].allSatisfy { $0.initialParametersSHA256 != nil }
        compare("", Common(baseline, namesFile: !known), Common(current, namesFile: !known))
        for strategy in baseline.plan.strategies {
            guard let other = current.plan.strategies.first(where: { $0.name == strategy.name }) else { continue }
            compare("\(strategy.name)'s", Essentials(strategy), Essentials(other))
        }
        return found.map { $0.replacingOccurrences(of: "in  ", with: "in ") }
    }

    /// What the strategies of a plan share that affects their results.
    private struct Common: Encodable {
        let task, initialization, compute: String
        let metric: String
        let target: Double
        let seeds: String
        let shuffles: Bool
        let initialParametersFile: String?
        let trainingSamples: Int

        init(_ results: Results, namesFile: Bool) {
            let plan = results.plan
            task = plan.task
            initialization = plan.initialization.rawValue
            compute = plan.compute
            metric = plan.metric.rawValue
            target = plan.target
            seeds = plan.seeds.map(String.init).joined(separator: ",")
            shuffles = plan.shuffles
            initialParametersFile = namesFile ? plan.initialParametersFile : nil
            trainingSamples = results.trainingSamples
        }
    }

    /// A strategy without names, sources and prices, which do not affect results.
    private struct Essentials: Encodable {
        let fabric: StrategyPlan.FabricKind
        let worker, server: Machine?
        let jitter: Jitter?
        let interconnect: Interconnect?
        let dropouts: Dropouts?
        let allReduce: String
        let configuration: TrainingConfiguration
        let options: OptionValues

        let devices: DevicePopulation?
        let stragglers: Stragglers?
        let slowdowns: Slowdowns?

        struct Machine: Encodable {
            let link: Link
            let speed: Double
            /// The number of cores; nil for one, as in older results, which record none.
            let cores: Int?
            let memoryBytes: Int?

            init(_ node: Node) {
                (link, speed, memoryBytes) = (node.link, node.speed, node.memoryBytes)
                cores = node.cores == 1 ? nil : node.cores
            }
        }

        init(_ plan: StrategyPlan) {
            fabric = plan.fabric
            worker = plan.cluster.map { Machine($0.worker) }
            server = plan.cluster?.server.map(Machine.init)
            jitter = plan.cluster?.jitter
            devices = plan.cluster?.devices?.withoutNamesAndCosts
            stragglers = plan.cluster?.stragglers
            slowdowns = plan.cluster?.slowdowns
            interconnect = plan.cluster?.interconnect
            dropouts = plan.cluster?.dropouts
            allReduce = plan.allReduce.rawValue
            configuration = plan.configuration
            // A file that is older than an option has what is its default now.
            let defaults = plan.description?.options.init().values ?? [:]
            options = plan.options.merging(defaults) { given, _ in given }
        }
    }

    /// The leaves of a value's JSON by their path.
    private static func flat(_ value: some Encodable) -> [String: String] {
        let encoder = JSONEncoder()
        // Without this, a number that is not finite would make two plans look alike.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let data = try? encoder.encode(value), let root = try? JSONSerialization.jsonObject(with: data)
        else { return [:] }
        var leaves: [String: String] = [:]
        func walk(_ value: Any, _ path: [String]) {
            if let object = value as? [String: Any] {
                if object.isEmpty { leaves[path.joined(separator: ".")] = "{}" }
                for (key, value) in object { walk(value, path + [key]) }
            } else if let array = value as? [Any] {
                for (index, value) in array.enumerated() { walk(value, path + [String(index)]) }
            } else {
                leaves[path.joined(separator: ".")] = "\(value)"
            }
        }
        walk(root, [])
        return leaves
    }
}
