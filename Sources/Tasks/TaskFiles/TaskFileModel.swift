import Datasets
import Diagnostics
import Kernel
import YAMLFiles
import Yams

/// The part of a task file that says what is trained, layer by layer. A layer is a word, or a word with its options, or with
/// the one number that it needs:
///
///     model:
///       - conv: {name: conv1, filters: 32, kernel: 5, stride: 1, padding: same}   # padding: valid, same or a number; else 0
///       - maxpool: 2                             # windows do not overlap
///       - relu
///       - flatten
///       - dense: {name: fc1, outputs: 512}       # or linear
///       - relu
///       - dense: {name: fc2}                     # the last one's outputs follow from the classes
///
/// A name is that of the layer's tensors, `conv1.weight` and `conv1.bias`, as in PyTorch's `state_dict`. Without one it is the
/// layer's place in the list, from 0, as in `torch.nn.Sequential`. PyTorch's words for options, such as `out_channels`, are
/// allowed, too.
package struct TaskFileModel: Sendable {
    /// A layer, for who wants to see what was understood.
    package struct Layer: Sendable {
        /// As the file has it, such as `conv`.
        package let kind: String
        /// Of its tensors; empty for layers without any.
        package let name: String
        package let output: FeatureShape
        package let parameters: Int
        package let flops: Double
    }

    package let network: Network
    package let layers: [Layer]
}

extension TaskFile {
    /// What a kind of layers is called and takes.
    struct LayerRule {
        let kind: String
        /// Other words for it.
        var aliases: [String] = []
        /// Its options, each with other words for it; the first is what a bare number or word stands for.
        var options: [(name: String, aliases: [String])] = []
        var hasName = false

        var keys: [String] { (hasName ? ["name"] : []) + options.flatMap { [$0.name] + $0.aliases } }
    }

    static let layerRules = [
        LayerRule(
            kind: "conv", aliases: ["conv2d"],
            options: [
                ("filters", ["out_channels"]), ("kernel", ["kernel_size"]), ("stride", []), ("padding", []),
            ], hasName: true),
        LayerRule(kind: "maxpool", aliases: ["maxpool2d"], options: [("window", ["kernel_size", "kernel"])]),
        LayerRule(kind: "relu"),
        LayerRule(kind: "flatten"),
        LayerRule(kind: "dense", aliases: ["linear"], options: [("outputs", ["out_features"])], hasName: true),
    ]

    /// A layer of the file with the nodes of its options.
    struct LayerNode {
        let rule: LayerRule
        let node: Yams.Node
        let options: [String: Yams.Node]
        let name: String
    }

    private static let mostLayers = 1000
    static let mostUnits = 1 << 24
    /// Beyond so many numbers a vector of all parameters is no task for one machine.
    private static let mostParameters = 1 << 31

    /// Checks what can be checked before the shape of samples is known.
    func checkModel(_ node: Yams.Node) throws(TaskFileError) { _ = try layerNodes(node) }

    func layerNodes(_ node: Yams.Node) throws(TaskFileError) -> [LayerNode] {
        var layers: [LayerNode] = []
        var names: [String: Int] = [:]
        let entries = try list(node, of: "layers: \(Self.layerRules.map(\.kind).joined(separator: ", "))")
        guard (1...Self.mostLayers).contains(entries.count) else {
            throw error(at: node, "a model of \(entries.count) layers; allowed are 1 to \(Self.mostLayers)")
        }
        for (index, entry) in entries.enumerated() {
            let layer = try layerNode(entry, place: "\(index)")
            if layer.rule.hasName, let first = names.updateValue(entry.mark?.line ?? 0, forKey: layer.name) {
                throw error(
                    at: entry,
                    "two layers are named '\(layer.name)', the first in line \(first); allowed are names of their own")
            }
            layers.append(layer)
        }
        return layers
    }

