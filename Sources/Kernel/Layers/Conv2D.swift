/// How a convolution treats the border.
public enum Padding: Sendable {
    /// No padding: windows lie inside the image; output = floor((input - kernel) / stride) + 1.
    case valid
    /// Zeros around the image, the odd one below and to the right; output = ceil(input / stride).
    case same
}

/// A 2-D cross-correlation with bias; weights `[O, I, K, K]`, as PyTorch's `Conv2d` keeps them.
///
/// Lowered to one matrix product per image (im2col; Chellapilla, Puri and Simard 2006): per image and not per batch,
/// so that the columns `[I*K*K, H*W]` are still in the cache when they are multiplied.
struct Conv2D: Layer {
    let name: String
    let input: FeatureShape
    let output: FeatureShape
    let kernel: Int
    let stride: Int
    private let padTop: Int
    private let padLeft: Int

    init(_ name: String, input: FeatureShape, filters: Int, kernel: Int, stride: Int, padding: Padding) {
        precondition(filters > 0 && kernel > 0 && stride > 0, "\(name): filters, kernel and stride must be positive")
        self.name = name
        self.input = input
        self.kernel = kernel
        self.stride = stride
        func extent(_ size: Int) -> (output: Int, before: Int) {
            switch padding {
            case .valid:
                precondition(size >= kernel, "\(name): kernel \(kernel) is larger than the input \(input)")
                return ((size - kernel) / stride + 1, 0)
            case .same:
                let output = (size + stride - 1) / stride
                return (output, max((output - 1) * stride + kernel - size, 0) / 2)
            }
        }
        let (height, width) = (extent(input.height), extent(input.width))
        output = FeatureShape(channels: filters, height: height.output, width: width.output)
        (padTop, padLeft) = (height.before, width.before)
    }

    /// I * K * K: numbers under one window.
    private var windowCount: Int { input.channels * kernel * kernel }
    /// H * W of the output.
    private var positions: Int { output.height * output.width }

    var scratchCount: Int { windowCount * positions }
    var flopsPerSample: Double { 2 * Double(windowCount) * Double(positions) * Double(output.channels) }
    var parameters: [ParameterSpecification] {
        [
            .weight(
                of: name, [output.channels, input.channels, kernel, kernel],
                fanIn: windowCount, fanOut: output.channels * kernel * kernel),
            .bias(of: name, output.channels),
        ]
    }

    func forward(_ pass: ForwardPass) {
        let bias = pass.parameters + output.channels * windowCount
        for sample in 0..<pass.batch {
            let result = pass.output + sample * output.count
            for channel in 0..<output.channels {
                (result + channel * positions).update(repeating: bias[channel], count: positions)
            }
            unfold(pass.input + sample * input.count, into: pass.scratch)
            BLAS.multiply(
                rows: output.channels, columns: positions, inner: windowCount,
                BLAS.Matrix(pass.parameters, stride: windowCount), BLAS.Matrix(pass.scratch, stride: positions),
                into: result, stride: positions, beta: 1)
        }
    }

    func backward(_ pass: BackwardPass) {
        let biasGradient = pass.gradient + output.channels * windowCount
        biasGradient.update(repeating: 0, count: output.channels)
        pass.inputGradient?.update(repeating: 0, count: pass.batch * input.count)
        for sample in 0..<pass.batch {
            let outputGradient = pass.outputGradient + sample * output.count
            unfold(pass.input + sample * input.count, into: pass.scratch)
            BLAS.multiply(
                rows: output.channels, columns: windowCount, inner: positions,
                BLAS.Matrix(outputGradient, stride: positions),
                BLAS.Matrix(pass.scratch, stride: positions, transposed: true),
                into: pass.gradient, stride: windowCount, beta: sample == 0 ? 0 : 1)
            for channel in 0..<output.channels {
                biasGradient[channel] += laneSum(outputGradient + channel * positions, count: positions)
            }
            guard let inputGradient = pass.inputGradient else { continue }
            BLAS.multiply(
                rows: windowCount, columns: positions, inner: output.channels,
                BLAS.Matrix(pass.parameters, stride: windowCount, transposed: true),
                BLAS.Matrix(outputGradient, stride: positions),
                into: pass.scratch, stride: positions)
            fold(pass.scratch, into: inputGradient + sample * input.count)
        }
    }

    /// im2col: `columns[(i, ky, kx), (y, x)] = image[i, y * stride + ky - padTop, x * stride + kx - padLeft]`, 0 outside.
    private func unfold(_ image: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>) {
        var row = columns
        forEachTap { channel, y, x in
            let plane = image + channel * input.height * input.width
            let valid = columnsInside(x)
            for outputY in 0..<output.height {
                let imageY = outputY * stride + y
                guard imageY >= 0, imageY < input.height, !valid.isEmpty else {
                    row.update(repeating: 0, count: output.width)
                    row += output.width
                    continue
                }
                let line = plane + imageY * input.width
                row.update(repeating: 0, count: valid.lowerBound)
                if stride == 1 {
                    (row + valid.lowerBound).update(from: line + valid.lowerBound + x, count: valid.count)
                } else {
                    for outputX in valid { row[outputX] = line[outputX * stride + x] }
                }
                (row + valid.upperBound).update(repeating: 0, count: output.width - valid.upperBound)
                row += output.width
            }
        }
    }

    /// The transpose of ``unfold(_:into:)``: adds every column entry to the pixel it was read from.
    private func fold(_ columns: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>) {
        var row = columns
        forEachTap { channel, y, x in
            let plane = image + channel * input.height * input.width
            let valid = columnsInside(x)
            for outputY in 0..<output.height {
                let imageY = outputY * stride + y
                if imageY >= 0, imageY < input.height {
                    let line = plane + imageY * input.width
                    for outputX in valid { line[outputX * stride + x] += row[outputX] }
                }
                row += output.width
            }
        }
    }

    /// Calls `body` for every row of the columns with its channel and its offsets from the window's corner in the image.
    private func forEachTap(_ body: (_ channel: Int, _ y: Int, _ x: Int) -> Void) {
        for channel in 0..<input.channels {
            for y in 0..<kernel {
                for x in 0..<kernel { body(channel, y - padTop, x - padLeft) }
            }
        }
    }

    /// The output columns for which `outputX * stride + offset` lies inside the image.
    private func columnsInside(_ offset: Int) -> Range<Int> {
        let first = offset >= 0 ? 0 : (-offset + stride - 1) / stride
        let end = offset >= input.width ? 0 : min(output.width, (input.width - 1 - offset) / stride + 1)
        return first < end ? first..<end : 0..<0
    }
}

/// The sum of `count` floats in eight lanes: Swift keeps IEEE order, so a plain loop would not vectorise.
func laneSum(_ values: UnsafePointer<Float>, count: Int) -> Float {
    var lanes = SIMD8<Float>()
    var index = 0
    while index + 8 <= count {
        lanes += UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self)
        index += 8
    }
    var sum = lanes.sum()
    while index < count {
        sum += values[index]
        index += 1
    }
    return sum
}
