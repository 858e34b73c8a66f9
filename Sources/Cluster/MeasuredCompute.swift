/// How long training steps of a task take on one core of a cluster's machines, as they were measured there: wherever the
/// cluster is simulated, it computes as fast as it did.
public struct MeasuredCompute: Hashable, Codable, Sendable {
    /// The task whose steps were timed.
    public let task: String
    /// Times of steps, ascending by the number of samples, each number once.
    public let steps: [ComputeModel.StepPoint]
    /// Seconds to read and add a number, as in averaging models.
    public let secondsPerVectorElement: Double

    /// Times of a task's steps on the cluster's device.
    public init(task: String, steps: [ComputeModel.StepPoint], secondsPerVectorElement: Double) {
        precondition(!steps.isEmpty, "step times without a step")
        self.task = task
        self.steps = steps.sorted { $0.samples < $1.samples }
        self.secondsPerVectorElement = secondsPerVectorElement
    }
}
