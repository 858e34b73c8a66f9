/// How a convolution treats the border.
public enum Padding: Sendable {
    /// No padding: windows lie inside the image; output = floor((input - kernel) / stride) + 1.
    case valid
    /// Zeros around the image, the odd one below and to the right; output = ceil(input / stride).
    case same
}

/// A 2-D cross-correlation with bias; weights `[O, I, K, K]`, as PyTorch's `Conv2d` keeps them. Images have their
/// channels last.
struct Conv2D: Layer {
    let name: String
    let geometry: ConvolutionGeometry
    let algorithm: any ConvolutionAlgorithm

    /// - Parameter algorithm: nil for the fastest that fits.
    init(
        _ name: String, input: FeatureShape, filters: Int, kernel: Int, stride: Int, padding: Padding,
        algorithm: (any ConvolutionAlgorithm.Type)? = nil
    ) {
        precondition(filters > 0 && kernel > 0 && stride > 0, "\(name): filters, kernel and stride must be positive")
        precondition(
            padding == .same || min(input.height, input.width) >= kernel,
            "\(name): kernel \(kernel) is larger than the input \(input)")
        self.name = name
        geometry = ConvolutionGeometry(
            input: input, filters: filters, kernel: kernel, stride: stride, padding: padding)
        let candidates: [any ConvolutionAlgorithm.Type] = [WinogradConvolution.self, DirectConvolution.self]
        let chosen = algorithm ?? candidates.first { [geometry] in $0.fits(geometry) } ?? Im2ColConvolution.self
        precondition(chosen.fits(geometry), "\(name): \(chosen) cannot do \(geometry)")
        self.algorithm = chosen.init(geometry)
    }

    var input: FeatureShape { geometry.input }
    var output: FeatureShape { geometry.output }
    var kernel: Int { geometry.kernel }
    var inputOrder: ChannelOrder? { .last }
    var outputOrder: ChannelOrder? { .last }
    var scratchCount: Int { algorithm.scratchCount }
    /// The operations of the definition, also where the algorithm needs fewer.
    var flopsPerSample: Double { 2 * Double(geometry.windowCount * geometry.positions * output.channels) }
    var parameters: [ParameterSpecification] {
        [
            .weight(
                of: name, [output.channels, input.channels, kernel, kernel],
                fanIn: geometry.windowCount, fanOut: output.channels * kernel * kernel),
            .bias(of: name, output.channels),
        ]
    }

    func forward(_ pass: ForwardPass) { algorithm.forward(pass) }

    func backward(_ pass: BackwardPass) {
        algorithm.backward(pass)
        sumRows(
            of: pass.outputGradient, rows: pass.batch * geometry.positions, columns: output.channels,
            into: pass.gradient + geometry.weightCount, addedTo: pass.start.map { $0 + geometry.weightCount })
    }
}

/// The numbers that describe a convolution.
package struct ConvolutionGeometry: Sendable, CustomStringConvertible {
    let input: FeatureShape
    let output: FeatureShape
    let kernel: Int
    let stride: Int
    /// Zeros above and to the left of the image.
    let padTop: Int
    let padLeft: Int

    init(input: FeatureShape, filters: Int, kernel: Int, stride: Int, padding: Padding) {
        func extent(_ size: Int) -> (output: Int, before: Int) {
            switch padding {
            case .valid: return ((size - kernel) / stride + 1, 0)
            case .same:
                let output = (size + stride - 1) / stride
                return (output, max((output - 1) * stride + kernel - size, 0) / 2)
            }
        }
        let (height, width) = (extent(input.height), extent(input.width))
        self.input = input
        self.kernel = kernel
        self.stride = stride
        output = FeatureShape(channels: filters, height: height.output, width: width.output)
        (padTop, padLeft) = (height.before, width.before)
    }

    /// I * K * K: numbers under one window.
    var windowCount: Int { input.channels * kernel * kernel }
    /// H * W of the output.
    var positions: Int { output.height * output.width }
    var weightCount: Int { output.channels * windowCount }

    package var description: String { "\(input) -> \(output), kernel \(kernel), stride \(stride)" }
}

/// A way of computing a ``Conv2D``.
package protocol ConvolutionAlgorithm: Sendable {
    static func fits(_ geometry: ConvolutionGeometry) -> Bool
    init(_ geometry: ConvolutionGeometry)
    var scratchCount: Int { get }
    func forward(_ pass: ForwardPass)
    /// Computes the gradients of the input and of the weights. The layer adds the biases' gradient.
    func backward(_ pass: BackwardPass)
}
