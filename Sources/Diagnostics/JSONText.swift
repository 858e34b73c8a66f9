/// What a JSON text has wrong by RFC 8259, and two things more that Foundation's readers let pass: keys that stand twice in
/// one object, of which they silently take one, and other encodings than UTF-8.
///
/// One pass over the bytes; objects and lists may be nested ``mostDepth`` deep.
package struct JSONText: ~Copyable {
    package struct Failure: Error, CustomStringConvertible, Equatable {
        /// The line of the mistake, from 1.
        package let line: Int
        /// What is wrong there.
        package let reason: String

        package var description: String { "line \(line): \(reason)" }
    }

    /// Far more than any of this program's files has.
    package static let mostDepth = 100

    let bytes: [UInt8]
    var position = 0
    var line = 1

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: ``Failure`` with the first thing that is wrong.
    package static func check(_ bytes: [UInt8]) throws(Failure) {
        var text = JSONText(bytes)
        try text.value(depth: 0)
        text.skipSpace()
        guard text.position == bytes.count else { throw text.failure("text behind the JSON value") }
    }

    func failure(_ reason: String) -> Failure { Failure(line: line, reason: reason) }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(Failure) {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): try object(depth: depth + 1)
        case UInt8(ascii: "["): try list(depth: depth + 1)
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case nil: throw failure("the text ends where a value is expected")
        default: try number()
        }
    }

    private mutating func object(depth: Int) throws(Failure) {
        try enter(depth)
        var keys: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("an object without a key where one is expected") }
            let key = try string()
            guard keys.insert(key).inserted else { throw failure("the key '\(key)' stands twice in one object") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("no colon behind the key '\(key)'") }
            try value(depth: depth)
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("an object that does not end") }
    }

    private mutating func list(depth: Int) throws(Failure) {
        try enter(depth)
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        repeat {
            try value(depth: depth)
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("a list that does not end") }
    }

    mutating func enter(_ depth: Int) throws(Failure) {
        guard depth <= Self.mostDepth else {
            throw failure("more than \(Self.mostDepth) objects and lists in each other")
        }
        position += 1
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    mutating func word(_ word: StaticString) throws(Failure) {
        let end = position + word.utf8CodeUnitCount
        let isThere = word.withUTF8Buffer { end <= bytes.count && bytes[position..<end].elementsEqual($0) }
        guard isThere else { throw failure("a word that is none of true, false and null") }
        position = end
    }

    mutating func number() throws(Failure) {
        _ = take(UInt8(ascii: "-"))
        // 012 is no number of JSON.
        var isNumber = take(UInt8(ascii: "0")) ? !isDigit : digits() > 0
        if isNumber, take(UInt8(ascii: ".")) { isNumber = digits() > 0 }
        if isNumber, let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            isNumber = digits() > 0
        }
        guard isNumber else { throw failure("what is no value of JSON") }
    }

    private var isDigit: Bool { next.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false }

    /// Skips digits, and returns how many there were.
    private mutating func digits() -> Int {
        let start = position
        while isDigit { position += 1 }
        return position - start
    }

    // MARK: Strings

    /// What stands between quotation marks, with its escapes resolved: `"\u0061"` is the key `"a"`.
    mutating func string() throws(Failure) -> String {
        position += 1
        var start = position
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text += bytes[start..<position]
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("bytes that are not UTF-8 in a string")
                }
                return string
            case UInt8(ascii: "\\"):
                text += bytes[start..<position]
                text += String(try escape()).utf8
                start = position
            case 0..<0x20: throw failure("a control character in a string")
            default: position += 1
            }
        }
        throw failure("a string that does not end")
    }

    private mutating func escape() throws(Failure) -> Character {
        position += 1
        guard let byte = next else { throw failure("a string that does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(UnicodeScalar(byte))
        default: throw failure("an escape in a string that JSON does not know")
        }
    }

    /// Four hexadecimal digits, or twice four of a surrogate pair.
    private mutating func unicodeEscape() throws(Failure) -> Character {
        let unit = try hexadecimal()
        if let scalar = UnicodeScalar(unit) { return Character(scalar) }
        guard (0xD800..<0xDC00).contains(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw failure("half of a surrogate pair in a string")
        }
        let other = try hexadecimal()
        guard (0xDC00..<0xE000).contains(other),
            let scalar = UnicodeScalar(0x10000 + UInt32(unit - 0xD800) << 10 + UInt32(other - 0xDC00))
        else { throw failure("half of a surrogate pair in a string") }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(Failure) -> UInt16 {
        let digits = bytes[position..<min(bytes.count, position + 4)]
        guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("an escape in a string without its four digits") }
        position += 4
        return unit
    }
}
