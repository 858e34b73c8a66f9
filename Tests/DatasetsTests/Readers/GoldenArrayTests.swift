import Foundation
import Testing

@testable import Datasets

/// Arrays that NumPy wrote (Benchmarks/golden/arrays.py), of every type and in every container.
@Suite struct GoldenArrayTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")

    struct Expected: Decodable {
        let shape: [Int]
        /// The bits of the 32-bit floats that are nearest to the numbers; nil for texts.
        let bits: [UInt32]?
        let texts: [String]?
    }

    static let expected: [String: Expected] = {
        let data = (try? Data(contentsOf: folder.appendingPathComponent("arrays.json"))) ?? Data()
        return (try? JSONDecoder().decode([String: Expected].self, from: data)) ?? [:]
    }()

    private func array(_ text: String) throws -> StoredArray { try DataReference(text).array(in: Self.folder) }

    @Test(arguments: ["stored.npz", "deflated.npz"]) func everyTypeIsReadToTheBit(_ file: String) throws {
        #expect(Self.expected.count == 26)
        for (key, expected) in Self.expected {
            let array = try array("\(file):\(key)")
            #expect(array.shape == expected.shape, "\(key)")
            if let bits = expected.bits {
                #expect(try self.array("\(file):\(key)").floats().map(\.bitPattern) == bits, "\(key)")
                #expect(
                    try self.array("\(file):\(key)").doubles().map { Float($0).bitPattern } == bits, "\(key) by doubles"
                )
            }
            if let texts = expected.texts { #expect(try array.texts() == texts, "\(key)") }
        }
    }

    @Test func bytesStayBytes() throws {
        #expect(try array("stored.npz:nu1").bytes() == [0, 1, 2, 3, 100, 7])
        #expect(try array("deflated.npz:nb1").bytes() == [0, 0, 0, 1, 1, 1])
        let table = try FeatureTable(DataReference("stored.npz:nu1"), in: Self.folder)
        guard case .bytes(let bytes) = table.values else { throw DataError("floats") }
        #expect(bytes == [0, 1, 2, 3, 100, 7] && table.count == 2 && table.sampleShape == [3])
    }

    @Test(arguments: ["version1.npy", "version2.npy", "version3.npy", "zip64.npz:x"]) func everyVersionIsRead(
        _ text: String
    ) throws {
        #expect(try array(text).floats() == [-12.5, -12.25, -12, -11.75, 12.5, -10.75])
    }

    @Test func otherTypesOfIDXAreRead() throws {
        #expect(try array("int32.idx").floats() == [-50, -49, -48, -47, 50, -43])
        #expect(try array("float64.idx").doubles() == [0.1, -7.5])
    }

    @Test(arguments: [
        (
            "objects.npy",
            "objects.npy: an array of Python objects, which would have to be unpickled and could run any program"
        ),
        (
            "records.npy",
            "records.npy: the .npy header has a type of several fields; allowed is one type, such as '<f4'"
        ),
        ("complex.npy", "complex.npy: elements of type '<c8'; allowed are |b1, |u1, |i1,"),
        ("stored.npz", "stored.npz has 26 arrays; name one, such as stored.npz:nu1"),
        ("stored.npz:nu3", "stored.npz: unknown array 'nu3'; did you mean 'nu1'?"),
        ("none.npy", "none.npy does not exist"),
        (
            "arrays.json",
            "arrays.json: not a file of numbers that is known: allowed are .npy, .npz, .csv and .safetensors"
        ),
    ]) func whatIsNotReadIsRefusedByName(_ text: String, _ message: String) {
        let found = dataError { _ = try array(text) }
        #expect(found.hasPrefix(message), "\(found)")
    }
}
