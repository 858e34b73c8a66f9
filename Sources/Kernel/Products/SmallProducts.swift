/// Matrix products with operands so small that OpenBLAS would spend as long on packing them as on multiplying: batches of
/// a few samples, and the many small matrices of a Winograd convolution. Operands are read where they are.
///
/// Register blocking after K. Goto and R. van de Geijn 2008, *Anatomy of High-Performance Matrix Multiplication*: tiles
/// of 5 x 16 numbers of C in ten vector registers, which leaves room for a row of B and a number of A, and keeps two
/// FMA units of latency 4 or 5 busy.
enum SmallProducts {
    /// Where the numbers of A are: A[row, inner] at `values[row * rowStride + inner * innerStride]`, so that a transposed
    /// A is one with its strides exchanged.
    struct Left {
        let values: UnsafePointer<Float>
        let rowStride: Int
        let innerStride: Int

        @inline(__always)
        init(_ values: UnsafePointer<Float>, rowStride: Int, innerStride: Int) {
            self.values = values
            self.rowStride = rowStride
            self.innerStride = innerStride
        }
    }

    /// C = A * B + start: C `[rows, columns]`, A `[rows, inner]`, B `[inner, columns]` with rows of `strideB` numbers.
    ///
    /// - Parameters:
    ///   - columns: a multiple of 8.
    ///   - start: what C starts from, `[rows, columns]` with C's stride; C itself to add to it, nil for zero.
    static func multiply(
        rows: Int, columns: Int, inner: Int, _ a: Left, _ b: UnsafePointer<Float>, strideB: Int,
        into c: UnsafeMutablePointer<Float>, strideC: Int, startingFrom start: UnsafePointer<Float>?
    ) {
        assert(columns % 8 == 0, "\(columns) columns")
        var row = 0
        while row < rows {
            // Rows beyond the last are the last once more: the same numbers are written to the same place twice.
            let last = rows - 1 - row
            let a0 = a.values + row * a.rowStride
            let (r1, r2, r3, r4) = (min(1, last), min(2, last), min(3, last), min(4, last))
            let (a1, a2) = (a0 + r1 * a.rowStride, a0 + r2 * a.rowStride)
            let (a3, a4) = (a0 + r3 * a.rowStride, a0 + r4 * a.rowStride)
            let c0 = c + row * strideC
            var column = 0
            while column + 16 <= columns {
                var (s00, s01, s10, s11) = (Lanes(), Lanes(), Lanes(), Lanes())
                var (s20, s21, s30, s31) = (Lanes(), Lanes(), Lanes(), Lanes())
                var (s40, s41) = (Lanes(), Lanes())
                if let start {
                    let from = start + row * strideC + column
                    (s00, s01) = (from.lanes(0), from.lanes(8))
                    (s10, s11) = (from.lanes(r1 * strideC), from.lanes(r1 * strideC + 8))
                    (s20, s21) = (from.lanes(r2 * strideC), from.lanes(r2 * strideC + 8))
                    (s30, s31) = (from.lanes(r3 * strideC), from.lanes(r3 * strideC + 8))
                    (s40, s41) = (from.lanes(r4 * strideC), from.lanes(r4 * strideC + 8))
                }
                var values = b + column
                var offset = 0
                for _ in 0..<inner {
                    let (b0, b1) = (values.lanes(0), values.lanes(8))
                    let x0 = Lanes(repeating: a0[offset])
                    s00.add(x0, times: b0)
                    s01.add(x0, times: b1)
                    let x1 = Lanes(repeating: a1[offset])
                    s10.add(x1, times: b0)
                    s11.add(x1, times: b1)
                    let x2 = Lanes(repeating: a2[offset])
                    s20.add(x2, times: b0)
                    s21.add(x2, times: b1)
                    let x3 = Lanes(repeating: a3[offset])
                    s30.add(x3, times: b0)
                    s31.add(x3, times: b1)
                    let x4 = Lanes(repeating: a4[offset])
                    s40.add(x4, times: b0)
                    s41.add(x4, times: b1)
                    values += strideB
                    offset += a.innerStride
                }
                let to = c0 + column
                to.set(0, s00)
                to.set(8, s01)
                to.set(r1 * strideC, s10)
                to.set(r1 * strideC + 8, s11)
                to.set(r2 * strideC, s20)
                to.set(r2 * strideC + 8, s21)
                to.set(r3 * strideC, s30)
                to.set(r3 * strideC + 8, s31)
                to.set(r4 * strideC, s40)
                to.set(r4 * strideC + 8, s41)
                column += 16
            }
            if column < columns {
                var (s0, s1, s2, s3, s4) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                if let start {
                    let from = start + row * strideC + column
                    (s0, s1) = (from.lanes(0), from.lanes(r1 * strideC))
                    (s2, s3) = (from.lanes(r2 * strideC), from.lanes(r3 * strideC))
                    s4 = from.lanes(r4 * strideC)
                }
                var values = b + column
                var offset = 0
                for _ in 0..<inner {
                    let b0 = values.lanes(0)
                    s0.add(Lanes(repeating: a0[offset]), times: b0)
                    s1.add(Lanes(repeating: a1[offset]), times: b0)
                    s2.add(Lanes(repeating: a2[offset]), times: b0)
                    s3.add(Lanes(repeating: a3[offset]), times: b0)
                    s4.add(Lanes(repeating: a4[offset]), times: b0)
                    values += strideB
                    offset += a.innerStride
                }
                let to = c0 + column
                to.set(0, s0)
                to.set(r1 * strideC, s1)
                to.set(r2 * strideC, s2)
                to.set(r3 * strideC, s3)
                to.set(r4 * strideC, s4)
            }
            row += 5
        }
    }

