/// The best matching of rows and columns (H. Kuhn 1955, *The Hungarian Method for the Assignment Problem*).
package enum Assignment {
    /// The largest sum of entries, no two of them in the same row or column.
    ///
    /// - Parameter counts: rows of the same length; the matrix need not be square.
    /// - Complexity: O(n³) for n rows or columns, whichever are more.
    package static func largestSum(_ counts: [[Int]]) -> Int {
        let size = max(counts.count, counts.first?.count ?? 0)
        guard size > 0 else { return 0 }
        precondition(counts.allSatisfy { $0.count == counts[0].count }, "rows of different lengths")
        // The costs are a square matrix, in which missing rows and columns cost 0.
        func cost(_ row: Int, _ column: Int) -> Int {
            row < counts.count && column < counts[0].count ? -counts[row][column] : 0
        }
        // Potentials of rows and columns, and for each column the row that it is matched with; 0 stands for none.
        var rowPotentials = Array(repeating: 0, count: size + 1)
        var columnPotentials = Array(repeating: 0, count: size + 1)
        var matched = Array(repeating: 0, count: size + 1)
        for row in 1...size {
            matched[0] = row
            var column = 0
            var least = Array(repeating: Int.max, count: size + 1)
            var previous = Array(repeating: 0, count: size + 1)
            var isVisited = Array(repeating: false, count: size + 1)
            repeat {
                isVisited[column] = true
                let current = matched[column]
                var (step, next) = (Int.max, 0)
                for other in 1...size where !isVisited[other] {
                    let reduced = cost(current - 1, other - 1) - rowPotentials[current] - columnPotentials[other]
                    if reduced < least[other] { (least[other], previous[other]) = (reduced, column) }
                    if least[other] < step { (step, next) = (least[other], other) }
                }
                for other in 0...size {
                    if isVisited[other] {
                        rowPotentials[matched[other]] += step
                        columnPotentials[other] -= step
                    } else if least[other] != Int.max {
                        least[other] -= step
                    }
                }
                column = next
            } while matched[column] != 0
            // The matching changes along the path that led here.
            while column != 0 {
                matched[column] = matched[previous[column]]
                column = previous[column]
            }
        }
        return (1...size).reduce(0) { $0 - cost(matched[$1] - 1, $1 - 1) }
    }
}
