import Lanes

/// What happens to the numbers of an ``LSTM``'s state at one position, number by number: with the gates i, f, g and o of what
/// came in,
///
///     c = σ(f) c' + σ(i) tanh(g)      h = σ(o) tanh(c)
///
/// Rows are those of a batch, the gates' `[B, 4, H]` and all others' `[B, H]`.
struct LSTMCell: Sendable {
    /// H
    let hidden: Int

    /// - Parameters:
    ///   - gates: become σ(i), σ(f), tanh(g) and σ(o).
    ///   - before: c'; nil for zeros.
    ///   - cells: c
    ///   - activeCells: tanh(c)
    ///   - states: h
    func forward(
        _ batch: Int, gates: UnsafeMutablePointer<Float>, before: UnsafePointer<Float>?,
        cells: UnsafeMutablePointer<Float>, activeCells: UnsafeMutablePointer<Float>,
        states: UnsafeMutablePointer<Float>
    ) {
        for sample in 0..<batch {
            let (row, place) = (gates + sample * 4 * hidden, sample * hidden)
            let (candidate, output) = (row + 2 * hidden, row + 3 * hidden)
            Self.sigmoid(row, count: 2 * hidden)
            Self.tanh(candidate, into: candidate, count: hidden)
            Self.sigmoid(output, count: hidden)
            Self.cells(
                input: row, candidate, forget: row + hidden, before: before.map { $0 + place }, into: cells + place,
                count: hidden)
            Self.tanh(cells + place, into: activeCells + place, count: hidden)
            mapLanes(output, activeCells + place, into: states + place, count: hidden) { $0 * $1 }
        }
    }

    // Functions of their own, each with one loop: in a function with several, the compiler calls `tanh` and even the sum of a
    // product for every eight numbers in place of putting them there.

    @inline(never)
    private static func sigmoid(_ values: UnsafeMutablePointer<Float>, count: Int) {
        mapLanes(values, into: values, count: count) { Lanes.sigmoid($0) }
    }

    @inline(never)
    private static func tanh(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int) {
        mapLanes(source, into: target, count: count) { Lanes.tanh($0) }
    }

    @inline(never)
    private static func cells(
        input: UnsafePointer<Float>, _ candidate: UnsafePointer<Float>, forget: UnsafePointer<Float>,
        before: UnsafePointer<Float>?, into cells: UnsafeMutablePointer<Float>, count: Int
    ) {
        guard let before else { return mapLanes(input, candidate, into: cells, count: count) { $0 * $1 } }
        forEachLanes(count) { index, lanes in
            var cell = input.lanes(index, lanes) * candidate.lanes(index, lanes)
            cell.add(forget.lanes(index, lanes), times: before.lanes(index, lanes))
            cells.set(index, cell, lanes)
        }
    }

    /// - Parameters:
    ///   - outputGradient: the loss's derivative by h as the layer's output, rows of which are `stride` numbers apart.
    ///   - stateGradient: the derivative by h that comes from the position behind.
    ///   - cellGradient: the same by c; becomes that by c'.
    ///   - gates: as forward left them; become the derivatives by what went into them.
    ///   - before: c'; nil for zeros.
    ///   - activeCells: tanh(c)
    func backward(
        _ batch: Int, outputGradient: UnsafePointer<Float>, stride: Int, stateGradient: UnsafePointer<Float>,
        cellGradient: UnsafeMutablePointer<Float>, gates: UnsafeMutablePointer<Float>, before: UnsafePointer<Float>?,
        activeCells: UnsafePointer<Float>
    ) {
        for sample in 0..<batch {
            let (row, slopes) = (gates + sample * 4 * hidden, outputGradient + sample * stride)
            forEachLanes(hidden) { column, lanes in
                let place = sample * hidden + column
                let (input, forget) = (row.lanes(column, lanes), row.lanes(hidden + column, lanes))
                let (candidate, output) = (row.lanes(2 * hidden + column, lanes), row.lanes(3 * hidden + column, lanes))
                let active = activeCells.lanes(place, lanes)
                let state = slopes.lanes(column, lanes) + stateGradient.lanes(place, lanes)
                let cell = cellGradient.lanes(place, lanes) + state * output * (1 - active * active)
                let previous = before.map { $0.lanes(place, lanes) } ?? Lanes()
                row.set(column, cell * candidate * input * (1 - input), lanes)
                row.set(hidden + column, cell * previous * forget * (1 - forget), lanes)
                row.set(2 * hidden + column, cell * input * (1 - candidate * candidate), lanes)
                row.set(3 * hidden + column, state * active * output * (1 - output), lanes)
                cellGradient.set(place, cell * forget, lanes)
            }
        }
    }
}
