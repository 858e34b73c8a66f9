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
            let row = gates + sample * 4 * hidden
            forEachLanes(hidden) { column, lanes in
                let input = Lanes.sigmoid(row.lanes(column, lanes))
                let forget = Lanes.sigmoid(row.lanes(hidden + column, lanes))
                let candidate = Lanes.tanh(row.lanes(2 * hidden + column, lanes))
                let output = Lanes.sigmoid(row.lanes(3 * hidden + column, lanes))
                var cell = input * candidate
                let place = sample * hidden + column
                if let before { cell.add(forget, times: before.lanes(place, lanes)) }
                let active = Lanes.tanh(cell)
                row.set(column, input, lanes)
                row.set(hidden + column, forget, lanes)
                row.set(2 * hidden + column, candidate, lanes)
                row.set(3 * hidden + column, output, lanes)
                cells.set(place, cell, lanes)
                activeCells.set(place, active, lanes)
                states.set(place, output * active, lanes)
            }
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
