/// The classes of what the program reads.
package enum InputClasses {
    /// Of the readers; ``OptionInputs`` and ``PlanInputs`` are read in the tests' process, which can reach the program's options.
    package static let names = [
        "safetensors", "idx", "gzip", "cluster", "latencies", "devices", "points", "results", "study", "schedule",
        "experiment", "checkpoint", "resume", "values", "profile", "npy", "npz", "task",
        "overlay", "coalitions", "log",
    ]
    package static let planted = PlantedFaults.all.map { "planted-\($0.fault)" }
    /// The kinds of findings that the harness has to call the planted faults.
    package static let plantedKinds = PlantedFaults.all.map(\.kind)

    /// - Throws: ``WrongAnswer`` listing the classes.
    package static func make(_ name: String) throws -> any InputClass {
        switch name {
        case "safetensors": return SafetensorsInputs()
        case "idx": return try ImageInputs(isCompressed: false)
        case "gzip": return try ImageInputs(isCompressed: true)
        case "cluster": return try ClusterInputs()
        case "latencies": return try ClusterTableInputs(.latencies)
        case "devices": return try ClusterTableInputs(.devices)
        case "points": return CalibrationInputs()
        case "results": return ResultsInputs()
        case "study": return StudyInputs()
        case "schedule": return ScheduleInputs()
        case "experiment": return try CheckpointInputs(.experiment)
        case "checkpoint": return try CheckpointInputs(.state)
        case "resume": return try CheckpointInputs(.resume)
        case "values": return ValueInputs()
        case "profile": return ProfileInputs()
        case "npy": return try ArrayInputs(isArchived: false)
        case "npz": return try ArrayInputs(isArchived: true)
        case "overlay": return try OverlayInputs()
        case "coalitions": return CoalitionInputs()
        case "log": return try LogInputs()
        case "task": return try TaskFileInputs()
        case OptionInputs.className:
            return OptionInputs { _ in throw WrongAnswer("read by the tests of the program alone") }
        case PlanInputs.className:
            return PlanInputs { _ in throw WrongAnswer("read by the tests of the program alone") }
        default:
            if let planted = PlantedFaults(name) { return planted }
            throw WrongAnswer("unknown class '\(name)'; allowed are \(names.joined(separator: ", "))")
        }
    }
}
