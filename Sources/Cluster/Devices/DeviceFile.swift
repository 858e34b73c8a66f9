import Diagnostics
import Foundation

/// A CSV file of devices, with a heading and a line for each kind:
///
///     name,count,speed,cores,memory,uplink,downlink,latency,price_per_hour,watts_busy,watts_idle
///     new phone,30,0.5,8,8GB,20Mbit,50Mbit,20ms,0,3,0
///     old phone,70,0.1,4,2GB,,,,,,
///
/// Any of these columns in any order (`weight` for `count`, `bandwidth` for both directions), with the units of the cluster
/// file; what is left empty is as the cluster file says.
struct DeviceFile {
    static let columns = ["name", "count", "weight"] + DeviceFigure.allCases.map(\.rawValue)

    let name: String
    private let assignment: DevicePopulation.Assignment

    /// - Parameter name: for error messages.
    init(name: String, _ assignment: DevicePopulation.Assignment) {
        (self.name, self.assignment) = (name, assignment)
    }

    func parse(_ data: Data) throws(ClusterFileError) -> [DevicePopulation.Kind] {
        guard let text = String(data: data, encoding: .utf8) else { throw ClusterFileError("\(name): not UTF-8 text") }
        let table: CSVTable
        do throws(CSVTable.Failure) {
            table = try CSVTable(text)
        } catch {
            guard let line = error.line else {
                throw ClusterFileError(
                    "\(name): \(error.description); allowed columns are \(Self.columns.joined(separator: ", "))")
            }
            throw self.error(line, error.description)
        }
        let columns = try columns(table.heading)
        let lines = table.rows
        guard (1...DevicePopulation.mostKinds).contains(lines.count) else {
            throw ClusterFileError(
                "\(name): \(lines.count) devices below the heading; allowed are 1 to \(DevicePopulation.mostKinds)")
        }
        var kinds: [DevicePopulation.Kind] = []
        for line in lines { kinds.append(try kind(line, columns)) }
        return kinds
    }

    private func columns(_ heading: CSVText.Record) throws(ClusterFileError) -> [String] {
        for (index, column) in heading.fields.enumerated() {
            if column.isEmpty {
                throw error(
                    heading.line,
                    "column \(index + 1) has no name; allowed are columns with one (pandas: to_csv(..., index=False))")
            }
            guard Self.columns.contains(column) else {
                throw error(
                    heading.line,
                    "column \(index + 1): " + UnknownName.message("column", found: column, allowed: Self.columns))
            }
            if heading.fields[..<index].contains(column) {
                throw error(heading.line, "column '\(column)' stands twice")
            }
        }
        for (first, second) in [("count", "weight"), ("bandwidth", "uplink"), ("bandwidth", "downlink")]
        where heading.fields.contains(first) && heading.fields.contains(second) {
            throw error(heading.line, "columns '\(first)' and '\(second)'; allowed is one of them")
        }
        return heading.fields
    }

    private func kind(
        _ line: CSVText.Record, _ columns: [String]
    ) throws(ClusterFileError) -> DevicePopulation.Kind {
        guard line.fields.contains(where: { !$0.isEmpty }) else {
            throw error(line.line, "fields without a device; allowed are devices and empty lines")
        }
        var kind = DevicePopulation.Kind(figures: [:])
        for (column, field) in zip(columns, line.fields) where !field.isEmpty {
            do throws(Quantity.Failure) {
                if let figure = DeviceFigure(rawValue: column) {
                    kind.figures[figure] = try figure.form.figure(field)
                } else if column == "name" {
                    kind.name = field
                } else {
                    kind.count = try Self.count(field, assignment)
                }
            } catch { throw self.error(line.line, "column '\(column)': \(error)") }
        }
        return kind
    }

    /// How many devices of a kind, or how often it is drawn.
    static func count(_ text: String, _ assignment: DevicePopulation.Assignment) throws(Quantity.Failure) -> Double {
        guard let value = Quantity.number(text), DevicePopulation.counts.contains(value) else {
            throw Quantity.Failure(
                description: "'\(text)' is not a number of devices; allowed is a number above 0 up to 1e9")
        }
        guard assignment == .drawn || value == value.rounded() else {
            throw Quantity.Failure(
                description: "'\(text)' is not a number of devices; allowed in order is a whole number above 0")
        }
        return value
    }

    private func error(_ line: Int, _ message: String) -> ClusterFileError {
        ClusterFileError("\(name):\(line): \(message)")
    }
}
