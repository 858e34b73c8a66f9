import Diagnostics
import Yams

/// The part of a cluster file that says how long training steps take, as `bench calibrate` measures it:
///
///     compute:
///       mnist-2nn:
///         steps: {1: 210us, 16: 0.9ms, 64: 3.1ms}   # samples of a step: its time on one core at speed 1
///         vector_element: 0.31ns                    # to read and add a number, as in averaging models
///
/// Between two points the time is interpolated, and beyond the last it goes on as between the last two.
extension ClusterFile {
    func compute(_ place: Yams.Node?) throws(ClusterFileError) -> [MeasuredCompute]? {
        guard let place else { return nil }
        guard let tasks = place.mapping, !tasks.isEmpty else {
            throw error(at: place, "expected tasks, each with its times, such as 'digits: \(Self.computeExample)'")
        }
        var all: [MeasuredCompute] = []
        for (key, value) in tasks {
            guard let task = key.string, !task.isEmpty else { throw error(at: key, "expected the name of a task") }
            let values = try fields(of: value, allowed: ["steps", "vector_element"], what: "a task's times")
            guard let steps = values["steps"], let element = values["vector_element"] else {
                throw error(
                    at: value, "incomplete: a task needs 'steps' and 'vector_element', such as \(Self.computeExample)")
            }
            all.append(
                MeasuredCompute(
                    task: task, steps: try stepPoints(steps), secondsPerVectorElement: try computeSeconds(element)))
        }
        return all.sorted { $0.task < $1.task }
    }

    private static let computeExample = "{steps: {1: 20us, 32: 60us}, vector_element: 0.3ns}"
    private static let mostSamples = 1_000_000_000

    private func stepPoints(_ place: Yams.Node) throws(ClusterFileError) -> [ComputeModel.StepPoint] {
        guard let mapping = place.mapping, !mapping.isEmpty else {
            throw error(at: place, "expected numbers of samples with times, such as {1: 20us, 32: 60us}")
        }
        var points: [ComputeModel.StepPoint] = []
        var seen: Set<Int> = []
        for (key, value) in mapping {
            guard let samples = key.scalar.flatMap({ Int($0.string) }), (1...Self.mostSamples).contains(samples) else {
                throw error(
                    at: key,
                    "'\(key.scalar?.string ?? "?")' is not a number of samples; allowed is 1 to \(Self.mostSamples)")
            }
            // Yams refuses a key that stands twice, but not 1 and 01.
            guard seen.insert(samples).inserted else {
                throw error(at: key, "the time of \(samples) samples stands twice")
            }
            points.append(ComputeModel.StepPoint(samples: samples, seconds: try computeSeconds(value)))
        }
        return points
    }

    private func computeSeconds(_ node: Yams.Node) throws(ClusterFileError) -> Double {
        let value = try parsed(node) { text throws(Quantity.Failure) in
            let seconds = try Quantity.duration(text).inSeconds
            guard seconds > 0, seconds <= ClusterSpec.longestSeconds else {
                throw Quantity.Failure(description: "'\(text)': allowed is a time above 0 and up to one hour")
            }
            return seconds
        }
        return value ?? 0
    }
}
