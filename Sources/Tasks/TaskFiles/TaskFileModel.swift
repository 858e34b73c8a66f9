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
///       - maxpool: 2                             # or avgpool; windows do not overlap
///       - relu
///       - flatten
///       - dense: {name: fc1, outputs: 512}       # or linear
///       - relu
///       - dense: {name: fc2}                     # the last one's outputs follow from the classes
///
/// Also: `tanh`, `sigmoid`, `gelu`, `groupnorm: {name, groups}`, `residual: [layers]`, and for sequences `embedding: {name, dimension}`, `positions`,
/// `layernorm`, `attention: {name, heads}` (causal), `lstm: {name, hidden}`, `positionwise: {name, outputs}` and `last`.
///
/// A name is that of the layer's tensors, `conv1.weight` and `conv1.bias`, as in PyTorch's `state_dict`. Without one it is the
/// layer's place in the list, from 0, as in `torch.nn.Sequential`. PyTorch's words for options, such as `out_channels`, are
/// allowed, too.
package struct TaskFileModel: Sendable {
    package let network: Network
}

/// What the model's last layer must have.
struct WantedOutputs {
    let count: Int
    /// Whether more outputs are not allowed.
    let isExact: Bool
    let most: Int
    /// What the outputs are, such as `3 classes`.
    let words: String
    /// How many different symbols a text has; nil for other data.
    let symbols: Int?
}

extension TaskFile {
    /// The names of a kind of layer and its options.
    struct LayerRule {
        let kind: String
        /// Other names of the kind.
        var aliases: [String] = []
        /// Names of the options, each with other names for it; a bare number or word is the value of the first option.
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
        LayerRule(kind: "avgpool", aliases: ["avgpool2d"], options: [("window", ["kernel_size", "kernel"])]),
        LayerRule(kind: "groupnorm", options: [("groups", ["num_groups"]), ("epsilon", ["eps"])], hasName: true),
        LayerRule(kind: "relu"), LayerRule(kind: "tanh"), LayerRule(kind: "sigmoid"), LayerRule(kind: "gelu"),
        LayerRule(kind: "flatten"),
        LayerRule(kind: "dense", aliases: ["linear"], options: [("outputs", ["out_features"])], hasName: true),
        LayerRule(kind: "residual"),
        LayerRule(
            kind: "embedding", options: [("dimension", ["embedding_dim"]), ("vocabulary", ["num_embeddings"])],
            hasName: true),
        LayerRule(kind: "positions", hasName: true),
        LayerRule(kind: "layernorm", options: [("epsilon", ["eps"])], hasName: true),
        LayerRule(kind: "attention", options: [("heads", ["num_heads"])], hasName: true),
        LayerRule(kind: "lstm", options: [("hidden", ["hidden_size"])], hasName: true),
        LayerRule(kind: "positionwise", options: [("outputs", ["out_features"])], hasName: true),
        LayerRule(kind: "last"),
    ]

    /// A layer of the file with the nodes of its options.
    struct LayerNode {
        let rule: LayerRule
        let node: Yams.Node
        let options: [String: Yams.Node]
        let name: String
        /// The layers inside a residual; empty for other kinds.
        var body: [LayerNode] = []
    }

    private static let mostLayers = 1000
    private static let mostNested = 8
    static let mostUnits = 1 << 24
    /// A parameter vector with more numbers is too large for one machine.
    private static let mostParameters = 1 << 31

    /// Checks what can be checked before the shape of samples is known.
    func checkModel(_ node: Yams.Node) throws(TaskFileError) { _ = try layerNodes(node) }

    func layerNodes(_ node: Yams.Node) throws(TaskFileError) -> [LayerNode] {
        var names: [String: Int] = [:]
        return try layerNodes(node, prefix: "", &names)
    }

