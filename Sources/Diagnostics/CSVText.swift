/// The records of comma-separated values (RFC 4180): fields may stand in quotes, with a doubled quote for one and with
/// commas and line breaks in them. Lines end in LF, CRLF or CR; a byte order mark and empty lines count for nothing.
///
/// What spreadsheets of other countries write is read alike: where the first line has semicolons outside quotes, or else
/// tabulators, these separate fields, and commas do not. So a number with a decimal comma is one field there, which
/// whoever reads the number refuses, and never two.
package struct CSVText: Sendable {
    package struct Record: Hashable, Sendable {
        /// The line on which the record begins, from 1.
        package let line: Int
        /// The fields; those without quotes have no blanks at their ends.
        package var fields: [String]
    }

    package let records: [Record]
    /// What is wrong with its quotes, and on which line; nil where nothing is.
    package let problem: (line: Int, text: String)?

    package init(_ text: String) {
        var records: [Record] = []
        problem = Self.read(text) { record in
            records.append(record)
            return true
        }
        self.records = records
    }

    /// What one record may have. A field takes many times the memory of the comma behind it, so that a file of nothing but
    /// commas, or one with a quote that nobody closes, would become far more than it is.
    package struct Limits: Sendable {
        package var fields: Int
        /// Unicode scalars of one field.
        package var length: Int

        package init(fields: Int = .max, length: Int = .max) { (self.fields, self.length) = (fields, length) }
    }

    /// Calls `body` with one record after another, of which none is kept, until it returns false.
    ///
    /// - Returns: what is wrong with the quotes, or beyond the limits, and on which line; nil where nothing is.
    @discardableResult
    package static func read(
        _ text: String, within limits: Limits = Limits(), _ body: (Record) -> Bool
    ) -> (line: Int, text: String)? {
        // By scalars, since CRLF is one character.
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        let separator = Self.separator(of: scalars)
        var problem: (line: Int, text: String)?
        var (line, begin) = (1, 1)
        var fields: [String] = []
        var field = String.UnicodeScalarView()
        var (isQuoted, wasQuoted) = (false, false)
        var (quoteLine, goesOn) = (1, true)
        // Kept beside the field, since to look at all of it at every quote would take time as the square of its length.
        var (isBlank, length) = (true, 0)
        func endField() {
            fields.append(wasQuoted ? String(field) : String(String(field).trimming()))
            field.removeAll()
            (wasQuoted, isBlank, length) = (false, true, 0)
        }
        func endRecord() {
            endField()
            if fields != [""] { goesOn = body(Record(line: begin, fields: fields)) }
            fields = []
        }
        while goesOn, let scalar = scalars.popFirst() {
            length += 1
            guard length <= limits.length, fields.count < limits.fields else {
                return problem
                    ?? beyond(limits, isQuoted ? quoteLine : line, isQuoted: isQuoted, isLong: length > limits.length)
            }
            if isQuoted {
                if scalar == "\"" {
                    if scalars.first == "\"" { field.append(scalars.removeFirst()) } else { isQuoted = false }
                } else {
                    if scalar == "\n" { line += 1 }
                    field.append(scalar)
                }
            } else if scalar == "\"", isBlank, !wasQuoted {
                field.removeAll()
                (isQuoted, wasQuoted) = (true, true)
                quoteLine = line
            } else if scalar == separator {
                endField()
            } else if scalar == "\n" || scalar == "\r" {
                if scalar == "\r", scalars.first == "\n" { scalars.removeFirst() }
                endRecord()
                (line, begin) = (line + 1, line + 1)
            } else if !wasQuoted {
                field.append(scalar)
                if !scalar.properties.isWhitespace { isBlank = false }
            } else if !scalar.properties.isWhitespace {
                problem = problem ?? (line, "text behind a closing quote")
            }
        }
        guard goesOn else { return problem }
        if isQuoted { problem = problem ?? (quoteLine, "a quote that is not closed") }
        endRecord()
        return problem
    }

    private static func beyond(
        _ limits: Limits, _ line: Int, isQuoted: Bool, isLong: Bool
    ) -> (line: Int, text: String) {
        guard isLong else { return (line, "more than \(limits.fields) fields; allowed are as many") }
        let what = isQuoted ? "a quote that is not closed within" : "a field of more than"
        return (line, "\(what) \(limits.length) characters; allowed are as many")
    }

    /// What separates fields, as the first line that is not empty tells.
    private static func separator(of text: Substring.UnicodeScalarView) -> Unicode.Scalar {
        var (isQuoted, hasTabulator) = (false, false)
        var isEmpty = true
        for scalar in text {
            switch scalar {
            case "\"": isQuoted.toggle()
            case ";" where !isQuoted: return ";"
            case "\t" where !isQuoted && !isEmpty: hasTabulator = true
            case "\n" where !isQuoted && !isEmpty, "\r" where !isQuoted && !isEmpty: return hasTabulator ? "\t" : ","
            default: break
            }
            isEmpty = isEmpty && scalar.properties.isWhitespace
        }
        return hasTabulator ? "\t" : ","
    }
}

