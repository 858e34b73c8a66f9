import Statistics
import Cluster
import Datasets
import Foundation
import Kernel

/// Measures how long training steps of a task take on one core of this host.
package struct ComputeCalibration {
    package let network: any Objective
    package let data: Dataset
    package let initialParameters: ParameterVector
    package let optimizer: Optimizer.Configuration
    /// Whether a step updates the parameters while it computes gradients, where the optimizer allows it; workers that add
    /// up their gradients cannot.
    package var mayFuseUpdate: Bool

    package init(
        network: any Objective, data: Dataset, initialParameters: ParameterVector, optimizer: Optimizer.Configuration,
        mayFuseUpdate: Bool = true
    ) {
        self.network = network
        self.data = data
        self.initialParameters = initialParameters
        self.optimizer = optimizer
        self.mayFuseUpdate = mayFuseUpdate
    }

    private static let repetitions = 7
    /// Long enough for the clock and for the first steps' page faults not to matter.
    private static let leastSecondsPerRepetition = 2e-3

    /// - Parameter batchSizes: the sizes that will be needed; powers of two below the largest are measured as well, for
    ///   short batches.
    package func measure(batchSizes: [Int]) -> ComputeModel {
        let points = sizes(for: batchSizes).map {
            ComputeModel.StepPoint(samples: $0, seconds: Spread(secondsPerStep(samples: $0)).median)
        }
        return ComputeModel(
            calibrated: points, secondsPerVectorElement: Spread(secondsPerVectorElement()).median)
    }

    /// What is measured for these batch sizes, ascending.
    package func sizes(for batchSizes: [Int]) -> [Int] {
        let largest = max(1, min(batchSizes.max() ?? 1, data.count))
        var sizes = Set(batchSizes.map { max(1, min($0, data.count)) })
        var power = 1
        while power <= largest {
            sizes.insert(power)
            power *= 2
        }
        return sizes.sorted()
    }

    /// Seconds of a training step, once for each repetition.
    package func secondsPerStep(samples: Int) -> [Double] {
        let parameters = initialParameters.copied()
        let gradient = ParameterVector(count: parameters.count)
        let optimizer = Optimizer(optimizer, parameterCount: parameters.count)
        let workspaces = WorkspacePool(for: network)
        var position = 0
        return Self.secondsPerCall {
            workspaces.withWorkspace(capacity: samples) { workspace in
                // Samples from all over the set, as a shuffled epoch takes them.
                let indices = (0..<samples).map { Int32((position + $0 * 7919) % data.count) }
                position += 1
                data.gather(indices[...], into: workspace.batch)
                if mayFuseUpdate, optimizer.isPlain {
                    _ = network.descend(
                        workspace, dividedBy: samples, from: parameters, rate: 1e-6, into: parameters)
                } else {
                    _ = network.lossAndGradient(of: workspace, dividedBy: samples, at: parameters, into: gradient)
                    optimizer.step(parameters, gradient, rate: 1e-6)
                }
            }
        }
    }

    /// Seconds for each number of a vector that is added to another one, once for each repetition.
    package func secondsPerVectorElement() -> [Double] {
        let (sum, part) = (ParameterVector(count: network.parameterCount), initialParameters)
        let calls = Self.secondsPerCall { sum.add(part, scaledBy: 0.5) }
        return calls.map { $0 / Double(network.parameterCount) }
    }

    /// Seconds of one call of `body`, once for each repetition.
    package static func secondsPerCall(_ body: () -> Void) -> [Double] {
        let clock = ContinuousClock()
        let first = clock.measure(body)
        let second = clock.measure(body)
        let calls = max(1, Int(leastSecondsPerRepetition / max(min(first, second).inSeconds, 1e-7)))
        return (0..<repetitions).map { _ in
            clock.measure { for _ in 0..<calls { body() } }.inSeconds / Double(calls)
        }
    }
}
