/// Eight floats: what one AVX register holds, or two of NEON.
typealias Lanes = SIMD8<Float>

extension UnsafePointer<Float> {
    /// The eight numbers from `index` on, at any alignment.
    @inline(__always)
    func lanes(_ index: Int) -> Lanes {
        UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self)
    }
}

extension UnsafeMutablePointer<Float> {
    /// The eight numbers from `index` on, at any alignment.
    @inline(__always)
    func lanes(_ index: Int) -> Lanes {
        UnsafeRawPointer(self + index).loadUnaligned(as: Lanes.self)
    }

    /// Writes eight numbers from `index` on, at any alignment.
    @inline(__always)
    func set(_ index: Int, _ value: Lanes) {
        UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: Lanes.self)
    }
}

extension SIMD8<Float> {
    /// self += a * b. Rounded once where the processor can (FMA).
    @inline(__always)
    mutating func add(_ a: Self, times b: Self) {
        #if BASELINE_PROCESSOR
            // Without FMA instructions, each lane would be a call of a library function.
            self += a * b
        #else
            addProduct(a, b)
        #endif
    }

    /// The sum of all lanes, in a tree: `sum()` keeps the order of lanes, which costs seven additions in a row.
    @inline(__always)
    var treeSum: Float {
        let four = lowHalf + highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}

/// The sum of `count` floats, in eight lanes.
func laneSum(_ values: UnsafePointer<Float>, count: Int) -> Float {
    var lanes = Lanes()
    var index = 0
    while index + 8 <= count {
        lanes += values.lanes(index)
        index += 8
    }
    var sum = lanes.treeSum
    while index < count {
        sum += values[index]
        index += 1
    }
    return sum
}

/// sums[c] += the sum over r of matrix[r, c]; matrix `[rows, columns]`.
func addRows(
    of matrix: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>
) {
    var column = 0
    while column + 8 <= columns {
        var sum = sums.lanes(column)
        for row in 0..<rows { sum += matrix.lanes(row * columns + column) }
        sums.set(column, sum)
        column += 8
    }
    while column < columns {
        for row in 0..<rows { sums[column] += matrix[row * columns + column] }
        column += 1
    }
}
