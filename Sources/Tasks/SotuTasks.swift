import Datasets
import Diagnostics
import Kernel

extension TrainingTask {
    /// Next letter by a recurrent network.
    public static let sotuLSTM = TrainingTask(
        name: "sotu-lstm",
        summary: "State of the Union, next of 30 letters by 29 presidencies, embedded; LSTM of 64 over 24 letters",
        metric: .perplexity, target: 6,
        network: Network(
            input: window,
            [
                .embedding("token", vocabulary: 30, dimension: 32), .lstm("lstm", hidden: 64), .lastPosition,
                .dense("head", outputs: 30),
            ]),
        defaults: sotuDefaults(
            learningRate: 1, tried: ["0.5", "1", "2", "3", "5"], "Results/tuning/sotu-lstm.csv", countedAgainst: 5.5),
        data: addresses, isEmbedded: true, users: StateOfTheUnion.presidencyCount)

    /// Next letter by a small transformer that normalises first.
    public static let sotuTransformer = TrainingTask(
        name: "sotu-transformer",
        summary: "State of the Union, next of 30 letters by 29 presidencies, embedded; transformer of 32 in one block",
        metric: .perplexity, target: 7.5,
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
        defaults: sotuDefaults(
            learningRate: 0.3, tried: ["0.1", "0.3", "0.5", "1"], "Results/tuning/sotu-transformer.csv",
            countedAgainst: 7),
        data: addresses, isEmbedded: true, users: StateOfTheUnion.presidencyCount)

    private static let window = FeatureShape(features: StateOfTheUnion.windowLength)

    private static let addresses = DataSource.fixedSplit { _ in try StateOfTheUnion.split() }

    /// - Parameters:
    ///   - rates: the rates that were tried.
    ///   - source: where the trials are.
    ///   - earlierTarget: the task's target when they were made, against which they say how many seeds reached it.
    private static func sotuDefaults(
        learningRate: Double, tried rates: [String], _ source: String, countedAgainst earlierTarget: Double
    ) -> Defaults {
        Defaults(
            epochs: 10, evaluateEveryEpochs: 1, learningRate: learningRate, localLearningRate: learningRate,
            momentum: 0,
            options: [
                "batch": 64, "clients": 29, "fraction": 0.3, "local-epochs": 1, "local-batch": 16, "partition": "iid",
            ],
            tuning: """
                Learning rates: a grid of \(rates.count) values with three seeds that no report uses, for single and federated \
                (\(source)). Chosen: the best median perplexity of both. The target is one that the medians of both end below; \
                'seeds_reached' of that file counts against an earlier target of \(Format.exact(earlierTarget)). All else: not tuned.
                """,
            trials: rateTrials(rates, seeds: 3, epochs: 10, source))
    }
}
