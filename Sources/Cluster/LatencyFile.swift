import Diagnostics
import Foundation

/// A CSV file of measured latencies: seconds in the first column, one to a line, under a heading or none.
enum LatencyFile {
    /// More would only make results large.
    private static let mostValues = 100_000

    /// - Parameter folder: which a relative name starts from; nil for the current one.
    static func read(_ name: String, in folder: URL?) throws(Quantity.Failure) -> [Double] {
        let url = folder.map { URL(fileURLWithPath: name, relativeTo: $0) } ?? URL(fileURLWithPath: name)
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw Quantity.Failure(description: "latency file '\(url.path)' does not exist or cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Quantity.Failure(description: "latency file '\(url.path)' is not UTF-8 text")
        }
        let values = try parse(text, file: url.path)
        guard (1...mostValues).contains(values.count) else {
            throw Quantity.Failure(
                description: "latency file '\(url.path)' has \(values.count) values; allowed are 1 to \(mostValues)")
        }
        return values
    }

    private static func parse(_ text: String, file: String) throws(Quantity.Failure) -> [Double] {
        var values: [Double] = []
        for (index, record) in CSVText(text, separators: ",;").records.enumerated() {
            let field = record.fields[0]
            guard let value = Double(field) else {
                if index == 0 { continue }
                throw failure(file, record.line, field)
            }
            guard (0...3600).contains(value) else { throw failure(file, record.line, field) }
            values.append(value)
        }
        return values
    }

    private static func failure(_ file: String, _ line: Int, _ field: String) -> Quantity.Failure {
        Quantity.Failure(
            description: """
                latency file '\(file)', line \(line): '\(field)' is not a latency; allowed is a number of seconds \
                from 0 to 3600
                """)
    }
}