    private func layerNode(_ entry: Yams.Node, place: String) throws(TaskFileError) -> LayerNode {
        var (kindNode, value) = (entry, Yams.Node?.none)
        if let mapping = entry.mapping {
            guard mapping.count == 1, let first = mapping.first else {
                throw error(
                    at: entry,
                    "a layer with \(mapping.count) keys; allowed is one, such as 'dense: {name: fc1, outputs: 10}'")
            }
            (kindNode, value) = (first.key, first.value)
        }
        guard let word = kindNode.scalar?.string, entry.sequence == nil else {
            throw error(at: entry, "a layer is a word such as relu, or one with options such as 'maxpool: 2'")
        }
        guard let rule = Self.layerRules.first(where: { $0.kind == word || $0.aliases.contains(word) }) else {
            throw error(at: kindNode, UnknownName.message("layer", found: word, allowed: Self.layerRules.map(\.kind)))
        }
        let options = try options(value, rule, at: entry)
        var name = place
        if let given = try string(options["name"]) {
            guard !given.isEmpty, given.utf8.allSatisfy({ (33...126).contains($0) }) else {
                throw error(
                    at: options["name"] ?? entry,
                    "the name '\(given)'; allowed are letters, digits, points and underscores")
            }
            name = given
        }
        return LayerNode(rule: rule, node: entry, options: options, name: name)
    }

    /// By the names that this program has for them.
    private func options(
        _ value: Yams.Node?, _ rule: LayerRule, at entry: Yams.Node
    ) throws(TaskFileError) -> [String: Yams.Node] {
        guard let value, value.scalar?.string != "" else { return [:] }
        guard value.mapping != nil else {
            guard let first = rule.options.first else {
                throw error(at: value, "'\(rule.kind)' takes nothing; write '- \(rule.kind)'")
            }
            return [first.name: value]
        }
        guard !rule.keys.isEmpty else { throw error(at: value, "'\(rule.kind)' takes nothing; write '- \(rule.kind)'") }
        var options: [String: Yams.Node] = [:]
        for (key, node) in try fields(of: value, allowed: rule.keys, what: "'\(rule.kind)'") {
            let name = rule.options.first { $0.name == key || $0.aliases.contains(key) }?.name ?? key
            guard options.updateValue(node, forKey: name) == nil else {
                throw error(at: node, "'\(name)' stands twice, by two of its names")
            }
        }
        return options
    }

    // MARK: Networks

    /// - Parameter place: of the data, which the labels are of.
    func model(
        _ node: Yams.Node, input: FeatureShape, classes: LabelColumnClasses, at place: Yams.Node
    ) throws(TaskFileError) -> TaskFileModel {
        let nodes = try layerNodes(node)
        var (descriptions, layers) = ([Network.Description](), [TaskFileModel.Layer]())
        var (shape, parameters) = (input, 0)
        for (index, layer) in nodes.enumerated() {
            let isLast = index == nodes.count - 1
            let description = try description(of: layer, shape, isLast ? classes : nil)
            let built = description.layer(shape)
            shape = built.output
            let count = built.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
            parameters += count
            guard parameters <= Self.mostParameters else {
                throw error(at: layer.node, "\(parameters) parameters up to here; allowed are \(Self.mostParameters)")
            }
            descriptions.append(description)
            layers.append(
                TaskFileModel.Layer(
                    kind: layer.rule.kind, name: layer.rule.hasName ? layer.name : "", output: shape, parameters: count,
                    flops: built.flopsPerSample))
        }
        let last = nodes[nodes.count - 1]
        guard last.rule.kind == "dense" else {
            throw error(
                at: last.node,
                "the last layer is '\(last.rule.kind)'; allowed is dense, whose outputs are the classes' scores")
        }
        return TaskFileModel(network: Network(input: input, descriptions), layers: layers)
    }

    typealias LabelColumnClasses = LabelColumn.Classes

