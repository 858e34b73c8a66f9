import Cluster
import Diagnostics
import Foundation
import Pricing

/// What strategies take for a profiled model, for a terminal, as CSV and as JSON. All figures are *priced*.
package struct PriceTable {
    private let request: PriceRequest
    private let prices: Prices
    private var rows: [Price] { prices.rows }

    package init(_ request: PriceRequest, _ prices: Prices) { (self.request, self.prices) = (request, prices) }

    // MARK: Terminal

    /// The table for a terminal, in lines of any length.
    package var terminal: String { terminal(.unlimited) }

    package func terminal(_ layout: TextLayout) -> String {
        ([heading, "", table.terminal(layout)] + notes).joined(separator: "\n") + "\n"
    }

    package var markdown: String {
        ([heading, "", table.markdown] + notes.map { "- \($0)" }).joined(separator: "\n") + "\n"
    }

    private var heading: String {
        let profile = request.profile
        return """
            Priced from profile '\(profile.name)' (\(profile.device); \(profile.source)): \(profile.parameterCount) numbers, \
            \(Format.bytes(Double(profile.gradientBytes))) of gradient, on \(request.cluster.name). No model was trained: nothing here says \
            how accurate it would be.
            """
    }

    private var table: TextTable {
        let hasCost = rows.contains { $0.moneyPerMillionSamples != nil }
        let hasEnergy = rows.contains { $0.wattHoursPerMillionSamples != nil }
        var columns: [(title: String, alignment: TextTable.Alignment)] = [
            ("strategy", .left), ("workers", .right), ("batch", .right), ("samples an update", .right),
            ("time of it", .right), ("compute", .right), ("network", .right), ("hidden", .right),
            ("efficiency", .right), ("samples/s", .right), ("sent", .right),
        ]
        if hasCost { columns.append(("cost of 1M", .right)) }
        if hasEnergy { columns.append(("energy of 1M", .right)) }
        if let goal = request.goal { columns.append(("time to \(Format.exactPercent(goal.target))", .right)) }
        columns.append(("first if it needs at most", .left))
        var table = TextTable(columns, keys: [0, 1])
        for row in rows {
            var cells = [
                row.label, "\(row.workers)", "\(row.localBatch)", Format.significant(row.samplesPerUpdate),
                Format.seconds(row.secondsPerUpdate), Format.percent(row.computeShare, decimals: 0),
                Format.percent(row.communicationShare, decimals: 0),
                row.hiddenShare.map { Format.percent($0, decimals: 0) } ?? "-", Format.percent(row.efficiency),
                Format.significant(row.samplesPerSecond), Format.bytes(row.bytesPerUpdate),
            ]
            if hasCost { cells.append(row.moneyPerMillionSamples.map(Format.money) ?? "-") }
            if hasEnergy { cells.append(row.wattHoursPerMillionSamples.map(Format.energy) ?? "-") }
            if request.goal != nil { cells.append(row.toTarget?.seconds.map(Format.seconds) ?? "-") }
            cells.append(row.breakEven.map(words) ?? "-")
            table.append(cells)
        }
        return table
    }

    private func words(_ breakEven: Price.BreakEven) -> String {
        "\(Format.significant(breakEven.ratio)) times the samples of \(breakEven.reference)"
    }

    private var notes: [String] {
        var notes = request.profile.warnings.map { "The profile: \($0)." }
        if let hardware = request.cluster.hardware, !request.profile.device.lowercased().contains(hardware.lowercased())
        {
            notes.append(
                """
                A step was measured on \(request.profile.device), and \(request.cluster.name) has \(hardware): it is priced at the \
                profile's pace\(request.cluster.worker.speed == 1 ? "; how much faster or slower the other is, 'speed' of the cluster says" : " times the cluster's speed").
                """)
        }
        if rows.contains(where: { $0.breakEven != nil }) {
            notes.append(
                "Strategies that change the arithmetic need more samples or fewer for the same accuracy; how many, only training tells."
            )
        }
        if request.goal != nil {
            notes.append(
                "Times to the target follow from the curve that was given, for strategies that compute what it was trained with: the same global batch."
            )
        }
        // The same reason for several numbers of workers is said once.
        var reasons: [(label: String, reason: String, workers: [Int])] = []
        for row in prices.unpriced {
            if let place = reasons.firstIndex(where: { $0.label == row.label && $0.reason == row.reason }) {
                reasons[place].workers.append(row.workers)
            } else {
                reasons.append((row.label, row.reason, [row.workers]))
            }
        }
        return notes + prices.notes.map { "\($0)." }
            + reasons.map {
                "Not priced: \($0.label) with \($0.workers.map(String.init).joined(separator: ", ")) workers: \($0.reason)."
            }
    }

    // MARK: Files

    package var csv: String {
        var csv = CSV(columns: [
            "class", "profile", "cluster", "label", "strategy", "workers", "local_batch", "samples_per_update",
            "seconds_per_update", "compute_share", "communication_share", "hidden_share", "efficiency",
            "samples_per_second", "bytes_per_update", "messages_per_update", "usd_per_million_samples",
            "watt_hours_per_million_samples", "allreduce", "target", "seconds_to_target", "usd_to_target",
            "watt_hours_to_target", "break_even_ratio", "break_even_reference",
        ])
        for row in rows {
            csv.append([
                Self.word, request.profile.name, request.cluster.name, row.label, row.strategy, "\(row.workers)",
                "\(row.localBatch)", CSV.number(row.samplesPerUpdate), CSV.amount(row.secondsPerUpdate),
                CSV.number(row.computeShare), CSV.number(row.communicationShare), CSV.number(row.hiddenShare),
                CSV.number(row.efficiency), CSV.number(row.samplesPerSecond), CSV.number(row.bytesPerUpdate),
                CSV.number(row.messagesPerUpdate), CSV.amount(row.moneyPerMillionSamples),
                CSV.amount(row.wattHoursPerMillionSamples), row.allReduce.joined(separator: " "),
                CSV.number(request.goal?.target), CSV.amount(row.toTarget?.seconds), CSV.amount(row.toTarget?.money),
                CSV.amount(row.toTarget?.wattHours), CSV.number(row.breakEven?.ratio), row.breakEven?.reference ?? "",
            ])
        }
        return csv.text
    }

    /// The class of every figure.
    private static let word = "priced"

    private struct File: Encodable {
        let format = "bench-price-1"
        let `class` = PriceTable.word
        let profile, device, source, cluster: String
        let parameters, gradientBytes: Int
        let warnings: [String]
        let target: Double?
        let rows: [Price]
        let unpriced: [Prices.Unpriced]
    }

    package var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let profile = request.profile
            var data = try encoder.encode(
                File(
                    profile: profile.name, device: profile.device, source: profile.source,
                    cluster: request.cluster.name, parameters: profile.parameterCount,
                    gradientBytes: profile.gradientBytes, warnings: profile.warnings, target: request.goal?.target,
                    rows: rows, unpriced: prices.unpriced))
            data.append(0x0A)
            return data
        }
    }
}
