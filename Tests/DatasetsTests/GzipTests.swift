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
        let images = try IDX.decode(Gzip.decompress(Self.small, name: "images.gz"), dimensions: 3, name: "images")
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
        // Of the header's ten bytes the time, the extra flags and the system's name do not matter (6 bytes), nor do a few
        // of its flags and the bits that fill the last byte of the data.
        #expect(harmless >= 48 && harmless < 64, "\(harmless) harmless flips of \(Self.small.count * 8)")
    }
}
