import Datasets
import Kernel

/// Models for images of 28x28 pixels in ten classes, which the tasks of several databases share.
enum ImageModels {
    static let image = FeatureShape(channels: 1, height: 28, width: 28)

    /// 784-10
    static let softmaxRegression = Network(input: image, [.flatten, .dense("fc1", outputs: 10)])

    /// The "2NN" of McMahan et al. 2017, section 3: 784-200-200-10.
    static let twoHiddenLayers = Network(
        input: image,
        [
            .flatten, .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 200), .relu,
            .dense("fc3", outputs: 10),
        ])

    /// The CNN of McMahan et al. 2017, section 3: its 1,663,370 parameters need padding that keeps the size.
    static let convolutional = Network(
        input: image,
        [
            .conv2D("conv1", filters: 32, kernel: 5), .maxPool2D(2), .relu,
            .conv2D("conv2", filters: 64, kernel: 5), .maxPool2D(2), .relu,
            .flatten, .dense("fc1", outputs: 512), .relu, .dense("fc2", outputs: 10),
        ])
}

extension TrainingTask {
    /// Defaults that the tasks of images share: the clients are those of McMahan et al. 2017, section 3.
    static func imageDefaults(
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

    /// A search over rates with two seeds, chosen on the test set.
    static func rateTrials(_ rates: [String], seeds: Int = 2, epochs: Double, _ source: String) -> Tuning {
        Tuning(
            options: [Tuning.Option(name: "learning-rate", values: rates)], trials: rates.count, seeds: seeds,
            chosenOn: "test set", source: source, epochs: epochs)
    }

    /// The database that the images of a task of this program come from; nil for tasks of other data and for tasks from
    /// a user's file.
    var imageDatabase: ImageDatabase? {
        guard file == nil else { return nil }
        let tasks: [(ImageDatabase, [TrainingTask])] = [
            (.mnist, [.mnistSoftmax, .mnistMLP, .mnist2NN, .mnistCNN]),
            (.fashionMNIST, [.fashionSoftmax, .fashion2NN, .fashionCNN]),
        ]
        return tasks.first { $0.1.contains { $0.name == name } }?.0
    }
}
