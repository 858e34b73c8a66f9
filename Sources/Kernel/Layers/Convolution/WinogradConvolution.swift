import Lanes

/// A 5 x 5 convolution of many channels by the minimal filtering algorithm F(2x2, 5x5): 36 products for the four outputs
/// of a tile in place of 100 (A. Lavin and S. Gray 2016, *Fast Algorithms for Convolutional Neural Networks*).
///
/// With the interpolation points 0, 1, -1, 2, -2 and infinity, a tile of 6 x 6 inputs d and a filter g give
///
///     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
///
/// and summed over channels, ⊙ is a matrix product for each of the 36 places. The backward pass is the transpose of each
/// step: with dM = A dY Aᵀ, the filter's gradient is Gᵀ (dM ⊙ V) G and the input's B (dM ⊙ U) Bᵀ. M and dM exist for six of
/// the 36 places at a time, so that with V they stay in a second-level cache.
///
/// Rounding errors are some ten times those of the definition: the transforms cancel (ibid., section 5.2). Windows of one
/// tile that hold the same numbers nevertheless give the same output, to the bit, so that pooling finds their tie: they
/// are the same only if the tile is constant along a line or a column, and then the transform makes exact zeros of all
/// but the point 1, which counts as much in one output as in the other.
package struct WinogradConvolution: ConvolutionAlgorithm {
    private let geometry: ConvolutionGeometry
    /// Tiles of 2 x 2 outputs.
    private let tileRows: Int
    private let tileColumns: Int

    package static func fits(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.kernel == 5 && geometry.stride == 1 && geometry.input.channels % 8 == 0
            && geometry.output.channels % 8 == 0
    }

    package init(_ geometry: ConvolutionGeometry) {
        self.geometry = geometry
        tileRows = (geometry.output.height + 1) / 2
        tileColumns = (geometry.output.width + 1) / 2
    }

    private static let places = 36
    private var inputs: Int { geometry.input.channels }
    private var filters: Int { geometry.output.channels }
    private var tiles: Int { tileRows * tileColumns }
    private var transformedWeights: Int { Self.places * inputs * filters }
    private var frameWidth: Int { 2 * tileColumns + 4 }
    private var frameHeight: Int { 2 * tileRows + 4 }
    private var frameCount: Int { frameHeight * frameWidth * inputs }

    /// The parts of the scratch memory.
    private struct Scratch {
        /// The image inside zeros, `[H, W, I]`, or the gradient of one.
        let frame: UnsafeMutablePointer<Float>
        /// A tile or filter half transformed.
        let half: UnsafeMutablePointer<Float>
        /// U: `[36, I, O]` forward, `[36, O, I]` backward.
        let weights: UnsafeMutablePointer<Float>
        /// dU: `[36, O, I]`.
        let weightGradients: UnsafeMutablePointer<Float>
        /// V and dV: `[36, tiles, I]`.
        let inputs: UnsafeMutablePointer<Float>
        /// Six places of M and dM: `[6, tiles, O]`.
        let outputs: UnsafeMutablePointer<Float>
    }

    private static let halfCount = places * 8

    package var scratchCount: Int {
        frameCount + Self.halfCount + 2 * transformedWeights + tiles * (Self.places * inputs + 6 * filters)
    }

    private func parts(of scratch: UnsafeMutablePointer<Float>) -> Scratch {
        let half = scratch + frameCount
        let weights = half + Self.halfCount
        let weightGradients = weights + transformedWeights
        let inputs = weightGradients + transformedWeights
        return Scratch(
            frame: scratch, half: half, weights: weights, weightGradients: weightGradients, inputs: inputs,
            outputs: inputs + Self.places * tiles * self.inputs)
    }

    // MARK: Passes

    package func forward(_ pass: ForwardPass) {
        let scratch = parts(of: pass.scratch)
        let bias = pass.parameters + geometry.weightCount
        transformWeights(pass.parameters, laneStride: inputs * 25, lanes: filters, rowStride: 25, rows: inputs, scratch)
        scratch.frame.update(repeating: 0, count: frameCount)
        for sample in 0..<pass.batch {
            copy(pass.input + sample * geometry.input.count, into: scratch.frame)
            transformInput(scratch)
            for row in 0..<6 {
                for column in 0..<6 {
                    let place = row * 6 + column
                    SmallProducts.multiply(
                        rows: tiles, columns: filters, inner: inputs,
                        SmallProducts.Left(scratch.inputs + place * tiles * inputs, rowStride: inputs, innerStride: 1),
                        scratch.weights + place * inputs * filters, strideB: filters,
                        into: scratch.outputs + column * tiles * filters, strideC: filters, startingFrom: nil)
                }
                addOutput(ofRow: row, scratch, bias, to: pass.output + sample * geometry.output.count)
            }
        }
    }

    package func backward(_ pass: BackwardPass) {
        let scratch = parts(of: pass.scratch)
        if pass.inputGradient != nil {
            transformWeights(
                pass.parameters, laneStride: 25, lanes: inputs, rowStride: inputs * 25, rows: filters, scratch)
        }
        scratch.weightGradients.update(repeating: 0, count: transformedWeights)
        for sample in 0..<pass.batch {
            scratch.frame.update(repeating: 0, count: frameCount)
            copy(pass.input + sample * geometry.input.count, into: scratch.frame)
            transformInput(scratch)
            for place in 0..<Self.places {
                if place % 6 == 0 {
                    transformOutputGradient(
                        pass.outputGradient + sample * geometry.output.count, row: place / 6, scratch)
                }
                let outputs = scratch.outputs + place % 6 * tiles * filters
                let inputs = scratch.inputs + place * tiles * self.inputs
                let gradients = scratch.weightGradients + place * self.inputs * filters
                SmallProducts.multiply(
                    rows: filters, columns: self.inputs, inner: tiles,
                    SmallProducts.Left(outputs, rowStride: 1, innerStride: filters), inputs, strideB: self.inputs,
                    into: gradients, strideC: self.inputs, startingFrom: gradients)
                guard pass.inputGradient != nil else { continue }
                SmallProducts.multiply(
                    rows: tiles, columns: self.inputs, inner: filters,
                    SmallProducts.Left(outputs, rowStride: filters, innerStride: 1),
                    scratch.weights + place * self.inputs * filters, strideB: self.inputs,
                    into: inputs, strideC: self.inputs, startingFrom: nil)
            }
            if let inputGradient = pass.inputGradient {
                scratch.frame.update(repeating: 0, count: frameCount)
                addInputGradient(scratch)
                cut(scratch.frame, into: inputGradient + sample * geometry.input.count)
            }
        }
        pass.startGradient(at: 0, count: geometry.weightCount)
        addWeightGradient(scratch, to: pass.gradient)
    }

    // MARK: Transforms, eight channels at a time

    /// U = G g Gᵀ for all filters, as `[36, rows, lanes]`.
    private func transformWeights(
        _ weights: UnsafePointer<Float>, laneStride: Int, lanes: Int, rowStride: Int, rows: Int, _ scratch: Scratch
    ) {
        for row in 0..<rows {
            for lane in stride(from: 0, to: lanes, by: 8) {
                let filter = weights + row * rowStride + lane * laneStride
                for x in 0..<5 {
                    let column = Self.transformFilter { y in
                        var values = Lanes()
                        for index in 0..<8 { values[index] = filter[index * laneStride + y * 5 + x] }
                        return values
                    }
                    Self.store(column, scratch.half + x * 8, stride: 5 * 8)
                }
                for y in 0..<6 {
                    let line = Self.transformFilter { x in scratch.half.lanes((y * 5 + x) * 8) }
                    Self.store(
                        line, scratch.weights + (y * 6 * rows + row) * lanes + lane, stride: rows * lanes)
                }
            }
        }
    }

    /// V = Bᵀ d B for all tiles of the image in the frame.
    private func transformInput(_ scratch: Scratch) {
        let line = frameWidth * inputs
        forEachTile { tile, y, x in
            for channel in stride(from: 0, to: inputs, by: 8) {
                let corner = scratch.frame + y * line + x * inputs + channel
                for column in 0..<6 {
                    let values = Self.transformTile { corner.lanes($0 * line + column * inputs) }
                    Self.store(values, scratch.half + column * 8, stride: 6 * 8)
                }
                for row in 0..<6 {
                    let values = Self.transformTile { scratch.half.lanes((row * 6 + $0) * 8) }
                    Self.store(
                        values, scratch.inputs + (row * 6 * tiles + tile) * inputs + channel, stride: tiles * inputs)
                }
            }
        }
    }

    /// The part of one row of M in Y = Aᵀ M A + bias, for all tiles: the first row writes, the others add, and the last one
    /// the bias, too.
    private func addOutput(
        ofRow row: Int, _ scratch: Scratch, _ bias: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>
    ) {
        let (place, width) = (tiles * filters, geometry.output.width)
        let (upper, lower) = Self.factors(ofRow: row)
        forEachTile { tile, y, x in
            let (hasLower, hasRight) = (y + 1 < geometry.output.height, x + 1 < width)
            for channel in stride(from: 0, to: filters, by: 8) {
                let values = scratch.outputs + tile * filters + channel
                let (left, right) = Self.reduceTile { values.lanes($0 * place) }
                let to = output + (y * width + x) * filters + channel
                func add(_ factor: Float, _ value: Lanes, at offset: Int) {
                    let sum = Self.fused(row == 0 ? Lanes() : to.lanes(offset), factor, value)
                    to.set(offset, row == 5 ? sum + bias.lanes(channel) : sum)
                }
                add(upper, left, at: 0)
                if hasRight { add(upper, right, at: filters) }
                if hasLower { add(lower, left, at: width * filters) }
                if hasLower && hasRight { add(lower, right, at: (width + 1) * filters) }
            }
        }
    }

    /// One row of dM = A dY Aᵀ for all tiles.
    private func transformOutputGradient(_ gradient: UnsafePointer<Float>, row: Int, _ scratch: Scratch) {
        let (place, width) = (tiles * filters, geometry.output.width)
        let (upper, lower) = Self.factors(ofRow: row)
        forEachTile { tile, y, x in
            let (hasLower, hasRight) = (y + 1 < geometry.output.height, x + 1 < width)
            for channel in stride(from: 0, to: filters, by: 8) {
                let corner = gradient + (y * width + x) * filters + channel
                var (left, right) = (upper * corner.lanes(0), Lanes())
                if hasLower { left = Self.fused(left, lower, corner.lanes(width * filters)) }
                if hasRight {
                    right = upper * corner.lanes(filters)
                    if hasLower { right = Self.fused(right, lower, corner.lanes((width + 1) * filters)) }
                }
                Self.store(
                    Self.spread(left, right), scratch.outputs + tile * filters + channel, stride: place)
            }
        }
    }

    /// The row of A: what a row of M counts in the upper and in the lower row of a tile.
    private static func factors(ofRow row: Int) -> (upper: Float, lower: Float) {
        switch row {
        case 0: (1, 0)
        case 1: (1, 1)
        case 2: (1, -1)
        case 3: (1, 2)
        case 4: (1, -2)
        default: (0, 1)
        }
    }

    /// Adds dd = B dV Bᵀ of all tiles to the frame, where tiles overlap.
    private func addInputGradient(_ scratch: Scratch) {
        let (line, place) = (frameWidth * inputs, tiles * inputs)
        forEachTile { tile, y, x in
            for channel in stride(from: 0, to: inputs, by: 8) {
                let values = scratch.inputs + tile * inputs + channel
                for column in 0..<6 {
                    let half = Self.transposeTile { values.lanes(($0 * 6 + column) * place) }
                    Self.store(half, scratch.half + column * 8, stride: 6 * 8)
                }
                let corner = scratch.frame + y * line + x * inputs + channel
                for row in 0..<6 {
                    let sums = Self.transposeTile { scratch.half.lanes((row * 6 + $0) * 8) }
                    Self.add(sums, to: corner + row * line, stride: inputs)
                }
            }
        }
    }

    /// Adds dg = Gᵀ dU G to the gradient `[O, I, 5, 5]`.
    private func addWeightGradient(_ scratch: Scratch, to gradient: UnsafeMutablePointer<Float>) {
        let place = filters * inputs
        for filter in 0..<filters {
            for channel in stride(from: 0, to: inputs, by: 8) {
                let values = scratch.weightGradients + filter * inputs + channel
                for column in 0..<6 {
                    let half = Self.reduceFilter { values.lanes(($0 * 6 + column) * place) }
                    Self.store(half, scratch.half + column * 8, stride: 6 * 8)
                }
                let first = gradient + (filter * inputs + channel) * 25
                for row in 0..<5 {
                    let line = Self.reduceFilter { scratch.half.lanes((row * 6 + $0) * 8) }
                    for index in 0..<8 {
                        let to = first + index * 25 + row * 5
                        to[0] += line.0[index]
                        to[1] += line.1[index]
                        to[2] += line.2[index]
                        to[3] += line.3[index]
                        to[4] += line.4[index]
                    }
                }
            }
        }
    }

    // MARK: In one dimension

    private typealias Two = (Lanes, Lanes)
    private typealias Five = (Lanes, Lanes, Lanes, Lanes, Lanes)
    private typealias Six = (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes)

    /// Bᵀ d, by differences of the numbers, which of equal numbers are exact zeros whatever is rounded.
    @inline(__always)
    private static func transformTile(_ d: (Int) -> Lanes) -> Six {
        let (d0, d1, d2, d3, d4, d5) = (d(0), d(1), d(2), d(3), d(4), d(5))
        let (even, odd) = (fused(d4, -4, d2), fused(d3, -4, d1))
        let (near, step) = (d4 - d2, d3 - d1)
        let far = 2 * step
        return (
            fused(near, 4, d0 - d2), even + odd, even - odd, near + far, near - far, fused(d5 - d3, -4, step)
        )
    }

    /// B v, its transpose.
    @inline(__always)
    private static func transposeTile(_ v: (Int) -> Lanes) -> Six {
        let (v0, v1, v2, v3, v4, v5) = (v(0), v(1), v(2), v(3), v(4), v(5))
        let (sum12, difference12, sum34, difference34) = (v1 + v2, v1 - v2, v3 + v4, v3 - v4)
        return (
            4 * v0, fused(4 * (v5 - difference12), -2, difference34),
            fused(fused(-sum34, -4, sum12), -5, v0), fused(fused(difference12, 2, difference34), -5, v5),
            v0 + sum12 + sum34, v5
        )
    }

    /// Aᵀ m
    @inline(__always)
    private static func reduceTile(_ m: (Int) -> Lanes) -> Two {
        let (m0, m1, m2, m3, m4, m5) = (m(0), m(1), m(2), m(3), m(4), m(5))
        return (m0 + (m1 + m2) + (m3 + m4), fused(m5 + (m1 - m2), 2, m3 - m4))
    }

    /// A y
    @inline(__always)
    private static func spread(_ y0: Lanes, _ y1: Lanes) -> Six {
        let double = 2 * y1
        return (y0, y0 + y1, y0 - y1, y0 + double, y0 - double, y1)
    }

    /// G g
    @inline(__always)
    private static func transformFilter(_ g: (Int) -> Lanes) -> Six {
        let (g0, g1, g2, g3, g4) = (g(0), g(1), g(2), g(3), g(4))
        let (even, odd) = (g0 + g2 + g4, g1 + g3)
        let (farEven, farOdd) = (g0 + 4 * g2 + 16 * g4, 2 * g1 + 8 * g3)
        let (sixth, twentyFourth) = (Float(-1) / 6, Float(1) / 24)
        return (
            0.25 * g0, sixth * (even + odd), sixth * (even - odd), twentyFourth * (farEven + farOdd),
            twentyFourth * (farEven - farOdd), g4
        )
    }

    /// Gᵀ u
    @inline(__always)
    private static func reduceFilter(_ u: (Int) -> Lanes) -> Five {
        let (sixth, twentyFourth) = (Float(-1) / 6, Float(1) / 24)
        let (u0, u5) = (0.25 * u(0), u(5))
        let (u1, u2, u3, u4) = (sixth * u(1), sixth * u(2), twentyFourth * u(3), twentyFourth * u(4))
        let (sum12, difference12, sum34, difference34) = (u1 + u2, u1 - u2, u3 + u4, u3 - u4)
        return (
            u0 + sum12 + sum34, fused(difference12, 2, difference34), fused(sum12, 4, sum34),
            fused(difference12, 8, difference34), fused(sum12 + u5, 16, sum34)
        )
    }

    /// a + factor * b
    @inline(__always)
    private static func fused(_ a: Lanes, _ factor: Float, _ b: Lanes) -> Lanes {
        var sum = a
        sum.add(Lanes(repeating: factor), times: b)
        return sum
    }

    @inline(__always)
    private static func store(_ values: Six, _ target: UnsafeMutablePointer<Float>, stride: Int) {
        target.set(0, values.0)
        target.set(stride, values.1)
        target.set(2 * stride, values.2)
        target.set(3 * stride, values.3)
        target.set(4 * stride, values.4)
        target.set(5 * stride, values.5)
    }

    @inline(__always)
    private static func store(_ values: Five, _ target: UnsafeMutablePointer<Float>, stride: Int) {
        target.set(0, values.0)
        target.set(stride, values.1)
        target.set(2 * stride, values.2)
        target.set(3 * stride, values.3)
        target.set(4 * stride, values.4)
    }

    @inline(__always)
    private static func add(_ values: Six, to target: UnsafeMutablePointer<Float>, stride: Int) {
        target.set(0, target.lanes(0) + values.0)
        target.set(stride, target.lanes(stride) + values.1)
        target.set(2 * stride, target.lanes(2 * stride) + values.2)
        target.set(3 * stride, target.lanes(3 * stride) + values.3)
        target.set(4 * stride, target.lanes(4 * stride) + values.4)
        target.set(5 * stride, target.lanes(5 * stride) + values.5)
    }

    // MARK: Frames

    /// Calls `body` with every tile and where its outputs, and its inputs in the frame, begin.
    @inline(__always)
    private func forEachTile(_ body: (_ tile: Int, _ y: Int, _ x: Int) -> Void) {
        for row in 0..<tileRows {
            for column in 0..<tileColumns { body(row * tileColumns + column, 2 * row, 2 * column) }
        }
    }

    private func copy(_ image: UnsafePointer<Float>, into frame: UnsafeMutablePointer<Float>) {
        forEachLine { pixel, framed, count in (frame + framed).update(from: image + pixel, count: count) }
    }

    private func cut(_ frame: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>) {
        forEachLine { pixel, framed, count in (image + pixel).update(from: frame + framed, count: count) }
    }

    /// The lines of the image: where they begin in it and in the frame, and their length.
    @inline(__always)
    private func forEachLine(_ body: (_ pixel: Int, _ framed: Int, _ count: Int) -> Void) {
        let line = geometry.input.width * inputs
        for y in 0..<geometry.input.height {
            body(y * line, ((y + geometry.padTop) * frameWidth + geometry.padLeft) * inputs, line)
        }
    }
}
