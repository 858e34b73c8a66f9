import Testing

@testable import Datasets

@Suite struct IDXTests {
    @Test func decodesShapeAndData() throws {
        let labels = try IDX(CompressedFile(idx([3], [7, 8, 9]), name: "labels"), dimensions: 1)
        #expect(labels.shape == [3] && Array(labels.data) == [7, 8, 9])
        let images = try IDX(CompressedFile(idx([2, 2, 3], (0..<12).map { UInt8($0) }), name: "images"), dimensions: 3)
        #expect(images.shape == [2, 2, 3] && Array(images.data) == (0..<12).map { UInt8($0) })
    }

    @Test func extentsAreBigEndian() throws {
        let decoded = try IDX(
            CompressedFile(idx([258], [UInt8](repeating: 1, count: 258)), name: "labels"), dimensions: 1)
        #expect(decoded.shape == [258])
    }

    @Test func everyTruncationThrowsAndNamesTheFile() {
        let whole = idx([2, 2, 3], (0..<12).map { UInt8($0) })
        for count in whole.indices {
            let message = dataError {
                _ = try IDX(CompressedFile(Array(whole[..<count]), name: "images"), dimensions: 3)
            }
            #expect(message.hasPrefix("images: "), "\(count) bytes: \(message)")
            let cause = count < 4 ? "too short" : "cut short"
            #expect(message.contains(cause), "\(count) bytes: \(message)")
        }
    }

    @Test func surplusDataThrowsWithBothSizes() {
        let message = dataError { _ = try IDX(CompressedFile(idx([3], [7, 8, 9, 10]), name: "labels"), dimensions: 1) }
        #expect(message.contains("12") && message.contains("11") && !message.contains("cut short"), "\(message)")
    }

    @Test func wrongMagicNumberThrowsWithWhatIsExpected() {
        let good = idx([1], [5])
        for position in 0..<4 {
            var bad = good
            bad[position] ^= 0x10
            let message = dataError { _ = try IDX(CompressedFile(bad, name: "labels"), dimensions: 1) }
            #expect(message.contains("0x00000801"), "byte \(position): \(message)")
        }
        let message = dataError { _ = try IDX(CompressedFile(good, name: "images"), dimensions: 3) }
        #expect(message.contains("0x00000801") && message.contains("0x00000803"), "\(message)")
    }

    @Test func absurdDimensionsThrowRatherThanOverflow() {
        let huge = 0xFFFF_FFFF
        let message = dataError {
            _ = try IDX(CompressedFile(idx([huge, huge, huge], []), name: "images"), dimensions: 3)
        }
        #expect(message.contains("absurd"), "\(message)")
        #expect(!dataError { _ = try IDX(CompressedFile(idx([huge], [1]), name: "labels"), dimensions: 1) }.isEmpty)
        #expect(
            !dataError { _ = try IDX(CompressedFile(idx([0, huge, 1], [1]), name: "images"), dimensions: 3) }.isEmpty)
    }
}
