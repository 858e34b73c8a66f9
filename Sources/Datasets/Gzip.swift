internal import CZlib

/// Decompression by zlib, member by member (RFC 1952).
enum Gzip {
    static func isCompressed(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The whole contents of a gzip file in memory.
    /// - Throws: ``DataError`` naming `name` for data that is damaged, cut short or followed by something else.
    static func decompress(_ bytes: [UInt8], name: String) throws(DataError) -> [UInt8] {
        let file = try CompressedFile(bytes, name: name)
        guard file.isCompressed else { throw DataError("\(name): not a gzip file") }
        var output: [UInt8] = []
        while case let piece = try file.read(CompressedFile.pieceCount), !piece.isEmpty { output += piece }
        return output
    }
}

/// zlib's state for one member after another. Its address has to stay what it is, which a class's own memory does.
final class Inflater {
    enum Outcome {
        /// The member goes on: zlib wants more input, or more room for output.
        case goesOn
        case endOfMember
        case damaged
    }

    private let stream: UnsafeMutablePointer<z_stream>

    /// What stands around the compressed data.
    enum Wrapping: Int32 {
        /// 15 window bits, and 16 for "a gzip header, not a zlib one".
        case gzip = 31
        /// No header around the data, as in zip archives, for which zlib wants a number below 0.
        case none = -15
    }

    /// Nil where zlib has no memory.
    init?(_ wrapping: Wrapping = .gzip) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard inflateInit2_(stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Makes ready for the next member.
    func reset() { inflateReset(stream) }

    /// Decompresses from `input[position...]`, which it moves on, up to `most` bytes.
    func inflate(_ input: [UInt8], _ position: inout Int, most: Int) -> (output: [UInt8], outcome: Outcome) {
        var status = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: most) { output, count in
            input.withUnsafeBufferPointer { input in
                // zlib does not write to its input.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + position })
                stream.pointee.avail_in = UInt32(input.count - position)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(most)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                position = input.count - Int(stream.pointee.avail_in)
                count = most - Int(stream.pointee.avail_out)
            }
        }
        switch status {
        // Z_BUF_ERROR: it could do nothing, since it has had all of its input.
        case Z_OK, Z_BUF_ERROR: return (output, .goesOn)
        case Z_STREAM_END: return (output, .endOfMember)
        default: return (output, .damaged)
        }
    }
}
