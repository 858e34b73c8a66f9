import Foundation
import Randomness
import Testing

@testable import Kernel

@Suite struct SafetensorsTests {
    static let layout = Network(
        input: FeatureShape(features: 3), [.dense("fc1", outputs: 2), .dense("fc2", outputs: 2)]
    ).layout

    @Test func roundTripKeepsEveryBit() throws {
        let network = Network(
            input: FeatureShape(channels: 2, height: 5, width: 5),
            [.conv2D("conv", filters: 3, kernel: 3), .relu, .flatten, .dense("fc", outputs: 4)])
        var stream = RandomStream(test: 1)
        // Any bits: subnormals, infinities and NaNs with a payload too.
        let bits = (0..<network.parameterCount).map { _ in UInt32(truncatingIfNeeded: stream.next()) }
        let special: [UInt32] = [0x7FC0_1234, 0xFF80_0000, 0x8000_0000, 0x0000_0001]
        let parameters = ParameterVector((special + bits.dropFirst(4)).map(Float.init(bitPattern:)))
        let decoded = try Safetensors.decode(Safetensors.encode(parameters, network.layout), network.layout)
        #expect(decoded.values.map(\.bitPattern) == parameters.values.map(\.bitPattern))
    }

    @Test func encodedHeaderIsAlignedAndDescribesTheTensors() throws {
        let data = [UInt8](try Safetensors.encode(ParameterVector(count: Self.layout.count), Self.layout))
        let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
        #expect(length % 8 == 0 && data.count == 8 + length + 4 * Self.layout.count)
        let header = String(decoding: data[8..<8 + length], as: UTF8.self)
        #expect(header.hasPrefix(#"{"fc1.bias":{"data_offsets":[24,32],"dtype":"F32","shape":[2]},"#), "\(header)")
        // Whatever the length of the names is.
        for length in 1...8 {
            let name = String(repeating: "x", count: length)
            let layout = Network(input: FeatureShape(features: 1), [.dense(name, outputs: 1)]).layout
            #expect(try Safetensors.encode(ParameterVector(count: 2), layout).count % 8 == 0, "\(name)")
        }
    }

    /// Written by Python's safetensors 0.8.0 and numpy 2.4.6, which sorts tensors by name and adds metadata:
    ///
    ///     import numpy, base64
    ///     from safetensors.numpy import save
    ///     t = {"fc1.weight": numpy.array([[1, 2, 3], [4, 5, 6]], "<f4"), "fc1.bias": numpy.array([-0.5, 0.25], "<f4"),
    ///          "fc2.weight": numpy.array([[7, -8], [1e-45, 3.4e38]], "<f4"), "fc2.bias": numpy.array([9, 10], "<f4")}
    ///     print(base64.b64encode(save(t, metadata={"format": "np"})).decode())
    @Test func decodesAFileOfPythonsPackageInPyTorchsOrientation() throws {
        let golden = """
            IAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCJ9LCJmYzEuYmlhcyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMl0sImRh
            dGFfb2Zmc2V0cyI6WzAsOF19LCJmYzEud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOls4LDMy
            XX0sImZjMi5iaWFzIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMzIsNDBdfSwiZmMyLndlaWdodCI6eyJk
            dHlwZSI6IkYzMiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRzIjpbNDAsNTZdfX0gICAAAAC/AACAPgAAgD8AAABAAABAQAAAgEAAAKBA
            AADAQAAAEEEAACBBAADgQAAAAMEBAAAAnsl/fw==
            """
        let data = try #require(Data(base64Encoded: golden, options: .ignoreUnknownCharacters))
        let parameters = try Safetensors.decode(data, Self.layout)
        let expected: [Float] = [
            1, 2, 3, 4, 5, 6, -0.5, 0.25, 7, -8, .leastNonzeroMagnitude, 3.4e38, 9, 10,
        ]
        #expect(parameters.values == expected)
        // Row i of the weight are the inputs of output i: fc1(1, 0, 0) = (1, 4) + bias.
        let probe = LayerProbe(layer: Dense(name: "fc1", inputs: 3, outputs: 2), batch: 1)
        #expect(probe.forward(Array(parameters.values[..<8]), [1, 0, 0]) == [0.5, 4.25])
    }
}

