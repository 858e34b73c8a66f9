import Benchmark
import Datasets
import Experiments
import Kernel
import Randomness
import Tasks

/// Whole training steps on one core - gather, forward, loss, backward, update - for every task, at the batch of the
/// strategies that make each step together and at that of federated clients.
func registerSteps() {
    for task in TrainingTask.all {
        for batch in task.defaults.stepBatches.sorted() {
            var configuration = Benchmark.defaultConfiguration
            if Double(batch) * task.network.trainingFlopsPerSample < 1e7 { configuration.timeUnits = .nanoseconds }
            Benchmark("Training step of \(task.name), batch \(batch)", configuration: configuration) { _, training in
                training.step()
            } setup: {
                Training(task.network, batch: batch)
            }
        }
    }
}

extension Objective {
    /// Labels that its samples may have: the classes of a classifier, else one.
    var labelCount: Int { (self as? Network)?.classCount ?? 1 }
}

private final class Training {
    private let network: any Objective
    private let batch: Int
    private let dataset: Dataset
    private let sampler: BatchSampler
    private let workspaces: WorkspacePool
    private let parameters: ParameterVector
    private var stepsMade = 0

    init(_ network: any Objective, batch: Int) {
        self.network = network
        self.batch = batch
        dataset = syntheticDataset(network.input, classCount: network.labelCount)
        sampler = BatchSampler(
            sampleCount: dataset.count / batch * batch, batchSize: batch, seeds: SeedSequence(1), shuffles: true)
        workspaces = WorkspacePool(for: network)
        parameters = network.initialParameters(.he, seeds: SeedSequence(1))
    }

    func step() {
        workspaces.withWorkspace(capacity: batch) { workspace in
            dataset.gather(sampler.indices(step: stepsMade), into: workspace.batch)
            // A rate at which the model stays what it is, however many steps are measured.
            blackHole(network.descend(workspace, dividedBy: batch, from: parameters, rate: 1e-6, into: parameters))
        }
        stepsMade += 1
    }
}
