import Lanes

/// A function of each number by itself whose slope follows from its value, so that it works in place.
struct Activation: Layer {
    enum Function: String {
        case tanh
        case sigmoid
    }

    let function: Function
    let input: FeatureShape

    var name: String { function.rawValue }
    var output: FeatureShape { input }
    var operatesInPlace: Bool { true }
    var readsOutput: Bool { true }
    var flopsPerSample: Double { 20 * Double(input.count) }

    func forward(_ pass: ForwardPass) {
        let (source, target, count) = (pass.input, pass.output, pass.batch * input.count)
        switch function {
        case .tanh: Self.tanh(source, into: target, count: count)
        case .sigmoid: Self.sigmoid(source, into: target, count: count)
        }
    }

    /// Functions of their own, each with one loop: in a function with several, the compiler calls `tanh` for every eight numbers
    /// in place of putting it there.
    @inline(never)
    private static func tanh(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int) {
        mapLanes(source, into: target, count: count) { Lanes.tanh($0) }
    }

    @inline(never)
    private static func sigmoid(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int) {
        mapLanes(source, into: target, count: count) { Lanes.sigmoid($0) }
    }

    func backward(_ pass: BackwardPass) {
        guard let target = pass.inputGradient else { return }
        let (values, gradient, count) = (pass.output, UnsafePointer(pass.outputGradient), pass.batch * input.count)
        switch function {
        case .tanh: mapLanes(values, gradient, into: target, count: count) { $1 * (1 - $0 * $0) }
        case .sigmoid: mapLanes(values, gradient, into: target, count: count) { $1 * ($0 * (1 - $0)) }
        }
    }
}

/// x Φ(x) with the distribution function Φ of the standard normal (D. Hendrycks and K. Gimpel 2016, *Gaussian Error Linear
/// Units*), exactly, as PyTorch's `nn.GELU()` by default; not its approximation by a tanh. Works in place: the slope
/// Φ(x) + x φ(x) is kept from forward, where it costs next to nothing.
struct GELU: Layer {
    let name = "gelu"
    let input: FeatureShape
    var output: FeatureShape { input }
    var operatesInPlace: Bool { true }
    var savedCountPerSample: Int { input.count }
    var flopsPerSample: Double { 40 * Double(input.count) }

    func forward(_ pass: ForwardPass) {
        let count = pass.batch * input.count
        pass.saved.withMemoryRebound(to: Float.self, capacity: count) { slopes in
            mapLanes(pass.input, into: pass.output, and: slopes, count: count) { x in
                let (below, density) = Lanes.standardNormal(x)
                return (x * below, below + x * density)
            }
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let count = pass.batch * input.count
        pass.saved.withMemoryRebound(to: Float.self, capacity: count) { slopes in
            mapLanes(slopes, pass.outputGradient, into: inputGradient, count: count) { $0 * $1 }
        }
    }
}

extension Network.Description {
    /// The hyperbolic tangent, as PyTorch's `Tanh`.
    public static var tanh: Self { Self("tanh") { Activation(function: .tanh, input: $0) } }
    /// 1 / (1 + exp(-x)), as PyTorch's `Sigmoid`.
    public static var sigmoid: Self { Self("sigmoid") { Activation(function: .sigmoid, input: $0) } }
    /// x Φ(x) with the distribution function Φ of the standard normal, as PyTorch's `GELU()`: not approximated by a tanh.
    public static var gelu: Self { Self("gelu") { GELU(input: $0) } }
}
