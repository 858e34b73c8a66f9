import Diagnostics
import Foundation

/// A safetensors file of any tensors of these types, with texts beside them (the format's `__metadata__`).
///
/// Bytes follow from contents alone: tensors of eight bytes an element come first, so that all are aligned, and those of one
/// type are in the order of their names.
package struct SafetensorsFile: Sendable {
    package enum Tensor: Sendable {
        /// F32 `[n]`
        case floats(ParameterVector)
        /// F64 `[n]`
        case doubles([Double])

        fileprivate var dtype: String {
            switch self {
            case .floats: "F32"
            case .doubles: "F64"
            }
        }

        fileprivate var count: Int {
            switch self {
            case .floats(let vector): vector.count
            case .doubles(let values): values.count
            }
        }

        fileprivate var elementBytes: Int {
            switch self {
            case .floats: 4
            case .doubles: 8
            }
        }
    }

    package var tensors: [String: Tensor]
    package var metadata: [String: String]

    package init(tensors: [String: Tensor], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    package func encoded() throws -> Data {
        let ordered = tensors.sorted { first, second in
            let (one, other) = (first.value.elementBytes, second.value.elementBytes)
            return one == other ? first.key < second.key : one > other
        }
        var header = SafetensorsHeader.Contents(metadata: metadata)
        var end = 0
        for (name, tensor) in ordered {
            let start = end
            end += tensor.count * tensor.elementBytes
            header.tensors[name] = SafetensorsHeader.Entry(
                dtype: tensor.dtype, shape: [tensor.count], dataOffsets: [start, end])
        }
        var data = try header.encoded(dataBytes: end)
        for (_, tensor) in ordered {
            switch tensor {
            case .floats(let vector): data.append(littleEndian: vector)
            case .doubles(let values):
                for value in values {
                    withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
                }
            }
        }
        return data
    }

    /// - Throws: ``Safetensors/Failure`` naming what the format forbids, or a tensor of another type or of more than one
    ///   dimension.
    package init(decoding data: Data) throws(Safetensors.Failure) {
        let bytes = [UInt8](data)
        let header = try SafetensorsHeader(bytes)
        try header.checkData()
        metadata = header.metadata
        tensors = [:]
        for (name, entry) in header.tensors.sorted(by: { $0.key < $1.key }) {
            guard entry.shape.count == 1 else {
                throw Safetensors.Failure(
                    description: "tensor '\(name)' has shape \(entry.shape); only those of one dimension are read")
            }
            let start = header.dataStart + entry.dataOffsets[0]
            switch entry.dtype {
            case "F32":
                let vector = ParameterVector(count: entry.shape[0])
                vector.read(littleEndian: bytes, at: start, into: 0..<vector.count)
                tensors[name] = .floats(vector)
            case "F64":
                tensors[name] = .doubles(
                    bytes.withUnsafeBytes { source in
                        (0..<entry.shape[0]).map { index in
                            Double(
                                bitPattern: UInt64(
                                    littleEndian: source.loadUnaligned(
                                        fromByteOffset: start + 8 * index, as: UInt64.self)))
                        }
                    })
            default:
                throw Safetensors.Failure(
                    description: "tensor '\(name)' has dtype \(entry.dtype); only F32 and F64 are read")
            }
        }
    }
}

extension Data {
    /// The vector's numbers as little-endian bits.
    mutating func append(littleEndian vector: ParameterVector) {
        #if _endian(little)
            append(UnsafeBufferPointer(start: vector.storage, count: vector.count))
        #else
            for value in vector.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { append(contentsOf: $0) }
            }
        #endif
    }
}

extension ParameterVector {
    /// Takes over numbers that are little-endian bits from byte `start` on.
    func read(littleEndian bytes: [UInt8], at start: Int, into range: Range<Int>) {
        bytes.withUnsafeBytes { source in
            for (index, place) in range.enumerated() {
                let bits = source.loadUnaligned(fromByteOffset: start + 4 * index, as: UInt32.self)
                storage[place] = Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }
}
