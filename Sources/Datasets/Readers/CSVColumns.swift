internal import Diagnostics
import Foundation

/// The columns of a table of comma-separated values that are asked for, read row by row.
///
/// A heading is the first row where no field of it is a number, unless somebody says whether there is one. Columns are named as in
/// the heading, or by their numbers from 1.
struct CSVColumns {
    /// Which columns a reader wants of them.
    enum Choice {
        case named([String])
        case allBut([String])
    }

    /// Of the columns in order, `[rows, columns]`.
    struct Numbers {
        let columns: [String]
        var values: [Float] = []
        var rows: Int { columns.isEmpty ? 0 : values.count / columns.count }
    }

    /// For error messages.
    let name: String
    private let text: String
    /// The names of the heading; nil without one.
    let heading: [String]?
    let width: Int

    private static let mostBytes = 1 << 31

    /// - Parameter hasHeading: nil to find out.
    /// - Throws: ``DataError`` for a file that is no text, or empty.
    init(_ url: URL, name: String, hasHeading: Bool? = nil) throws(DataError) {
        let file = try FilePart.open(url, name: name)
        let size = try FilePart.size(of: file, name: name)
        guard size <= Self.mostBytes else {
            throw DataError("\(name): \(size) bytes of text; allowed are \(Self.mostBytes), or an .npz file")
        }
        let bytes = try FilePart(file, name: name, 0..<size).read(size)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw DataError("\(name): not UTF-8 text") }
        self.name = name
        self.text = text
        var first: CSVText.Record?
        let problem = CSVText.read(text) { record in
            first = record
            return false
        }
        if let problem { throw DataError("\(name):\(problem.line): \(problem.text)") }
        guard let first else { throw DataError("\(name): empty; allowed is a table with a row for each sample") }
        width = first.fields.count
        heading =
            hasHeading ?? !first.fields.contains(where: { Quantity.number($0) != nil }) ? first.fields : nil
        if let heading {
            for (index, column) in heading.enumerated() where !column.isEmpty && heading[..<index].contains(column) {
                throw DataError(
                    "\(name):\(first.line): two columns are named '\(column)'; allowed are names of their own")
            }
        }
    }

    // MARK: Columns

    /// A column by its name, or else by its number from 1.
    func index(of column: String) throws(DataError) -> Int {
        if let place = heading?.firstIndex(of: column) { return place }
        if let number = Int(column) {
            guard (1...width).contains(number) else {
                throw DataError("\(name): column \(number) of \(width); allowed are 1 to \(width)")
            }
            return number - 1
        }
        guard let heading else {
            throw DataError(
                "\(name): there is no column '\(column)', since the table has no heading; allowed are 1 to \(width)")
        }
        throw DataError("\(name): " + UnknownName.message("column", found: column, allowed: heading))
    }

    func indices(_ choice: Choice) throws(DataError) -> [Int] {
        switch choice {
        case .named(let columns):
            var places: [Int] = []
            for column in columns {
                let place = try index(of: column)
                guard !places.contains(place) else { throw DataError("\(name): column '\(column)' is named twice") }
                places.append(place)
            }
            return places
        case .allBut(let columns):
            var excluded: Set<Int> = []
            for column in columns { excluded.insert(try index(of: column)) }
            return (0..<width).filter { !excluded.contains($0) }
        }
    }

    private func title(_ index: Int) -> String {
        heading.flatMap { $0[index].isEmpty ? nil : "column '\($0[index])'" } ?? "column \(index + 1)"
    }

    // MARK: Rows

    /// The columns as numbers, row by row.
    /// - Throws: ``DataError`` with the line of a field that is no number.
    func numbers(_ choice: Choice) throws(DataError) -> Numbers {
        let places = try indices(choice)
        guard !places.isEmpty else { throw DataError("\(name): no columns are left for features") }
        var numbers = Numbers(columns: places.map { heading?[$0] ?? "\($0 + 1)" })
        try forEachRow { record throws(DataError) in
            for place in places { numbers.values.append(Float(try number(record, place))) }
        }
        return numbers
    }

    private func number(_ record: CSVText.Record, _ place: Int) throws(DataError) -> Double {
        let field = record.fields[place]
        guard let value = Quantity.number(field) else {
            throw DataError(
                """
                \(name):\(record.line): '\(VisibleText.line(field))' in \(title(place)) is no number; allowed are numbers with a \
                decimal point, or leave the column out
                """)
        }
        return value
    }

    /// A column as it is written.
    func texts(_ column: String) throws(DataError) -> [String] {
        let place = try index(of: column)
        var texts: [String] = []
        try forEachRow { record throws(DataError) in
            guard !record.fields[place].isEmpty else {
                throw DataError("\(name):\(record.line): \(title(place)) is empty; allowed is a value in every row")
            }
            texts.append(record.fields[place])
        }
        return texts
    }

    private func forEachRow(_ body: (CSVText.Record) throws(DataError) -> Void) throws(DataError) {
        var (isHeading, failure) = (heading != nil, DataError?.none)
        let problem = CSVText.read(text) { record in
            if isHeading {
                isHeading = false
                return true
            }
            do throws(DataError) {
                guard record.fields.count == width else {
                    throw DataError(
                        "\(name):\(record.line): \(record.fields.count) fields; allowed are \(width), as in the first row"
                    )
                }
                try body(record)
                return true
            } catch {
                failure = error
                return false
            }
        }
        // First, since a quote that is not closed makes a field of all that follows it.
        if let problem { throw DataError("\(name):\(problem.line): \(problem.text)") }
        if let failure { throw failure }
    }
}
