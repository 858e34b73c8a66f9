import Lanes

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
