import Foundation
import Testing

@testable import Kernel

@Suite struct SafetensorsFileTests {
    /// Written by hand after the format's specification: tensors of eight bytes an element first, then by name.
    @Test func bytesAreThoseOfTheFormat() throws {
        let file = SafetensorsFile(
            tensors: [
                "b": .floats(ParameterVector([1])), "a": .floats(ParameterVector([-2, 0.5])), "c": .doubles([-1]),
            ],
            metadata: ["what": "a test"])
        let header =
            #"{"__metadata__":{"what":"a test"},"a":{"data_offsets":[8,16],"dtype":"F32","shape":[2]},"#
            + #""b":{"data_offsets":[16,20],"dtype":"F32","shape":[1]},"c":{"data_offsets":[0,8],"dtype":"F64","shape":[1]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        var expected = [UInt8(padded.utf8.count & 255), UInt8(padded.utf8.count >> 8), 0, 0, 0, 0, 0, 0]
        expected += Array(padded.utf8)
        expected += [0, 0, 0, 0, 0, 0, 0xf0, 0xbf] + [0, 0, 0, 0xc0] + [0, 0, 0, 0x3f] + [0, 0, 0x80, 0x3f]
        #expect([UInt8](try file.encoded()) == expected)
    }

    @Test func everyBitComesBack() throws {
        let floats: [Float] = [.nan, -.nan, .signalingNaN, -0.0, .infinity, .leastNonzeroMagnitude, 0.1]
        let doubles: [Double] = [.nan, .signalingNaN, -0.0, -.infinity, .leastNonzeroMagnitude, 0.1]
        let file = SafetensorsFile(
            tensors: [
                "floats": .floats(ParameterVector(floats)), "doubles": .doubles(doubles), "none": .doubles([]),
                "no floats": .floats(ParameterVector([])),
            ], metadata: ["text": #"quotes " and \ and /"#, "empty": ""])
        let read = try SafetensorsFile(decoding: file.encoded())
        #expect(read.metadata == file.metadata)
        #expect(read.tensors.keys.sorted() == file.tensors.keys.sorted())
        guard case .floats(let vector) = read.tensors["floats"], case .doubles(let values) = read.tensors["doubles"]
        else {
            Issue.record("\(read.tensors)")
            return
        }
        #expect(vector.values.map(\.bitPattern) == floats.map(\.bitPattern))
        #expect(values.map(\.bitPattern) == doubles.map(\.bitPattern))
        #expect(try read.encoded() == file.encoded())
    }

    @Test(arguments: [
        (
            #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#,
            "tensor 'a' has dtype F16; only F32 and F64 are read"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#,
            "tensor 'a' has shape [1, 1]; only those of one dimension are read"
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "4 bytes of data; the tensors take 8"),
    ])
    func whatIsNotReadIsNamed(header: String, words: String) throws {
        var data = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
        let file = data + Data(header.utf8) + Data(count: 4)
        #expect(throws: Safetensors.Failure(description: words)) { try SafetensorsFile(decoding: file) }
    }
}
