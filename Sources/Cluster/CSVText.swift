/// The records of comma-separated values (RFC 4180): fields may stand in quotes, with a doubled quote for one and with
/// commas and line breaks in them. Lines end in LF or CRLF; a byte order mark and empty lines count for nothing.
struct CSVText {
    struct Record {
        /// Where it begins, from 1.
        let line: Int
        /// Without blanks around those that have no quotes.
        var fields: [String]
    }

    private(set) var records: [Record] = []
    /// A line with a quote that is never closed.
    private(set) var unclosedQuoteLine: Int?

    /// - Parameter separators: each of which ends a field. A CR is a blank like others, which end fields have none of.
    init(_ text: String, separators: String = ",") {
        let separators = Set(separators.unicodeScalars)
        // By scalars, since CRLF is one character.
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        var (line, begin) = (1, 1)
        var fields: [String] = []
        var field = String.UnicodeScalarView()
        var (isQuoted, wasQuoted) = (false, false)
        // Kept beside the field, since to look at all of it at every quote would take time as the square of its length.
        var isBlank = true
        func trimmed() -> String {
            wasQuoted ? String(field) : String(String(field).trimming())
        }
        func endField() {
            fields.append(trimmed())
            field.removeAll()
            (wasQuoted, isBlank) = (false, true)
        }
        func endRecord() {
            endField()
            if fields != [""] { records.append(Record(line: begin, fields: fields)) }
            fields = []
        }
        while let scalar = scalars.popFirst() {
            if isQuoted {
                if scalar == "\"" {
                    if scalars.first == "\"" { field.append(scalars.removeFirst()) } else { isQuoted = false }
                } else {
                    if scalar == "\n" { line += 1 }
                    field.append(scalar)
                }
            } else if scalar == "\"", isBlank {
                field.removeAll()
                (isQuoted, wasQuoted) = (true, true)
                unclosedQuoteLine = line
            } else if separators.contains(scalar) {
                endField()
            } else if scalar == "\n" {
                endRecord()
                line += 1
                begin = line
            } else if !wasQuoted || !scalar.properties.isWhitespace {
                field.append(scalar)
                if !scalar.properties.isWhitespace { isBlank = false }
            }
        }
        if !isQuoted { unclosedQuoteLine = nil }
        endRecord()
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
