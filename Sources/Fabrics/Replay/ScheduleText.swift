/// A program of a schedule as text: the numbers of its operations, with what repeats in a row written once.
///
///     0 22*(1 2) 3 2 0          operation 0, twenty-two times 1 and 2, then 3, 2 and 0
///     30*(0 22*(1 2) 3 2) 0     repetitions may lie within each other
package enum ScheduleText {
    /// The longest block whose repetition is looked for, in operations and blocks.
    private static let longestBlock = 64
    private static let deepest = 64

    private enum Symbol: Hashable {
        case operation(UInt32)
        case block(times: Int, [Int])
    }

    /// - Complexity: O(n) for n operations, times the longest block.
    package static func write(_ program: [UInt32]) -> String {
        var symbols: [Symbol] = []
        var numbers: [Symbol: Int] = [:]
        func number(_ symbol: Symbol) -> Int {
            if let number = numbers[symbol] { return number }
            numbers[symbol] = symbols.count
            symbols.append(symbol)
            return symbols.count - 1
        }
        var sequence = program.map { number(.operation($0)) }
        // Each pass replaces repetitions by a symbol, which the next may find repeated; short blocks first, so that steps are
        // found before the epochs that they make up.
        var (length, depth) = (1, 0)
        while length <= longestBlock, depth < deepest {
            let shorter = folded(sequence, longest: length) { number(.block(times: $0, $1)) }
            if shorter.count == sequence.count { length *= 2 } else { depth += 1 }
            sequence = shorter
        }
        func text(_ sequence: [Int]) -> String {
            sequence.map { symbol in
                switch symbols[symbol] {
                case .operation(let index): String(index)
                case .block(let times, let block): "\(times)*(\(text(block)))"
                }
            }.joined(separator: " ")
        }
        return text(sequence)
    }

    private static func folded(_ sequence: [Int], longest: Int, _ block: (Int, [Int]) -> Int) -> [Int] {
        var result: [Int] = []
        var index = 0
        while index < sequence.count {
            var times = 1
            var length = 1
            while length <= longest, index + 2 * length <= sequence.count {
                times = repetitions(in: sequence, at: index, of: length)
                if times > 1 { break }
                length += 1
            }
            if times > 1 {
                result.append(block(times, Array(sequence[index..<index + length])))
                index += times * length
            } else {
                result.append(sequence[index])
                index += 1
            }
        }
        return result
    }

    /// How often the block of `length` at `index` stands there in a row.
    private static func repetitions(in sequence: [Int], at index: Int, of length: Int) -> Int {
        var end = index + length
        while end < sequence.count, sequence[end] == sequence[end - length] { end += 1 }
        return (end - index) / length
    }

    /// A text that is no program.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameters:
    ///   - operations: how many there are.
    ///   - most: how long the program may be.
    /// - Throws: ``Failure`` saying what was found, where, and what is allowed.
    package static func read(_ text: String, operations: Int, most: Int) throws(Failure) -> [UInt32] {
        var reader = Reader(text: Array(text.utf8), operations: operations, most: most)
        let program = try reader.sequence(depth: 0)
        guard reader.isAtEnd else { throw reader.failure("a ')' too many") }
        return program
    }

    private struct Reader {
        let text: [UInt8]
        let operations: Int
        let most: Int
        var position = 0

        var isAtEnd: Bool { position == text.count }

        func failure(_ what: String) -> Failure {
            Failure(description: "\(what) at character \(position + 1) of a program; allowed is such as '0 22*(1 2) 3'")
        }

        mutating func sequence(depth: Int) throws(Failure) -> [UInt32] {
            guard depth <= ScheduleText.deepest else { throw failure("repetitions too deep") }
            var result: [UInt32] = []
            while true {
                while skip(" ") {}
                if isAtEnd || text[position] == UInt8(ascii: ")") { return result }
                let value = try number()
                if skip("*") {
                    guard skip("(") else { throw failure("no '(' behind '*'") }
                    let block = try sequence(depth: depth + 1)
                    guard skip(")") else { throw failure("no ')'") }
                    // A count of 0 or an empty block is refused, since a short text could repeat nothing for ever.
                    guard value > 0, !block.isEmpty else { throw failure("a repetition of nothing") }
                    let (count, isOver) = block.count.multipliedReportingOverflow(by: value)
                    guard !isOver, count <= most - result.count else { throw tooLong() }
                    result.reserveCapacity(result.count + count)
                    for _ in 0..<value { result += block }
                } else {
                    guard value < operations else {
                        throw failure("operation \(value) of \(operations)")
                    }
                    guard result.count < most else { throw tooLong() }
                    result.append(UInt32(value))
                }
            }
        }

        private func tooLong() -> Failure { failure("more than \(most) operations") }

        private mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard !isAtEnd, text[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private mutating func number() throws(Failure) -> Int {
            var value = 0
            let start = position
            while !isAtEnd, case let digit = Int(text[position]) - 48, (0...9).contains(digit), value < 1 << 32 {
                value = value * 10 + digit
                position += 1
            }
            guard position > start else { throw failure("no number") }
            return value
        }
    }
}