/// Records under a heading, all with the same number of fields: what tables of numbers and devices are read from.
package struct CSVTable: Sendable {
    /// The columns' names and the line that they stand on.
    package let heading: CSVText.Record
    package let rows: [CSVText.Record]

    /// Why a text is no table, and on which line.
    package struct Failure: Error, Equatable, Sendable {
        /// The line, from 1; nil for the text as a whole.
        package let line: Int?
        package let description: String

        package init(line: Int?, _ description: String) {
            self.line = line
            self.description = ErrorText.message(description)
        }
    }

    /// Columns at the end without a name and without a field, as spreadsheets write them, count for nothing.
    ///
    /// - Parameters:
    ///   - isHeading: whether the first record names columns; where it does not, all records are rows.
    ///   - unnamed: the columns in that case.
    /// - Throws: ``Failure`` where quotes are wrong, the text is empty, or a row is not as long as the others.
    package init(
        _ text: String, unnamed: [String] = [], isHeading: (CSVText.Record) -> Bool = { _ in true }
    ) throws(Failure) {
        let csv = CSVText(text)
        if let problem = csv.problem { throw Failure(line: problem.line, problem.text) }
        guard let first = csv.records.first else { throw Failure(line: nil, "empty") }
        let hasHeading = isHeading(first)
        var heading = hasHeading ? first : CSVText.Record(line: first.line, fields: unnamed)
        var rows = hasHeading ? Array(csv.records.dropFirst()) : csv.records
        let width = heading.fields.count
        for row in rows where row.fields.count != width {
            throw Failure(line: row.line, Self.length(of: row, asIn: hasHeading ? "as in the heading" : nil, width))
        }
        while heading.fields.count > 1, heading.fields.last == "", rows.allSatisfy({ $0.fields.last == "" }) {
            heading.fields.removeLast()
            for index in rows.indices { rows[index].fields.removeLast() }
        }
        self.heading = heading
        self.rows = rows
    }

    private static func length(of row: CSVText.Record, asIn place: String?, _ width: Int) -> String {
        var text = "\(row.fields.count) fields; allowed are \(width)" + (place.map { ", \($0)" } ?? "")
        if row.fields.count > width, row.fields.contains(where: { Quantity.number($0) != nil }) {
            text += " (numbers have a decimal point, not a comma)"
        }
        return text
    }

    /// The fields of a row by the names of their columns.
    package func field(_ column: String, of row: CSVText.Record) -> String? {
        heading.fields.firstIndex(of: column).map { row.fields[$0] }
    }
}

extension String {
    fileprivate func trimming() -> Substring {
        var view = self[...]
        while view.first?.isWhitespace == true { view.removeFirst() }
        while view.last?.isWhitespace == true { view.removeLast() }
        return view
    }
}
