import Cluster
import Datasets
import Experiments
import Fabrics
import Foundation
import Kernel
import Randomness
import Tasks

/// Measures how fast this machine computes: training steps of tasks, and its memory. Several ranks measure at the same
/// time, as in a job: ranks of one host share its memory, its caches and its clock rate.
package struct MachineCalibration {
    package let tasks: [TrainingTask]
    /// Batches of a step in samples; nil for the batches of each task's defaults. Powers of two below the largest are
    /// measured as well, since workers share a batch.
    package let batches: [Int]?
    package let data: DataDirectory
    /// Whether a task whose data are missing is left out.
    package let leavesOutMissing: Bool

    package init(tasks: [TrainingTask], batches: [Int]?, data: DataDirectory, leavesOutMissing: Bool = false) {
        self.tasks = tasks
        self.batches = batches
        self.data = data
        self.leavesOutMissing = leavesOutMissing
    }

    /// Training steps and passes over a vector of every task.
    ///
    /// - Parameters:
    ///   - network: connects the ranks; nil for this process alone.
    ///   - began: called before each task.
    ///   - leftOut: called for each task whose data some rank lacks, with the reason.
    /// - Throws: ``ExperimentError``, ``DataError`` where a task's data are not there, ``BLASError``.
    package func compute(
        among network: (any MeasurableNetwork)?, began: (TrainingTask) -> Void = { _ in },
        leftOut: (TrainingTask, String) -> Void = { _, _ in }
    ) throws -> [CalibrationPoint] {
        try BLAS.useOneThreadPerCaller()
        let seeds = SeedSequence(1)
        var points: [CalibrationPoint] = []
        for task in tasks {
            began(task)
            let loaded = Result { try task.load(data, seeds, true).training }
            if leavesOutMissing {
                var problem: String?
                if case .failure(let error) = loaded { problem = "\(error)" }
                let missing = try network?.share([problem == nil ? 0 : 1]).filter { $0 != [0] } ?? []
                if problem != nil || !missing.isEmpty {
                    leftOut(task, problem ?? "another rank does not have the data")
                    continue
                }
            }
            let training = try loaded.get()
            if let batch = batches?.first(where: { $0 > training.count }) {
                guard !leavesOutMissing else {
                    leftOut(
                        task, "it has \(training.count) samples to train on, which is less than a batch of \(batch)")
                    continue
                }
                throw ExperimentError(
                    "a batch of \(batch) samples; \(task.name) has \(training.count) to train on, and allowed is 1 to that"
                )
            }
            let calibration = ComputeCalibration(
                network: task.network, data: training,
                initialParameters: task.network.initialParameters(.he, seeds: seeds),
                optimizer: .sgd(momentum: task.defaults.momentum), mayFuseUpdate: false)
            let sizes = calibration.sizes(for: batches ?? task.defaults.stepBatches)
            for size in sizes {
                points.append(
                    try point(.step, task, size: size, network) { calibration.secondsPerStep(samples: size) })
            }
            points.append(
                try point(.vectorElement, task, size: task.network.parameterCount, network) {
                    calibration.secondsPerVectorElement()
                })
        }
        return points
    }

    private func point(
        _ kind: CalibrationPoint.Kind, _ task: TrainingTask?, size: Int, _ network: (any MeasurableNetwork)?,
        _ measure: () -> [Double]
    ) throws -> CalibrationPoint {
        try network?.barrier()
        let own = measure()
        let all = try network?.share(own) ?? [own]
        return CalibrationPoint(
            kind, task: task?.name, size: size, ranks: network?.count ?? 1, seconds: all.flatMap { $0 })
    }

    // MARK: Memory

    /// Bytes that adding one vector to another moves for each pair of numbers: two are read and one is written.
    package static let bytesPerSum = 12.0

    /// Times `y += a x` over two vectors that together are four times as long as the last cache. Like STREAM's triad
    /// (J. McCalpin 1995) this is a scaled sum, but it writes where it reads, so that no cache line is fetched in vain.
    ///
    /// - Parameter cacheBytes: the size of the last cache.
    package func memory(among network: (any MeasurableNetwork)?, cacheBytes: Int) throws -> CalibrationPoint {
        let bytes = min(max(4 * cacheBytes, 64 << 20), Self.mostMemoryBytes)
        let elements = bytes / 2 / MemoryLayout<Float>.size
        let (sum, part) = (ParameterVector(count: elements), ParameterVector(count: elements))
        return try point(.memory, nil, size: bytes, network) {
            ComputeCalibration.secondsPerCall { sum.add(part, scaledBy: 0.5) }
        }
    }

    /// The most memory that a rank uses; some processors' caches are larger than a machine of many ranks can spare.
    private static let mostMemoryBytes = 512 << 20

    /// The size of the last cache of the first core, as Linux gives it; a common size where it does not.
    package static func lastCacheBytes() -> (bytes: Int, isKnown: Bool) {
        let folder = "/sys/devices/system/cpu/cpu0/cache"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let sizes = names.filter { $0.hasPrefix("index") }.compactMap { name in
            (try? String(contentsOfFile: "\(folder)/\(name)/size", encoding: .utf8)).flatMap(cacheBytes)
        }
        return sizes.max().map { ($0, true) } ?? (32 << 20, false)
    }

    /// - Parameter text: a size such as `32768K`.
    static func cacheBytes(_ text: String) -> Int? {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let factors: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        guard let factor = text.last.flatMap({ factors[$0] }) else { return Int(text) }
        return Int(text.dropLast()).map { $0 * factor }
    }

    // MARK: For a cluster file

    /// The medians of the points, for each task.
    package static func measuredCompute(_ points: [CalibrationPoint]) -> [MeasuredCompute] {
        var tasks: [String] = []
        for point in points { if let task = point.task, !tasks.contains(task) { tasks.append(task) } }
        return tasks.compactMap { task in
            let own = points.filter { $0.task == task }
            let steps = own.filter { $0.kind == .step }.map {
                ComputeModel.StepPoint(samples: $0.size, seconds: $0.median)
            }
            guard let element = own.first(where: { $0.kind == .vectorElement }), !steps.isEmpty else { return nil }
            return MeasuredCompute(task: task, steps: steps, secondsPerVectorElement: element.median)
        }
    }
}
