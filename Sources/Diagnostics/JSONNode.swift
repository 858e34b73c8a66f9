/// A value of a JSON text and the line on which it begins, for readers that tell people where a mistake is.
package struct JSONNode: Sendable {
    package enum Value: Sendable {
        /// An object's members in the order of the text; no key stands twice.
        case object([(key: String, node: JSONNode)])
        case list([JSONNode])
        case string(String)
        /// A number as it is written.
        case number(String)
        case truth(Bool)
        case null
    }

    package let value: Value
    /// The line on which the value begins, from 1.
    package let line: Int

    /// - Throws: ``JSONText/Failure`` with the first thing that is wrong.
    package static func parse(_ bytes: [UInt8]) throws(JSONText.Failure) -> JSONNode {
        var text = JSONText(bytes)
        let node = try text.node(depth: 0)
        text.skipSpace()
        guard text.next == nil else { throw text.failure("text behind the JSON value") }
        return node
    }

    /// The value in words, for an error that says what was found: itself where it is short.
    package var words: String {
        switch value {
        case .object(let fields): "an object of \(fields.count) keys"
        case .list(let nodes): "a list of \(nodes.count)"
        case .string(let text): "'\(text)'"
        case .number(let text): text
        case .truth(let isTrue): "\(isTrue)"
        case .null: "null"
        }
    }
}

extension JSONText {
    fileprivate mutating func node(depth: Int) throws(Failure) -> JSONNode {
        skipSpace()
        let (begin, start) = (line, position)
        switch next {
        case UInt8(ascii: "{"): return JSONNode(value: .object(try fields(depth: depth + 1)), line: begin)
        case UInt8(ascii: "["): return JSONNode(value: .list(try nodes(depth: depth + 1)), line: begin)
        case UInt8(ascii: "\""): return JSONNode(value: .string(try string()), line: begin)
        case UInt8(ascii: "t"):
            try word("true")
            return JSONNode(value: .truth(true), line: begin)
        case UInt8(ascii: "f"):
            try word("false")
            return JSONNode(value: .truth(false), line: begin)
        case UInt8(ascii: "n"):
            try word("null")
            return JSONNode(value: .null, line: begin)
        case nil: throw failure("the text ends where a value is expected")
        default:
            try number()
            return JSONNode(value: .number(String(decoding: bytes[start..<position], as: UTF8.self)), line: begin)
        }
    }

    private mutating func fields(depth: Int) throws(Failure) -> [(key: String, node: JSONNode)] {
        try enter(depth)
        var (fields, keys): ([(key: String, node: JSONNode)], Set<String>) = ([], [])
        skipSpace()
        if take(UInt8(ascii: "}")) { return fields }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("an object without a key where one is expected") }
            let key = try string()
            guard keys.insert(key).inserted else { throw failure("the key '\(key)' stands twice in one object") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("no colon behind the key '\(key)'") }
            fields.append((key, try node(depth: depth)))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("an object that does not end") }
        return fields
    }

    private mutating func nodes(depth: Int) throws(Failure) -> [JSONNode] {
        try enter(depth)
        var nodes: [JSONNode] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return nodes }
        repeat {
            nodes.append(try node(depth: depth))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("a list that does not end") }
        return nodes
    }
}
