// Rows whose length need not be a multiple of eight: the last vector of a row may have fewer numbers.

extension UnsafePointer<Float> {
    /// The first `count` of eight numbers from `index` on; `filling` behind them.
    @inlinable @inline(__always)
    package func lanes(_ index: Int, _ count: Int, behind filling: Float = 0) -> Lanes {
        if count == 8 { return lanes(index) }
        var result = Lanes(repeating: filling)
        for lane in 0..<count { result[lane] = self[index + lane] }
        return result
    }
}

extension UnsafeMutablePointer<Float> {
    /// The first `count` of eight numbers from `index` on; `filling` behind them.
    @inlinable @inline(__always)
    package func lanes(_ index: Int, _ count: Int, behind filling: Float = 0) -> Lanes {
        UnsafePointer(self).lanes(index, count, behind: filling)
    }

    /// Writes the first `count` of eight numbers from `index` on.
    @inlinable @inline(__always)
    package func set(_ index: Int, _ value: Lanes, _ count: Int) {
        if count == 8 { return set(index, value) }
        for lane in 0..<count { self[index + lane] = value[lane] }
    }
}

/// Calls `body` with the start of each eight of `count` numbers and with how many there are: eight, in the end maybe fewer. It
/// stands here once, so that the compiler puts it into the loop.
@inlinable @inline(__always)
package func forEachLanes(_ count: Int, _ body: (_ index: Int, _ lanes: Int) -> Void) {
    var index = 0
    while index < count {
        body(index, min(8, count &- index))
        index &+= 8
    }
}