@Suite struct SafetensorsFailureTests {
    private let layout = SafetensorsTests.layout

    /// A file with this header, and `bytes` of data.
    private func file(_ header: String, bytes: Int = 56) -> Data {
        var data = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
        return data + Data(header.utf8) + Data(count: bytes)
    }

    /// The header of a good file; a test replaces one entry, or leaves it out with nil.
    private func header(_ changes: [String: String?] = [:]) -> String {
        var entries: [String: String] = [
            "fc1.weight": entry([2, 3], 0, 24), "fc1.bias": entry([2], 24, 32),
            "fc2.weight": entry([2, 2], 32, 48), "fc2.bias": entry([2], 48, 56),
        ]
        for (name, entry) in changes { entries[name] = entry }
        return "{" + entries.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private func entry(_ shape: [Int], _ start: Int, _ end: Int, dtype: String = "F32") -> String {
        entry(shape, "[\(start),\(end)]", dtype: dtype)
    }

    private func entry(_ shape: [Int], _ offsets: String, dtype: String = "F32") -> String {
        "{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    private func failure(_ data: Data, sourceLocation: SourceLocation = #_sourceLocation) -> String {
        let error = #expect(throws: Safetensors.Failure.self, sourceLocation: sourceLocation) {
            _ = try Safetensors.decode(data, layout)
        }
        return error?.description ?? ""
    }

    @Test func theUnchangedFileDecodes() throws {
        #expect(try Safetensors.decode(file(header()), layout).values == [Float](repeating: 0, count: 14))
    }

    @Test func wrongShapeMissingAndUnknownTensorsAndOtherTypesAreNamed() {
        let shape = failure(file(header(["fc1.weight": entry([3, 2], 0, 24)])))
        #expect(shape.contains("fc1.weight") && shape.contains("[3, 2]") && shape.contains("[2, 3]"), "\(shape)")
        let missing = failure(file(header(["fc2.bias": String?.none])))
        #expect(missing.contains("fc2.bias") && missing.contains("missing"), "\(missing)")
        let unknown = failure(file(header(["fc3.bias": entry([0], 56, 56)])))
        #expect(unknown.contains("fc3.bias") && unknown.contains("fc1.weight"), "\(unknown)")
        let type = failure(file(header(["fc1.bias": entry([2], 24, 32, dtype: "F16")])))
        #expect(type.contains("fc1.bias") && type.contains("F16") && type.contains("F32"), "\(type)")
    }

    @Test func everyTruncationThrows() throws {
        let whole = try Safetensors.encode(ParameterVector([Float](repeating: 1.5, count: 14)), layout)
        for count in 0..<whole.count {
            #expect(!failure(whole.prefix(count)).isEmpty, "\(count) of \(whole.count) bytes")
        }
    }

