import Lanes

/// A convolution of one input channel, such as a grey image: the K * K pixels under a window are too few for a matrix
/// product with packed operands. The image is copied into a frame of zeros, in which every window is K short lines at a
/// fixed distance, and is multiplied from there.
package struct DirectConvolution: ConvolutionAlgorithm {
    private let geometry: ConvolutionGeometry

    package static func fits(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.input.channels == 1 && geometry.stride == 1 && geometry.output.channels % 16 == 0
    }

    package init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

    private var taps: Int { geometry.kernel * geometry.kernel }
    private var filters: Int { geometry.output.channels }
    private var frameWidth: Int { geometry.output.width + geometry.kernel - 1 }
    private var frameHeight: Int { geometry.output.height + geometry.kernel - 1 }
    private var frameCount: Int { frameWidth * frameHeight }
    /// A frame, the weights `[K*K, O]`, and their gradient or the input's.
    package var scratchCount: Int { frameCount + taps * filters + max(taps * filters, frameCount) }

    package func forward(_ pass: ForwardPass) {
        let (frame, weights) = (pass.scratch, pass.scratch + frameCount)
        let bias = pass.parameters + geometry.weightCount
        transpose(pass.parameters, rows: filters, columns: taps, into: weights)
        frame.update(repeating: 0, count: frameCount)
        for sample in 0..<pass.batch {
            copy(pass.input + sample * geometry.input.count, into: frame)
            for y in 0..<geometry.output.height {
                multiplyLine(
                    frame + y * frameWidth, weights, bias,
                    into: pass.output + (sample * geometry.output.height + y) * geometry.output.width * filters)
            }
        }
    }

    /// One line of the output: `[W, O]` from W overlapping windows.
    private func multiplyLine(
        _ pixels: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
        into output: UnsafeMutablePointer<Float>
    ) {
        let (width, kernel, filters, frameWidth) = (geometry.output.width, geometry.kernel, filters, frameWidth)
        var x = 0
        while x < width {
            // Beyond the end of the line, the last window once more.
            let last = width - 1 - x
            let (r1, r2, r3, r4) = (min(1, last), min(2, last), min(3, last), min(4, last))
            for filter in stride(from: 0, to: filters, by: 16) {
                var (s00, s01, s10, s11, s20) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                var (s21, s30, s31, s40, s41) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                var tap = weights + filter
                for ky in 0..<kernel {
                    let line = pixels + ky * frameWidth + x
                    for kx in 0..<kernel {
                        let (w0, w1) = (tap.lanes(0), tap.lanes(8))
                        let x0 = Lanes(repeating: line[kx])
                        s00.add(x0, times: w0)
                        s01.add(x0, times: w1)
                        let x1 = Lanes(repeating: line[kx + r1])
                        s10.add(x1, times: w0)
                        s11.add(x1, times: w1)
                        let x2 = Lanes(repeating: line[kx + r2])
                        s20.add(x2, times: w0)
                        s21.add(x2, times: w1)
                        let x3 = Lanes(repeating: line[kx + r3])
                        s30.add(x3, times: w0)
                        s31.add(x3, times: w1)
                        let x4 = Lanes(repeating: line[kx + r4])
                        s40.add(x4, times: w0)
                        s41.add(x4, times: w1)
                        tap += filters
                    }
                }
                let (b0, b1) = (bias.lanes(filter), bias.lanes(filter + 8))
                let to = output + x * filters + filter
                to.set(0, s00 + b0)
                to.set(8, s01 + b1)
                to.set(r1 * filters, s10 + b0)
                to.set(r1 * filters + 8, s11 + b1)
                to.set(r2 * filters, s20 + b0)
                to.set(r2 * filters + 8, s21 + b1)
                to.set(r3 * filters, s30 + b0)
                to.set(r3 * filters + 8, s31 + b1)
                to.set(r4 * filters, s40 + b0)
                to.set(r4 * filters + 8, s41 + b1)
            }
            x += 5
        }
    }

    package func backward(_ pass: BackwardPass) {
        let (height, width, kernel) = (geometry.output.height, geometry.output.width, geometry.kernel)
        let (frame, sums) = (pass.scratch, pass.scratch + frameCount)
        if let inputGradient = pass.inputGradient { backwardInput(pass, into: inputGradient) }
        frame.update(repeating: 0, count: frameCount)
        sums.update(repeating: 0, count: taps * filters)
        for sample in 0..<pass.batch {
            copy(pass.input + sample * geometry.input.count, into: frame)
            for y in 0..<height {
                let line = pass.outputGradient + (sample * height + y) * width * filters
                // sums[(ky, kx), o] += sum over x of frame[y + ky, x + kx] * gradient[x, o]
                for ky in 0..<kernel {
                    SmallProducts.multiply(
                        rows: kernel, columns: filters, inner: width,
                        SmallProducts.Left(frame + (y + ky) * frameWidth, rowStride: 1, innerStride: 1),
                        line, strideB: filters, into: sums + ky * kernel * filters, strideC: filters,
                        startingFrom: sums + ky * kernel * filters)
                }
            }
        }
        pass.startGradient(at: 0, count: geometry.weightCount)
        for filter in 0..<filters {
            for tap in 0..<taps { pass.gradient[filter * taps + tap] += sums[tap * filters + filter] }
        }
    }

    /// Adds every window's gradient to the pixels under it, in a frame that is then cut.
    private func backwardInput(_ pass: BackwardPass, into inputGradient: UnsafeMutablePointer<Float>) {
        let (weights, frame) = (pass.scratch + frameCount, pass.scratch + frameCount + taps * filters)
        transpose(pass.parameters, rows: filters, columns: taps, into: weights)
        for sample in 0..<pass.batch {
            frame.update(repeating: 0, count: frameCount)
            for y in 0..<geometry.output.height {
                for x in 0..<geometry.output.width {
                    let position = (sample * geometry.output.height + y) * geometry.output.width + x
                    let gradient = pass.outputGradient + position * filters
                    for tap in 0..<taps {
                        var sum = Lanes()
                        for filter in stride(from: 0, to: filters, by: 8) {
                            sum.add(gradient.lanes(filter), times: weights.lanes(tap * filters + filter))
                        }
                        let (ky, kx) = tap.quotientAndRemainder(dividingBy: geometry.kernel)
                        frame[(y + ky) * frameWidth + x + kx] += sum.treeSum
                    }
                }
            }
            forEachLine { pixel, framed, count in
                (inputGradient + sample * geometry.input.count + pixel).update(from: frame + framed, count: count)
            }
        }
    }

    /// Copies the image into the frame. The frame's border is not changed.
    private func copy(_ image: UnsafePointer<Float>, into frame: UnsafeMutablePointer<Float>) {
        forEachLine { pixel, framed, count in (frame + framed).update(from: image + pixel, count: count) }
    }

    /// The lines of the image that lie inside the frame: where they begin in both, and their length.
    @inline(__always)
    private func forEachLine(_ body: (_ pixel: Int, _ framed: Int, _ count: Int) -> Void) {
        for y in 0..<min(geometry.input.height, frameHeight - geometry.padTop) {
            body(
                y * geometry.input.width, (y + geometry.padTop) * frameWidth + geometry.padLeft,
                min(geometry.input.width, frameWidth - geometry.padLeft))
        }
    }
}
