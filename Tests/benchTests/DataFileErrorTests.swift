import Foundation
import Testing

@Suite struct DataFileErrorTests {
    private static let names = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]
    private static let shapes = [[100, 28, 28], [100], [20, 28, 28], [20]]

    /// An IDX file of unsigned bytes.
    private static func idx(_ shape: [Int], magic: [UInt8]? = nil) -> Data {
        let extents = shape.flatMap { extent in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) } }
        return Data((magic ?? [0, 0, 8, UInt8(shape.count)]) + extents) + Data(count: shape.reduce(1, *))
    }

    /// A data folder of 100 and 20 black images.
    private static func write(to folder: TemporaryFolder, replacing file: String? = nil, by contents: Data? = nil)
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

    private static let mnist = ["--task", "mnist-softmax", "--data", "data"]

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

    @Test func theFilesOfTheseTestsAreOtherwiseRight() async throws {
        try await withFolder { folder in
            try Self.write(to: folder)
            let arguments = quick + Self.mnist + ["--strategy", "single", "--batch", "10"]
            let outcome = try await bench(arguments, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(folder.exists("results/results.json"))
        }
    }
}
