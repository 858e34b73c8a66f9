internal import Crypto
public import Foundation
internal import Kernel

/// The MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. Burges): 60,000 images to train on and 10,000 to
/// test on, 28x28 pixels, from IDX files that may be gzipped.
public struct MNIST: Sendable {
    /// One of the four files.
    public struct File: Sendable {
        /// As the mirrors name it, without `.gz`.
        public let name: String
        /// Of the decompressed file.
        public let sha256: String
        let dimensions: Int
    }

    public static let trainingImages = File(
        name: "train-images-idx3-ubyte",
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", dimensions: 3)
    public static let trainingLabels = File(
        name: "train-labels-idx1-ubyte",
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", dimensions: 1)
    public static let testImages = File(
        name: "t10k-images-idx3-ubyte",
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", dimensions: 3)
    public static let testLabels = File(
        name: "t10k-labels-idx1-ubyte",
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", dimensions: 1)
    public static let files = [trainingImages, trainingLabels, testImages, testLabels]

    /// `mnist` within the data folder.
    public let folder: URL

    public init(in directory: DataDirectory) {
        folder = directory.url.appendingPathComponent("mnist")
    }

    public func load() throws -> TrainTestSplit {
        TrainTestSplit(
            training: try load(Self.trainingImages, Self.trainingLabels),
            test: try load(Self.testImages, Self.testLabels))
    }

    /// The file as it stands in the folder, gzipped or not; nil if there is none.
    public func locate(_ file: File) -> URL? {
        // Some mirrors write the dot of the extension where others write a hyphen.
        let dotted = file.name.replacingOccurrences(of: "-idx", with: ".idx")
        return [file.name, file.name + ".gz", dotted, dotted + ".gz"]
            .map { folder.appendingPathComponent($0) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Reads a file, decompresses it where needed, and compares its checksum.
    /// - Throws: ``DataError`` if it is missing, unreadable or other than the published file.
    public func verify(_ file: File) throws {
        try Self.verify(try read(file), file)
    }

    static func verify(_ contents: [UInt8], _ file: File) throws(DataError) {
        let digest = SHA256.hash(data: contents).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined()
        guard digest == file.sha256 else {
            throw DataError("\(file.name): SHA-256 of the decompressed file is \(digest), expected \(file.sha256)")
        }
    }

    /// For error messages.
    private func path(of file: File) -> String { locate(file)?.path ?? file.name }

    private func read(_ file: File) throws -> [UInt8] {
        guard let url = locate(file) else {
            throw DataError(
                """
                \(folder.path)/\(file.name)[.gz] does not exist; download MNIST with 'bench data fetch mnist', or name \
                the folder that holds 'mnist/' with --data or BENCH_DATA
                """)
        }
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw DataError("\(url.path) cannot be read")
        }
        let bytes = [UInt8](data)
        return Gzip.isCompressed(bytes) ? try Gzip.decompress(bytes, name: url.path) : bytes
    }

    private func load(_ imageFile: File, _ labelFile: File) throws -> Dataset {
        let images = try IDX.decode(try read(imageFile), dimensions: 3, name: path(of: imageFile))
        let labels = try IDX.decode(try read(labelFile), dimensions: 1, name: path(of: labelFile))
        guard images.shape[0] == labels.shape[0], images.shape[0] > 0 else {
            throw DataError(
                "\(path(of: imageFile)) holds \(images.shape[0]) images, \(path(of: labelFile)) \(labels.shape[0]) labels"
            )
        }
        guard images.shape[1...] == [28, 28] else {
            throw DataError("\(path(of: imageFile)): images of \(images.shape[1])x\(images.shape[2]), expected 28x28")
        }
        guard let largest = labels.data.max(), largest < 10 else {
            throw DataError("\(path(of: labelFile)): a label is above 9")
        }
        return Dataset(
            name: "mnist", shape: FeatureShape(channels: 1, height: 28, width: 28), classCount: 10,
            pixels: Array(images.data), labels: Array(labels.data), white: 255)
    }
}
