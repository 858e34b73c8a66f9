import Foundation
internal import Files
internal import Kernel

/// The four IDX files of an image database where they are on this machine, gzipped or not.
package struct ImageFiles: Sendable {
    package let database: ImageDatabase
    /// The database's folder within the data folder, whether it exists or not.
    package let folder: URL

    package init(_ database: ImageDatabase, in directory: DataDirectory) {
        self.database = database
        folder = directory.url.appendingPathComponent(database.folderName)
    }

    /// The samples of the four files, whether they are the database's or other images of that size: the identity tells.
    /// - Throws: ``DataError`` naming the file and what is wrong with it.
    package func load() throws -> TrainTestSplit {
        var digests: [String] = []
        let training = try load(database.trainingImages, database.trainingLabels, &digests)
        let test = try load(database.testImages, database.testLabels, &digests)
        return TrainTestSplit(training: training, test: test, identity: database.identity(digests))
    }

    /// The file as it stands in the folder, gzipped or not, else in that of the system's package; nil if there is none.
    ///
    /// Where the folder is there, the package is not asked: files of one set are never mixed with those of another.
    package func locate(_ file: ImageDatabase.File) -> URL? {
        // Some mirrors write the dot of the extension where others write a hyphen.
        let dotted = file.name.replacingOccurrences(of: "-idx", with: ".idx")
        var folder = folder
        if let system = database.systemPackage, !FileManager.default.fileExists(atPath: folder.path) {
            folder = URL(fileURLWithPath: system.folder, isDirectory: true)
        }
        return [file.name, file.name + ".gz", dotted, dotted + ".gz"]
            .map { folder.appendingPathComponent($0) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Reads a file, decompresses it where needed, and compares its checksum.
    /// - Throws: ``DataError`` if it is missing, unreadable or other than the published file.
    package func verify(_ file: ImageDatabase.File) throws { try Self.verify(try open(file), file) }

    static func verify(_ contents: CompressedFile, _ file: ImageDatabase.File) throws(DataError) {
        var digest = ContentDigest()
        while case let piece = try contents.read(CompressedFile.pieceCount), !piece.isEmpty { digest.add(piece) }
        let found = digest.hexadecimal()
        guard found == file.sha256 else {
            throw DataError("\(file.name): SHA-256 of the decompressed file is \(found), expected \(file.sha256)")
        }
    }

    private func open(_ file: ImageDatabase.File) throws -> CompressedFile {
        guard let url = locate(file) else {
            throw DataError(
                """
                \(folder.path)/\(file.name)[.gz] does not exist; \(database.wayToGetThem), or name the folder that holds \
                '\(database.folderName)/' with --data or BENCH_DATA
                """)
        }
        return try CompressedFile(url)
    }

    /// - Parameter digests: takes up those of the two files.
    private func load(_ imageFile: ImageDatabase.File, _ labelFile: ImageDatabase.File, _ digests: inout [String])
        throws -> Dataset
    {
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
            name: database.folderName, shape: FeatureShape(channels: 1, height: 28, width: 28), classCount: 10,
            pixels: images.data,
            labels: labels.data, white: 255)
    }
}
