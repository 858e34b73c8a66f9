import Cluster
import Datasets
import Foundation
import Kernel
import Strategies

/// Measures how long training steps of a task take on one core of this host.
struct Calibration {
    let network: Network
    let data: Dataset
    let initialParameters: ParameterVector
    let optimizer: SGD.Configuration

    private static let repetitions = 7
    /// Long enough for the clock and for the first steps' page faults not to matter.
    private static let leastSecondsPerRepetition = 2e-3

    /// - Parameter batchSizes: the sizes that will be needed; powers of two below the largest are measured as well, for
    ///   short batches.
    func measure(batchSizes: [Int]) -> ComputeModel {
        let largest = max(1, min(batchSizes.max() ?? 1, data.count))
        var sizes = Set(batchSizes.map { max(1, min($0, data.count)) })
        var power = 1
        while power <= largest {
            sizes.insert(power)
            power *= 2
        }
        let points = sizes.sorted().map { ComputeModel.StepPoint(samples: $0, seconds: secondsPerStep(samples: $0)) }
        return ComputeModel(calibrated: points, secondsPerVectorElement: secondsPerVectorElement())
    }

    private func secondsPerStep(samples: Int) -> Double {
        let parameters = initialParameters.copied()
        let gradient = ParameterVector(count: parameters.count)
        let optimizer = SGD(optimizer, parameterCount: parameters.count)
        let workspaces = WorkspacePool(for: network)
        var position = 0
        return median {
            workspaces.withWorkspace(capacity: samples) { workspace in
                // Samples from all over the set, as a shuffled epoch takes them.
                let indices = (0..<samples).map { Int32((position + $0 * 7919) % data.count) }
                position += 1
                data.gather(indices[...], into: workspace.batch)
                if optimizer.isPlain {
                    _ = network.descend(
                        workspace, dividedBy: samples, from: parameters, rate: 1e-6, into: parameters)
                } else {
                    _ = network.lossAndGradient(of: workspace, dividedBy: samples, at: parameters, into: gradient)
                    optimizer.step(parameters, gradient, rate: 1e-6)
                }
            }
        }
    }

    private func secondsPerVectorElement() -> Double {
        let (sum, part) = (ParameterVector(count: network.parameterCount), initialParameters)
        return median { sum.add(part, scaledBy: 0.5) } / Double(network.parameterCount)
    }

    /// The median over repetitions of the seconds per call.
    private func median(_ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        let first = clock.measure(body)
        let second = clock.measure(body)
        let calls = max(1, Int(Self.leastSecondsPerRepetition / max(min(first, second).inSeconds, 1e-7)))
        let times = (0..<Self.repetitions).map { _ in
            clock.measure { for _ in 0..<calls { body() } }.inSeconds / Double(calls)
        }
        return times.sorted()[Self.repetitions / 2]
    }
}
