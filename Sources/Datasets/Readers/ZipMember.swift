internal import CZlib

/// The contents of a member of a zip archive, whose length and checksum are compared where they end.
final class ZipMember: ByteStream {
    let name: String
    private let total: Int
    var most: Int { max(0, total - done) }
    let compressedCount: Int?
    private let part: FilePart
    private let member: ZipArchive.Member
    private let inflater: Inflater?
    private var input: [UInt8] = []
    private var position = 0
    private var hasEnded = false
    private var done = 0
    private var sum: UInt = 0

    init(_ part: FilePart, _ member: ZipArchive.Member) throws(DataError) {
        (self.part, self.member, name) = (part, member, part.name)
        compressedCount = member.isDeflated ? member.compressedCount : nil
        total = member.isDeflated ? min(member.count, Deflation.most(of: member.compressedCount)) : member.count
        inflater = member.isDeflated ? Inflater(.none) : nil
        guard !member.isDeflated || inflater != nil else { throw DataError("\(name): zlib could not be started") }
    }

    func read(_ count: Int) throws(DataError) -> [UInt8] {
        var output: [UInt8] = []
        while output.count < count, !hasEnded {
            let piece: [UInt8]
            if let inflater {
                piece = try inflate(inflater, min(count - output.count, Self.pieceCount))
            } else {
                piece = try part.read(count - output.count)
                if piece.isEmpty { hasEnded = true }
            }
            sum = piece.withUnsafeBufferPointer { crc32(sum, $0.baseAddress, UInt32($0.count)) }
            done += piece.count
            output += piece
            // What is longer than it is said to be is not read to its end.
            if hasEnded || done > member.count { try checkEnd() }
        }
        if done == member.count, !hasEnded, inflater == nil {
            hasEnded = true
            try checkEnd()
        }
        return output
    }

    private func inflate(_ inflater: Inflater, _ count: Int) throws(DataError) -> [UInt8] {
        if position == input.count { (input, position) = (try part.read(Self.pieceCount), 0) }
        let isInput = !input.isEmpty
        let (output, outcome) = inflater.inflate(input, &position, most: count)
        if outcome == .endOfMember { hasEnded = true }
        guard outcome != .damaged, hasEnded || isInput || !output.isEmpty else {
            throw DataError("\(name): the compressed data are damaged or cut short after \(done + output.count) bytes")
        }
        return output
    }

    private func checkEnd() throws(DataError) {
        guard done == member.count else {
            throw DataError(
                "\(name): \(hasEnded ? "" : "more than ")\(hasEnded ? done : member.count) bytes; the archive's directory says \(member.count)"
            )
        }
        guard UInt32(sum) == member.crc else {
            throw DataError(
                "\(name): the contents' CRC-32 is \(hexadecimal(UInt32(sum))), the archive's directory says \(hexadecimal(member.crc)): the file is damaged"
            )
        }
    }

    private func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
