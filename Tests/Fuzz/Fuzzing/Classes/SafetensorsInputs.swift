import Foundation
import Kernel

/// Parameters in the safetensors format, against a reader of its own that knows nothing but the format's rules.
final class SafetensorsInputs: InputClass {
    let name = "safetensors"
    private let network = Network(
        input: FeatureShape(features: 4), [.dense("fc1", outputs: 3), .relu, .dense("fc2", outputs: 2)])
    private let json = JSONMutations(words: [
        "F32", "F16", "F64", "BF16", "I64", "U8", "dtype", "shape", "data_offsets", "__metadata__", "fc1.weight",
        "fc1.bias",
        "fc2.weight", "fc2.bias", "format", "pt",
    ])

    func makeSeeds() throws -> [[UInt8]] {
        let parameters = ParameterVector(count: network.layout.count)
        for index in 0..<parameters.count { parameters[index] = Float(index) * 0.5 - 3 }
        return [[UInt8](try Safetensors.encode(parameters, network.layout))]
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        guard let (header, data) = Self.parts(input), draws.below(3) > 0 else {
            return ByteMutations.mutate(&input, other: other, &draws)
        }
        var text = Array(header)
        json.mutate(&text, other: Self.parts(other).map { Array($0.header) } ?? other, &draws)
        input = Self.joined(text, Array(data))
    }

    private static func parts(_ input: [UInt8]) -> (header: ArraySlice<UInt8>, data: ArraySlice<UInt8>)? {
        guard input.count >= 8 else { return nil }
        let length = input[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(input.count - 8) else { return nil }
        return (input[8..<8 + Int(length)], input[(8 + Int(length))...])
    }

    private static func joined(_ header: [UInt8], _ data: [UInt8]) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
    }

    func read(_ input: [UInt8]) throws {
        let parameters = try Safetensors.decode(Data(input), network.layout)
        guard let expected = naive(input) else { throw WrongAnswer("accepted what the format forbids") }
        for index in 0..<parameters.count where parameters[index].bitPattern != expected[index] {
            throw WrongAnswer("parameter \(index) is \(parameters[index])")
        }
        let again = try Safetensors.decode(try Safetensors.encode(parameters, network.layout), network.layout)
        for index in 0..<parameters.count where parameters[index].bitPattern != again[index].bitPattern {
            throw WrongAnswer("parameter \(index) is \(again[index]) when it was written and read again")
        }
    }

    /// The bits of the parameters; nil for what is no such file.
    private func naive(_ input: [UInt8]) -> [UInt32]? {
        guard let (header, data) = Self.parts(input),
            let object = try? JSONSerialization.jsonObject(with: Self.readable(header)) as? [String: Any]
        else { return nil }
        let tensors = object.filter { $0.key != "__metadata__" }
        guard Set(tensors.keys) == Set(network.layout.slots.map(\.name)), !hasKeyTwice(Array(header)) else {
            return nil
        }
        var bits = [UInt32](repeating: 0, count: network.layout.count)
        var covered = 0
        for slot in network.layout.slots {
            guard let tensor = tensors[slot.name] as? [String: Any], tensor["dtype"] as? String == "F32",
                tensor["shape"] as? [Int] == slot.shape, let offsets = tensor["data_offsets"] as? [Int],
                offsets.count == 2,
                offsets[0] >= 0, offsets[1] - offsets[0] == 4 * slot.range.count, offsets[1] <= data.count
            else { return nil }
            covered += offsets[1] - offsets[0]
            for index in 0..<slot.range.count {
                let start = data.startIndex + offsets[0] + 4 * index
                bits[slot.range.lowerBound + index] = data[start..<start + 4].reversed().reduce(0) {
                    $0 << 8 | UInt32($1)
                }
            }
        }
        return covered == data.count ? bits : nil
    }

    /// The header with 0 for numbers that no type holds: Foundation refuses them also in fields that are ignored.
    private static func readable(_ header: ArraySlice<UInt8>) -> Data {
        var text = Array(header)
        // From the end, so that the ranges before a change stay right; numbers lie in no other number.
        for range in JSONSpans(text).values.sorted(by: { $0.lowerBound > $1.lowerBound }) {
            guard let first = text[range.lowerBound...].first, first == 0x2D || (0x30...0x39).contains(first) else {
                continue
            }
            let number = String(decoding: text[range], as: UTF8.self)
            guard number.allSatisfy({ "0123456789+-.eE".contains($0) }) else { continue }
            if let value = Double(number), !value.isFinite { text.replaceSubrange(range, with: [0x30]) }
        }
        return Data(text)
    }

    /// Whether a tensor, or one of its fields, is named twice. Fields that the format does not know are allowed, whatever their
    /// names.
    private func hasKeyTwice(_ header: [UInt8]) -> Bool {
        let members = JSONSpans(header).members
        func named(_ key: String, _ members: [JSONSpans.Entry]) -> [JSONSpans.Entry] {
            let text = Array("\"\(key)\"".utf8)
            return members.filter { header[$0.range].starts(with: text) }
        }
        let (tensors, fields) = (members.filter { $0.depth == 1 }, members.filter { $0.depth == 2 })
        return network.layout.slots.contains { slot in
            let own = named(slot.name, tensors)
            guard own.count == 1, let tensor = own.first else { return own.count > 1 }
            let inside = fields.filter { tensor.range.contains($0.range.lowerBound) }
            return ["dtype", "shape", "data_offsets"].contains { named($0, inside).count > 1 }
        }
    }

    func justifiedBytes(_ input: [UInt8]) -> Int { 50 * input.count + 4 * network.layout.count }
}
