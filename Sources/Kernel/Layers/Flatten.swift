/// An image as a flat vector `[C*H*W]`, channels first as in PyTorch.
struct Flatten: Layer {
    let name = "flatten"
    let input: FeatureShape
    var output: FeatureShape { FeatureShape(features: input.count) }
    var inputOrder: ChannelOrder? { .last }
    var outputOrder: ChannelOrder? { .first }

    func forward(_ pass: ForwardPass) {
        let pixels = input.height * input.width
        for sample in 0..<pass.batch {
            transpose(
                pass.input + sample * input.count, rows: pixels, columns: input.channels,
                into: pass.output + sample * input.count)
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let pixels = input.height * input.width
        for sample in 0..<pass.batch {
            transpose(
                pass.outputGradient + sample * input.count, rows: input.channels, columns: pixels,
                into: inputGradient + sample * input.count)
        }
    }
}

/// An image that comes channels first, as in files, for layers that compute with channels last.
struct Interleave: Layer {
    let name = "interleave"
    let input: FeatureShape
    var output: FeatureShape { input }
    var inputOrder: ChannelOrder? { .first }
    var outputOrder: ChannelOrder? { .last }

    func forward(_ pass: ForwardPass) {
        let pixels = input.height * input.width
        for sample in 0..<pass.batch {
            transpose(
                pass.input + sample * input.count, rows: input.channels, columns: pixels,
                into: pass.output + sample * input.count)
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let pixels = input.height * input.width
        for sample in 0..<pass.batch {
            transpose(
                pass.outputGradient + sample * input.count, rows: pixels, columns: input.channels,
                into: inputGradient + sample * input.count)
        }
    }
}

/// result[c, r] = matrix[r, c]; matrix `[rows, columns]`.
func transpose(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, into result: UnsafeMutablePointer<Float>
) {
    for column in 0..<columns {
        for row in 0..<rows { result[column * rows + row] = matrix[row * columns + column] }
    }
}