    /// C = A * transposed(B) by scalar products along the rows of both: C `[rows, columns]`, A `[rows, inner]`,
    /// B `[columns, inner]`, all without gaps; `finish(column, sum)` gives what is written.
    ///
    /// - Parameter inner: a multiple of 8.
    @inline(__always)
    static func multiplyByTransposed(
        rows: Int, columns: Int, inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        into c: UnsafeMutablePointer<Float>, finish: (_ column: Int, _ sum: Float) -> Float
    ) {
        assert(inner % 8 == 0, "\(inner) terms")
        var column = 0
        while column < columns {
            let n1 = min(1, columns - 1 - column)
            let (b0, b1) = (b + column * inner, b + (column + n1) * inner)
            var row = 0
            while row < rows {
                let last = rows - 1 - row
                let (r1, r2, r3, r4) = (min(1, last), min(2, last), min(3, last), min(4, last))
                let a0 = a + row * inner
                let (a1, a2, a3, a4) = (a0 + r1 * inner, a0 + r2 * inner, a0 + r3 * inner, a0 + r4 * inner)
                var (s00, s01, s10, s11) = (Lanes(), Lanes(), Lanes(), Lanes())
                var (s20, s21, s30, s31) = (Lanes(), Lanes(), Lanes(), Lanes())
                var (s40, s41) = (Lanes(), Lanes())
                var term = 0
                while term < inner {
                    let (y0, y1) = (b0.lanes(term), b1.lanes(term))
                    let x0 = a0.lanes(term)
                    s00.add(x0, times: y0)
                    s01.add(x0, times: y1)
                    let x1 = a1.lanes(term)
                    s10.add(x1, times: y0)
                    s11.add(x1, times: y1)
                    let x2 = a2.lanes(term)
                    s20.add(x2, times: y0)
                    s21.add(x2, times: y1)
                    let x3 = a3.lanes(term)
                    s30.add(x3, times: y0)
                    s31.add(x3, times: y1)
                    let x4 = a4.lanes(term)
                    s40.add(x4, times: y0)
                    s41.add(x4, times: y1)
                    term += 8
                }
                let to = c + row * columns + column
                to[0] = finish(column, s00.treeSum)
                to[n1] = finish(column + n1, s01.treeSum)
                to[r1 * columns] = finish(column, s10.treeSum)
                to[r1 * columns + n1] = finish(column + n1, s11.treeSum)
                to[r2 * columns] = finish(column, s20.treeSum)
                to[r2 * columns + n1] = finish(column + n1, s21.treeSum)
                to[r3 * columns] = finish(column, s30.treeSum)
                to[r3 * columns + n1] = finish(column + n1, s31.treeSum)
                to[r4 * columns] = finish(column, s40.treeSum)
                to[r4 * columns + n1] = finish(column + n1, s41.treeSum)
                row += 5
            }
            column += 2
        }
    }
}
