/// Random numbers of the harness: SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014, figure 16). A generator of its own, so
/// that an input which failed years ago can still be made again, whatever becomes of the program's own streams.
package struct Draws: Sendable {
    private var state: UInt64

    /// The stream of one input.
    package init(seed: UInt64, class name: String, index: Int) {
        state = seed
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        state ^= UInt64(truncatingIfNeeded: index) &* 0x9E37_79B9_7F4A_7C15
        _ = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// 0 to `bound` - 1; 0 where there is nothing to draw from.
    package mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }

    /// True once in `count` calls, on average.
    package mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    package mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }

    /// - Precondition: `elements` is not empty.
    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// A length that is mostly small: each doubling is half as likely as the one before.
    package mutating func length(most: Int) -> Int {
        var limit = 4
        while limit < most, oneIn(2) { limit *= 2 }
        return 1 + below(min(limit, max(1, most)))
    }
}