    /// - Parameters:
    ///   - prefix: put before the places in the list inside a residual.
    ///   - names: the names so far, with their lines.
    private func layerNodes(
        _ node: Yams.Node, prefix: String, _ names: inout [String: Int]
    ) throws(TaskFileError) -> [LayerNode] {
        var layers: [LayerNode] = []
        let entries = try list(node, of: "layers: \(Self.layerRules.map(\.kind).joined(separator: ", "))")
        guard (1...Self.mostLayers).contains(entries.count) else {
            throw error(at: node, "a model of \(entries.count) layers; allowed are 1 to \(Self.mostLayers)")
        }
        for (index, entry) in entries.enumerated() {
            let layer = try layerNode(entry, place: "\(prefix)\(index)", &names)
            if layer.rule.hasName, let first = names.updateValue(entry.mark?.line ?? 0, forKey: layer.name) {
                throw error(
                    at: entry,
                    "two layers are named '\(layer.name)', the first in line \(first); allowed are names of their own")
            }
            layers.append(layer)
        }
        return layers
    }

    /// Some layers are left out for a reason, which whoever comes from PyTorch looks for; see the guide's page on models.
    private static func unknownLayer(_ word: String) -> String {
        let kinds = layerRules.map(\.kind)
        func isOneOf(_ name: String) -> Bool { ["", "1d", "2d", "3d"].contains { word.lowercased() == name + $0 } }
        if isOneOf("batchnorm") {
            return
                "'\(word)' mixes the samples of a batch, which workers share; allowed in its place is groupnorm, or: \(kinds.joined(separator: ", "))"
        }
        if isOneOf("dropout") {
            return
                "'\(word)' draws masks that belong to a worker's steps, and not to samples; leave it out; allowed are: \(kinds.joined(separator: ", "))"
        }
        return UnknownName.message("layer", found: word, allowed: kinds)
    }

