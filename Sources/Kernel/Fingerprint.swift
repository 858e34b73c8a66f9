/// A number of 64 bits by which different contents are told apart: two have the same number with a chance of one in
/// 2^64. FNV-1a (Fowler, Noll and Vo 1991) over words of eight bytes. It finds mistakes, not forgeries.
package struct Fingerprint: Hashable, Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let whole = bytes.count / 8 * 8
        for offset in stride(from: 0, to: whole, by: 8) {
            add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        for byte in bytes[whole...] { add(UInt64(byte)) }
        add(UInt64(bytes.count))
    }

    package mutating func add(_ word: UInt64) {
        state = (state ^ word) &* 0x100_0000_01b3
        // Words, other than bytes, have high bits too, which a product alone would never bring down.
        state ^= state >> 32
    }

    /// Sixteen hexadecimal digits.
    package var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension ParameterVector {
    /// The fingerprint of the bits of all numbers.
    package var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        fingerprint.add(UnsafeRawBufferPointer(start: numbers, count: count * MemoryLayout<Float>.stride))
        return fingerprint
    }
}
