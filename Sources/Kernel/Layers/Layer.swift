/// One layer of a ``Network``: shapes, the parameters it needs, and its forward and backward pass.
///
/// Buffers are rows of samples, batch first: `[B, count of the shape]`. Letters used throughout: `B` batch,
/// `C` channels, `H` and `W` height and width, `K` kernel height and width, `I` and `O` inputs and outputs.
/// Layers hold no state of a computation; that lives in the ``Workspace`` of the caller.
protocol Layer: Sendable {
    var name: String { get }
    var input: FeatureShape { get }
    var output: FeatureShape { get }
    /// In the order in which they stand in the flat vector.
    var parameters: [ParameterSpecification] { get }
    /// Whether the output may be written over the input. Requires that the layer before needs no own output backward.
    var operatesInPlace: Bool { get }
    /// Floats the layer may scribble on during one call.
    var scratchCount: Int { get }
    /// Numbers per sample that forward leaves for backward.
    var savedCountPerSample: Int { get }
    /// Floating-point operations of a forward pass of one sample (a multiply-add counts as two).
    var flopsPerSample: Double { get }

    func forward(_ pass: ForwardPass)
    func backward(_ pass: BackwardPass)
}

extension Layer {
    var parameters: [ParameterSpecification] { [] }
    var operatesInPlace: Bool { false }
    var scratchCount: Int { 0 }
    var savedCountPerSample: Int { 0 }
    var flopsPerSample: Double { 0 }
}

/// The buffers of one forward call.
struct ForwardPass {
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
}

/// The buffers of one backward call.
struct BackwardPass {
    /// B
    let batch: Int
    let parameters: UnsafePointer<Float>
    /// The layer's own range of the gradient; written, not added to.
    let gradient: UnsafeMutablePointer<Float>
    /// `[B, input]`, as forward saw it; for a layer that works in place, its output.
    let input: UnsafePointer<Float>
    /// `[B, output]`: the loss's derivative by the output.
    let outputGradient: UnsafeMutablePointer<Float>
    /// `[B, input]`: where the loss's derivative by the input goes; nil for the first layer, which nobody asks.
    let inputGradient: UnsafeMutablePointer<Float>?
    let scratch: UnsafeMutablePointer<Float>
    let saved: UnsafePointer<Int32>
}
