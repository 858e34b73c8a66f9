import Datasets
import Files
import Foundation
import Kernel
import Tasks

/// The parameters that training starts from, read from a safetensors file.
package struct StartFile: Sendable {
    package let parameters: ParameterVector
    /// SHA-256 of the file, in hexadecimal.
    let sha256: String

    /// - Throws: ``ExperimentError`` naming the file and what is wrong with it, such as a value that is not a number.
    package init(_ file: String, of task: TrainingTask) throws(ExperimentError) {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw ExperimentError("initial parameters: '\(file)' does not exist or cannot be read")
        }
        let layout = task.network.layout
        do throws(Safetensors.Failure) {
            parameters = try Safetensors.decode(bytes, layout)
        } catch {
            throw ExperimentError("initial parameters: \(file): \(error) (task \(task.name))")
        }
        let values = parameters.values
        for slot in layout.slots {
            guard let index = values[slot.range].firstIndex(where: { !$0.isFinite }) else { continue }
            throw ExperimentError(
                """
                initial parameters: \(file): tensor '\(slot.name)' holds \(values[index]), at position \
                \(index - slot.range.lowerBound); allowed are finite numbers
                """)
        }
        sha256 = ContentDigest.hexadecimal(of: bytes)
    }
}
