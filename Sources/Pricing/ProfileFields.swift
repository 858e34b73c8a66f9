import Diagnostics

/// An object of a profile, read key by key.
struct ProfileFields {
    private let file: String
    /// Where the object is in the file, for messages, such as `steps[1]`; empty for the whole file.
    private let place: String
    private let line: Int
    private let nodes: [String: JSONNode]

    init(
        _ file: String, _ what: String, at place: String = "", _ node: JSONNode, allowed: [String]
    ) throws(PricingError) {
        (self.file, self.place, line) = (file, place, node.line)
        guard case .object(let fields) = node.value else {
            throw PricingError(
                """
                \(file):\(node.line): \(place.isEmpty ? what : "'\(place)'") is \(node.words); allowed is an object with the keys \
                \(allowed.joined(separator: ", "))
                """)
        }
        for (key, node) in fields where !allowed.contains(key) {
            throw PricingError(
                "\(file):\(node.line): "
                    + UnknownName.message("key\(place.isEmpty ? "" : " of '\(place)'")", found: key, allowed: allowed))
        }
        nodes = Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.node) })
    }

    func has(_ key: String) -> Bool { nodes[key] != nil }

    /// - Parameter found: the found value in words; nil for the value of the key.
    func error(_ key: String, _ found: String?, _ allowed: String) -> PricingError {
        let path = place.isEmpty ? key : "\(place).\(key)"
        return PricingError(
            "\(file):\(nodes[key]?.line ?? line): '\(path)' is \(found ?? nodes[key]?.words ?? "missing"); allowed is \(allowed)"
        )
    }

    func required<Value>(_ key: String, _ value: Value?) throws(PricingError) -> Value {
        guard let value else { throw error(key, nil, "one value") }
        return value
    }

    /// A text that must be present.
    func text(_ key: String) throws(PricingError) -> String {
        guard case .string(let text)? = nodes[key]?.value, !text.isEmpty, text.count <= 10_000 else {
            throw error(key, nil, "a text that is not empty, of up to 10000 characters")
        }
        return text
    }

    /// A number; nil where the key is missing.
    func number(_ key: String, _ allowed: ClosedRange<Double>) throws(PricingError) -> Double? {
        guard let node = nodes[key] else { return nil }
        guard let value = Self.number(node), allowed.contains(value) else {
            throw error(
                key, nil, "a number from \(Format.exact(allowed.lowerBound)) to \(Format.exact(allowed.upperBound))")
        }
        return value
    }

    /// A whole number; nil where the key is missing.
    ///
    /// - Parameter words: what is allowed, where that is not all of the range.
    func count(_ key: String, _ allowed: ClosedRange<Int>, words: String? = nil) throws(PricingError) -> Int? {
        guard let node = nodes[key] else { return nil }
        guard let value = Self.number(node).flatMap(Int.init(exactly:)), allowed.contains(value) else {
            throw error(key, nil, words ?? "a whole number from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return value
    }

    /// Two numbers, the second no smaller; nil where the key is missing.
    func range(_ key: String, _ allowed: ClosedRange<Double>) throws(PricingError) -> ClosedRange<Double>? {
        guard let node = nodes[key] else { return nil }
        guard case .list(let list) = node.value, list.count == 2, let low = Self.number(list[0]),
            let high = Self.number(list[1]), low <= high, allowed.contains(low), allowed.contains(high)
        else { throw error(key, nil, "a list of two ascending numbers of seconds") }
        return low...high
    }

    /// A list of objects, one at least.
    func objects(_ key: String, most: Int, allowed: [String]) throws(PricingError) -> [ProfileFields] {
        guard case .list(let list)? = nodes[key]?.value, !list.isEmpty, list.count <= most else {
            throw error(key, nil, "a list of 1 to \(most) objects with the keys \(allowed.joined(separator: ", "))")
        }
        var entries: [ProfileFields] = []
        for (index, node) in list.enumerated() {
            entries.append(try ProfileFields(file, "an entry", at: "\(key)[\(index)]", node, allowed: allowed))
        }
        return entries
    }

    private static func number(_ node: JSONNode) -> Double? {
        guard case .number(let text) = node.value, let value = Double(text), value.isFinite else { return nil }
        return value
    }
}
