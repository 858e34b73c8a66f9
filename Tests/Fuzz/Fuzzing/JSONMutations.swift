/// Changes of a JSON text that leave it one, mostly: values at edges or of another kind, members that are missing, twice there
/// or exchanged, lists that are longer. They are made in the text, so that keys can stand twice and numbers can be written in ways
/// that no encoder knows.
struct JSONMutations {
    let text: TextMutations

    /// - Parameter words: strings that mean something in the format.
    init(words: [String]) { text = TextMutations(words: words) }

    func mutate(_ bytes: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        guard !draws.oneIn(8) else { return text.mutate(&bytes, other: other, &draws) }
        let spans = JSONSpans(bytes)
        guard !spans.values.isEmpty else { return text.mutate(&bytes, other: other, &draws) }
        switch draws.below(10) {
        case 0, 1, 2: replaceNumber(&bytes, spans, &draws)
        case 3: bytes.replaceSubrange(draws.pick(spans.values), with: value(&draws))
        case 4:
            let (from, to) = (draws.pick(spans.values), draws.pick(spans.values))
            bytes.replaceSubrange(to, with: Array(bytes[from]))
        case 5: replaceString(&bytes, spans, &draws)
        case 6: remove(&bytes, spans.members, &draws)
        case 7: repeatOne(&bytes, spans.members, times: 1, &draws)
        case 8: remove(&bytes, spans.elements, &draws)
        default: repeatOne(&bytes, spans.elements, times: draws.pick([1, 2, 50, draws.oneIn(10) ? 3000 : 5]), &draws)
        }
    }

    private func value(_ draws: inout Draws) -> [UInt8] {
        switch draws.below(4) {
        case 0: Array(draws.pick(["null", "true", "false", "[]", "{}", "\"\"", "[[]]", "[null]", "{\"a\":1}"]).utf8)
        case 1: [0x22] + text.token(&draws) + [0x22]
        default: Array(draws.pick(TextMutations.numbers).utf8)
        }
    }

    private func replaceNumber(_ bytes: inout [UInt8], _ spans: JSONSpans, _ draws: inout Draws) {
        let numbers = spans.values.filter {
            bytes[$0.lowerBound] == 0x2D || (0x30...0x39).contains(bytes[$0.lowerBound])
        }
        guard !numbers.isEmpty else { return }
        let range = draws.pick(numbers)
        if draws.oneIn(3), let value = Double(String(decoding: bytes[range], as: UTF8.self)) {
            let near = value * draws.pick([-1, 0, 0.5, 2, 10, 1e3, 1e6, 1e9, 1e-9]) + draws.pick([0, 0, 1, -1])
            let isWhole = near == near.rounded() && abs(near) < 1e15
            bytes.replaceSubrange(range, with: Array((isWhole ? "\(Int(near))" : "\(near)").utf8))
        } else if draws.oneIn(8) {
            bytes.replaceSubrange(range, with: Array(draws.pick(["\"nan\"", "\"inf\"", "\"-inf\""]).utf8))
        } else {
            bytes.replaceSubrange(range, with: Array(draws.pick(TextMutations.numbers).utf8))
        }
    }

    private func replaceString(_ bytes: inout [UInt8], _ spans: JSONSpans, _ draws: inout Draws) {
        let strings = spans.values.filter { bytes[$0.lowerBound] == 0x22 && $0.count >= 2 }
        guard !strings.isEmpty else { return }
        let range = draws.pick(strings)
        let inner = range.lowerBound + 1..<range.upperBound - 1
        var content = Array(bytes[inner])
        if draws.oneIn(2) {
            content = text.token(&draws)
        } else {
            text.mutate(&content, other: Array(bytes[draws.pick(strings)]), &draws)
        }
        bytes.replaceSubrange(inner, with: content)
    }

    private func remove(_ bytes: inout [UInt8], _ spans: [JSONSpans.Entry], _ draws: inout Draws) {
        guard !spans.isEmpty else { return }
        bytes.removeSubrange(draws.pick(spans).withComma)
    }

    private func repeatOne(_ bytes: inout [UInt8], _ spans: [JSONSpans.Entry], times: Int, _ draws: inout Draws) {
        guard !spans.isEmpty else { return }
        let entry = draws.pick(spans)
        let copy = Array(bytes[entry.range])
        bytes.insert(
            contentsOf: Array(repeatElement(copy + [0x2C, 0x0A], count: times).joined()), at: entry.range.lowerBound)
    }
}

/// Where the values of a JSON text are.
struct JSONSpans {
    /// A member of an object, or an element of a list.
    struct Entry {
        /// Where the entry lies; a member of an object includes its key.
        var range: Range<Int>
        /// Where the entry lies, including the comma that goes when the entry goes.
        var withComma: Range<Int>
        /// How many objects and lists the entry lies in.
        var depth: Int
    }

    private(set) var values: [Range<Int>] = []
    private(set) var members: [Entry] = []
    private(set) var elements: [Entry] = []

    private enum Container { case object, list }

    /// Finds what it can; where the text is no JSON, only what lies before the place at which it stops to be JSON.
    init(_ bytes: [UInt8]) {
        var open: [(kind: Container, start: Int, entryStart: Int, comma: Int?)] = []
        var index = 0
        /// - Parameter next: the place of the comma or bracket behind the entry.
        func endEntry(at end: Int, next: Int, isLast: Bool) -> Entry? {
            guard let last = open.last, last.entryStart >= 0, last.entryStart < end else { return nil }
            // The first entry takes the comma behind it along, the others that before them.
            let gone = last.comma.map { $0..<end } ?? last.entryStart..<(isLast ? end : next + 1)
            return Entry(range: last.entryStart..<end, withComma: gone, depth: open.count)
        }
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09, 0x3A: index += 1
            case 0x7B, 0x5B:
                if open.last.map({ $0.entryStart < 0 }) == true { open[open.count - 1].entryStart = index }
                open.append((bytes[index] == 0x7B ? .object : .list, index, -1, nil))
                index += 1
            case 0x2C, 0x7D, 0x5D:
                let isEnd = bytes[index] != 0x2C
                var end = index
                while end > 0, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[end - 1]) { end -= 1 }
                if let last = open.last, let entry = endEntry(at: end, next: index, isLast: isEnd) {
                    if last.kind == .object { members.append(entry) } else { elements.append(entry) }
                }
                if isEnd {
                    guard let last = open.popLast() else { return }
                    values.append(last.start..<index + 1)
                } else if !open.isEmpty {
                    open[open.count - 1].entryStart = -1
                    open[open.count - 1].comma = index
                }
                index += 1
            default:
                let start = index
                if bytes[index] == 0x22 {
                    index += 1
                    while index < bytes.count, bytes[index] != 0x22 { index += bytes[index] == 0x5C ? 2 : 1 }
                    index = min(bytes.count, index + 1)
                } else {
                    while index < bytes.count, ![0x2C, 0x7D, 0x5D, 0x20, 0x0A, 0x3A].contains(bytes[index]) {
                        index += 1
                    }
                }
                if open.last.map({ $0.entryStart < 0 }) == true { open[open.count - 1].entryStart = start }
                // A string before a colon is a key.
                var next = index
                while next < bytes.count, bytes[next] == 0x20 { next += 1 }
                if next >= bytes.count || bytes[next] != 0x3A { values.append(start..<index) }
                if index == start { return }
            }
        }
    }
}
