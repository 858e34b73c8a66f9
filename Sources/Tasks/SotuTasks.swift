import Datasets
import Kernel

extension TrainingTask {
    /// Next letter by a recurrent network.
    public static let sotuLSTM = TrainingTask(
        name: "sotu-lstm",
        summary: "State of the Union, next of 30 letters by 29 presidencies, embedded; LSTM of 64 over 24 letters",
        metric: .perplexity, target: 5.5,
        network: Network(
            input: window,
            [
                .embedding("token", vocabulary: 30, dimension: 32), .lstm("lstm", hidden: 64), .lastPosition,
                .dense("head", outputs: 30),
            ]),
        defaults: sotuDefaults(learningRate: 1, perplexity: "5.34"),
        data: addresses, isEmbedded: true, users: StateOfTheUnion.presidencyCount)

    /// Next letter by a small transformer that normalises first.
    public static let sotuTransformer = TrainingTask(
        name: "sotu-transformer",
        summary: "State of the Union, next of 30 letters by 29 presidencies, embedded; transformer of 32 in one block",
        metric: .perplexity, target: 7,
        network: Network(
            input: window,
            [
                .embedding("token", vocabulary: 30, dimension: 32), .positions("position"),
                .residual([.layerNorm("ln1"), .causalSelfAttention("attn", heads: 2)]),
                .residual([
                    .layerNorm("ln2"), .positionwise("up", outputs: 128), .gelu, .positionwise("down", outputs: 32),
                ]),
                .layerNorm("ln3"), .lastPosition, .dense("head", outputs: 30),
            ]),
        defaults: sotuDefaults(learningRate: 0.3, perplexity: "6.97"),
        data: addresses, isEmbedded: true, users: StateOfTheUnion.presidencyCount)

    private static let window = FeatureShape(features: StateOfTheUnion.windowLength)

    private static let addresses = DataSource.fixedSplit { _ in try StateOfTheUnion.split() }

    /// - Parameter perplexity: on the test set, of the run after which the target was set.
    private static func sotuDefaults(learningRate: Double, perplexity: String) -> Defaults {
        Defaults(
            epochs: 10, evaluateEveryEpochs: 1, learningRate: learningRate, localLearningRate: learningRate,
            momentum: 0,
            options: [
                "batch": 64, "clients": 29, "fraction": 0.3, "local-epochs": 1, "local-batch": 16, "partition": "iid",
            ],
            tuning: """
                Learning rates and all else: not tuned; the rates are round numbers. The target was set after one run of the \
                model in PyTorch, from the initialisation `he` and with the same rate and batch, whose perplexity was \
                \(perplexity) after six epochs.
                """,
            trials: .untuned(source: "round numbers"))
    }
}
