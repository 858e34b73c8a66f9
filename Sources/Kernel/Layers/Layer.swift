/// One layer of a ``Network``: shapes, the parameters it needs, and its forward and backward pass.
///
/// Buffers are rows of samples, batch first: `[B, count of the shape]`. Letters used throughout: `B` batch,
/// `C` channels, `H` and `W` height and width, `K` kernel height and width, `I` and `O` inputs and outputs.
/// Layers hold no state of a computation; that lives in the ``Workspace`` of the caller.
package protocol Layer: Sendable {
    var name: String { get }
    var input: FeatureShape { get }
    var output: FeatureShape { get }
    /// The order that the layer wants for the numbers of an image; nil if the order does not matter, and they leave as
    /// they came.
    var inputOrder: ChannelOrder? { get }
    var outputOrder: ChannelOrder? { get }
    /// The layer's tensors, in the order in which they stand in the flat vector.
    var parameters: [ParameterSpecification] { get }
    /// Whether the output may be written over the input. It is where the layer before does not read its output backward and
    /// no residual begins there.
    var operatesInPlace: Bool { get }
    /// Whether the backward pass reads the output. For a layer that may work in place, also whether it reads the input,
    /// which is then the same memory.
    var readsOutput: Bool { get }
    /// Floats the layer may scribble on during one call.
    var scratchCount: Int { get }
    /// Numbers per sample that forward leaves for backward.
    var savedCountPerSample: Int { get }
    /// Floating-point operations of a forward pass of one sample (a multiply-add counts as two).
    var flopsPerSample: Double { get }
    /// The layer with a ReLU after it in the same pass over memory, if it can.
    var fusedWithReLU: (any Layer)? { get }

    func forward(_ pass: ForwardPass)
    func backward(_ pass: BackwardPass)
}

extension Layer {
    var inputOrder: ChannelOrder? { nil }
    var outputOrder: ChannelOrder? { nil }
    var parameters: [ParameterSpecification] { [] }
    var operatesInPlace: Bool { false }
    var readsOutput: Bool { false }
    var scratchCount: Int { 0 }
    var savedCountPerSample: Int { 0 }
    var flopsPerSample: Double { 0 }
    var fusedWithReLU: (any Layer)? { nil }
}

/// The order of an image's numbers. An image with one channel or one pixel has the same numbers in both.
package enum ChannelOrder {
    /// `[C, H, W]`, as files and PyTorch have them, and as ``Dense`` weights expect a flattened image.
    case first
    /// `[H, W, C]`, as convolutions and pools compute: what they do to one channel they do to the seven beside it.
    case last
}

/// The buffers of one forward call.
package struct ForwardPass {
    /// B
    let batch: Int
    /// The layer's own range of the parameter vector.
    let parameters: UnsafePointer<Float>
    /// `[B, input]`
    let input: UnsafePointer<Float>
    /// `[B, output]`
    let output: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutablePointer<Float>
    /// `[B, savedCountPerSample]`
    let saved: UnsafeMutablePointer<Int32>
    /// What entered the residual that an ``Add`` ends, `[B, input]`; nil for other layers.
    let aroundBody: UnsafePointer<Float>?

    package init(
        batch: Int, parameters: UnsafePointer<Float>, input: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        saved: UnsafeMutablePointer<Int32>, aroundBody: UnsafePointer<Float>? = nil
    ) {
        self.aroundBody = aroundBody
        self.batch = batch
        self.parameters = parameters
        self.input = input
        self.output = output
        self.scratch = scratch
        self.saved = saved
    }
}

/// The buffers of one backward call.
package struct BackwardPass {
    /// B
    let batch: Int
    let parameters: UnsafePointer<Float>
    /// The layer's own range of the gradient, written last: it may be the parameters' own memory.
    let gradient: UnsafeMutablePointer<Float>
    /// What the gradient is added to, with the sum going to `gradient`; nil for zeros. May be `gradient` itself. The
    /// gradient of the whole batch is summed first and added once: in parts, it would be rounded where it is small
    /// beside the parameter, part by part.
    let start: UnsafePointer<Float>?
    /// `[B, input]`, as forward saw it; for a layer that may work in place, either that or its output.
    let input: UnsafePointer<Float>
    /// `[B, output]`, as forward left it.
    let output: UnsafePointer<Float>
    /// `[B, output]`: the loss's derivative by the output; the layer may scribble on it.
    let outputGradient: UnsafeMutablePointer<Float>
    /// Where the loss's derivative by the input goes, `[B, input]`; nil where it is not needed.
    let inputGradient: UnsafeMutablePointer<Float>?
    let scratch: UnsafeMutablePointer<Float>
    /// `[B, output]`, to scribble on: memory that is not needed any more, or the memory of `output`.
    let spare: UnsafeMutablePointer<Float>
    let saved: UnsafePointer<Int32>
    /// Where an ``Add`` writes the gradient that goes around the body, `[B, input]`; nil for other layers, and where it
    /// is not needed.
    let gradientAroundBody: UnsafeMutablePointer<Float>?

    package init(
        batch: Int, parameters: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>,
        start: UnsafePointer<Float>?, input: UnsafePointer<Float>, output: UnsafePointer<Float>,
        outputGradient: UnsafeMutablePointer<Float>, inputGradient: UnsafeMutablePointer<Float>?,
        scratch: UnsafeMutablePointer<Float>, spare: UnsafeMutablePointer<Float>, saved: UnsafePointer<Int32>,
        gradientAroundBody: UnsafeMutablePointer<Float>? = nil
    ) {
        self.gradientAroundBody = gradientAroundBody
        self.batch = batch
        self.parameters = parameters
        self.gradient = gradient
        self.start = start
        self.input = input
        self.output = output
        self.outputGradient = outputGradient
        self.inputGradient = inputGradient
        self.scratch = scratch
        self.spare = spare
        self.saved = saved
    }

    /// Makes `count` numbers of the gradient, from `offset` on, what they start from.
    func startGradient(at offset: Int, count: Int) {
        guard let start else { return (gradient + offset).update(repeating: 0, count: count) }
        if start != UnsafePointer(gradient) { (gradient + offset).update(from: start + offset, count: count) }
    }
}
