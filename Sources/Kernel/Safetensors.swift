import Diagnostics
import Foundation

/// Reads and writes parameters in the safetensors format (huggingface/safetensors, format specification): eight bytes
/// of little-endian header length, a JSON header of `{name: {dtype, shape, data_offsets}}`, the tensors' bytes.
package enum Safetensors {
    package struct Failure: Error, CustomStringConvertible, Equatable {
        package let description: String
        package init(description: String) { self.description = ErrorText.message(description) }
    }

    /// The file's bytes for `parameters` `[P]`: one F32 tensor per slot, in the layout's order.
    package static func encode(_ parameters: ParameterVector, _ layout: ParameterLayout) throws -> Data {
        precondition(parameters.count == layout.count, "\(parameters.count) parameters, a layout of \(layout.count)")
        var header = SafetensorsHeader.Contents()
        for slot in layout.slots {
            header.tensors[slot.name] = SafetensorsHeader.Entry(
                dtype: "F32", shape: slot.shape, dataOffsets: [slot.range.lowerBound * 4, slot.range.upperBound * 4])
        }
        var data = try header.encoded(dataBytes: parameters.count * 4)
        data.append(littleEndian: parameters)
        return data
    }

    /// The parameters `[P]` of `layout` from a file's bytes; numbers of any bits, infinities and NaNs among them.
    ///
    /// - Throws: ``Failure`` naming the tensor, what was found and what is needed: a header that the format forbids, a
    ///   missing or unknown tensor, another shape, another type than F32, data cut short.
    package static func decode(_ data: Data, _ layout: ParameterLayout) throws(Failure) -> ParameterVector {
        let bytes = [UInt8](data)
        let header = try SafetensorsHeader(bytes)
        // A file of another model is told as such, and not as one with bytes left over.
        try check(header, layout)
        try header.checkData()
        let parameters = ParameterVector(count: layout.count)
        for slot in layout.slots {
            guard let entry = header.tensors[slot.name] else { continue }
            parameters.read(littleEndian: bytes, at: header.dataStart + entry.dataOffsets[0], into: slot.range)
        }
        return parameters
    }

    private static func check(_ header: SafetensorsHeader, _ layout: ParameterLayout) throws(Failure) {
        let known = Set(layout.slots.map(\.name))
        if let unknown = header.tensors.keys.sorted().first(where: { !known.contains($0) }) {
            throw Failure(
                description: """
                    tensor '\(unknown)' is not of this model, whose tensors are \
                    \(layout.slots.map(\.name).joined(separator: ", "))
                    """)
        }
        for slot in layout.slots {
            guard let entry = header.tensors[slot.name] else {
                throw Failure(description: "tensor '\(slot.name)' with shape \(slot.shape) is missing")
            }
            guard entry.dtype == "F32" else {
                throw Failure(description: "tensor '\(slot.name)' has dtype \(entry.dtype); only F32 is read")
            }
            guard entry.shape == slot.shape else {
                throw Failure(
                    description: "tensor '\(slot.name)' has shape \(entry.shape); the model needs \(slot.shape)")
            }
        }
    }
}
