import Foundation

/// The contents of a file, decompressed where it is gzipped, in pieces: a reader takes as many bytes as the file's own header
/// asks for, and a small file that unpacks to gigabytes costs no more memory than that.
///
/// A gzip file may consist of several members, one after another, whose contents belong together (RFC 1952, section 2.2).
/// Zeros behind the last one are padding and ignored, as gzip does; anything else there is an error.
final class CompressedFile {
    /// The file's name in error messages.
    let name: String
    var isCompressed: Bool { inflater != nil }

    /// Returns the next bytes of the file; none at its end.
    private let next: () throws(DataError) -> [UInt8]
    private var inflater: Inflater?
    private var state = State.plain
    private var input: [UInt8] = []
    /// How many of `input` are used up.
    private var position = 0
    /// How many bytes of the contents were read.
    private var count = 0

    private enum State {
        case plain
        /// Within a member.
        case member
        /// Behind a member, where another may begin.
        case between
        case end
    }

    static let pieceCount = 1 << 18

    /// - Parameter name: for error messages; nil for the path.
    convenience init(_ url: URL, name: String? = nil) throws(DataError) {
        let name = name ?? url.path
        guard let file = try? FileHandle(forReadingFrom: url) else { throw DataError("\(name) cannot be read") }
        try self.init(name: name) { () throws(DataError) in
            do {
                return try file.read(upToCount: Self.pieceCount).map { [UInt8]($0) } ?? []
            } catch {
                throw DataError("\(name) cannot be read")
            }
        }
    }

    convenience init(_ bytes: [UInt8], name: String) throws(DataError) {
        var start = 0
        try self.init(name: name) { () throws(DataError) in
            let piece = bytes[start..<min(bytes.count, start + Self.pieceCount)]
            start = piece.endIndex
            return Array(piece)
        }
    }

    private init(name: String, next: @escaping () throws(DataError) -> [UInt8]) throws(DataError) {
        self.name = name
        self.next = next
        input = try next()
        guard Gzip.isCompressed(input) else { return }
        guard let inflater = Inflater() else { throw DataError("\(name): zlib could not be started") }
        (self.inflater, state) = (inflater, .member)
    }

    /// The next `most` bytes of the contents; fewer only where they end.
    /// - Throws: ``DataError`` naming the file for data that are damaged, cut short or followed by something else.
    func read(_ most: Int) throws(DataError) -> [UInt8] {
        var output: [UInt8] = []
        // What a header asks for need not be there.
        output.reserveCapacity(min(most, 1 << 26))
        while output.count < most {
            let piece = try piece(min(most - output.count, Self.pieceCount))
            guard !piece.isEmpty else { break }
            output += piece
        }
        return output
    }

    /// How many bytes of the contents are left, counted up to `most`.
    func countRest(upTo most: Int) throws(DataError) -> Int {
        var rest = 0
        while rest < most {
            let piece = try piece(min(most - rest, Self.pieceCount))
            guard !piece.isEmpty else { break }
            rest += piece.count
        }
        return rest
    }

    /// One to `most` bytes of the contents; none at their end.
    private func piece(_ most: Int) throws(DataError) -> [UInt8] {
        while state != .end {
            let isInput = try fill()
            var piece: [UInt8] = []
            switch state {
            case .plain:
                piece = Array(input[position..<min(input.count, position + most)])
                position += piece.count
                if !isInput { state = .end }
            case .member: piece = try inflate(most, isInput)
            case .between: try beginMember(isInput)
            case .end: break
            }
            count += piece.count
            if !piece.isEmpty { return piece }
        }
        return []
    }

    /// Whether there are bytes of the file that are not used up; else it has ended.
    private func fill() throws(DataError) -> Bool {
        if position == input.count { (input, position) = (try next(), 0) }
        return !input.isEmpty
    }

    private func inflate(_ most: Int, _ isInput: Bool) throws(DataError) -> [UInt8] {
        guard let inflater else { return [] }
        let (output, outcome) = inflater.inflate(input, &position, most: most)
        if outcome == .endOfMember { state = .between }
        // What zlib still holds comes without input; nothing more does.
        guard outcome != .damaged, outcome == .endOfMember || isInput || !output.isEmpty else {
            let total = count + output.count
            throw DataError("\(name): the gzip data is damaged or cut short after \(total) decompressed bytes")
        }
        return output
    }

    /// Skips padding, and takes what follows it for another member.
    private func beginMember(_ isInput: Bool) throws(DataError) {
        guard isInput else {
            state = .end
            return
        }
        while position < input.count, input[position] == 0 { position += 1 }
        guard position < input.count else { return }
        // A member's two marks may stand at the end of one piece and the beginning of the next.
        if position + 1 == input.count { input = [input[position]] + (try next()); position = 0 }
        guard Gzip.isCompressed(input[position...]) else {
            var rest = input.count - position
            while case let piece = try next(), !piece.isEmpty { rest += piece.count }
            throw DataError(
                "\(name): \(rest) byte\(rest == 1 ? "" : "s") behind the gzip data that are no gzip data; allowed are "
                    + "further gzip members, or zeros")
        }
        inflater?.reset()
        state = .member
    }
}
