internal import CZlib

/// Decompression by zlib.
enum Gzip {
    static func isCompressed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The contents of a gzip file.
    /// - Throws: ``DataError`` naming `name` for data that is damaged or cut short.
    static func decompress(_ bytes: [UInt8], name: String) throws(DataError) -> [UInt8] {
        var stream = z_stream()
        // 15 window bits, and 16 for "a gzip header, not a zlib one".
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DataError("\(name): zlib could not be started")
        }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var status = Z_OK
        var input = bytes
        input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var chunk = [UInt8](repeating: 0, count: 1 << 18)
            while status == Z_OK {
                chunk.withUnsafeMutableBufferPointer {
                    stream.next_out = $0.baseAddress
                    stream.avail_out = UInt32($0.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                }
                output.append(contentsOf: chunk[..<(chunk.count - Int(stream.avail_out))])
                if status == Z_OK, stream.avail_in == 0, stream.avail_out != 0 { status = Z_BUF_ERROR }
            }
        }
        guard status == Z_STREAM_END else {
            throw DataError("\(name): the gzip data is damaged or cut short after \(output.count) decompressed bytes")
        }
        return output
    }
}
