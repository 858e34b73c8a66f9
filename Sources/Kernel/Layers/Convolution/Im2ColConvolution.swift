/// Any convolution as a matrix product: the pixels under each window become a row (im2col; Chellapilla, Puri and Simard
/// 2006, *High Performance Convolutional Neural Networks for Document Processing*). Image by image, so that the rows
/// `[H*W, K*K*I]` are still in the cache when they are multiplied.
package struct Im2ColConvolution: ConvolutionAlgorithm {
    private let geometry: ConvolutionGeometry

    package static func fits(_ geometry: ConvolutionGeometry) -> Bool { true }
    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    private var rowsCount: Int { geometry.positions * geometry.windowCount }
    /// The rows, the weights with channels last, and their gradient.
    package var scratchCount: Int { rowsCount + 2 * geometry.weightCount }

    package func forward(_ pass: ForwardPass) {
        let (window, filters, positions) = (geometry.windowCount, geometry.output.channels, geometry.positions)
        let (rows, weights) = (pass.scratch, pass.scratch + rowsCount)
        let bias = pass.parameters + geometry.weightCount
        forEachWeight { weights[$1] = pass.parameters[$0] }
        for sample in 0..<pass.batch {
            let result = pass.output + sample * geometry.output.count
            unfold(pass.input + sample * geometry.input.count, into: rows)
            BLAS.multiply(
                rows: positions, columns: filters, inner: window,
                BLAS.Matrix(rows, stride: window), BLAS.Matrix(weights, stride: window, transposed: true),
                into: result, stride: filters)
            for position in 0..<positions {
                let line = result + position * filters
                add(line, bias, into: line, count: filters)
            }
        }
    }

    package func backward(_ pass: BackwardPass) {
        let (window, filters, positions) = (geometry.windowCount, geometry.output.channels, geometry.positions)
        let (rows, weights) = (pass.scratch, pass.scratch + rowsCount)
        let gradient = weights + geometry.weightCount
        forEachWeight { weights[$1] = pass.parameters[$0] }
        pass.inputGradient?.update(repeating: 0, count: pass.batch * geometry.input.count)
        for sample in 0..<pass.batch {
            let outputGradient = pass.outputGradient + sample * geometry.output.count
            unfold(pass.input + sample * geometry.input.count, into: rows)
            BLAS.multiply(
                rows: filters, columns: window, inner: positions,
                BLAS.Matrix(outputGradient, stride: filters, transposed: true), BLAS.Matrix(rows, stride: window),
                into: gradient, stride: window, beta: sample == 0 ? 0 : 1)
            guard let inputGradient = pass.inputGradient else { continue }
            BLAS.multiply(
                rows: positions, columns: window, inner: filters,
                BLAS.Matrix(outputGradient, stride: filters), BLAS.Matrix(weights, stride: window),
                into: rows, stride: window)
            fold(rows, into: inputGradient + sample * geometry.input.count)
        }
        pass.startGradient(at: 0, count: geometry.weightCount)
        forEachWeight { pass.gradient[$0] += gradient[$1] }
    }

    /// Calls `body` with each weight's place in `[O, I, K, K]` and in `[O, K, K, I]`.
    @inline(__always)
    private func forEachWeight(_ body: (_ first: Int, _ last: Int) -> Void) {
        let (channels, taps) = (geometry.input.channels, geometry.kernel * geometry.kernel)
        for filter in 0..<geometry.output.channels {
            for channel in 0..<channels {
                for tap in 0..<taps {
                    body((filter * channels + channel) * taps + tap, (filter * taps + tap) * channels + channel)
                }
            }
        }
    }

    /// im2col: `rows[(y, x), (ky, kx, i)] = image[y * stride + ky - padTop, x * stride + kx - padLeft, i]`, 0 outside.
    private func unfold(_ image: UnsafePointer<Float>, into rows: UnsafeMutablePointer<Float>) {
        forEachLine { row, pixel, count, before, after in
            (rows + row - before).update(repeating: 0, count: before)
            if count > 0 { (rows + row).update(from: image + pixel, count: count) }
            (rows + row + count).update(repeating: 0, count: after)
        }
    }

    /// The transpose of ``unfold(_:into:)``: adds every number to the pixel it was read from.
    private func fold(_ rows: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>) {
        forEachLine { row, pixel, count, _, _ in
            for index in 0..<count { image[pixel + index] += rows[row + index] }
        }
    }

    /// Calls `body` for every line of every window, K pixels side by side: with where the part that lies inside the
    /// image is in the rows and in the image, its length, and the lengths of what lies outside before and after it.
    @inline(__always)
    private func forEachLine(_ body: (_ row: Int, _ pixel: Int, _ count: Int, _ before: Int, _ after: Int) -> Void) {
        let (input, kernel, channels) = (geometry.input, geometry.kernel, geometry.input.channels)
        let line = kernel * channels
        var row = 0
        for y in 0..<geometry.output.height {
            for x in 0..<geometry.output.width {
                let left = x * geometry.stride - geometry.padLeft
                let inside = max(left, 0)..<max(max(left, 0), min(left + kernel, input.width))
                for ky in 0..<kernel {
                    let imageY = y * geometry.stride + ky - geometry.padTop
                    if imageY >= 0, imageY < input.height, !inside.isEmpty {
                        let before = (inside.lowerBound - left) * channels
                        let count = inside.count * channels
                        body(
                            row + before, (imageY * input.width + inside.lowerBound) * channels, count, before,
                            line - before - count)
                    } else {
                        body(row, 0, 0, 0, line)
                    }
                    row += line
                }
            }
        }
    }
}
