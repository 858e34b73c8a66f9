import Datasets
import Kernel

extension TrainingTask {
    /// Softmax regression on clothes: convex, and harder than digits.
    public static let fashionSoftmax = TrainingTask(
        name: "fashion-softmax", summary: "Fashion-MNIST, 70,000 images of 28x28; softmax regression 784-10",
        target: 0.83, network: ImageModels.softmaxRegression,
        defaults: fashionDefaults(
            epochs: 10, evaluateEveryEpochs: 0.5, learningRate: 0.1, localLearningRate: 0.1,
            tuning: "Learning rates and all else: not tuned.", trials: .untuned(source: "round numbers")),
        data: clothes)

    /// The "2NN" of McMahan et al. 2017, section 3, on clothes.
    public static let fashion2NN = TrainingTask(
        name: "fashion-2nn", summary: "Fashion-MNIST; the 2NN of McMahan et al. 2017, 784-200-200-10", target: 0.87,
        network: ImageModels.twoHiddenLayers,
        defaults: fashionDefaults(
            epochs: 20, evaluateEveryEpochs: 0.5, learningRate: 0.1, localLearningRate: 0.1,
            tuning: "Learning rates and all else: not tuned.", trials: .untuned(source: "round numbers")),
        data: clothes)

    /// The CNN of McMahan et al. 2017, section 3, on clothes.
    public static let fashionCNN = TrainingTask(
        name: "fashion-cnn",
        summary: "Fashion-MNIST; the CNN of McMahan et al. 2017, two 5x5 convolutions and 512 units",
        target: 0.90, network: ImageModels.convolutional,
        defaults: fashionDefaults(
            epochs: 10, evaluateEveryEpochs: 0.5, learningRate: 0.1, localLearningRate: 0.1,
            tuning: "Learning rates and all else: not tuned.", trials: .untuned(source: "round numbers")),
        data: clothes)

    private static let clothes = DataSource.fixedSplit { try ImageFiles(.fashionMNIST, in: $0).load() }

    private static func fashionDefaults(
        epochs: Double, evaluateEveryEpochs: Double, learningRate: Double, localLearningRate: Double, tuning: String,
        trials: Tuning?
    ) -> Defaults {
        Defaults(
            epochs: epochs, evaluateEveryEpochs: evaluateEveryEpochs, learningRate: learningRate,
            localLearningRate: localLearningRate, momentum: 0,
            options: [
                "batch": 64, "clients": 100, "fraction": 0.1, "local-epochs": 5, "local-batch": 10, "partition": "iid",
            ], tuning: tuning, trials: trials)
    }
}
