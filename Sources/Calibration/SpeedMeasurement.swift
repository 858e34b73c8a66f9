import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Locking
import Randomness
import Statistics
import Strategies
import Tasks
import Training

/// How fast the engine is by itself: the strategies' own programs on real data, with almost no evaluation.
package struct SpeedMeasurement: Sendable {
    package let task: TrainingTask
    package let threads: Int
    package let repetitions: Int
    private let data: TrainTestSplit
    private let seeds = SeedSequence(1)

    /// - Throws: ``ExperimentError``, ``DataError`` where the data are not there, ``BLASError``.
    package init(_ task: TrainingTask, data: DataDirectory, threads: Int, repetitions: Int) throws {
        try Self.check(threads: threads, repetitions: repetitions)
        try BLAS.useOneThreadPerCaller()
        self.task = task
        self.threads = threads
        self.repetitions = repetitions
        self.data = try task.load(data, seeds, true)
    }

    /// Checks what needs no data.
    ///
    /// - Throws: ``ExperimentError`` naming the option, what was found and what is allowed.
    package static func check(threads: Int, repetitions: Int) throws(ExperimentError) {
        guard (1...maximumThreadRanks).contains(threads) else {
            throw ExperimentError("--threads is \(threads); allowed is 1 to \(maximumThreadRanks)")
        }
        guard (1...1000).contains(repetitions) else {
            throw ExperimentError("--repetitions is \(repetitions); allowed is 1 to 1000")
        }
    }

    // MARK: Training steps

    /// What ``steps(batch:)`` measures.
    package struct Steps: Sendable {
        package let workload: String
        package let batch: Int
        package let threads: Int
        package let samplesPerSecond: Spread
        /// Floating-point operations of a sample by the definition of the model, whatever an algorithm saves.
        package let flopsPerSample: Double
        /// The peak of all threads together, in floating-point operations a second.
        package let peakFlops: Double
    }

    /// Long enough that starting the threads does not matter, short enough to repeat.
    private static let secondsPerRepetition = 0.5

    /// Measures full steps - gather, forward, loss, backward, update - of `single`, or of `threads` with several
    /// workers.
    ///
    /// - Parameter batch: samples of a step, all threads together.
    package func steps(batch: Int) throws -> Steps {
        guard batch >= threads, batch <= data.training.count else {
            throw ExperimentError("--batch is \(batch); allowed is --threads (\(threads)) to \(data.training.count)")
        }
        let workspaces = WorkspacePool(for: task.network)
        // The first steps map memory, and tell how many steps fill a repetition.
        let warmUp = try secondsOf(steps: 20, batch, workspaces)
        let count = max(20, Int(20 * Self.secondsPerRepetition / warmUp))
        var rates: [Double] = []
        var peaks: [Double] = []
        for _ in 0..<repetitions {
            let seconds = try secondsOf(steps: count, batch, workspaces)
            rates.append(Double(count * batch) / seconds)
            peaks.append(PeakFlops.measure(threads: threads))
        }
        return Steps(
            workload: task.name, batch: batch, threads: threads, samplesPerSecond: Spread(rates),
            flopsPerSample: task.network.trainingFlopsPerSample, peakFlops: Spread(peaks).median)
    }

    private func secondsOf(steps: Int, _ batch: Int, _ workspaces: WorkspacePool) throws -> Double {
        let epochs = Double(steps * batch) / Double(data.training.count)
        let configuration = configuration(rate: task.defaults.learningRate, epochs: epochs, evaluateEvery: epochs)
        let strategy = SynchronousSGD(configuration, StepOptions(batch: batch, workers: threads))
        let run = run(configuration, ranks: threads, workspaces, data.training) { _ in }
        return try ThreadFabric(ranks: threads).run(strategy.program(for: run)).seconds
    }

    // MARK: Federated rounds

    /// Options of ``rounds(_:)``; nil for the task's.
    package struct Federation: Sendable {
        package var clients: Int?
        package var fraction: Double?
        package var localEpochs: Int?
        package var localBatch: Int?
        /// Random samples for each client, instead of a partition of the training set.
        package var samplesPerClient: Int?

        package init(
            clients: Int? = nil, fraction: Double? = nil, localEpochs: Int? = nil, localBatch: Int? = nil,
            samplesPerClient: Int? = nil
        ) {
            self.clients = clients
            self.fraction = fraction
            self.localEpochs = localEpochs
            self.localBatch = localBatch
            self.samplesPerClient = samplesPerClient
        }

        /// The options of the clients; the task's where nothing is given.
        ///
        /// - Throws: ``ExperimentError`` naming the option, what was found and what is allowed.
        @discardableResult
        package func options(of task: TrainingTask) throws(ExperimentError) -> ClientOptions {
            var options = try task.defaults.options(of: ClientOptions.self)
            options.clients = clients ?? options.clients
            options.fraction = fraction ?? options.fraction
            options.localEpochs = localEpochs ?? options.localEpochs
            options.localBatch = localBatch ?? options.localBatch
            options.partition = "iid"
            try SpeedMeasurement.check(options, samplesPerClient)
            return options
        }
    }

    /// What ``rounds(_:)`` measures.
    package struct Rounds: Sendable {
        package let workload: String
        package let clients: Int
        /// How many clients take part in a round.
        package let cohort: Int
        package let localEpochs: Int
        package let localBatch: Int
        package let threads: Int
        package let secondsPerRound: Spread
        /// Samples that the clients of a round train on, the local epochs counted.
        package let samplesPerRound: Double
        package let flopsPerSample: Double
        package let peakFlops: Double
        /// One evaluation on the whole test set, which is not part of a round.
        package let evaluationSeconds: Spread
    }

    /// Measures rounds of `federated` on a simulated cluster with as many host threads; the time is the host's.
    package func rounds(_ federation: Federation) throws -> Rounds {
        let federated = try federation.options(of: task)
        let training = trainingSet(federated, federation.samplesPerClient)
        let samplesPerRound = Double(
            training.count / federated.clients * federated.cohortSize * federated.localEpochs)
        // One more round is made than is counted: the first one maps memory.
        let epochs = (Double(repetitions + 1) * samplesPerRound - 0.5) / Double(training.count)
        let configuration = configuration(
            rate: task.defaults.localLearningRate, epochs: epochs, evaluateEvery: 1e-6)
        let strategy = FederatedAveraging(configuration, federated)
        let marks = Guarded<[ContinuousClock.Instant]>([])
        let workspaces = WorkspacePool(for: task.network)
        let pool = HostPool(threads: threads)
        let run = run(configuration, ranks: strategy.rankCount, workspaces, training) { _ in
            marks.withLock { $0.append(.now) }
        }
        _ = try fabric(ranks: strategy.rankCount, server: strategy.serverRank, pool).run(strategy.program(for: run))
        let times = marks.withLock { $0 }
        let rounds = zip(times.dropFirst(), times).map { ($0 - $1).inSeconds }.dropFirst()
        guard !rounds.isEmpty else { throw ExperimentError("no round was measured") }
        return Rounds(
            workload: task.name, clients: federated.clients, cohort: federated.cohortSize,
            localEpochs: federated.localEpochs, localBatch: federated.localBatch ?? 0, threads: threads,
            secondsPerRound: Spread(Array(rounds)), samplesPerRound: samplesPerRound,
            flopsPerSample: task.network.trainingFlopsPerSample,
            peakFlops: Spread((0..<repetitions).map { _ in PeakFlops.measure(threads: threads) }).median,
            evaluationSeconds: try evaluationSeconds(workspaces, pool))
    }

    private static func check(
        _ options: ClientOptions, _ samplesPerClient: Int?
    ) throws(ExperimentError) {
        do throws(OptionError) {
            _ = try ClientOptions(options.values)
        } catch {
            throw ExperimentError("--\(error)")
        }
        guard let samplesPerClient else { return }
        guard samplesPerClient > 0 && samplesPerClient <= 20_000_000 / options.clients else {
            throw ExperimentError(
                """
                --samples-per-client is \(samplesPerClient); allowed is 1 to 20000000 over all clients together
                """)
        }
    }

    private func trainingSet(_ federated: ClientOptions, _ samplesPerClient: Int?) -> Dataset {
        guard let samplesPerClient else { return data.training }
        var stream = seeds.stream(.clientSampling, 0)
        let count = data.training.count
        return data.training.selecting(
            (0..<federated.clients * samplesPerClient).map { _ in stream.integer(below: count) })
    }

    private func evaluationSeconds(_ workspaces: WorkspacePool, _ pool: HostPool) throws -> Spread {
        let configuration = configuration(rate: task.defaults.learningRate, epochs: 1, evaluateEvery: 1)
        let times = Guarded<[Double]>([])
        let run = TrainingRun(
            network: task.network, data: data, configuration: configuration, initialParameters: parameters(),
            seeds: seeds, shuffles: true, ranks: 1, workspaces: workspaces)
        let repetitions = repetitions
        _ = try fabric(ranks: 1, server: nil, pool).run { rank in
            for round in 0...repetitions {
                let start = ContinuousClock.now
                _ = try await run.evaluate(
                    run.initialParameters, round: round, samples: 0, on: rank, .allRanks)
                let seconds = (ContinuousClock.now - start).inSeconds
                if round > 0 { times.withLock { $0.append(seconds) } }
            }
        }
        return Spread(times.withLock { $0 })
    }

    // MARK: Parts

    private func configuration(rate: Double, epochs: Double, evaluateEvery: Double) -> TrainingConfiguration {
        TrainingConfiguration(
            schedule: LearningRateSchedule(baseRate: rate, totalEpochs: epochs),
            optimizer: task.defaults.optimizer, epochs: epochs,
            evaluateEveryEpochs: evaluateEvery)
    }

    /// A run that evaluates on one sample, which costs a few microseconds.
    private func run(
        _ configuration: TrainingConfiguration, ranks: Int, _ workspaces: WorkspacePool, _ training: Dataset,
        onEvaluation: @escaping @Sendable (TrainingRun.Evaluation) -> Void
    ) -> TrainingRun {
        TrainingRun(
            network: task.network,
            data: TrainTestSplit(training: training, test: data.test.selecting([0]), identity: data.identity),
            configuration: configuration, initialParameters: parameters(), seeds: seeds, shuffles: true, ranks: ranks,
            workspaces: workspaces, onEvaluation: onEvaluation)
    }

    private func parameters() -> ParameterVector { task.network.initialParameters(.he, seeds: seeds) }

    private func fabric(ranks: Int, server: Int?, _ pool: HostPool) -> SimulatedFabric {
        let cluster = ClusterPresets.phones4G
        return SimulatedFabric(
            nodes: cluster.nodes(ranks: ranks, server: server, seeds: seeds), jitter: cluster.jitter,
            compute: ComputeModel(
                .reference, flopsPerSample: task.network.trainingFlopsPerSample,
                parameters: task.network.parameterCount),
            seeds: seeds, pool: pool)
    }
}
