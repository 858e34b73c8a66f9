import Calibration
import Diagnostics

/// What `bench speed` prints, as a table or as CSV.
package enum SpeedTable {
    package enum Style: String, CaseIterable, Sendable {
        case table, csv
    }

    package static func steps(
        _ rows: [SpeedMeasurement.Steps], _ style: Style, _ layout: TextLayout = .unlimited
    ) -> String {
        text(
            [
                "workload", "batch", "threads", "samples_per_second_median", "samples_per_second_min",
                "samples_per_second_max", "gflops", "percent_of_peak",
            ],
            rows.map { row in
                let flops = row.samplesPerSecond.median * row.flopsPerSample
                return [
                    row.workload, "\(row.batch)", "\(row.threads)", Format.fixed(row.samplesPerSecond.median, 0),
                    Format.fixed(row.samplesPerSecond.least, 0), Format.fixed(row.samplesPerSecond.largest, 0),
                    Format.fixed(flops / 1e9, 2), Format.fixed(100 * flops / row.peakFlops, 1),
                ]
            }, style, layout)
    }

    package static func rounds(
        _ rows: [SpeedMeasurement.Rounds], _ style: Style, _ layout: TextLayout = .unlimited
    ) -> String {
        text(
            [
                "workload", "clients", "cohort", "local_epochs", "batch", "threads", "seconds_per_round_median",
                "seconds_per_round_min", "seconds_per_round_max", "client_updates_per_second", "samples_per_second",
                "gflops", "percent_of_peak", "evaluation_seconds_median",
            ],
            rows.map { row in
                let samples = row.samplesPerRound / row.secondsPerRound.median
                let flops = samples * row.flopsPerSample
                return [
                    row.workload, "\(row.clients)", "\(row.cohort)", "\(row.localEpochs)", "\(row.localBatch)",
                    "\(row.threads)", Format.fixed(row.secondsPerRound.median, 4),
                    Format.fixed(row.secondsPerRound.least, 4), Format.fixed(row.secondsPerRound.largest, 4),
                    Format.fixed(Double(row.cohort) / row.secondsPerRound.median, 1), Format.fixed(samples, 0),
                    Format.fixed(flops / 1e9, 2), Format.fixed(100 * flops / row.peakFlops, 1),
                    Format.fixed(row.evaluationSeconds.median, 4),
                ]
            }, style, layout)
    }

    private static func text(
        _ columns: [String], _ rows: [[String]], _ style: Style, _ layout: TextLayout
    ) -> String {
        switch style {
        case .csv:
            var csv = CSV(columns: columns)
            for row in rows { csv.append(row) }
            return csv.text
        case .table:
            var table = TextTable(
                columns.enumerated().map { index, name in
                    (name.replacing("_", with: " "), index == 0 ? .left : .right)
                })
            for row in rows { table.append(row) }
            return table.terminal(layout)
        }
    }
}
