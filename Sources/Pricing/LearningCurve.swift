import Diagnostics
import Foundation

/// A curve that the user supplies: the accuracy of the model after so many samples, with one global batch.
public struct LearningCurve: Hashable, Sendable {
    /// The points in ascending order of samples.
    public let points: [Point]

    /// One evaluation.
    public struct Point: Hashable, Sendable {
        /// Samples that all workers have trained on since the start.
        public let samples: Int
        /// The accuracy, 0 to 1.
        public let accuracy: Double
    }

    static let mostBytes = 16 << 20
    private static let columns = ["samples", "accuracy"]

    /// Reads a CSV file with the columns `samples` and `accuracy`, a fraction or with a per cent sign.
    ///
    /// - Throws: ``PricingError`` with file, line, what was found and what is allowed.
    public static func read(_ path: String) throws(PricingError) -> LearningCurve {
        let data = try BoundedFile.read(path, "curve", most: mostBytes)
        guard data.count <= mostBytes, let text = String(data: data, encoding: .utf8) else {
            throw PricingError("curve '\(path)': allowed is UTF-8 text of up to 16 MiB")
        }
        return try parse(text, file: path)
    }

    package static func parse(_ text: String, file: String) throws(PricingError) -> LearningCurve {
        let table: CSVTable
        do throws(CSVTable.Failure) { table = try CSVTable(text) } catch {
            throw PricingError("\(file)\(error.line.map { ":\($0)" } ?? ""): \(error.description)")
        }
        for column in columns where !table.heading.fields.contains(column) {
            throw PricingError(
                "\(file):\(table.heading.line): no column '\(column)'; allowed is a heading with \(columns.joined(separator: " and "))"
            )
        }
        var points: [Point] = []
        for row in table.rows {
            let (samples, accuracy) = (table.field("samples", of: row) ?? "", table.field("accuracy", of: row) ?? "")
            guard let count = Quantity.number(samples).flatMap(Int.init(exactly:)),
                (0...1_000_000_000_000_000).contains(count),
                count > points.last?.samples ?? -1
            else {
                throw PricingError(
                    "\(file):\(row.line): samples is '\(samples)'; allowed are whole numbers from 0 to 1e15, ascending")
            }
            let fraction: Double
            do throws(Quantity.Failure) { fraction = try Quantity.fraction(accuracy) } catch {
                throw PricingError("\(file):\(row.line): accuracy: \(error.description)")
            }
            points.append(Point(samples: count, accuracy: fraction))
        }
        guard !points.isEmpty else { throw PricingError("\(file): no points; allowed is one row or more") }
        return LearningCurve(points: points)
    }

    /// Samples until the target is reached and kept; nil where the curve never stays at it.
    public func samples(to target: Double) -> Int? {
        let last = points.lastIndex { $0.accuracy < target }
        let first = last.map { $0 + 1 } ?? 0
        return first < points.count ? points[first].samples : nil
    }
}
