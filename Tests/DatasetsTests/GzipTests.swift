import EmbeddedData
import Foundation
import Randomness
import Testing

@testable import Datasets

@Suite struct GzipTests {
    /// An IDX file of shape [2, 2, 3] with the bytes 0...11, gzipped by Python:
    ///
    ///     gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(12)), mtime=0)
    static let small = [UInt8](
        Data(base64Encoded: "H4sIAAAAAAACA2Ng4GBmYGBggmJmBkYmZhZWNnYOTi5uAHgeI4QcAAAA") ?? Data())

    @Test func decompressesWhatPythonCompressed() throws {
        #expect(Gzip.isCompressed(Self.small))
        let images = try IDX(CompressedFile(Self.small, name: "images.gz"), dimensions: 3)
        #expect(images.shape == [2, 2, 3] && Array(images.data) == (0..<12).map { UInt8($0) })
    }

    @Test func plainFilesAreNotTakenForCompressed() {
        #expect(!Gzip.isCompressed(idx([1], [5])) && !Gzip.isCompressed([]) && !Gzip.isCompressed([0x1F]))
    }

    @Test func everyTruncationThrowsAndNamesTheFile() {
        for count in Self.small.indices {
            let message = dataError { _ = try Gzip.decompress(Array(Self.small[..<count]), name: "images.gz") }
            #expect(message.hasPrefix("images.gz: "), "\(count) bytes: \(message)")
        }
    }

    @Test func truncationsOfALargeFileThrow() {
        // More than one chunk of output; cut at the ends and in a hundred places between.
        let whole = EmbeddedData.digitsCSVGzipped
        var stream = RandomStream(test: 1)
        let cuts =
            [1, 2, 9, 10, 11, whole.count - 8, whole.count - 1] + (0..<100).map { _ in stream.int(1...whole.count - 1) }
        for count in cuts {
            #expect(!dataError { _ = try Gzip.decompress(Array(whole[..<count]), name: "x") }.isEmpty, "\(count) bytes")
        }
    }

    @Test func flippedBitsThrowOrChangeNothing() throws {
        let contents = try Gzip.decompress(Self.small, name: "x")
        var harmless = 0
        for index in Self.small.indices {
            for bit in 0..<8 {
                var damaged = Self.small
                damaged[index] ^= 1 << bit
                if let output = try? Gzip.decompress(damaged, name: "x") {
                    #expect(output == contents, "bit \(bit) of byte \(index)")
                    harmless += 1
                }
            }
        }
        // In the header's ten bytes, the time, the extra flags and the system's name (6 bytes) do not matter, nor do a
        // few of the flags, nor the bits that fill the last byte of the data.
        #expect(harmless >= 48 && harmless < 64, "\(harmless) harmless flips of \(Self.small.count * 8)")
    }

    /// 65,536 zeros, gzipped by Python.
    private static let zeros = [UInt8](
        Data(
            base64Encoded:
                "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA"
        )
            ?? Data())

    @Test func severalMembersAreOneFile() throws {
        let contents = try Gzip.decompress(Self.small, name: "x")
        #expect(try Gzip.decompress(Self.small + Self.small, name: "x") == contents + contents)
        let many = (0..<100).flatMap { _ in Self.zeros } + Self.small
        #expect(try Gzip.decompress(many, name: "x") == [UInt8](repeating: 0, count: 6_553_600) + contents)
        for count in Self.small.count + 1..<2 * Self.small.count {
            let message = dataError { _ = try Gzip.decompress(Array((Self.small + Self.small)[..<count]), name: "x") }
            #expect(!message.isEmpty, "\(count) bytes")
        }
    }

    @Test func zerosBehindTheLastMemberArePadding() throws {
        let contents = try Gzip.decompress(Self.small, name: "x")
        for count in [1, 2, 511, 300_000] {
            let padding = [UInt8](repeating: 0, count: count)
            #expect(try Gzip.decompress(Self.small + padding, name: "x") == contents, "\(count) zeros")
            #expect(try Gzip.decompress(Self.small + padding + Self.small, name: "x") == contents + contents)
        }
    }

    @Test func whatIsNoMemberBehindTheLastOneIsNamed() {
        for garbage in [[1], [0x1F], [0x1F, 0x8C, 8], [0, 0, 7], Array("<html>404</html>".utf8)] as [[UInt8]] {
            let message = dataError { _ = try Gzip.decompress(Self.small + garbage, name: "images.gz") }
            let count = garbage.drop { $0 == 0 }.count
            let words = "images.gz: \(count) byte\(count == 1 ? "" : "s") behind the gzip data"
            #expect(message.hasPrefix(words), "\(garbage): \(message)")
        }
        let long = Self.small + [UInt8](repeating: 7, count: 1_000_000)
        #expect(dataError { _ = try Gzip.decompress(long, name: "x") }.hasPrefix("x: 1000000 bytes behind"))
    }

    /// A hundred kilobytes that unpack to a gigabyte: what the header asks for is read, and what follows is not kept.
    @Test func noMoreIsUnpackedThanTheHeaderAsksFor() throws {
        let bomb = Self.small + (0..<16_384).flatMap { _ in Self.zeros }
        let file = try CompressedFile(bomb, name: "images.gz")
        let message = dataError { _ = try IDX(file, dimensions: 3) }
        #expect(message == "images.gz: more than 16777244 bytes, but its header [2, 2, 3] asks for 28")
        // A shape that nobody wants is refused before its data are read.
        let wanted = dataError {
            _ = try IDX(CompressedFile(Self.small, name: "images.gz"), dimensions: 3) { shape throws(DataError) in
                throw DataError("\(shape)")
            }
        }
        #expect(wanted == "[2, 2, 3]")
    }
}
