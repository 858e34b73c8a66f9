/// Changes of bytes, whatever they mean: flipped, cut, copied, mixed with another input, and numbers of 32 and 64 bits at the
/// edges of their range.
enum ByteMutations {
    private static let edges: [UInt64] = [
        0, 1, 2, 7, 8, 16, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000,
        0xFFFF_FFFF, 0x1_0000_0000, 0x3FFF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
        // One, the largest number, infinity and no number, as a Double.
        0x3FF0_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0000,
    ]

    /// - Parameter other: an input whose parts may be taken over.
    static func mutate(_ bytes: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        guard !bytes.isEmpty else {
            bytes = other
            return
        }
        switch draws.below(10) {
        case 0, 1: bytes[draws.below(bytes.count)] ^= 1 << UInt8(draws.below(8))
        case 2: bytes[draws.below(bytes.count)] = draws.byte()
        case 3, 4: overwrite(&bytes, &draws)
        case 5: bytes.removeSubrange(range(in: bytes, &draws))
        case 6: bytes.removeLast(bytes.count - draws.below(bytes.count))
        case 7: insert(&bytes, &draws)
        case 8: bytes.insert(contentsOf: bytes[range(in: bytes, &draws)], at: draws.below(bytes.count))
        default: splice(&bytes, other, &draws)
        }
    }

    static func range(in bytes: [UInt8], _ draws: inout Draws) -> Range<Int> {
        let start = draws.below(bytes.count)
        return start..<start + draws.length(most: bytes.count - start)
    }

    /// A number of 1, 2, 4 or 8 bytes, in one order or the other.
    private static func overwrite(_ bytes: inout [UInt8], _ draws: inout Draws) {
        let size = 1 << draws.below(4)
        guard bytes.count >= size else { return }
        // Numbers of a header stand at its beginning and at multiples of their size.
        let places = bytes.count / size
        let start = size * (draws.oneIn(2) ? draws.below(min(places, 16)) : draws.below(places))
        var value = draws.pick(edges)
        if draws.oneIn(4) { value &-= 1 }
        for index in 0..<size {
            let shift = UInt64(8 * (draws.oneIn(2) ? index : size - 1 - index))
            bytes[start + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }

    private static func insert(_ bytes: inout [UInt8], _ draws: inout Draws) {
        let count = draws.length(most: 256)
        let value = draws.byte()
        let isOneValue = draws.oneIn(2)
        bytes.insert(
            contentsOf: (0..<count).map { _ in isOneValue ? value : draws.byte() }, at: draws.below(bytes.count + 1))
    }

    /// The beginning of one and the end of the other.
    private static func splice(_ bytes: inout [UInt8], _ other: [UInt8], _ draws: inout Draws) {
        bytes = Array(bytes[..<draws.below(bytes.count + 1)]) + other[draws.below(other.count + 1)...]
    }
}
