/// Eight floats: what one AVX register holds, or two of NEON.
@usableFromInline package typealias Lanes = SIMD8<Float>

extension UnsafePointer<Float> {
    /// The eight numbers from `index` on, at any alignment.
    @inlinable @inline(__always)
    package func lanes(_ index: Int) -> Lanes {
        UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self)
    }
}

extension UnsafeMutablePointer<Float> {
    /// The eight numbers from `index` on, at any alignment.
    @inlinable @inline(__always)
    package func lanes(_ index: Int) -> Lanes {
        UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self)
    }

    /// Writes eight numbers from `index` on, at any alignment.
    @inlinable @inline(__always)
    package func set(_ index: Int, _ value: Lanes) {
        UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: Lanes.self)
    }
}

extension SIMD8<Float> {
    /// self += a * b. Rounded once where the processor can (FMA).
    @inlinable @inline(__always)
    package mutating func add(_ a: Self, times b: Self) {
        #if BASELINE_PROCESSOR
            // Without FMA instructions, each lane would be a call of a library function.
            self += a * b
        #else
            addProduct(a, b)
        #endif
    }

    /// The lanes where the mask holds, zero elsewhere. By bits: a `replacing(with:where:)` is compiled to a loop over
    /// lanes wherever the mask is not that of a comparison beside it.
    @inlinable @inline(__always)
    package func kept(where mask: SIMDMask<SIMD8<Int32>>) -> Self {
        unsafeBitCast(
            unsafeBitCast(self, to: SIMD8<Int32>.self) & unsafeBitCast(mask, to: SIMD8<Int32>.self), to: Self.self)
    }

    /// The lanes whose `index` is `wanted`, zero elsewhere; both not negative. By arithmetic, since a comparison of
    /// integers is compiled to a loop over lanes.
    @inlinable @inline(__always)
    package func kept(where index: SIMD8<Int32>, equals wanted: Int32) -> Self {
        let mask = ((index ^ SIMD8<Int32>(repeating: wanted)) &- 1) &>> 31
        return unsafeBitCast(unsafeBitCast(self, to: SIMD8<Int32>.self) & mask, to: Self.self)
    }

    /// The sum of all lanes, in a tree: `sum()` keeps the order of lanes, which costs seven additions in a row.
    @inlinable @inline(__always)
    package var treeSum: Float {
        let four = lowHalf + highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
