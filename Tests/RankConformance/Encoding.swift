import Cluster
internal import Fabrics
import Kernel

extension Conformance {
    static let encoding = [
        Conformance("an encoded message arrives with its coding, its bytes and its weight", ranks: 3) { rank in
            let codings: [any MessageCoding] = [Float32Coding(), Float16Coding(), TopKCoding(fraction: 0.2)]
            let numbers = (0..<1001).map { Float($0 % 64) - 31 }
            guard rank.index > 0 else {
                for (weight, coding) in codings.enumerated() {
                    let encoded = coding.encode(ParameterVector(numbers))
                    for receiver in 1...2 {
                        try await rank.send(Message(encoded, weight: weight, purpose: .gradient), to: receiver)
                    }
                    // Between two of the others, one without a coding.
                    for receiver in 1...2 { try rank.post(message(weight), to: receiver) }
                }
                return
            }
            for (weight, coding) in codings.enumerated() {
                guard let message = try await rank.receive(from: 0), let encoded = message.encoded else {
                    throw Violation(description: "no encoded message")
                }
                try expect(message.weight == weight && message.purpose == .gradient, "weight \(message.weight)")
                try expect(encoded.coding == coding.name, "\(encoded.coding) in place of \(coding.name)")
                let bytes = coding.encodedBytes(elements: numbers.count)
                try expect(encoded.bytes.count == bytes, "\(encoded.bytes.count) bytes in place of \(bytes)")
                try expect(encoded == coding.encode(ParameterVector(numbers)), "other bytes")
                let vector = ParameterVector(count: numbers.count)
                coding.decode(encoded, into: vector)
                // Whole numbers below 64 are halves.
                let isWhole = vector.values == numbers || coding.name == "top-k"
                try expect(isWhole, "\(vector.values.prefix(5)) in \(coding.name)")
                let plain = try await rank.receive(from: 0)
                try expect(plain?.encoded == nil && plain?.vector.values == [Float(weight)], "a plain message")
            }
        }
    ]
}
