import Diagnostics
import Foundation

/// A cluster as it was measured: equal machines around one switch, and how fast they compute; and the file that says so.
package struct CalibratedCluster: Hashable, Sendable {
    package let name: String
    package let summary: String
    /// Where the figures come from, in a line.
    package let source: String
    package let link: Link
    /// The times of tasks' training steps, ascending by the tasks' names.
    package let compute: [MeasuredCompute]
    /// Comments: before everything, and behind single figures, by their keys.
    package let notes: [String]
    package let remarks: [String: String]

    /// - Parameter compute: the measured times, at most one entry a task.
    package init(
        name: String, summary: String, source: String, link: Link, compute: [MeasuredCompute], notes: [String] = [],
        remarks: [String: String] = [:]
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.link = link
        self.compute = compute.sorted { $0.task < $1.task }
        self.notes = notes
        self.remarks = remarks
    }

    /// The file's text. Reading it back gives the same figures, rounded to six significant digits.
    package var yaml: String {
        var lines = notes.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }.map {
            $0.isEmpty ? "#" : "# \($0)"
        }
        func add(_ key: String, _ value: String) {
            lines.append("\(key): \(value)" + (remarks[key].map { "  # \($0)" } ?? ""))
        }
        add("name", Self.quoted(name))
        add("summary", Self.quoted(summary))
        add("source", Self.quoted(source))
        add("latency", Self.time(link.latencySeconds))
        if link.uplinkBytesPerSecond == link.downlinkBytesPerSecond {
            add("bandwidth", Self.rate(link.uplinkBytesPerSecond))
        } else {
            add("uplink", Self.rate(link.uplinkBytesPerSecond))
            add("downlink", Self.rate(link.downlinkBytesPerSecond))
        }
        add("overhead", Self.time(link.overheadSeconds))
        if let overhead = link.receiveOverheadSeconds { add("receive_overhead", Self.time(overhead)) }
        if !compute.isEmpty {
            lines.append("compute:" + (remarks["compute"].map { "  # \($0)" } ?? ""))
            for task in compute {
                lines.append("  \(Self.quoted(task.task)):")
                lines.append("    steps:")
                lines += task.steps.map { "      \($0.samples): \(Self.time($0.seconds))" }
                lines.append("    vector_element: \(Self.time(task.secondsPerVectorElement))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the file means, read back from its text.
    ///
    /// - Parameter file: the name for error messages.
    package func spec(file: String) throws(ClusterFileError) -> ClusterSpec { try ClusterFile(file: file).parse(yaml) }

    /// The text in double quotes, within which YAML gives a meaning to backslashes and quotes alone.
    private static func quoted(_ text: String) -> String {
        let plain = VisibleText.line(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(plain)\""
    }

    /// Six significant digits, in the unit that leaves one to three of them before the point; nanoseconds below.
    private static func time(_ seconds: Double) -> String {
        guard seconds > 0 else { return "0s" }
        let units: [(String, Double)] = [("ns", 1e9), ("us", 1e6), ("ms", 1e3)]
        for (unit, scale) in units {
            // What is rounded decides on the unit: 999.9999996 us are 1 ms.
            let text = sixDigits(seconds * scale)
            if let shown = Double(text), shown < 1000 { return text + unit }
        }
        return sixDigits(seconds) + "s"
    }

    private static func rate(_ bytesPerSecond: Double) -> String {
        let units: [(String, Double)] = [("bit", 1), ("kbit", 1e3), ("Mbit", 1e6)]
        for (unit, scale) in units {
            let text = sixDigits(bytesPerSecond * 8 / scale)
            if let shown = Double(text), shown < 1000 { return text + unit }
        }
        return sixDigits(bytesPerSecond * 8 / 1e9) + "Gbit"
    }

    private static func sixDigits(_ value: Double) -> String {
        let decimals = max(0, 5 - Int(log10(value).rounded(.down)))
        let text = Format.fixed(value, decimals)
        guard text.contains(".") else { return text }
        return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    }
}
