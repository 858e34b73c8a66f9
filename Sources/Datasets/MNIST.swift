import Foundation
internal import Files
internal import Kernel

/// The MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. Burges): 60,000 images to train on and 10,000 to
/// test on, 28x28 pixels, from IDX files that may be gzipped.
package struct MNIST: Sendable {
    /// One of the four files.
    package struct File: Sendable {
        /// As the mirrors name it, without `.gz`.
        package let name: String
        /// Of the decompressed file.
        package let sha256: String
        let dimensions: Int
    }

    package static let trainingImages = File(
        name: "train-images-idx3-ubyte",
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", dimensions: 3)
    package static let trainingLabels = File(
        name: "train-labels-idx1-ubyte",
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", dimensions: 1)
    package static let testImages = File(
        name: "t10k-images-idx3-ubyte",
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", dimensions: 3)
    package static let testLabels = File(
        name: "t10k-labels-idx1-ubyte",
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", dimensions: 1)
    package static let files = [trainingImages, trainingLabels, testImages, testLabels]

    /// `mnist` within the data folder.
    package let folder: URL

    package init(in directory: DataDirectory) {
        folder = directory.url.appendingPathComponent("mnist")
    }

    /// The four files, whether they are MNIST's or other images of that size: the identity tells.
    /// - Throws: ``DataError`` naming the file and what is wrong with it.
    package func load() throws -> TrainTestSplit {
        var digests: [String] = []
        let training = try load(Self.trainingImages, Self.trainingLabels, &digests)
        let test = try load(Self.testImages, Self.testLabels, &digests)
        return TrainTestSplit(training: training, test: test, identity: Self.identity(digests))
    }

    /// Of the files' digests in the order of ``files``: the SHA-256 of a text with one of them a line, such as `sha256sum`
    /// makes of the decompressed files.
    static func identity(_ digests: [String]) -> DataIdentity {
        let isMNIST = digests == files.map(\.sha256)
        var digest = ContentDigest()
        for line in digests { digest.add(Array("\(line)\n".utf8)) }
        return DataIdentity(
            name: isMNIST ? "MNIST" : "IDX files that are not MNIST", sha256: digest.hexadecimal(),
            isPublished: isMNIST)
    }

    /// The file as it stands in the folder, gzipped or not; nil if there is none.
    package func locate(_ file: File) -> URL? {
        // Some mirrors write the dot of the extension where others write a hyphen.
        let dotted = file.name.replacingOccurrences(of: "-idx", with: ".idx")
        return [file.name, file.name + ".gz", dotted, dotted + ".gz"]
            .map { folder.appendingPathComponent($0) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Reads a file, decompresses it where needed, and compares its checksum.
    /// - Throws: ``DataError`` if it is missing, unreadable or other than the published file.
    package func verify(_ file: File) throws { try Self.verify(try open(file), file) }

    static func verify(_ contents: CompressedFile, _ file: File) throws(DataError) {
        var digest = ContentDigest()
        while case let piece = try contents.read(CompressedFile.pieceCount), !piece.isEmpty { digest.add(piece) }
        let found = digest.hexadecimal()
        guard found == file.sha256 else {
            throw DataError("\(file.name): SHA-256 of the decompressed file is \(found), expected \(file.sha256)")
        }
    }

    private func open(_ file: File) throws -> CompressedFile {
        guard let url = locate(file) else {
            throw DataError(
                """
                \(folder.path)/\(file.name)[.gz] does not exist; download MNIST with 'bench data fetch mnist', or name \
                the folder that holds 'mnist/' with --data or BENCH_DATA
                """)
        }
        return try CompressedFile(url)
    }

    /// - Parameter digests: takes up those of the two files.
    private func load(_ imageFile: File, _ labelFile: File, _ digests: inout [String]) throws -> Dataset {
        let (imageFile, labelFile) = (try open(imageFile), try open(labelFile))
        let images = try IDX(imageFile, dimensions: 3) { shape throws(DataError) in
            guard shape[1...] == [28, 28] else {
                throw DataError("\(imageFile.name): images of \(shape[1])x\(shape[2]), expected 28x28")
            }
        }
        let count = images.shape[0]
        let labels = try IDX(labelFile, dimensions: 1) { shape throws(DataError) in
            guard shape[0] == count, count > 0 else {
                throw DataError("\(imageFile.name) holds \(count) images, \(labelFile.name) \(shape[0]) labels")
            }
        }
        guard let largest = labels.data.max(), largest < 10 else {
            throw DataError("\(labelFile.name): a label is above 9")
        }
        for file in [images, labels] {
            var digest = ContentDigest()
            digest.add(file.header)
            digest.add(file.data)
            digests.append(digest.hexadecimal())
        }
        return Dataset(
            name: "mnist", shape: FeatureShape(channels: 1, height: 28, width: 28), classCount: 10, pixels: images.data,
            labels: labels.data, white: 255)
    }
}
