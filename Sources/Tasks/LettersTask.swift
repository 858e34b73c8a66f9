import Datasets
import Kernel

extension TrainingTask {
    /// The embedded letters and a small perceptron: 26 classes, more samples than digits and no image.
    public static let letters = TrainingTask(
        name: "letters", summary: "UCI letters, 20,000 of 16 features in 26 classes, embedded; perceptron 16-100-26",
        target: 0.90,
        network: Network(
            input: FeatureShape(features: 16), [.dense("fc1", outputs: 100), .relu, .dense("fc2", outputs: 26)]),
        defaults: Defaults(
            epochs: 40, evaluateEveryEpochs: 1, learningRate: 0.2, localLearningRate: 0.1, momentum: 0,
            options: [
                "batch": 64, "clients": 100, "fraction": 0.1, "local-epochs": 5, "local-batch": 10, "partition": "iid",
            ],
            tuning: """
                Learning rates and all else: not tuned; the rates are round numbers.
                """,
            trials: .untuned(source: "round numbers")),
        data: .fixedSplit { _ in try Letters.split() }, isEmbedded: true)
}
