import Foundation

/// One number for each test sample, as bytes in checkpoints and results: single precision, the least byte first.
package enum SampleNumbers {
    package static func encoded(_ numbers: [Float]) -> Data {
        Data(numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) })
    }

    /// The numbers of the bytes; bytes of a last number that is cut short are ignored.
    package static func decoded(_ bytes: Data) -> [Float] {
        let bytes = [UInt8](bytes)
        return stride(from: 0, to: bytes.count - 3, by: 4).map { place in
            let pattern = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
            return Float(bitPattern: pattern)
        }
    }
}
