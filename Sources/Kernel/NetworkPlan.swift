extension Network {
    /// A layer as the network computes it, and where its numbers are.
    struct Stage: Sendable {
        var layer: any Layer
        /// The start of the layer's range in the flat vector.
        let offset: Int
        /// Whether the output is written over the input.
        var isInPlace = false
        /// The residual that the stage ends, where the stage is an ``Add``; else nil.
        var end: Branch? = nil
        /// The residuals that begin with this stage's input, by how many others they lie in. The input is read again where
        /// they end, and its gradient is the sum of what comes from here and from there.
        var beginning: [Int] = []
    }

    /// The way around the body of a residual.
    struct Branch: Sendable {
        /// The first stage of the body, whose input goes around it.
        let start: Int
        /// How many other residuals this one lies in. Each of the residuals that are open at the same time keeps a
        /// gradient of its own.
        let depth: Int
    }
}

/// Descriptions with shapes filled in: everything that can be wrong is found before a ``NetworkPlan`` is made of them.
indirect enum NetworkNode: Sendable {
    case layer(any Layer)
    case residual([NetworkNode], FeatureShape)

    /// - Parameters:
    ///   - shape: what enters the first layer; becomes the shape that leaves the last.
    ///   - names: names of the tensors so far, to which further ones are added.
    static func nodes(
        of descriptions: [Network.Description], _ shape: inout FeatureShape, _ names: inout Set<String>
    ) throws(NetworkError) -> [NetworkNode] {
        var nodes: [NetworkNode] = []
        for (index, description) in descriptions.enumerated() {
            do {
                switch description.content {
                case .layer(let make): nodes.append(.layer(try checked(make(shape), &names)))
                case .residual(let body):
                    let input = shape
                    try require(!body.isEmpty, "a residual of no layers")
                    nodes.append(.residual(try NetworkNode.nodes(of: body, &shape, &names), input))
                    try require(
                        shape == input,
                        "its body makes \(shape) of \(input), and only what has one shape can be added up")
                }
                if case .layer(let layer)? = nodes.last { shape = layer.output }
            } catch {
                throw error.inside("layer \(index + 1) (\(description.title))")
            }
        }
        return nodes
    }

    private static func checked(_ layer: any Layer, _ names: inout Set<String>) throws(NetworkError) -> any Layer {
        for parameter in layer.parameters {
            try require(
                names.insert(parameter.name).inserted,
                "another layer has a tensor '\(parameter.name)', too; every layer needs a name of its own")
        }
        return layer
    }

    /// The order of channels that the first layer wants that is not indifferent to it; nil if all are.
    static func wantedOrder(_ nodes: [NetworkNode]) -> ChannelOrder? {
        for node in nodes {
            switch node {
            // A flatten layer takes both orders, and behind it there is no order.
            case .layer(let layer) where layer is Flatten: return nil
            case .layer(let layer): if let order = layer.inputOrder { return order }
            case .residual(let body, _): if let order = wantedOrder(body) { return order }
            }
        }
        return nil
    }

    var summary: String {
        switch self {
        case .layer(let layer): "\(layer.name) \(layer.output)"
        case .residual(let body, let shape): "residual (\(body.map(\.summary).joined(separator: ", "))) \(shape)"
        }
    }
}

/// What a ``Network`` computes: its layers as stages with their places in the vector of parameters, conversions between the
/// orders of channels, and the ends of residuals.
struct NetworkPlan {
    private(set) var layout = ParameterLayout()
    /// The layers as described; a residual is the layers of its body with an ``Add`` behind them.
    private(set) var layers: [any Layer] = []
    private(set) var stages: [Network.Stage] = []
    /// The layers as described; residuals contain their bodies.
    let nodes: [NetworkNode]
    let summary: String
    /// Outputs of the last layer.
    var outputCount: Int { shape.count }
    /// What leaves the last layer so far; at first the samples, as data sets hold them.
    private var shape: FeatureShape
    private var order = ChannelOrder.first
    /// Residuals that will begin with the input of the next stage.
    private var beginning: [Int] = []

    init(input: FeatureShape, _ descriptions: [Network.Description]) throws(NetworkError) {
        try require(!descriptions.isEmpty, "a network of no layers")
        var (shape, names) = (input, Set<String>())
        nodes = try NetworkNode.nodes(of: descriptions, &shape, &names)
        try require(!names.isEmpty, "a network without parameters")
        summary = "\(input) -> \(nodes.map(\.summary).joined(separator: ", "))"
        self.shape = input
        append(nodes, depth: 0)
        // Targets and labels count an image's numbers as files have them.
        convert(to: .first, offset: layout.count)
        // The loss's gradient is written over the outputs, which some layers need for their own gradient.
        if let last = stages.last, last.layer.readsOutput || last.layer.operatesInPlace || last.end != nil {
            append(Stage(layer: Copy(input: self.shape), offset: layout.count))
        }
        for index in stages.indices.dropFirst() {
            stages[index].isInPlace =
                stages[index].layer.operatesInPlace && stages[index].beginning.isEmpty
                && !stages[index - 1].layer.readsOutput
        }
    }

    private typealias Stage = Network.Stage

    private mutating func append(_ nodes: [NetworkNode], depth: Int) {
        for node in nodes {
            switch node {
            case .layer(let layer): append(layer)
            case .residual(let body, _): append(residual: body, depth: depth)
            }
        }
    }

    private mutating func append(_ layer: any Layer) {
        let offset = layout.count
        for parameter in layer.parameters { layout.append(parameter) }
        layers.append(layer)
        if let wanted = layer.inputOrder, !(layer is Flatten) { convert(to: wanted, offset: offset) }
        if layer is ReLU, beginning.isEmpty, let fused = stages.last?.layer.fusedWithReLU {
            stages[stages.count - 1].layer = fused
        } else if !(layer is Flatten) || (order == .last && shape.hasChannelOrder) {
            append(Stage(layer: layer, offset: offset))
        }
        order = layer.outputOrder ?? (layer.inputOrder == nil ? order : .first)
        shape = layer.output
    }

    private mutating func append(residual body: [NetworkNode], depth: Int) {
        // The order is changed in front of the residual, once for the body and for the way around it.
        if let wanted = NetworkNode.wantedOrder(body) { convert(to: wanted, offset: layout.count) }
        let (before, branch) = (order, Network.Branch(start: stages.count, depth: depth))
        beginning.append(depth)
        append(body, depth: depth + 1)
        convert(to: before, offset: layout.count)
        let add = Add(input: shape)
        layers.append(add)
        append(Stage(layer: add, offset: layout.count, end: branch))
    }

    /// Lets the numbers of an image follow each other as the next layer wants them.
    private mutating func convert(to wanted: ChannelOrder, offset: Int) {
        guard wanted != order, shape.hasChannelOrder else { return }
        append(Stage(layer: wanted == .last ? Interleave(input: shape) : Flatten(input: shape), offset: offset))
        order = wanted
    }

    private mutating func append(_ stage: Stage) {
        var stage = stage
        stage.beginning = beginning
        beginning = []
        stages.append(stage)
    }
}
