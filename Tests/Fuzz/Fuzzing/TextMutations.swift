/// Changes of text: numbers at the edges of what types hold, words of the format at wrong places, lines that are missing, twice
/// there or exchanged, what nests too deep and what is too long.
struct TextMutations {
    /// Words that mean something in the format.
    let words: [String]

    static let numbers = [
        "0", "-0", "1", "-1", "2", "0.5", "1e308", "1e309", "-1e309", "1e-308", "1e-400", "5e-324", "1e19", "nan",
        "-nan",
        "inf", "-inf", "Infinity", "2147483647", "2147483648", "-2147483649", "4294967296", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "1.7976931348623157e308", "3.4028236e38", "1e39", "0x10",
        "1_000",
        "1,5", "٣", "１", "+1", ".5", "1.", "1e", "00", "1e5", "1000000", "999999999", "1e9", "1e15", "0.1e1",
        String(repeating: "9", count: 400), "0." + String(repeating: "1", count: 400),
        String(repeating: "1", count: 10_000), "1e" + String(repeating: "9", count: 100),
    ]

    private static let odd = [
        "", " ", "\t", "\r", "\r\n", "\u{0}", "\u{1B}[31m", "\u{FEFF}", "\u{85}", "\u{2028}", "\u{200B}", "e\u{301}",
        "\"", "'",
        "\\", "\\u0000", "\\ud800", "|", ",", ";", ":", "#", "-", "{", "}", "[", "]", "&a ", "*a", "<<: ", "!!int ",
        "? ", "%",
        "\u{1F600}",
    ]

    func mutate(_ bytes: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        switch draws.below(12) {
        case 0, 1, 2: replaceNumber(&bytes, &draws)
        case 3, 4: replaceWord(&bytes, &draws)
        case 5: insert(token(&draws), &bytes, &draws)
        case 6, 7: changeLines(&bytes, other, &draws)
        case 8: swapWords(&bytes, &draws)
        case 9: nest(&bytes, &draws)
        default: ByteMutations.mutate(&bytes, other: other, &draws)
        }
    }

    func token(_ draws: inout Draws) -> [UInt8] {
        switch draws.below(4) {
        case 0: Array(draws.pick(Self.numbers).utf8)
        case 1: Array(draws.pick(Self.odd).utf8)
        default: Array((words.isEmpty ? "x" : draws.pick(words)).utf8)
        }
    }

    // MARK: Words

    /// Where the runs of bytes are that satisfy `isPart`; at most a thousand, from a place that is drawn.
    private static func runs(in bytes: [UInt8], where isPart: (UInt8) -> Bool) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start: Int?
        for (index, byte) in bytes.enumerated() {
            if isPart(byte) {
                if start == nil { start = index }
            } else if let begun = start {
                runs.append(begun..<index)
                start = nil
            }
        }
        if let start { runs.append(start..<bytes.count) }
        return runs
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || byte == 0x2E }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F || byte == 0x2D
    }

    private func replaceNumber(_ bytes: inout [UInt8], _ draws: inout Draws) {
        let runs = Self.runs(in: bytes, where: Self.isDigit)
        guard !runs.isEmpty else { return insert(token(&draws), &bytes, &draws) }
        let run = draws.pick(runs)
        // A number near the one that stands there is more often understood than one at an edge.
        if draws.oneIn(4), let value = Double(String(decoding: bytes[run], as: UTF8.self)) {
            let factor = draws.pick([0.5, 2, 10, 100, 1e4, 1e6, 1e-3, 1e-6, -1, 0])
            let near = value * factor
            bytes.replaceSubrange(
                run, with: Array((near == near.rounded() && abs(near) < 1e15 ? "\(Int(near))" : "\(near)").utf8))
        } else {
            bytes.replaceSubrange(run, with: Array(draws.pick(Self.numbers).utf8))
        }
    }

    private func replaceWord(_ bytes: inout [UInt8], _ draws: inout Draws) {
        let runs = Self.runs(in: bytes, where: Self.isWord)
        guard !runs.isEmpty else { return insert(token(&draws), &bytes, &draws) }
        bytes.replaceSubrange(draws.pick(runs), with: token(&draws))
    }

    /// A word in another's place.
    private func swapWords(_ bytes: inout [UInt8], _ draws: inout Draws) {
        let runs = Self.runs(in: bytes, where: Self.isWord)
        guard runs.count > 1 else { return insert(token(&draws), &bytes, &draws) }
        let (from, to) = (draws.pick(runs), draws.pick(runs))
        bytes.replaceSubrange(to, with: Array(bytes[from]))
    }

    private func insert(_ token: [UInt8], _ bytes: inout [UInt8], _ draws: inout Draws) {
        bytes.insert(contentsOf: token, at: draws.below(bytes.count + 1))
    }

    // MARK: Lines

    private func changeLines(_ bytes: inout [UInt8], _ other: [UInt8], _ draws: inout Draws) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let index = draws.below(lines.count)
        switch draws.below(6) {
        case 0: lines.remove(at: index)
        case 1: lines.insert(lines[index], at: draws.below(lines.count))
        case 2: lines.swapAt(index, draws.below(lines.count))
        case 3:
            let times = draws.pick([2, 10, 100, draws.oneIn(20) ? 3000 : 200])
            lines.insert(contentsOf: repeatElement(lines[index], count: times), at: index)
        case 4:
            let others = other.split(separator: 0x0A, omittingEmptySubsequences: false)
            lines.insert(others[draws.below(others.count)], at: index)
        default: lines[index] = [0x20, 0x20] + lines[index]
        }
        bytes = Array(lines.joined(separator: [0x0A]))
    }

    /// Brackets within brackets, or a very long word.
    private func nest(_ bytes: inout [UInt8], _ draws: inout Draws) {
        let depth = draws.pick([8, 100, draws.oneIn(16) ? 20_000 : 600])
        let (open, close) = draws.pick([
            ("[", "]"), ("{a: ", "}"), ("(", ")"), ("2*(", ")"), ("{\"a\":", "}"), ("x", ""),
        ])
        let text =
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: draws.oneIn(3) ? 0 : depth)
        let runs = Self.runs(in: bytes, where: Self.isWord)
        guard !runs.isEmpty else { return insert(Array(text.utf8), &bytes, &draws) }
        bytes.replaceSubrange(draws.pick(runs), with: Array(text.utf8))
    }
}
