public import Foundation

/// Reads and writes parameters in the safetensors format (huggingface/safetensors, format specification): eight bytes
/// of little-endian header length, a JSON header of `{name: {dtype, shape, data_offsets}}`, the tensors' bytes.
public enum Safetensors {
    public struct Failure: Error, CustomStringConvertible, Equatable {
        public let description: String
    }

    private struct Entry: Codable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    /// The file's bytes for `parameters` `[P]`: one F32 tensor per slot, in the layout's order.
    public static func encode(_ parameters: ParameterVector, _ layout: ParameterLayout) throws -> Data {
        precondition(parameters.count == layout.count, "\(parameters.count) parameters, a layout of \(layout.count)")
        var header: [String: Entry] = [:]
        for slot in layout.slots {
            header[slot.name] = Entry(
                dtype: "F32", shape: slot.shape, dataOffsets: [slot.range.lowerBound * 4, slot.range.upperBound * 4])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = try encoder.encode(header)
        // The format asks for data aligned to eight bytes and allows spaces for it.
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        var data = Data()
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(json)
        for value in parameters.values {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        return data
    }

    /// The parameters `[P]` of `layout` from a file's bytes.
    ///
    /// - Throws: ``Failure`` naming the tensor, what was found and what is needed: a damaged header, a missing or unknown
    ///   tensor, another shape, another type than F32, data cut short.
    public static func decode(_ data: Data, _ layout: ParameterLayout) throws(Failure) -> ParameterVector {
        let bytes = [UInt8](data)
        guard bytes.count >= 8 else {
            throw Failure(
                description: "not a safetensors file: \(bytes.count) bytes, shorter than its 8-byte header length")
        }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
        guard length <= UInt64(bytes.count - 8) else {
            throw Failure(
                description:
                    "not a safetensors file, or cut short: its header claims \(length) bytes of \(bytes.count - 8)")
        }
        let start = 8 + Int(length)
        let header = try parseHeader(Data(bytes[8..<start]))
        try check(header, layout)
        let parameters = ParameterVector(count: layout.count)
        for slot in layout.slots {
            guard let entry = header[slot.name] else { continue }
            let offsets = entry.dataOffsets
            guard offsets.count == 2, offsets[0] >= 0, offsets[1] <= bytes.count - start,
                offsets[0] <= offsets[1], offsets[1] - offsets[0] == slot.range.count * 4
            else {
                throw Failure(
                    description: """
                        tensor '\(slot.name)': data at \(offsets) of \(bytes.count - start) bytes; \
                        its shape \(slot.shape) needs \(slot.range.count * 4)
                        """)
            }
            for index in 0..<slot.range.count {
                let position = start + offsets[0] + index * 4
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[position + $1]) << (8 * UInt32($1)) }
                parameters[slot.range.lowerBound + index] = Float(bitPattern: bits)
            }
        }
        try requireSideBySide(header, bytes: bytes.count - start)
        return parameters
    }

    private static func parseHeader(_ json: Data) throws(Failure) -> [String: Entry] {
        do {
            guard var object = try JSONSerialization.jsonObject(with: json) as? [String: Any] else {
                throw Failure(description: "the safetensors header is not a JSON object")
            }
            object["__metadata__"] = nil
            return try JSONDecoder().decode([String: Entry].self, from: JSONSerialization.data(withJSONObject: object))
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "the safetensors header is not readable JSON of {dtype, shape, data_offsets}")
        }
    }

    /// The format allows no overlaps and no holes: a file with either is damaged, or hides something.
    private static func requireSideBySide(_ header: [String: Entry], bytes: Int) throws(Failure) {
        var end = 0
        for (name, entry) in header.sorted(by: { $0.value.dataOffsets[0] < $1.value.dataOffsets[0] }) {
            guard entry.dataOffsets[0] == end else {
                throw Failure(
                    description: "tensor '\(name)': data at \(entry.dataOffsets), expected to start at \(end)")
            }
            end = entry.dataOffsets[1]
        }
        guard end == bytes else { throw Failure(description: "\(bytes) bytes of data; the tensors take \(end)") }
    }

    private static func check(_ header: [String: Entry], _ layout: ParameterLayout) throws(Failure) {
        let known = Set(layout.slots.map(\.name))
        if let unknown = header.keys.sorted().first(where: { !known.contains($0) }) {
            throw Failure(
                description: """
                    tensor '\(unknown)' is not of this model, whose tensors are \
                    \(layout.slots.map(\.name).joined(separator: ", "))
                    """)
        }
        for slot in layout.slots {
            guard let entry = header[slot.name] else {
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
