import Diagnostics
import Experiments

/// The times that `bench calibrate` measured, one line each.
package enum CalibrationCSV {
    private static let columns = ["kind", "task", "size", "messages", "ranks", "repetition", "seconds"]

    package static func render(_ points: [CalibrationPoint]) -> String {
        var csv = CSV(columns: columns)
        for point in points {
            for (index, seconds) in point.seconds.enumerated() {
                csv.append([
                    point.kind.rawValue, point.task ?? "", "\(point.size)", "\(point.messages)", "\(point.ranks)",
                    "\(index)", "\(seconds)",
                ])
            }
        }
        return csv.text
    }

    /// Reads what ``render(_:)`` wrote.
    ///
    /// - Parameter file: the name for error messages.
    /// - Throws: ``ReportError`` naming the line.
    package static func parse(_ text: String, file: String) throws(ReportError) -> [CalibrationPoint] {
        var points: [CalibrationPoint] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first.map(String.init) == columns.joined(separator: ",") else {
            throw ReportError(
                "\(file):1: not the points of 'bench calibrate', which begin with \(columns.joined(separator: ","))")
        }
        for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == columns.count, let kind = CalibrationPoint.Kind(rawValue: fields[0]),
                let size = Int(fields[2]), size > 0, let messages = Int(fields[3]), messages > 0,
                let ranks = Int(fields[4]), ranks > 0, let repetition = Int(fields[5]), repetition >= 0,
                let seconds = Double(fields[6]), seconds > 0, seconds.isFinite
            else {
                let kinds = CalibrationPoint.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ReportError(
                    """
                    \(file):\(index + 1): '\(line)' is no time; a line has a kind (\(kinds)), a task or nothing, four whole \
                    numbers and seconds above 0
                    """)
            }
            let task = fields[1].isEmpty ? nil : fields[1]
            var times = [seconds]
            if repetition > 0, let last = points.last, last.kind == kind, last.task == task, last.size == size,
                last.messages == messages, last.ranks == ranks
            {
                times = last.seconds + times
                points.removeLast()
            }
            points.append(
                CalibrationPoint(kind, task: task, size: size, messages: messages, ranks: ranks, seconds: times))
        }
        return points
    }
}
