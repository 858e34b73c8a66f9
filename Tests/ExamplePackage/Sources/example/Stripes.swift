import TrainingComparison

extension TrainingTask {
    /// 8x8 images of bright stripes under noise; the class is their direction: across, down, or one of the two diagonals.
    static let stripes = TrainingTask(
        name: "stripes", summary: "2,000 images of 8x8 with stripes in four directions; perceptron 64-32-4",
        target: 0.9,
        network: Network(
            input: FeatureShape(channels: 1, height: 8, width: 8),
            [.flatten, .dense("fc1", outputs: 32), .relu, .dense("fc2", outputs: 4)]),
        defaults: Defaults(
            epochs: 20, evaluateEveryEpochs: 1, learningRate: 0.2, localLearningRate: 0.1, options: ["batch": 32],
            tuning: "Learning rates: not tuned."),
        data: .fixedSplit { _ in
            // The data do not depend on a run's seed, so that every run has the same samples.
            var stream = RandomStream(seed: 1)
            let split = TrainTestSplit(training: stripes(count: 1600, &stream), test: stripes(count: 400, &stream))
            // The data are marked as the task's own; reports warn of data that are not.
            let own = DataIdentity(name: split.identity.name, sha256: split.identity.sha256, isPublished: true)
            return TrainTestSplit(training: split.training, test: split.test, identity: own)
        })

    private static func stripes(count: Int, _ stream: inout RandomStream) -> Dataset {
        var (pixels, labels): ([UInt8], [UInt8]) = ([], [])
        for _ in 0..<count {
            let (direction, phase) = (stream.integer(below: 4), stream.integer(below: 4))
            for row in 0..<8 {
                for column in 0..<8 {
                    let place = [row, column, row + column, row - column + 8][direction]
                    let stripe = (place + phase) % 4 < 2 ? 140 : 60
                    pixels.append(UInt8(min(255, max(0, Double(stripe) + 50 * stream.normal()))))
                }
            }
            labels.append(UInt8(direction))
        }
        return Dataset(
            name: "stripes", shape: FeatureShape(channels: 1, height: 8, width: 8), classCount: 4, pixels: pixels,
            labels: labels, white: 255)
    }
}
