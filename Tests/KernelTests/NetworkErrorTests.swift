import Testing

@testable import Kernel

/// What a user may write that makes no network: each error says which layer, what was found, and what is allowed.
@Suite struct NetworkErrorTests {
    private static let image = FeatureShape(channels: 10, height: 8, width: 6)

    private static let cases: [(layers: [Network.Description], loss: Loss, error: String)] = [
        ([], .softmaxCrossEntropy, "a network of no layers"),
        ([.relu, .flatten], .softmaxCrossEntropy, "a network without parameters"),
        (
            [.conv2D("c1", filters: 10, kernel: 3), .relu, .groupNorm("gn1", groups: 4), .dense("fc", outputs: 2)],
            .softmaxCrossEntropy, "layer 3 (groupNorm 'gn1'): 10 channels cannot be put into 4 groups"
        ),
        (
            [.groupNorm("gn1", groups: 0)], .softmaxCrossEntropy,
            "layer 1 (groupNorm 'gn1'): 10 channels cannot be put into 0 groups"
        ),
        (
            [.dense("fc", outputs: 4), .groupNorm("gn1", groups: 4)], .softmaxCrossEntropy,
            "layer 2 (groupNorm 'gn1'): 4 in 4 groups leaves each with a single number, whose deviation from its own mean is 0"
        ),
        (
            [.groupNorm("gn1", groups: 2, epsilon: 0)], .softmaxCrossEntropy,
            "layer 1 (groupNorm 'gn1'): epsilon must be a number above 0, found 0.0"
        ),
        (
            [.maxPool2D(2), .avgPool2D(4), .dense("fc", outputs: 2)], .softmaxCrossEntropy,
            "layer 2 (avgPool2D): a window of 4 x 4 on the input 10x4x3; allowed are 1 to 3"
        ),
        (
            [.maxPool2D(0)], .softmaxCrossEntropy,
            "layer 1 (maxPool2D): a window of 0 x 0 on the input 10x8x6; allowed are 1 to 6"
        ),
        (
            [.conv2D("c1", filters: 2, kernel: 7, padding: .valid)], .softmaxCrossEntropy,
            "layer 1 (conv2D 'c1'): a kernel of 7 x 7 without padding is larger than the input 10x8x6"
        ),
        (
            [.conv2D("c1", filters: 0, kernel: 3)], .softmaxCrossEntropy,
            "layer 1 (conv2D 'c1'): filters must be 1 or more, found 0"
        ),
        (
            [.conv2D("c1", filters: 1, kernel: 3, stride: -1)], .softmaxCrossEntropy,
            "layer 1 (conv2D 'c1'): stride must be 1 or more, found -1"
        ),
        (
            [.dense("fc", outputs: -2)], .softmaxCrossEntropy,
            "layer 1 (dense 'fc'): outputs must be 1 or more, found -2"
        ),
        (
            [.dense("fc", outputs: .max)], .softmaxCrossEntropy,
            "layer 1 (dense 'fc'): 9223372036854775807 outputs times 480 inputs is more numbers than the 2147483647 that one "
                + "tensor may have"
        ),
        (
            [.dense("fc", outputs: 3), .dense("fc", outputs: 2)], .softmaxCrossEntropy,
            "layer 2 (dense 'fc'): another layer has a tensor 'fc.weight', too; every layer needs a name of its own"
        ),
        (
            [.dense("fc", outputs: 3), .residual([])], .softmaxCrossEntropy,
            "layer 2 (residual): a residual of no layers"
        ),
        (
            [.dense("fc", outputs: 3), .residual([.relu, .dense("b", outputs: 4)])], .softmaxCrossEntropy,
            "layer 2 (residual): its body makes 4 of 3, and only what has one shape can be added up"
        ),
        (
            [.relu, .residual([.tanh, .residual([.gelu, .groupNorm("gn", groups: 3)])]), .dense("fc", outputs: 3)],
            .softmaxCrossEntropy,
            "layer 2 (residual), layer 2 (residual), layer 2 (groupNorm 'gn'): 10 channels cannot be put into 3 groups"
        ),
        (
            [.dense("fc", outputs: 2)], .binaryCrossEntropy,
            "the last layer has 2 outputs, and the binary cross-entropy takes one: the logit of label 1"
        ),
    ]

    @Test(arguments: cases.indices) func namesTheLayerAndTheShapes(index: Int) {
        let (layers, loss, error) = Self.cases[index]
        #expect(throws: NetworkError(error)) { _ = try Network(checking: Self.image, layers, loss: loss) }
    }

    @Test func whatFitsIsTheSameNetwork() throws {
        let layers: [Network.Description] = [
            .avgPool2D(2), .groupNorm("gn", groups: 5), .residual([.gelu]), .dense("fc", outputs: 3),
        ]
        let (checked, other) = (try Network(checking: Self.image, layers), Network(input: Self.image, layers))
        #expect(checked.layout == other.layout && checked.summary == other.summary)
    }
}
