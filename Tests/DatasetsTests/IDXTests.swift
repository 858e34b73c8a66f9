import Testing

@testable import Datasets

@Suite struct IDXTests {
    @Test func decodesShapeAndData() throws {
        let labels = try IDX.decode(idx([3], [7, 8, 9]), dimensions: 1, name: "labels")
        #expect(labels.shape == [3] && Array(labels.data) == [7, 8, 9])
        let images = try IDX.decode(idx([2, 2, 3], (0..<12).map { UInt8($0) }), dimensions: 3, name: "images")
        #expect(images.shape == [2, 2, 3] && Array(images.data) == (0..<12).map { UInt8($0) })
    }

    @Test func extentsAreBigEndian() throws {
        let decoded = try IDX.decode(idx([258], [UInt8](repeating: 1, count: 258)), dimensions: 1, name: "labels")
        #expect(decoded.shape == [258])
    }

    @Test func everyTruncationThrowsAndNamesTheFile() {
        let whole = idx([2, 2, 3], (0..<12).map { UInt8($0) })
        for count in whole.indices {
            let message = dataError { _ = try IDX.decode(Array(whole[..<count]), dimensions: 3, name: "images") }
            #expect(message.hasPrefix("images: "), "\(count) bytes: \(message)")
            let cause = count < 4 ? "too short" : "cut short"
            #expect(message.contains(cause), "\(count) bytes: \(message)")
        }
    }

    @Test func surplusDataThrowsWithBothSizes() {
        let message = dataError { _ = try IDX.decode(idx([3], [7, 8, 9, 10]), dimensions: 1, name: "labels") }
        #expect(message.contains("12") && message.contains("11") && !message.contains("cut short"), "\(message)")
    }

    @Test func wrongMagicNumberThrowsWithWhatIsExpected() {
        let good = idx([1], [5])
        for position in 0..<4 {
            var bad = good
            bad[position] ^= 0x10
            let message = dataError { _ = try IDX.decode(bad, dimensions: 1, name: "labels") }
            #expect(message.contains("0x00000801"), "byte \(position): \(message)")
        }
        let message = dataError { _ = try IDX.decode(good, dimensions: 3, name: "images") }
        #expect(message.contains("0x00000801") && message.contains("0x00000803"), "\(message)")
    }

    @Test func absurdDimensionsThrowRatherThanOverflow() {
        let huge = 0xFFFF_FFFF
        let message = dataError { _ = try IDX.decode(idx([huge, huge, huge], []), dimensions: 3, name: "images") }
        #expect(message.contains("absurd"), "\(message)")
        #expect(!dataError { _ = try IDX.decode(idx([huge], [1]), dimensions: 1, name: "labels") }.isEmpty)
        #expect(!dataError { _ = try IDX.decode(idx([0, huge, 1], [1]), dimensions: 3, name: "images") }.isEmpty)
    }
}
