// Loops over arrays in steps of eight numbers. Those left in the end are computed as eight, too, from memory of their own, so that
// a number's result does not depend on where in the array it stands. `body` stands in each loop once, so that the compiler puts
// it there.

/// target = body(source), number by number; both may be the same.
@inlinable @inline(__always)
package func mapLanes(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int, _ body: (Lanes) -> Lanes
) {
    withTails { tail, _ in
        var (from, to, end) = (source, target, count & ~7)
        for part in 0..<2 {
            var index = 0
            while index < end {
                to.set(index, body(from.lanes(index)))
                index += 8
            }
            let (whole, rest) = (count & ~7, count & 7)
            if part == 1 { (target + whole).update(from: tail, count: rest) }
            if rest == 0 || part == 1 { return }
            tail.update(from: source + whole, count: rest)
            (from, to, end) = (UnsafePointer(tail), tail, 8)
        }
    }
}

/// target = body(first, second), number by number; target may be one of them.
@inlinable @inline(__always)
package func mapLanes(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int,
    _ body: (Lanes, Lanes) -> Lanes
) {
    withTails { tail, other in
        var (left, right, to, end) = (first, second, target, count & ~7)
        for part in 0..<2 {
            var index = 0
            while index < end {
                to.set(index, body(left.lanes(index), right.lanes(index)))
                index += 8
            }
            let (whole, rest) = (count & ~7, count & 7)
            if part == 1 { (target + whole).update(from: tail, count: rest) }
            if rest == 0 || part == 1 { return }
            tail.update(from: first + whole, count: rest)
            other.update(from: second + whole, count: rest)
            (left, right, to, end) = (UnsafePointer(tail), UnsafePointer(other), tail, 8)
        }
    }
}

/// (target, other) = body(source), number by number; target may be the source.
@inlinable @inline(__always)
package func mapLanes(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, and other: UnsafeMutablePointer<Float>,
    count: Int, _ body: (Lanes) -> (Lanes, Lanes)
) {
    withTails { tail, second in
        var (from, to, also, end) = (source, target, other, count & ~7)
        for part in 0..<2 {
            var index = 0
            while index < end {
                let (value, another) = body(from.lanes(index))
                to.set(index, value)
                also.set(index, another)
                index += 8
            }
            let (whole, rest) = (count & ~7, count & 7)
            if part == 1 {
                (target + whole).update(from: tail, count: rest)
                (other + whole).update(from: second, count: rest)
            }
            if rest == 0 || part == 1 { return }
            tail.update(from: source + whole, count: rest)
            (from, to, also, end) = (UnsafePointer(tail), tail, second, 8)
        }
    }
}

/// Twice eight numbers on the stack, all 0.
@inlinable @inline(__always)
func withTails(_ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void) {
    var memory = (Lanes(), Lanes())
    withUnsafeMutableBytes(of: &memory) { bytes in
        guard let first = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
        body(first, first + 8)
    }
}
