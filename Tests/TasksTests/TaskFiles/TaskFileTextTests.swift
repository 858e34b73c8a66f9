import Foundation
import Kernel
import Randomness
import Testing
import Training

@testable import Datasets
@testable import Tasks

/// Tasks that are written down and read again: the same model, the same numbers in the same order, the same defaults.
@Suite struct TaskFileTextTests {
    /// The task that its own text is.
    private func again(_ task: TrainingTask, _ folder: TaskFolder) throws -> TrainingTask {
        let written = try TaskFileText(task, in: DataDirectory(nil))
        for file in written.files { try folder.write(file.data, file.name) }
        return try folder.contents(written.text).task
    }

    /// What a model sees and should say of all samples, bit for bit.
    private func bits(_ data: Dataset) -> [UInt32] {
        let batch = Batch(capacity: data.count, featureCount: data.shape.count, targetCount: data.targetCount)
        data.gather(0..<Int32(data.count), into: batch)
        return batch.inputs.prefix(data.count * data.shape.count).map(\.bitPattern) + data.labels.map(UInt32.init)
            + (data.users ?? []).map(UInt32.init) + (data.targets ?? []).map(\.bitPattern)
    }

    /// The loss of a few samples and the gradient, bit for bit, which an epsilon or a loss of another kind would change.
    private func computed(_ task: TrainingTask, _ data: Dataset) -> [UInt64] {
        let network = task.network
        let workspace = network.workspace(capacity: 5)
        data.gather(0..<5, into: workspace.batch)
        let gradient = ParameterVector(count: network.parameterCount)
        let parameters = network.initialParameters(.he, seeds: SeedSequence(3))
        let loss = network.lossAndGradient(of: workspace, dividedBy: 5, at: parameters, into: gradient)
        return [loss.bitPattern] + (0..<gradient.count).map { UInt64(gradient[$0].bitPattern) }
    }

