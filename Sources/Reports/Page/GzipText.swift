internal import CZlib
import Foundation

/// Text as a gzip file (RFC 1952), which pandas, spreadsheets and every archive program open.
enum GzipText {
    /// The same text gives the same bytes with one version of zlib: no time and no name is in the header.
    ///
    /// - Returns: nil where zlib has no memory.
    static func compressed(_ text: String) -> Data? {
        var stream = z_stream()
        // 15 window bits, and 16 for a gzip header.
        guard
            deflateInit2_(
                &stream, Z_BEST_COMPRESSION, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var input = Array(text.utf8)
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(input.count))))
        let status = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                (stream.next_in, stream.avail_in) = (input.baseAddress, uInt(input.count))
                (stream.next_out, stream.avail_out) = (output.baseAddress, uInt(output.count))
                return deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { return nil }
        return Data(output.prefix(Int(stream.total_out)))
    }
}