    @Test func everyFlippedBitThrowsOrDecodes() throws {
        let whole = try Safetensors.encode(ParameterVector([Float](repeating: 1.5, count: 14)), layout)
        for index in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[index] ^= 1 << bit
                // A flip within the data is another file; within the header it may rename nothing that matters.
                if let decoded = try? Safetensors.decode(damaged, layout) { #expect(decoded.count == 14) }
            }
        }
    }

    @Test func garbageHeadersThrow() {
        let headers = [
            "", " ", "{", "[]", "null", "7", "\"text\"", "{\"fc1.bias\":3}", "{\"fc1.bias\":{}}", "\u{0}\u{0}",
            String(repeating: "[", count: 100_000), header() + "x",
            header(["fc1.bias": "{\"dtype\":\"F32\",\"shape\":[2]}"]),
            header(["fc1.bias": "{\"dtype\":3,\"shape\":[2],\"data_offsets\":[24,32]}"]),
        ]
        for header in headers { #expect(!failure(file(header)).isEmpty, "\(header.prefix(60))") }
        #expect(!failure(Data(repeating: 0xFF, count: 100)).isEmpty)
        #expect(!failure(Data([8, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFE, 0xFF, 0xC0, 0x80, 0, 1, 2])).isEmpty)
    }

    @Test func headerLengthBeyondTheFileThrows() {
        for length in [UInt64(9), 1 << 32, 1 << 63, .max, .max - 7] {
            var data = Data()
            withUnsafeBytes(of: length.littleEndian) { data.append(contentsOf: $0) }
            #expect(failure(data + Data(count: 8)).contains("\(length)"), "\(length)")
        }
    }

    @Test(arguments: [
        "[-8,0]", "[32,24]", "[24,36]", "[24,28]", "[56,64]", "[9223372036854775800,9223372036854775807]",
        "[-9223372036854775808,9223372036854775807]", "[99999999999999999999,99999999999999999999999]", "[1e400,1e400]",
        "[24.5,32.5]", "[24]", "[24,32,40]", "[]", "[\"24\",\"32\"]", "[null,null]",
    ])
    func impossibleOffsetsThrow(offsets: String) {
        #expect(!failure(file(header(["fc1.bias": entry([2], offsets)]))).isEmpty)
    }

    @Test func overlappingTensorsThrow() {
        let message = failure(file(header(["fc1.bias": entry([2], 0, 8)])))
        #expect(message.contains("fc1"), "\(message)")
    }

    @Test func bytesOfNoTensorThrow() {
        // The format: "the byte buffer needs to be entirely indexed, and cannot contain holes".
        #expect(!failure(file(header(), bytes: 60)).isEmpty)
        #expect(!failure(file(header(["fc2.bias": entry([2], 52, 60)]), bytes: 60)).isEmpty)
    }

    @Test func aKeyThatStandsTwiceIsNamed() {
        let twice = String(header().dropLast()) + ",\"fc1.bias\":\(entry([2], 24, 32))}"
        #expect(failure(file(twice)).contains("the key 'fc1.bias' stands twice"), "\(failure(file(twice)))")
        // The second key is the same, with one letter written as an escape.
        let escaped = String(header().dropLast()) + ",\"fc1.b\\u0069as\":\(entry([2], 24, 32))}"
        #expect(failure(file(escaped)).contains("the key 'fc1.bias' stands twice"), "\(failure(file(escaped)))")
        let shapes = #"{"dtype":"F32","shape":[3],"shape":[2],"data_offsets":[24,32]}"#
        #expect(failure(file(header(["fc1.bias": shapes]))).contains("the key 'shape' stands twice"))
    }

    @Test func metadataAreTextsAndTheHeaderMayEndInSpaces() throws {
        let good = #"{"__metadata__":{"format":"pt"},"# + header().dropFirst()
        #expect(try Safetensors.decode(file(good + "   "), layout).count == 14)
        for metadata in ["3", "null", "[\"a\"]", #"{"a":3}"#, #"{"a":{"b":"c"}}"#, entry([2], 24, 32)] {
            let message = failure(file("{\"__metadata__\":\(metadata)," + header().dropFirst()))
            #expect(message.contains("__metadata__"), "\(metadata): \(message)")
        }
    }

    @Test func aHeaderBeginsWithABraceAndIsNotLongerThanTheFormatAllows() {
        #expect(failure(file(" " + header())).contains("does not begin with {"))
        #expect(failure(file("\u{FEFF}" + header())).contains("does not begin with {"))
        var long = Data()
        withUnsafeBytes(of: UInt64(100_000_001).littleEndian) { long.append(contentsOf: $0) }
        #expect(failure(long + Data(header().utf8)).contains("the format allows 100000000"))
    }

    @Test func impossibleShapesAndTypesAreNamed() {
        let huge = "[9223372036854775807,4]"
        for (shape, type, says) in [
            ("[2]", "F31", "fc1.bias"), (huge, "F32", "fc1.bias"), ("[-2]", "F32", "fc1.bias"),
        ] {
            let entry = "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[24,32]}"
            #expect(failure(file(header(["fc1.bias": entry]))).contains(says), "\(shape) \(type)")
        }
    }
}
