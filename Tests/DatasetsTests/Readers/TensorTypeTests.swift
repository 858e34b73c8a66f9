import Foundation
import Testing

@testable import Datasets

/// Data that stand in a safetensors file, in types that NumPy does not have or that PyTorch writes.
@Suite struct TensorTypeTests {
    struct Tensor: Sendable, CustomTestStringConvertible {
        let type: String
        let bytes: [UInt8]
        let values: [Float]

        var testDescription: String { type }
    }

    /// A file of one tensor `x` of one dimension.
    private static func file(_ type: String, _ bytes: [UInt8], count: Int) -> [UInt8] {
        let header = #"{"x":{"dtype":"\#(type)","shape":[\#(count)],"data_offsets":[0,\#(bytes.count)]}}"#
        let length = UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + bytes
    }

    /// A bfloat16 is the upper half of a float32: sign, eight bits of exponent, seven of the fraction.
    @Test(arguments: [
        Tensor(
            type: "BF16", bytes: [0x80, 0x3F, 0x20, 0xC0, 0x49, 0x40, 0x80, 0x7F, 0x01, 0x00, 0x00, 0x80],
            values: [1, -2.5, 3.140625, .infinity, 0x1p-133, -0.0]),
        Tensor(
            type: "F16", bytes: [0x00, 0x3C, 0x00, 0xC1, 0xFF, 0x7B, 0x00, 0x7C, 0x01, 0x00, 0xFF, 0x03],
            values: [1, -2.5, 65504, .infinity, 0x1p-24, 0x1.ff8p-15]),
        Tensor(type: "F64", bytes: [0, 0, 0, 0, 0, 0, 0x04, 0xC0], values: [-2.5]),
        Tensor(type: "I16", bytes: [0xFE, 0xFF, 0x00, 0x01], values: [-2, 256]),
        Tensor(type: "BOOL", bytes: [0, 1], values: [0, 1]),
    ]) func everyTypeIsReadToTheBit(_ tensor: Tensor) throws {
        let bytes = Self.file(tensor.type, tensor.bytes, count: tensor.values.count)
        try DamagedArrayTests.withFile("x.safetensors", bytes) { folder in
            let reference = DataReference("x.safetensors:x")
            let expected = tensor.values.map(\.bitPattern)
            let floats = try reference.array(in: folder).floats()
            let doubles = try reference.array(in: folder).doubles()
            #expect(floats.map(\.bitPattern) == expected)
            #expect(doubles.map { Float($0).bitPattern } == expected)
        }
    }

    @Test func otherTypesAreRefusedByName() throws {
        try DamagedArrayTests.withFile("x.safetensors", Self.file("F8_E4M3", [0], count: 1)) { folder in
            let found = dataError { _ = try DataReference("x.safetensors").array(in: folder) }
            #expect(
                found.hasPrefix("x.safetensors: tensor 'x' is of type F8_E4M3; allowed are BF16, BOOL, F16, F32,"),
                "\(found)")
        }
    }
}
