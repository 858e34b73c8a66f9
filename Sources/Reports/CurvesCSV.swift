public import Experiments

/// `curves.csv`: one row an evaluation.
public enum CurvesCSV {
    public static let name = "curves.csv"

    public static func render(_ results: Results) -> String {
        var csv = CSV(columns: [
            "strategy", "seed", "round", "samples", "cluster_seconds", "bytes_sent", "train_loss", "test_accuracy",
        ])
        for summary in results.summaries {
            for run in summary.runs {
                for point in run.evaluations {
                    csv.append([
                        run.strategy, String(run.seed), CSV.count(point.round), CSV.count(point.samples),
                        CSV.number(point.clusterSeconds), CSV.count(point.bytesSent), CSV.number(point.trainLoss),
                        CSV.number(point.testAccuracy),
                    ])
                }
            }
        }
        return csv.text
    }
}
