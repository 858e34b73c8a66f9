import Lanes

/// sums[c] = start[c] + the sum over r of matrix[r, c], which is made first and added once; matrix `[rows, columns]`.
///
/// - Parameter start: `[columns]`; may be `sums`; nil for zeros.
func sumRows(
    of matrix: UnsafePointer<Float>, rows: Int, columns: Int, into sums: UnsafeMutablePointer<Float>,
    addedTo start: UnsafePointer<Float>?
) {
    var column = 0
    while column + 8 <= columns {
        var sum = Lanes()
        for row in 0..<rows { sum += matrix.lanes(row * columns + column) }
        if let start { sum += start.lanes(column) }
        sums.set(column, sum)
        column += 8
    }
    while column < columns {
        var sum: Float = 0
        for row in 0..<rows { sum += matrix[row * columns + column] }
        sums[column] = start.map { $0[column] + sum } ?? sum
        column += 1
    }
}

/// target = first + second, number by number; target may be one of them.
func add(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int
) {
    var index = 0
    while index + 8 <= count {
        target.set(index, first.lanes(index) + second.lanes(index))
        index += 8
    }
    while index < count {
        target[index] = first[index] + second[index]
        index += 1
    }
}
