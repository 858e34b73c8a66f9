/// Where each layer's weights and biases live in the one flat ``ParameterVector``.
public struct ParameterLayout: Hashable, Sendable {
    /// A named range of the vector.
    public struct Slot: Hashable, Sendable {
        /// `layer.weight` or `layer.bias`, the name in a safetensors file.
        public let name: String
        /// PyTorch's orientation: `[out, in]` for ``Dense``, `[out, in, kh, kw]` for ``Conv2D``, `[out]` for a bias.
        public let shape: [Int]
        /// Where the tensor's numbers are in the vector of all parameters.
        public let range: Range<Int>
        /// Inputs and outputs of one unit, which He's and Glorot's initialisation scale by; zero for a bias.
        let fanIn: Int
        let fanOut: Int
        /// What all of the slot's numbers are at first, whatever the initialisation; nil where the initialisation
        /// decides.
        let constant: Float?
    }

    /// The tensors in the order of the vector.
    public private(set) var slots: [Slot] = []
    /// Numbers in all slots together.
    public private(set) var count = 0

    init() {}

    /// Tensors one behind the other, which an initialisation leaves at 0.
    public init(_ tensors: [(name: String, shape: [Int])]) {
        for tensor in tensors {
            append(ParameterSpecification(name: tensor.name, shape: tensor.shape, fanIn: 0, fanOut: 0))
        }
    }

    mutating func append(_ specification: ParameterSpecification) {
        precondition(!slots.contains { $0.name == specification.name }, "two parameters named \(specification.name)")
        let end = count + specification.shape.reduce(1, *)
        slots.append(
            Slot(
                name: specification.name, shape: specification.shape, range: count..<end,
                fanIn: specification.fanIn, fanOut: specification.fanOut, constant: specification.constant))
        count = end
    }
}

/// One tensor of parameters that a layer asks for.
package struct ParameterSpecification {
    let name: String
    package let shape: [Int]
    let fanIn: Int
    let fanOut: Int
    /// What all of the tensor's numbers are at first, whatever the initialisation; nil where the initialisation
    /// decides.
    var constant: Float? = nil

    static func weight(of layer: String, _ shape: [Int], fanIn: Int, fanOut: Int) -> Self {
        Self(name: layer + ".weight", shape: shape, fanIn: fanIn, fanOut: fanOut)
    }

    static func bias(of layer: String, _ count: Int) -> Self {
        Self(name: layer + ".bias", shape: [count], fanIn: 0, fanOut: 0)
    }
}