    private func description(
        of layer: LayerNode, _ input: FeatureShape, _ classes: LabelColumnClasses?
    ) throws(TaskFileError) -> Network.Description {
        switch layer.rule.kind {
        case "conv": return try convolution(layer, input)
        case "maxpool":
            let window = try needed("window", of: layer, "a window", 1...Self.mostUnits)
            guard window <= min(input.height, input.width) else {
                throw error(
                    at: layer.node,
                    "'maxpool' with a window of \(window) for \(input); allowed is 1 to \(min(input.height, input.width))"
                )
            }
            return .maxPool2D(window)
        case "relu": return .relu
        case "flatten": return .flatten
        default: return try dense(layer, input, classes)
        }
    }

    /// An option that a layer cannot do without.
    private func needed(
        _ name: String, of layer: LayerNode, _ what: String, _ range: ClosedRange<Int>
    ) throws(TaskFileError) -> Int {
        guard let value = try count(layer.options[name], what, range) else {
            throw error(at: layer.node, "'\(layer.rule.kind)' needs '\(name)', \(what)")
        }
        return value
    }

    private func convolution(_ layer: LayerNode, _ input: FeatureShape) throws(TaskFileError) -> Network.Description {
        let filters = try needed("filters", of: layer, "a number of filters", 1...Self.mostUnits)
        let kernel = try needed("kernel", of: layer, "a kernel", 1...1024)
        let stride = try count(layer.options["stride"], "a stride", 1...1024) ?? 1
        let padding =
            try parsed(layer.options["padding"]) { text throws(Quantity.Failure) in
                switch text {
                case "same": return Padding.same
                case "valid", "0": return .valid
                case _ where Int(text).map { 2 * $0 == kernel - 1 } == true && stride == 1: return .same
                default:
                    let number = kernel % 2 == 1 && stride == 1 ? " or \((kernel - 1) / 2)" : ""
                    throw Quantity.Failure(
                        description:
                            "'\(text)' is not a padding; allowed are valid, same, 0\(number) for a kernel of \(kernel) and stride \(stride)"
                    )
                }
            } ?? .valid
        let least = min(input.height, input.width)
        guard padding == .same || kernel <= least else {
            throw error(
                at: layer.node,
                "'conv' with a kernel of \(kernel) for \(input) without padding; allowed is 1 to \(least)")
        }
        guard Double(filters) * Double(input.channels * kernel * kernel) < Double(Self.mostParameters),
            Double(filters) * Double(input.height * input.width) < Double(Self.mostParameters)
        else { throw error(at: layer.node, "'conv' with \(filters) filters for \(input); allowed are fewer") }
        return .conv2D(layer.name, filters: filters, kernel: kernel, stride: stride, padding: padding)
    }

    private func dense(
        _ layer: LayerNode, _ input: FeatureShape, _ classes: LabelColumnClasses?
    ) throws(TaskFileError) -> Network.Description {
        guard input.height * input.width == 1 else {
            throw error(at: layer.node, "'dense' for \(input); put '- flatten' before it")
        }
        var outputs = try count(layer.options["outputs"], "a number of outputs", 1...Self.mostUnits)
        if let classes {
            let found = outputs ?? classes.count
            guard classes.names == nil ? found >= classes.count : found == classes.count else {
                throw error(
                    at: layer.options["outputs"] ?? layer.node,
                    "\(found) outputs for \(classes.count) classes; allowed are as many, or leave 'outputs' out")
            }
            guard found <= LabelColumn.mostClasses else {
                throw error(at: layer.node, "\(found) outputs; allowed are up to \(LabelColumn.mostClasses) classes")
            }
            outputs = found
        }
        guard let outputs else {
            throw error(
                at: layer.node,
                "'dense' needs 'outputs', a number of outputs; only the last layer's follow from the classes")
        }
        guard Double(outputs) * Double(input.count) < Double(Self.mostParameters) else {
            throw error(at: layer.node, "'dense' with \(outputs) outputs for \(input.count) inputs; allowed are fewer")
        }
        return .dense(layer.name, outputs: outputs)
    }
}
