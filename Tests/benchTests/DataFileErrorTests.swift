import Datasets
import Foundation
import Testing

@testable import Reports
@testable import Storage

/// A gzip file of these members, in stored blocks (RFC 1951, section 3.2.4; RFC 1952, section 2.3).
func gzipped(_ members: [Data]) -> Data {
    func littleEndian(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
    var file = Data()
    for member in members {
        file.append(contentsOf: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
        var rest = member[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            file.append(rest.isEmpty ? 1 : 0)
            file.append(contentsOf: littleEndian(block.count, 2))
            file.append(contentsOf: littleEndian(~block.count & 0xFFFF, 2))
            file.append(block)
        } while !rest.isEmpty
        var crc: UInt32 = ~0
        for byte in member {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        file.append(contentsOf: littleEndian(Int(~crc), 4))
        file.append(contentsOf: littleEndian(member.count, 4))
    }
    return file
}

@Suite struct DataFileErrorTests {
    static let names = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]
    private static let shapes = [[100, 28, 28], [100], [20, 28, 28], [20]]

    /// An IDX file of unsigned bytes.
    private static func idx(_ shape: [Int], magic: [UInt8]? = nil) -> Data {
        let extents = shape.flatMap { extent in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) } }
        return Data((magic ?? [0, 0, 8, UInt8(shape.count)]) + extents) + Data(count: shape.reduce(1, *))
    }

    /// A data folder of 100 and 20 black images.
    static func write(to folder: TemporaryFolder, replacing file: String? = nil, by contents: Data? = nil)
        throws
    {
        for (name, shape) in zip(names, shapes) {
            if name != file {
                try folder.write(idx(shape), "data/mnist/\(name)")
            } else if let contents {
                try folder.write(contents, "data/mnist/\(name)")
            }
        }
    }

    static let mnist = ["--task", "mnist-softmax", "--data", "data"]

    @Test(arguments: names) func aMissingFileIsNamedWithTheWayToGetIt(_ name: String) async throws {
        try await expectError(
            Self.mnist, code: 1, ["data/mnist/\(name)", "does not exist", "bench data fetch mnist", "--data"]
        ) { try Self.write(to: $0, replacing: name) }
    }

    @Test(arguments: names.indices, [1, 22])
    func aFileThatIsCutShortIsNamedWithItsLength(_ file: Int, _ missing: Int) async throws {
        let whole = Self.idx(Self.shapes[file])
        try await expectError(
            Self.mnist, code: 1, [Self.names[file], "cut short", "\(whole.count - missing) bytes"]
        ) { try Self.write(to: $0, replacing: Self.names[file], by: whole.dropLast(missing)) }
    }

    @Test(arguments: names) func anEmptyFileIsNamed(_ name: String) async throws {
        try await expectError(Self.mnist, code: 1, [name, "0 bytes", "too short"]) {
            try Self.write(to: $0, replacing: name, by: Data())
        }
    }

    @Test func aWrongMagicNumberIsNamedWithTheOneThatIsExpected() async throws {
        try await expectError(Self.mnist, code: 1, [Self.names[0], "magic number 0x00000d03", "expected 0x00000803"]) {
            try Self.write(to: $0, replacing: Self.names[0], by: Self.idx([100, 28, 28], magic: [0, 0, 13, 3]))
        }
    }

    @Test func labelsInThePlaceOfImagesAreAWrongMagicNumber() async throws {
        try await expectError(Self.mnist, code: 1, [Self.names[0], "0x00000801", "expected 0x00000803"]) {
            try Self.write(to: $0, replacing: Self.names[0], by: Self.idx([100]))
        }
    }

    @Test func aGzippedFileThatIsCutShortIsNamed() async throws {
        try await expectError(Self.mnist, code: 1, [Self.names[1]]) {
            try Self.write(to: $0, replacing: Self.names[1], by: Data([0x1f, 0x8b, 8, 0, 0, 0]))
        }
    }

    @Test func imagesAndLabelsOfDifferentNumberAreNamedWithBothNumbers() async throws {
        try await expectError(Self.mnist, code: 1, ["100 images", "99 labels"]) {
            try Self.write(to: $0, replacing: Self.names[1], by: Self.idx([99]))
        }
    }

    @Test func whatFollowsTheGzipDataIsNamed() async throws {
        let whole = gzipped([Self.idx(Self.shapes[1])])
        try await expectError(
            Self.mnist, code: 1, [Self.names[1], "16 bytes behind the gzip data", "further gzip members, or zeros"]
        ) { try Self.write(to: $0, replacing: Self.names[1], by: whole + Data("<html>404</html>".utf8)) }
    }

    @Test func dataOfSeveralGzipMembersGiveTheSameModel() async throws {
        let arguments = quick + Self.mnist + ["--strategy", "single", "--batch", "10", "--save", "model"]
        var models: Set<Data> = []
        var identities: Set<DataIdentity?> = []
        for isGzipped in [false, true] {
            try await withFolder { folder in
                try Self.write(to: folder)
                for (name, shape) in zip(Self.names, Self.shapes) where isGzipped {
                    let file = Self.idx(shape)
                    // Cut within the header, and in the data.
                    let members = [file.prefix(5), file.dropFirst(5).prefix(7), file.dropFirst(12)].map { Data($0) }
                    try folder.write(gzipped(members) + Data(count: 512), "data/mnist/\(name)")
                }
                let outcome = try await bench(arguments, in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                models.insert(try folder.read("model"))
                identities.insert(try ResultsFile.read(folder.path("results")).data)
            }
        }
        #expect(models.count == 1 && identities.count == 1 && !identities.contains(nil))
    }

    @Test func theFilesOfTheseTestsAreOtherwiseRight() async throws {
        try await withFolder { folder in
            try Self.write(to: folder)
            let arguments = quick + Self.mnist + ["--strategy", "single", "--batch", "10"]
            let outcome = try await bench(arguments, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            // The test's images are no digits of MNIST, which is said wherever results are shown.
            let words = "These results are of IDX files that are not MNIST (SHA-256 "
            #expect(outcome.output.contains(words), "\(outcome.testDescription)")
            #expect(try folder.text("results/report.md").contains(words))
            let data = try #require(try ResultsFile.read(folder.path("results")).data)
            #expect(data.name == "IDX files that are not MNIST" && !data.isPublished)
            let report = try await bench(["report", "results"], in: folder)
            #expect(report.output.contains(words), "\(report.testDescription)")
        }
    }
}
