import Datasets
import Kernel

extension TrainingTask {
    /// The embedded data set and a small perceptron: the task for a first run.
    public static let digits = TrainingTask(
        name: "digits", summary: "UCI optical digits, 1,797 images of 8x8, embedded; perceptron 64-64-10", target: 0.95,
        network: Network(
            input: FeatureShape(channels: 1, height: 8, width: 8),
            [.flatten, .dense("fc1", outputs: 64), .relu, .dense("fc2", outputs: 10)]),
        defaults: Defaults(
            epochs: 40, evaluateEveryEpochs: 1, batch: 64, learningRate: 0.2, localLearningRate: 0.2, momentum: 0,
            clients: 100, fraction: 0.1, localEpochs: 5, localBatch: 10, partition: "iid",
            tuning: "not tuned yet"),
        load: { _, seeds, shuffles in try Digits.split(seeds: seeds, shuffles: shuffles) })
}
