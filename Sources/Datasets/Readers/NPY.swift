internal import Diagnostics

/// The `.npy` format (NumPy Enhancement Proposal 1, `numpy/lib/format.py`, versions 1.0 to 3.0): six magic bytes, two of the
/// version, the length of a header that is a dictionary in Python's notation, and the elements.
package enum NPY {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// NumPy itself reads headers up to here unless it is told to trust them.
    private static let mostHeader = 10_000

    /// The array, of which all but its elements is read.
    /// - Throws: ``DataError`` naming what is not of the format or cannot be read, such as objects, which would be unpickled.
    static func array(_ stream: any ByteStream) throws(DataError) -> StoredArray {
        let name = stream.name
        let start = try stream.read(8)
        guard start.starts(with: magic), start.count == 8 else {
            throw DataError("\(name): not a .npy file: it does not begin with \\x93NUMPY")
        }
        guard (1...3).contains(start[6]), start[7] == 0 else {
            throw DataError("\(name): .npy of version \(start[6]).\(start[7]); allowed are 1.0, 2.0 and 3.0")
        }
        let lengthBytes = try stream.read(start[6] == 1 ? 2 : 4)
        guard lengthBytes.count == (start[6] == 1 ? 2 : 4) else { throw DataError("\(name): cut short in its header") }
        let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= mostHeader else {
            throw DataError("\(name): a .npy header of \(length) bytes; allowed are \(mostHeader)")
        }
        let bytes = try stream.read(length)
        guard bytes.count == length else {
            throw DataError("\(name): cut short: \(bytes.count) bytes of a .npy header of \(length)")
        }
        let header = try NPYHeader(bytes, name: name)
        return try StoredArray(stream, shape: header.shape, type: header.type, isColumnMajor: header.isColumnMajor)
    }
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`
struct NPYHeader {
    let shape: [Int]
    let type: ElementType
    let isColumnMajor: Bool

    private static let mostDimensions = 32

    init(_ bytes: [UInt8], name: String) throws(DataError) {
        var text = PythonText(bytes)
        var (descr, isColumnMajor, shape): (String?, Bool?, [Int]?)
        func failure(_ what: String) -> DataError { DataError("\(name): the .npy header \(what)") }
        guard text.take("{") else { throw failure("is not a dictionary: \(text.shown)") }
        while !text.take("}") {
            guard let key = text.string(), text.take(":") else { throw failure("is not a dictionary: \(text.shown)") }
            switch key {
            case "descr" where descr == nil:
                guard let value = text.string() else {
                    throw failure("has a type of several fields; allowed is one type, such as '<f4'")
                }
                descr = value
            case "fortran_order" where isColumnMajor == nil:
                guard let value = text.truth() else { throw failure("has no True or False as 'fortran_order'") }
                isColumnMajor = value
            case "shape" where shape == nil:
                guard let value = text.tuple(), value.count <= Self.mostDimensions else {
                    throw failure("has a 'shape' that is no tuple of up to \(Self.mostDimensions) whole numbers")
                }
                shape = value
            default: throw failure("has the key '\(key)', or has it twice; allowed are descr, fortran_order, shape")
            }
            guard text.take(",") || text.isAt("}") else { throw failure("is not a dictionary: \(text.shown)") }
        }
        guard text.isAtEnd, let descr, let isColumnMajor, let shape else {
            throw failure("needs descr, fortran_order and shape, and nothing behind them: \(text.shown)")
        }
        (self.shape, self.isColumnMajor) = (shape, isColumnMajor)
        type = try Self.type(descr, name: name)
    }

    static let allowed = "|b1, |u1, |i1, <u2 <u4 <u8, <i2 <i4 <i8, <f2 <f4 <f8, and for labels and users <U… and |S…"

    static func type(_ descr: String, name: String) throws(DataError) -> ElementType {
        if descr.dropFirst(descr.hasPrefix("|") ? 1 : 0).hasPrefix("O") {
            throw DataError(
                """
                \(name): an array of Python objects, which would have to be unpickled and could run any program; save \
                numbers, such as x.astype('float32')
                """)
        }
        let scalars = Array(descr)
        let hasOrder = scalars.first.map { "<>|=".contains($0) } ?? false
        let rest = hasOrder ? scalars.dropFirst() : scalars[...]
        let kinds: [Character: (ElementType.Kind, [Int])] = [
            "b": (.boolean, [1]), "u": (.unsigned, [1, 2, 4, 8]), "i": (.signed, [1, 2, 4, 8]),
            "f": (.float, [2, 4, 8]),
        ]
        let isBig = scalars.first == ">"
        if let letter = rest.first, let size = Int(String(rest.dropFirst())) {
            if let (kind, sizes) = kinds[letter], sizes.contains(size), size == 1 || (hasOrder && scalars[0] != "|") {
                return ElementType(kind: kind, size: size, isBigEndian: isBig, description: descr)
            }
            // A text of more than a few thousand letters is no label.
            if (1...4096).contains(size) {
                if letter == "U" {
                    return ElementType(kind: .text, size: 4 * size, isBigEndian: isBig, description: descr)
                }
                if letter == "S" { return ElementType(kind: .asciiText, size: size, description: descr) }
            }
        }
        throw DataError("\(name): elements of type '\(VisibleText.line(descr))'; allowed are \(allowed)")
    }
}

/// The few of Python's literals that a header has.
private struct PythonText {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    private mutating func skipBlanks() { rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }

    var isAtEnd: Bool {
        var copy = self
        copy.skipBlanks()
        return copy.rest.isEmpty
    }

    /// The beginning of what is left, for error messages.
    var shown: String { "'\(VisibleText.line(String(decoding: rest.prefix(40), as: UTF8.self)))'" }

    func isAt(_ mark: Unicode.Scalar) -> Bool {
        var copy = self
        return copy.take(mark)
    }

    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }

    /// A text between single or double quotes, without escapes; nil where there is none.
    mutating func string() -> String? {
        skipBlanks()
        guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let contents = rest.dropFirst().prefix { $0 != quote && $0 != UInt8(ascii: "\\") }
        guard contents.endIndex < rest.endIndex, rest[contents.endIndex] == quote else { return nil }
        rest = rest[(contents.endIndex + 1)...]
        return String(decoding: contents, as: UTF8.self)
    }

    mutating func truth() -> Bool? {
        skipBlanks()
        for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
            rest.removeFirst(word.utf8.count)
            return value
        }
        return nil
    }

    mutating func tuple() -> [Int]? {
        guard take("(") else { return nil }
        var numbers: [Int] = []
        while !take(")") {
            skipBlanks()
            let digits = rest.prefix { (48...57).contains($0) }
            guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest[digits.endIndex...]
            // Python 2 wrote long numbers with an L.
            _ = take("L")
            numbers.append(number)
            guard take(",") || isAt(")") else { return nil }
        }
        return numbers
    }
}
