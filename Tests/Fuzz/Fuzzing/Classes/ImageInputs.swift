import CZlib
import Datasets
import Foundation

/// IDX files of images and of labels, gzipped or not, in place of one of MNIST's four.
final class ImageInputs: InputClass {
    let name: String
    private let isCompressed: Bool
    private let folder: WorkFolder
    private static let samples = 3

    init(isCompressed: Bool) throws {
        self.isCompressed = isCompressed
        name = isCompressed ? "gzip" : "idx"
        folder = try WorkFolder(name)
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("mnist"), withIntermediateDirectories: true)
        for file in ImageDatabase.mnist.files {
            try folder.write(Self.file(file.name.contains("labels")), "mnist/\(file.name)")
        }
    }

    deinit { folder.removeAll() }

    private static func file(_ isOfLabels: Bool) -> [UInt8] {
        func header(_ shape: [Int]) -> [UInt8] {
            [0, 0, 8, UInt8(shape.count)] + shape.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] }
        }
        guard !isOfLabels else { return header([samples]) + [1, 9, 0] }
        return header([samples, 28, 28]) + (0..<samples * 784).map { UInt8($0 % 7 == 0 ? $0 % 251 : 0) }
    }

    func makeSeeds() throws -> [[UInt8]] {
        let plain = [Self.file(false), Self.file(true)]
        return isCompressed ? plain + plain.map { Deflate.member($0) } : plain
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        ByteMutations.mutate(&input, other: other, &draws)
    }

    func finish(_ input: inout [UInt8], _ draws: inout Draws) {
        guard isCompressed, !input.starts(with: [0x1F, 0x8B]) else { return }
        switch draws.below(24) {
        case 0, 1: input = Deflate.member(input)
        case 2...6:
            let half = draws.below(input.count + 1)
            input = Deflate.member(Array(input[..<half])) + Deflate.member(Array(input[half...]))
        case 7...11: input = Deflate.member(input, header: &draws)
        case 12...15:
            input =
                Deflate.member(input) + [UInt8](repeating: draws.oneIn(2) ? 0 : draws.byte(), count: draws.below(20))
        case 16:
            input = Deflate.bomb(
                beginning: input, megabytes: draws.pick([1, 1, 1, 4, 4, 40, draws.oneIn(8) ? 512 : 64]))
        default: input = Deflate.member(input)
        }
        while draws.oneIn(3) { ByteMutations.mutate(&input, other: input, &draws) }
    }

    /// Small files stand for labels, larger ones for images.
    private func target(_ input: [UInt8]) -> ImageDatabase.File {
        input.count < 200 ? ImageDatabase.mnist.trainingLabels : ImageDatabase.mnist.trainingImages
    }

    func read(_ input: [UInt8]) throws {
        let file = target(input)
        let name = "mnist/\(file.name)"
        defer { try? folder.write(Self.file(file.name.contains("labels")), name) }
        try folder.write(input, name)
        let split = try ImageFiles(.mnist, in: DataDirectory(folder.url.path, environment: [:])).load()
        let contents =
            isCompressed && input.starts(with: [0x1F, 0x8B]) ? Deflate.inflated(input, most: 1 << 20) : input
        let expected = Self.file(file.name.contains("labels"))
        guard let contents, contents.count == expected.count else {
            throw WrongAnswer("accepted \(input.count) bytes that are no whole file of \(Self.samples) samples")
        }
        guard split.training.count == Self.samples else { throw WrongAnswer("read \(split.training.count) samples") }
        if file.name.contains("labels"), split.training.labels != Array(contents.suffix(Self.samples)) {
            throw WrongAnswer("labels \(split.training.labels)")
        }
    }

    /// The input's bytes, and as many as the header within asks for, as far as the contents have so many.
    func justifiedBytes(_ input: [UInt8]) -> Int {
        guard let start = Deflate.inflated(input, most: 16, mayGoOn: true) ?? Optional(Array(input.prefix(16))),
            start.count >= 8
        else { return input.count }
        let dimensions = Int(start[3])
        var size = 1
        for dimension in 0..<min(dimensions, 3) where start.count >= 8 + 4 * dimension {
            let extent = start[(4 + 4 * dimension)..<(8 + 4 * dimension)].reduce(0) { $0 << 8 | Int($1) }
            size = min(1 << 40, size * max(1, extent))
        }
        return input.count + min(size, Deflate.inflatedCount(input))
    }
}