    private func expectSame(_ task: TrainingTask, _ other: TrainingTask) throws {
        #expect(other.name == task.name && other.summary == task.summary)
        #expect(other.metric == task.metric && other.target == task.target && other.users == task.users)
        #expect(other.network.summary == task.network.summary)
        #expect(other.network.layout == task.network.layout)
        let (defaults, others) = (task.defaults, other.defaults)
        #expect(others.epochs == defaults.epochs && others.evaluateEveryEpochs == defaults.evaluateEveryEpochs)
        #expect(
            others.learningRate == defaults.learningRate && others.localLearningRate == defaults.localLearningRate)
        #expect(others.optimizer == defaults.optimizer && others.tuning == defaults.tuning)
        #expect(others.options == defaults.options)
        let splits = try [task, other].map { try $0.load(DataDirectory(nil), SeedSequence(4), true) }
        #expect(bits(splits[1].training) == bits(splits[0].training), "\(task.name): training set")
        #expect(bits(splits[1].test) == bits(splits[0].test), "\(task.name): test set")
        #expect(computed(other, splits[1].training) == computed(task, splits[0].training), "\(task.name): gradient")
    }

    @Test func everyTaskOfTheProgramIsReadBackAsItIs() throws {
        for task in TrainingTask.all where task.isEmbedded {
            try TaskFolder.with { folder in try expectSame(task, again(task, folder)) }
        }
    }

    /// The images of these tasks may not be here, so that only the text is checked.
    @Test func tasksOfImagesNameTheirFilesAndLayers() throws {
        for task in TrainingTask.all where !task.isEmbedded && task.file == nil {
            guard task.name.hasPrefix("mnist") || task.name.hasPrefix("fashion") else { continue }
            let text = try TaskFileText(task, in: DataDirectory(nil)).text
            #expect(text.contains("train-images") && text.contains("t10k-labels") && text.contains("  scale: 255\n"))
            for slot in task.network.layout.slots {
                #expect(text.contains("{name: \(slot.name.prefix { $0 != "." }), "), "\(task.name): \(slot.name)")
            }
        }
    }

    private static let head = Network.Description.dense("out", outputs: 3)

    /// Every kind of layer with every option, in residuals within residuals, too.
    private static let images: [Network.Description] = [
        .conv2D("c1", filters: 4, kernel: 3), .groupNorm("g", groups: 2, epsilon: 0.25), .relu,
        .residual([
            .conv2D("c2", filters: 4, kernel: 1, padding: .valid),
            .residual([.groupNorm("g2", groups: 4), .sigmoid]), .tanh,
        ]),
        .conv2D("c3", filters: 5, kernel: 3, stride: 2), .avgPool2D(2),
        .conv2D("c4", filters: 2, kernel: 2, padding: .valid),
        .maxPool2D(1), .gelu, .flatten, head,
    ]
    private static let sequences: [Network.Description] = [
        .embedding("e", vocabulary: 9, dimension: 4), .positions("p"),
        .residual([.layerNorm("l1", epsilon: 0.5), .causalSelfAttention("a", heads: 2)]),
        .residual([.positionwise("u", outputs: 6), .gelu, .positionwise("d", outputs: 4), .layerNorm("l2")]),
        .lstm("r", hidden: 7), .lastPosition, head,
    ]

    private func task(
        _ shape: FeatureShape, _ layers: [Network.Description], loss: Loss = .softmaxCrossEntropy,
        metric: Metric = .accuracy, targets: Bool = false, optimizer: Optimizer.Configuration? = nil,
        options: OptionValues = [:]
    ) -> TrainingTask {
        let bytes = (0..<12 * shape.count).map { UInt8($0 * 5 % 9) }
        let data = Dataset(
            name: "t", classCount: targets ? 3 : loss == .binaryCrossEntropy ? 2 : 3,
            source: ByteImages(shape: shape, pixels: bytes, white: 1),
            labels: (0..<12).map { targets ? 0 : UInt8($0 % (loss == .binaryCrossEntropy ? 2 : 3)) },
            targets: targets ? (0..<36).map { Float($0) / 7 } : nil, targetCount: 3)
        let split = TrainTestSplit(training: data.selecting(0..<9), test: data.selecting(9..<12))
        return TrainingTask(
            name: "t", summary: "a \"task\"", metric: metric, target: 0.75,
            network: Network(input: shape, layers, loss: loss),
            defaults: TrainingTask.Defaults(
                epochs: 3, evaluateEveryEpochs: 0.5, learningRate: 0.25, localLearningRate: 0.125, optimizer: optimizer,
                options: options, tuning: "by hand"),
            data: .fixedSplit { _ in split })
    }

    @Test func everyLayerIsReadBackWithItsOptions() throws {
        let tasks = [
            task(FeatureShape(channels: 1, height: 9, width: 9), Self.images),
            task(FeatureShape(features: 6), Self.sequences),
        ]
        for task in tasks { try TaskFolder.with { folder in try expectSame(task, again(task, folder)) } }
    }

    @Test func everyLossMetricAndOptimizerIsReadBack() throws {
        let shape = FeatureShape(features: 4)
        let tasks = [
            task(shape, [Self.head], loss: .squaredError, metric: .rmse, targets: true),
            task(shape, [Self.head], loss: .squaredError, metric: .loss, targets: true),
            task(shape, [.dense("o", outputs: 1)], loss: .binaryCrossEntropy, metric: .auc),
            task(shape, [Self.head], metric: .loss, optimizer: .init(.adamw)),
            task(
                shape, [Self.head], optimizer: .sgd(momentum: 0.5),
                options: ["batch": 5, "clients": 2, "local-batch": 3]),
        ]
        for task in tasks { try TaskFolder.with { folder in try expectSame(task, again(task, folder)) } }
    }

    @Test func whatATaskFileHasNoWordForIsNamed() throws {
        func message(_ task: TrainingTask) -> String {
            do {
                _ = try TaskFileText(task, in: DataDirectory(nil))
                return ""
            } catch { return "\(error)" }
        }
        let shape = FeatureShape(features: 4)
        #expect(
            message(task(shape, [Self.head], options: ["sync-every": 4]))
                == "'t': a task file has no default for the option 'sync-every'; it has for batch, clients, fraction, local-epochs, local-batch, partition"
        )
        #expect(message(task(shape, [Self.head], optimizer: .adam(beta1: 0.5))).contains("found are others"))
        #expect(message(task(shape, [Self.head], optimizer: .sgd(nesterov: true))).contains("found are others"))
        #expect(message(task(shape, [Self.head], optimizer: .adamw())) == "")
    }
}