    private func layerNode(
        _ entry: Yams.Node, place: String, _ names: inout [String: Int]
    ) throws(TaskFileError) -> LayerNode {
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
            throw error(at: kindNode, Self.unknownLayer(word))
        }
        if rule.kind == "residual" {
            guard let value, place.split(separator: ".").count <= Self.mostNested else {
                throw error(at: entry, "'residual' needs a list of layers, up to \(Self.mostNested) within each other")
            }
            return LayerNode(
                rule: rule, node: entry, options: [:], name: place,
                body: try layerNodes(value, prefix: place + ".", &names))
        }
        guard rule.kind != "embedding" || place == "0" else {
            throw error(
                at: entry,
                "'embedding' behind other layers; allowed is the first place, since it looks up the samples' own numbers"
            )
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

    /// The options' nodes by this program's names of the options.
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

    func model(
        _ node: Yams.Node, input: FeatureShape, wanted: WantedOutputs, loss: Loss
    ) throws(TaskFileError) -> TaskFileModel {
        let nodes = try layerNodes(node)
        var shape = input
        var parameters = 0
        let descriptions = try descriptions(of: nodes, &shape, &parameters, wanted, isWhole: true)
        let last = nodes[nodes.count - 1]
        guard last.rule.kind == "dense" else {
            throw error(
                at: last.node,
                "the last layer is '\(last.rule.kind)'; allowed is dense, whose outputs are the classes' scores")
        }
        do throws(NetworkError) {
            return TaskFileModel(network: try Network(checking: input, descriptions, loss: loss))
        } catch {
            throw self.error(at: node, error.description)
        }
    }

    /// - Parameters:
    ///   - shape: the shape that enters the layers; set to the shape that leaves them.
    ///   - parameters: how many parameters there are so far.
    ///   - isWhole: whether these are the layers of the model, and not of a residual.
    private func descriptions(
        of nodes: [LayerNode], _ shape: inout FeatureShape, _ parameters: inout Int, _ wanted: WantedOutputs,
        isWhole: Bool
    ) throws(TaskFileError) -> [Network.Description] {
        var descriptions: [Network.Description] = []
        for (index, layer) in nodes.enumerated() {
            let description: Network.Description
            if layer.rule.kind == "residual" {
                var (inner, count) = (shape, parameters)
                description = .residual(
                    try self.descriptions(of: layer.body, &inner, &count, wanted, isWhole: false))
            } else {
                description = try self.description(
                    of: layer, shape, wanted, isLast: isWhole && index == nodes.count - 1)
            }
            do throws(NetworkError) {
                let output = try description.output(of: shape)
                (shape, parameters) = (output.shape, parameters + output.parameters)
            } catch {
                throw self.error(at: layer.node, "'\(layer.rule.kind)': \(error.description)")
            }
            guard parameters <= Self.mostParameters else {
                throw error(at: layer.node, "\(parameters) parameters up to here; allowed are \(Self.mostParameters)")
            }
            descriptions.append(description)
        }
        return descriptions
    }

    private func description(
        of layer: LayerNode, _ input: FeatureShape, _ wanted: WantedOutputs, isLast: Bool
    ) throws(TaskFileError) -> Network.Description {
        switch layer.rule.kind {
        case "conv": return try convolution(layer, input)
        case "groupnorm":
            let groups = try needed("groups", of: layer, "a number of groups", 1...Self.mostUnits)
            return .groupNorm(layer.name, groups: groups, epsilon: try epsilon(of: layer))
        case "maxpool", "avgpool":
            let window = try needed("window", of: layer, "a window", 1...Self.mostUnits)
            guard window <= min(input.height, input.width) else {
                throw error(
                    at: layer.node,
                    "'\(layer.rule.kind)' with a window of \(window) for \(input); allowed is 1 to \(min(input.height, input.width))"
                )
            }
            return layer.rule.kind == "maxpool" ? .maxPool2D(window) : .avgPool2D(window)
        case "relu": return .relu
        case "tanh": return .tanh
        case "sigmoid": return .sigmoid
        case "gelu": return .gelu
        case "flatten": return .flatten
        case "dense": return try dense(layer, input, isLast ? wanted : nil)
        default: return try sequenceLayer(layer, wanted)
        }
    }

    /// The most numbers that a position may have.
    private static let widest = 1 << 16

    private func sequenceLayer(
        _ layer: LayerNode, _ wanted: WantedOutputs
    ) throws(TaskFileError) -> Network.Description {
        let widths = 1...Self.widest
        switch layer.rule.kind {
        case "embedding":
            let dimension = try needed("dimension", of: layer, "a number of dimensions", widths)
            // For texts, the symbols that are read are the ones that are predicted.
            let vocabulary = try count(layer.options["vocabulary"], "a number of symbols", 1...Self.mostUnits)
            guard let rows = vocabulary ?? wanted.symbols else {
                throw error(at: layer.node, "'embedding' needs 'vocabulary', a number of symbols")
            }
            return .embedding(layer.name, vocabulary: rows, dimension: dimension)
        case "positions": return .positions(layer.name)
        case "layernorm":
            return .layerNorm(layer.name, epsilon: try epsilon(of: layer))
        case "attention":
            return .causalSelfAttention(layer.name, heads: try needed("heads", of: layer, "a number of heads", widths))
        case "lstm":
            return .lstm(layer.name, hidden: try needed("hidden", of: layer, "a number of hidden units", widths))
        case "positionwise":
            return .positionwise(layer.name, outputs: try needed("outputs", of: layer, "a number of outputs", widths))
        default: return .lastPosition
        }
    }

    /// The value of an option that the layer needs.
    private func needed(
        _ name: String, of layer: LayerNode, _ what: String, _ range: ClosedRange<Int>
    ) throws(TaskFileError) -> Int {
        guard let value = try count(layer.options[name], what, range) else {
            throw error(at: layer.node, "'\(layer.rule.kind)' needs '\(name)', \(what)")
        }
        return value
    }

    private func epsilon(of layer: LayerNode) throws(TaskFileError) -> Float {
        Float(try number(layer.options["epsilon"], "an epsilon", above: 0, through: 1) ?? 1e-5)
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
        _ layer: LayerNode, _ input: FeatureShape, _ wanted: WantedOutputs?
    ) throws(TaskFileError) -> Network.Description {
        guard input.height * input.width == 1 else {
            throw error(at: layer.node, "'dense' for \(input); put '- flatten' before it")
        }
        var outputs = try count(layer.options["outputs"], "a number of outputs", 1...Self.mostUnits)
        if let wanted {
            let found = outputs ?? wanted.count
            guard wanted.isExact ? found == wanted.count : found >= wanted.count else {
                throw error(
                    at: layer.options["outputs"] ?? layer.node,
                    "\(found) outputs for \(wanted.words); allowed are as many, or leave 'outputs' out")
            }
            guard found <= wanted.most else {
                throw error(at: layer.node, "\(found) outputs; allowed are up to \(wanted.most)")
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
