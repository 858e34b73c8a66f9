import Foundation
import Testing

@Suite struct FileErrorTests {
    // MARK: Cluster files

    @Test func anUnknownKeyOfAClusterFileIsNamedWithItsLineAndTheNearestKey() async throws {
        try await expectError(
            ["--cluster", "racks.yaml"], code: 1,
            ["racks.yaml:3:", "key 'bandwith'", "did you mean 'bandwidth'?", "latency, bandwidth, uplink"]
        ) { try $0.write(Data("# two racks\nlatency: 1ms\nbandwith: 1Gbit\n".utf8), "racks.yaml") }
    }

    @Test func aWrongValueOfAClusterFileIsNamedWithItsLine() async throws {
        try await expectError(
            ["--cluster", "racks.yaml"], code: 1, ["racks.yaml:2:", "'-5ms' is negative", "5ms or 2s, 0 or more"]
        ) { try $0.write(Data("bandwidth: 1Gbit\nlatency: -5ms\n".utf8), "racks.yaml") }
    }

    @Test func aMissingClusterFileIsNamed() async throws {
        try await expectError(["--cluster", "none.yaml"], code: 1, ["'none.yaml'", "does not exist"])
    }

    // MARK: Initial parameters

    @Test func initialParametersOfAnotherShapeAreNamedWithBothShapes() async throws {
        try await expectError(
            ["--init", "start.safetensors"], code: 1, ["start.safetensors", "fc1.weight", "[10, 64]", "[64, 64]"]
        ) {
            try $0.write(
                safetensors("fc1.weight", shape: [10, 64], others: ["fc1.bias", "fc2.weight", "fc2.bias"]),
                "start.safetensors")
        }
    }

    @Test func initialParametersOfAnotherModelAreNamedWithTheTensorsThatAreNeeded() async throws {
        try await expectError(
            ["--init", "start.safetensors"], code: 1,
            ["start.safetensors", "'conv1.weight'", "fc1.weight, fc1.bias, fc2.weight, fc2.bias", "digits"]
        ) { try $0.write(safetensors("conv1.weight", shape: [1]), "start.safetensors") }
    }

    /// A prefix that ends within the length, the header, or the data.
    @Test(arguments: [0, 5, 8, 40, 3000])
    func initialParametersThatAreCutShortAreRefused(_ length: Int) async throws {
        let whole = try await withFolder { folder in
            let outcome = try await bench(quick + ["--strategy", "single", "--save", "model"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            return try folder.read("model")
        }
        try await expectError(["--init", "start"], code: 1, ["initial parameters: start:"]) {
            try $0.write(whole.prefix(length), "start")
        }
    }

    /// The last numbers of a file are the last bias.
    @Test(arguments: [([0, 0, 0xC0, 0x7F], "nan"), ([0, 0, 0x80, 0xFF], "-inf")] as [([UInt8], String)])
    func initialParametersThatAreNoNumbersAreNamed(_ bytes: [UInt8], _ word: String) async throws {
        try await withFolder { folder in
            let saved = try await bench(quick + ["--strategy", "single", "--save", "model"], in: folder)
            #expect(saved.code == 0, "\(saved.testDescription)")
            try folder.write(try folder.read("model").dropLast(4) + Data(bytes), "start")
            let outcome = try await bench(quick + ["--strategy", "single", "--init", "start"], in: folder)
            let words = "initial parameters: start: tensor 'fc2.bias' holds \(word), at position 9; allowed are finite"
            #expect(outcome.code == 1 && outcome.errors.contains(words), "\(outcome.testDescription)")
        }
    }

    @Test func missingInitialParametersAreNamed() async throws {
        try await expectError(["--init", "none.safetensors"], code: 1, ["'none.safetensors'", "does not exist"])
    }

    // MARK: Partitions

    @Test(arguments: ["all", "federated"])
    func moreShardsThanSamplesStopBeforeAnythingIsTrained(_ strategy: String) async throws {
        try await expectError(
            ["--strategy", strategy, "--partition", "shards:1000"], code: 1,
            ["100 clients", "1000 shards", "1437 samples"])
    }

    @Test func moreClientsThanSamplesStopBeforeAnythingIsTrained() async throws {
        try await expectError(["--clients", "2000"], code: 1, ["1437 samples", "2000 clients"])
    }

    // MARK: Where results go

    @Test func anOutputFolderBelowAFileIsRefusedBeforeAnythingIsTrained() async throws {
        // A path below a file, since a superuser may write to any folder.
        try await expectError(["--output", "file/results"], code: 1, ["'file/results'", "'file' is not a folder"]) {
            try $0.write(Data("here\n".utf8), "file")
        }
    }

    @Test func anOutputFolderThatIsAFileIsRefused() async throws {
        try await expectError(["--output", "file"], code: 1, ["'file'", "is not a folder"]) {
            try $0.write(Data("here\n".utf8), "file")
        }
    }

    @Test(arguments: ["--save", "--trace-loss"])
    func aFileInAMissingFolderIsRefusedBeforeAnythingIsTrained(_ option: String) async throws {
        try await expectError([option, "none/file"], code: 1, [option, "'none/file'", "does not exist"])
    }

    @Test(arguments: ["--save", "--trace-loss"])
    func aFolderInPlaceOfAFileIsRefused(_ option: String) async throws {
        try await expectError([option, "folder"], code: 1, [option, "'folder'", "name a file"]) {
            try $0.write(Data("x".utf8), "folder/inside")
        }
    }
}

/// A safetensors file of zeros: the tensor, and others of one number each.
private func safetensors(_ name: String, shape: [Int], others: [String] = []) throws -> Data {
    var entries: [String] = []
    var offset = 0
    for (name, shape) in [(name, shape)] + others.map({ ($0, [1]) }) {
        let end = offset + 4 * shape.reduce(1, *)
        entries.append("\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(offset),\(end)]}")
        offset = end
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return Data(length) + header + Data(count: offset)
}
