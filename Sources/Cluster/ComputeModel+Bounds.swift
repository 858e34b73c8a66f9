/// What the times of a compute model may be, whoever gives them: a cluster's file, points that were measured, or results
/// that were edited.
extension ComputeModel {
    /// The most samples of a step whose time is given.
    static let mostSamples = 1_000_000_000

    /// What no time of a computation can be worked out from, with what is allowed; nil where there is no such thing.
    package var problem: String? { Self.problem(stepPoints, secondsPerVectorElement) }

    static func problem(_ points: [StepPoint], _ secondsPerVectorElement: Double) -> String? {
        let allowed = 0...ClusterSpec.longestSeconds
        guard let last = points.last, last.samples > 0 else {
            return "no time of a step with samples; allowed are one or more"
        }
        for (index, point) in points.enumerated() {
            guard allowed.contains(point.seconds) else {
                return "a step of \(point.samples) samples takes \(point.seconds) s; allowed is 0 s to one hour"
            }
            guard (0...mostSamples).contains(point.samples), index == 0 || points[index - 1].samples < point.samples
            else {
                return "steps of \(points.map(\.samples)) samples; allowed are 0 to \(mostSamples), ascending"
            }
        }
        return allowed.contains(secondsPerVectorElement)
            ? nil : "a vector's element takes \(secondsPerVectorElement) s; allowed is 0 s to one hour"
    }
}

extension MeasuredCompute {
    /// As ``ComputeModel/problem``, with the task's name.
    var problem: String? {
        ComputeModel.problem(steps, secondsPerVectorElement).map { "step times of \(task): \($0)" }
    }
}