/// Gzip streams that a writer of files makes, and those that it would not.
package enum Deflate {
    /// One member (RFC 1952).
    static func member(_ bytes: [UInt8]) -> [UInt8] {
        [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + raw(bytes, flush: Z_FINISH) + trailer(bytes)
    }

    /// A member whose header may have extra bytes, a name, a comment or a checksum beside the usual.
    static func member(_ bytes: [UInt8], header draws: inout Draws) -> [UInt8] {
        let flags = UInt8(draws.below(32))
        var header: [UInt8] = [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3]
        if flags & 4 != 0 { header += [3, 0, 1, 2, 3] }
        if flags & 8 != 0 { header += Array("name".utf8) + [0] }
        if flags & 16 != 0 { header += Array("comment".utf8) + [0] }
        if flags & 2 != 0 {
            let sum = header.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
            header += [UInt8(sum & 255), UInt8(sum >> 8 & 255)]
        }
        return header + raw(bytes, flush: Z_FINISH) + trailer(bytes)
    }

    /// Contents that go on for many megabytes of zeros, in a thousandth of the space.
    package static func bomb(beginning bytes: [UInt8], megabytes: Int) -> [UInt8] {
        let zeros = raw([UInt8](repeating: 0, count: 1 << 20), flush: Z_FULL_FLUSH)
        let body = raw(bytes, flush: Z_FULL_FLUSH) + Array(repeatElement(zeros, count: megabytes).joined())
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + body + [3, 0] + [0, 0, 0, 0, 0, 0, 0, 0]
    }

    private static func trailer(_ bytes: [UInt8]) -> [UInt8] {
        let sum = UInt32(bytes.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) })
        return [sum, UInt32(truncatingIfNeeded: bytes.count)].flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        }
    }

    /// Blocks without a header or a checksum around them.
    static func raw(_ bytes: [UInt8], flush: Int32) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8](repeating: 0, count: bytes.count + bytes.count / 8 + 64))
        return input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
                (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(output.count))
                deflate(&stream, flush)
                return Array(output[..<(output.count - Int(stream.avail_out))])
            }
        }
    }

    /// All members' contents; nil where they are damaged, or are more than `most`.
    ///
    /// - Parameter mayGoOn: whether the first `most` bytes will do.
    static func inflated(_ bytes: [UInt8], most: Int, mayGoOn: Bool = false) -> [UInt8]? {
        var result: [UInt8] = []
        let isWhole = inflate(bytes) { chunk in
            result += chunk
            return result.count <= most
        }
        if mayGoOn, !result.isEmpty { return Array(result.prefix(most)) }
        return isWhole && result.count <= most ? result : nil
    }

    /// How many bytes there are before the stream ends or is damaged.
    static func inflatedCount(_ bytes: [UInt8]) -> Int {
        guard bytes.starts(with: [0x1F, 0x8B]) else { return bytes.count }
        var count = 0
        _ = inflate(bytes) {
            count += $0.count
            return true
        }
        return count
    }

    private static func inflate(_ bytes: [UInt8], _ body: (ArraySlice<UInt8>) -> Bool) -> Bool {
        var stream = z_stream()
        inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { inflateEnd(&stream) }
        var input = bytes
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        return input.withUnsafeMutableBufferPointer { input in
            (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
            while true {
                let status = chunk.withUnsafeMutableBufferPointer { chunk in
                    (stream.next_out, stream.avail_out) = (chunk.baseAddress, UInt32(chunk.count))
                    return CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                let count = chunk.count - Int(stream.avail_out)
                guard body(chunk[..<count]) else { return false }
                if status == Z_STREAM_END {
                    // What follows may be another member; zeros may fill up a block.
                    let rest = input[(input.count - Int(stream.avail_in))...]
                    if rest.allSatisfy({ $0 == 0 }) { return true }
                    guard inflateReset(&stream) == Z_OK else { return false }
                } else if status != Z_OK || count == 0 && stream.avail_in == 0 {
                    return false
                }
            }
        }
    }
}
