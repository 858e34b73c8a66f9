import Benchmark
import Datasets
import Kernel
import Randomness

/// Gathering shuffled samples of 28 x 28 bytes into a batch of floats.
func registerGathers() {
    let image = FeatureShape(channels: 1, height: 28, width: 28)
    var configuration = Benchmark.defaultConfiguration
    configuration.timeUnits = .nanoseconds
    for batchSize in [10, 64, 512] {
        Benchmark("Gather of 28x28 samples, batch \(batchSize)", configuration: configuration) { _, gathering in
            gathering.next()
        } setup: {
            Gathering(syntheticDataset(image, classCount: 10), batchSize: batchSize)
        }
    }
}

/// One batch of a shuffled epoch after the other.
private final class Gathering {
    private let dataset: Dataset
    private let sampler: BatchSampler
    private let batch: Batch
    private var step = 0

    init(_ dataset: Dataset, batchSize: Int) {
        self.dataset = dataset
        // A number of samples that leaves no short batch.
        sampler = BatchSampler(
            sampleCount: dataset.count / batchSize * batchSize, batchSize: batchSize, seeds: SeedSequence(1),
            shuffles: true)
        batch = Batch(capacity: batchSize, featureCount: dataset.shape.count)
    }

    func next() {
        // Always the first epoch: drawing a permutation is no part of a gather.
        dataset.gather(sampler.indices(step: step % sampler.stepsPerEpoch), into: batch)
        step += 1
    }
}
