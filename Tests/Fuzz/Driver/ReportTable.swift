import Foundation
import Fuzzing

/// What a run of all classes found, a row for each.
struct ReportTable {
    private var rows: [[String]] = [
        [
            "class", "inputs", "accepted", "a second", "slowest", "crashes", "hangs", "memory", "wrong", "told",
        ]
    ]
    private var lines: [String] = []
    private var total = Campaign.Report()

    var seconds: Double { total.seconds }

    /// - Parameter allowed: kinds that are listed and no more.
    func hasFindings(but allowed: Set<Campaign.Finding.Kind>) -> Bool {
        total.findings.contains { !allowed.contains($0.kind) }
    }

    /// - Parameters:
    ///   - folder: where inputs go that failed; nil for nowhere.
    ///   - input: the input of a number.
    mutating func add(_ name: String, _ report: Campaign.Report, folder: String?, input: (Int) throws -> [UInt8]) {
        rows.append(Self.row(name, report))
        total.tried += report.tried
        total.accepted += report.accepted
        total.seconds += report.seconds
        if report.slowestSeconds > total.slowestSeconds { total.slowestSeconds = report.slowestSeconds }
        total.findings += report.findings
        // One line for each thing that is wrong, with the first input that shows it.
        var seen: [String: Int] = [:]
        for finding in report.findings {
            let key = finding.fault
            seen[key, default: 0] += 1
            guard seen[key] == 1 else { continue }
            lines.append("\(finding.kind.rawValue) in \(name), input \(finding.index): \(finding.what)")
            guard let folder else { continue }
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let file = URL(fileURLWithPath: folder).appendingPathComponent(
                    "\(name)-\(finding.kind.rawValue)-\(finding.index)")
                try Data(try input(finding.index)).write(to: file)
            } catch { lines.append("  not written: \(error)") }
        }
    }

    private static func row(_ name: String, _ report: Campaign.Report) -> [String] {
        let share = report.tried > 0 ? Double(report.accepted) / Double(report.tried) : 0
        return [
            name, "\(report.tried)", String(format: "%.0f %%", 100 * share),
            String(format: "%.0f", Double(report.tried) / max(report.seconds, 1e-3)),
            String(format: "%.1f ms", 1e3 * report.slowestSeconds), "\(report.count(.crash))", "\(report.count(.hang))",
            "\(report.count(.memory))", "\(report.count(.wrong))", "\(report.count(.told))",
        ]
    }

    var text: String {
        let all = rows + [Self.row("all", total)]
        let widths = all[0].indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let table = all.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }.joined(separator: "  ")
        }
        return (table + lines).joined(separator: "\n") + "\n"
    }
}
