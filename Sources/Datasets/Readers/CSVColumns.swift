internal import Diagnostics
import Foundation

/// The columns of a table of comma-separated values that are asked for, read row by row.
///
/// A heading is the first row where no field of it is a number, unless somebody says whether there is one. Columns are named as in
/// the heading, or by their numbers from 1.
struct CSVColumns {
    /// Of the columns in order, `[rows, columns]`.
    struct Numbers {
        let columns: [String]
        var values: [Float] = []
        var rows: Int { columns.isEmpty ? 0 : values.count / columns.count }
    }

    /// The table's name in error messages.
    let name: String
    private let text: String
    /// The names of the heading; nil without one.
    let heading: [String]?
    let width: Int
    /// Of the heading, where each name stands.
    private let places: [String: Int]

    /// The text is in memory as a whole, and its numbers beside it.
    private static let mostBytes = 1 << 28
    static let mostColumns = 100_000
    private static let limits = CSVText.Limits(fields: mostColumns, length: 1 << 20)

    /// - Parameter hasHeading: nil to find out.
    /// - Throws: ``DataError`` for a file that is no text, or empty.
    init(_ url: URL, name: String, hasHeading: Bool? = nil) throws(DataError) {
        let file = try FilePart.open(url, name: name)
        let size = try FilePart.size(of: file, name: name)
        guard size <= Self.mostBytes else {
            throw DataError("\(name): \(size) bytes of text; allowed are up to \(Self.mostBytes), or an .npz file")
        }
        let bytes = try FilePart(file, name: name, 0..<size).read(size)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw DataError(notText: bytes, name) }
        self.name = name
        self.text = text
        var first: CSVText.Record?
        let problem = CSVText.read(text, within: Self.limits) { record in
            first = record
            return false
        }
        if let problem { throw DataError("\(name):\(problem.line): \(problem.text)") }
        guard let first else { throw DataError("\(name): empty; allowed is a table with a row for each sample") }
        width = first.fields.count
        heading =
            hasHeading ?? !first.fields.contains(where: { Quantity.number($0) != nil }) ? first.fields : nil
        var places: [String: Int] = [:]
        for (index, column) in (heading ?? []).enumerated() where !column.isEmpty {
            guard places.updateValue(index, forKey: column) == nil else {
                throw DataError(
                    "\(name):\(first.line): two columns are named '\(column)'; allowed are names of their own")
            }
        }
        self.places = places
    }

    // MARK: Columns

    /// A column by its name, or else by its number from 1.
    func index(of column: String) throws(DataError) -> Int {
        if let place = places[column] { return place }
        if let number = Int(column) {
            guard (1...width).contains(number) else {
                throw DataError("\(name): column \(number) of \(width); allowed are 1 to \(width)", column: column)
            }
            return number - 1
        }
        guard let heading else {
            throw DataError(
                "\(name): there is no column '\(column)', since the table has no heading; allowed are 1 to \(width)",
                column: column)
        }
        throw DataError(
            "\(name): " + UnknownName.message("column", found: column, allowed: heading), column: column)
    }

    func indices(_ choice: FeatureTable.Columns) throws(DataError) -> [Int] {
        switch choice {
        case .named(let columns, let others):
            let others = try indices(excluding: others)
            let places = try indices(of: columns)
            if let place = zip(columns, places).first(where: { others.contains($0.1) }) {
                throw DataError(
                    "\(name): column '\(place.0)' is what is to be predicted; allowed are the other columns",
                    column: place.0)
            }
            return places
        case .allBut(let others):
            let excluded = try indices(excluding: others)
            return (0..<width).filter { !excluded.contains($0) }
        case .same(let columns, let others):
            if let missing = columns.first(where: { self.places[$0] == nil && Int($0) == nil }) {
                let found =
                    heading.map { $0.prefix(20).joined(separator: ", ") + (width > 20 ? ", ..." : "") }
                    ?? "\(width) columns and no heading"
                throw DataError(
                    """
                    \(name): there is no column '\(missing)', which is a feature of the training table; found are \(found); allowed \
                    are the same names in any order
                    """)
            }
            let places = try indices(of: columns)
            guard let others else { return places }
            let known = try indices(excluding: others).union(places)
            guard let extra = (0..<width).first(where: { !known.contains($0) }) else { return places }
            throw DataError(
                """
                \(name): \(title(extra)) is none of the training table's features; allowed are the same ones, or say with \
                columns: which are features
                """)
        }
    }

    /// Of labels and users, which may be one column.
    private func indices(excluding columns: [String]) throws(DataError) -> Set<Int> {
        var places: Set<Int> = []
        for column in columns { places.insert(try index(of: column)) }
        return places
    }

    private func indices(of columns: [String]) throws(DataError) -> [Int] {
        var (places, known): ([Int], Set<Int>) = ([], [])
        for column in columns {
            let place = try index(of: column)
            guard known.insert(place).inserted else {
                throw DataError("\(name): column '\(column)' is named twice", column: column)
            }
            places.append(place)
        }
        return places
    }

    private func title(_ index: Int) -> String {
        heading.flatMap { $0[index].isEmpty ? nil : "column '\($0[index])'" } ?? "column \(index + 1)"
    }

    // MARK: Rows

    /// The columns as numbers, row by row.
    /// - Throws: ``DataError`` with the line of a field that is no number.
    func numbers(_ choice: FeatureTable.Columns) throws(DataError) -> Numbers {
        let places = try indices(choice)
        guard !places.isEmpty else { throw DataError("\(name): no columns are left for features") }
        var numbers = Numbers(
            columns: places.map { place in heading.flatMap { $0[place].isEmpty ? nil : $0[place] } ?? "\(place + 1)" })
        // A number has a character and a separator at least. To grow would have the numbers in memory twice for a moment, and
        // what is reserved but never filled costs none.
        numbers.values.reserveCapacity((text.utf8.count + 1) / 2)
        try forEachRow { record throws(DataError) in
            for place in places { numbers.values.append(try number(record, place)) }
        }
        return numbers
    }

    private func number(_ record: CSVText.Record, _ place: Int) throws(DataError) -> Float {
        let field = record.fields[place]
        guard let value = Quantity.number(field) else {
            throw DataError(
                """
                \(name):\(record.line): '\(VisibleText.line(field))' in \(title(place)) is no number; allowed are numbers with a \
                decimal point, or say with columns: which are features, and leave this one out
                """)
        }
        guard Float(value).isFinite else {
            throw DataError(
                """
                \(name):\(record.line): \(VisibleText.line(field)) in \(title(place)) is beyond what 32 bits hold; allowed are \
                numbers up to \(Format.exact(Double(Float.greatestFiniteMagnitude)))
                """)
        }
        return Float(value)
    }

    /// A column as it is written, and how many rows there are.
    ///
    /// - Parameter most: of rows beyond, which belong to no sample, nothing is kept.
    func texts(_ column: String, most: Int = .max) throws(DataError) -> (texts: [String], rows: Int) {
        let place = try index(of: column)
        var (texts, rows) = ([String](), 0)
        try forEachRow { record throws(DataError) in
            guard !record.fields[place].isEmpty else {
                throw DataError("\(name):\(record.line): \(title(place)) is empty; allowed is a value in every row")
            }
            rows += 1
            if rows <= most { texts.append(record.fields[place]) }
        }
        return (texts, rows)
    }

    private func forEachRow(_ body: (CSVText.Record) throws(DataError) -> Void) throws(DataError) {
        var (isHeading, failure) = (heading != nil, DataError?.none)
        let problem = CSVText.read(text, within: Self.limits) { record in
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
