import Experiments
import Training
import Statistics
package import Studies

/// `coalitions.csv`: a row for each member of each coalition, with its accuracy over seeds. Where the metric is no accuracy, its
/// name and values stand behind the other columns, with the gain by its own direction.
package enum CoalitionsCSV {
    package static let name = "coalitions.csv"

    /// - Parameter margin: differences of accuracies up to this move nobody.
    package static func render(_ results: CoalitionResults, margin: Double = 0) -> String {
        let metric = results.plan.experiment.metric
        let columns = MetricColumns(metric)
        var csv = CSV(
            columns: [
                "coalition", "members", "node", "kind", "own_accuracy", "alone_accuracy", "gain",
                "individually_rational",
                "value_of_data", "cluster_seconds", "bytes_sent",
            ] + columns.names(["own_value", "alone_value", "value_gain"]))
        let analysis = CoalitionAnalysis(results, margin: margin)
        let singles = Dictionary(
            results.coalitions.filter { $0.members.count == 1 }.map { ($0.members[0], $0) },
            uniquingKeysWith: { first, _ in first })
        let alone = singles.mapValues { mean($0, 0) }
        for scores in results.coalitions {
            let count = Double(scores.runs.count)
            for (place, node) in scores.members.enumerated() {
                let accuracy = mean(scores, place)
                let own = mean(scores.values(place))
                let other = singles[node].map { mean($0.values(0)) }
                csv.append(
                    [
                        scores.members.map(String.init).joined(separator: "+"), CSV.count(scores.members.count),
                        CSV.count(node), CSV.count(scores.runs.first?.kinds[place]), CSV.number(accuracy),
                        CSV.number(alone[node]), CSV.number(alone[node].map { accuracy - $0 }),
                        analysis.map { $0.game.isIndividuallyRational(scores.coalition) ? "true" : "false" } ?? "",
                        CSV.number(analysis?.valueOfData[node]),
                        CSV.number(scores.runs.reduce(0) { $0 + $1.clusterSeconds } / count),
                        CSV.count(scores.runs.reduce(0) { $0 + $1.bytesSent } / scores.runs.count),
                    ] + columns.fields([own, other, other.map { metric.gain(of: own, over: $0) }]))
            }
        }
        return csv.text
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func mean(_ scores: CoalitionScores, _ place: Int) -> Double {
        scores.runs.reduce(0) { $0 + $1.accuracies[place] } / Double(scores.runs.count)
    }
}
