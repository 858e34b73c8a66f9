import Datasets
import Kernel

extension TrainingTask {
    /// Softmax regression: convex, so that strategies differ in cost alone.
    public static let mnistSoftmax = TrainingTask(
        name: "mnist-softmax", summary: "MNIST, 70,000 images of 28x28; softmax regression 784-10", target: 0.90,
        network: ImageModels.softmaxRegression,
        defaults: imageDefaults(
            epochs: 5, evaluateEveryEpochs: 0.5, learningRate: 0.2, localLearningRate: 0.5,
            tuning: """
                Learning rates: tuned over 0.1, 0.2, 0.5, 1.0 on two seeds that no report uses (101, 102), one for the \
                strategies that make every step together and one for federated; the same four trials for both \
                (Results/tuning/mnist-softmax.csv). Chosen: the best median accuracy. All else: not tuned.
                """,
            trials: rateTrials(["0.1", "0.2", "0.5", "1.0"], epochs: 5, "Results/tuning/mnist-softmax.csv")),
        data: images)

    /// The perceptron of Ghosh et al. 2020, section 6, who rotate the images for some kinds of nodes.
    public static let mnistMLP = TrainingTask(
        name: "mnist-mlp", summary: "MNIST; the perceptron of Ghosh et al. 2020, 784-200-10", target: 0.95,
        network: Network(
            input: ImageModels.image, [.flatten, .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 10)]),
        defaults: imageDefaults(
            epochs: 20, evaluateEveryEpochs: 0.5, learningRate: 0.1, localLearningRate: 0.1,
            tuning: "Learning rates: not tuned; 0.1 is that of Ghosh et al. 2020. All else: not tuned.",
            trials: .untuned(source: "Ghosh et al. 2020, section 6")),
        data: images)

    /// The "2NN" of McMahan et al. 2017, section 3.
    public static let mnist2NN = TrainingTask(
        name: "mnist-2nn", summary: "MNIST; the 2NN of McMahan et al. 2017, 784-200-200-10", target: 0.97,
        network: ImageModels.twoHiddenLayers,
        defaults: imageDefaults(
            epochs: 20, evaluateEveryEpochs: 0.5, learningRate: 0.2, localLearningRate: 0.2,
            tuning: """
                Learning rates: tuned over 0.05, 0.1, 0.2, 0.4 on two seeds that no report uses (101, 102) and ten epochs, \
                one for the strategies that make every step together and one for federated; the same four trials for both \
                (Results/tuning/mnist-2nn.csv). Chosen: the best median accuracy. All else: McMahan et al. 2017, not tuned.
                """,
            trials: rateTrials(["0.05", "0.1", "0.2", "0.4"], epochs: 10, "Results/tuning/mnist-2nn.csv")),
        data: images)

    /// The CNN of McMahan et al. 2017, section 3.
    public static let mnistCNN = TrainingTask(
        name: "mnist-cnn", summary: "MNIST; the CNN of McMahan et al. 2017, two 5x5 convolutions and 512 units",
        target: 0.99,
        network: ImageModels.convolutional,
        defaults: imageDefaults(
            epochs: 10, evaluateEveryEpochs: 0.5, learningRate: 0.1, localLearningRate: 0.1,
            tuning:
                "Learning rates: not tuned; 0.1 is in the range of McMahan et al. 2017. All else: as there, not tuned.",
            trials: .untuned(source: "in the range of McMahan et al. 2017")),
        data: images)

    private static let images = DataSource.fixedSplit { try ImageFiles(.mnist, in: $0).load() }
}
