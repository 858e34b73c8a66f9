import Calibration
import Diagnostics
import Storage

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

    /// Reads what ``render(_:)`` wrote, also as a spreadsheet writes it again.
    ///
    /// - Parameter file: the name for error messages.
    /// - Throws: ``ReportError`` naming the line.
    package static func parse(_ text: String, file: String) throws(ReportError) -> [CalibrationPoint] {
        let table: CSVTable
        do throws(CSVTable.Failure) {
            table = try CSVTable(text)
        } catch {
            guard let line = error.line else { throw notPoints(file, 1) }
            throw ReportError("\(file):\(line): \(error.description)")
        }
        guard table.heading.fields == columns else { throw notPoints(file, table.heading.line) }
        var points: [CalibrationPoint] = []
        // The point that rows are being read of. Its times are appended in place, since there may be many.
        var current: (point: CalibrationPoint, seconds: [Double])?
        func endPoint() {
            guard let (point, seconds) = current else { return }
            points.append(
                CalibrationPoint(
                    point.kind, task: point.task, size: point.size, messages: point.messages, ranks: point.ranks,
                    seconds: seconds))
        }
        for row in table.rows {
            let (point, repetition) = try self.point(row, file)
            if let old = current?.point, repetition > 0, old.kind == point.kind, old.task == point.task,
                old.size == point.size, old.messages == point.messages, old.ranks == point.ranks
            {
                current?.seconds += point.seconds
            } else {
                endPoint()
                current = (point, point.seconds)
            }
        }
        endPoint()
        return points
    }

    private static func notPoints(_ file: String, _ line: Int) -> ReportError {
        ReportError(
            "\(file):\(line): not the points of 'bench calibrate', which begin with \(columns.joined(separator: ","))")
    }

    private static func point(
        _ row: CSVText.Record, _ file: String
    ) throws(ReportError) -> (CalibrationPoint, repetition: Int) {
        let fields = row.fields
        guard let kind = CalibrationPoint.Kind(rawValue: fields[0]), let size = Int(fields[2]), size > 0,
            let messages = Int(fields[3]), messages > 0, let ranks = Int(fields[4]), ranks > 0,
            let repetition = Int(fields[5]), repetition >= 0, let seconds = Quantity.number(fields[6]), seconds > 0
        else {
            let kinds = CalibrationPoint.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ReportError(
                """
                \(file):\(row.line): '\(fields.joined(separator: ","))' is no time; a line has a kind (\(kinds)), a task or \
                nothing, four whole numbers and seconds above 0
                """)
        }
        let point = CalibrationPoint(
            kind, task: fields[1].isEmpty ? nil : fields[1], size: size, messages: messages, ranks: ranks,
            seconds: [seconds])
        if let problem = point.problem { throw ReportError("\(file):\(row.line): \(problem)") }
        return (point, repetition)
    }
}
